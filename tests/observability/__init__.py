"""What people look at: the dashboards and the alerts, and the queries in both."""
