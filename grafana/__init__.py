"""Grafana's part: its dashboards, what makes them, and its provisioning."""
