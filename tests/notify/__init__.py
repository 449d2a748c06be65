"""Notifications: to whom, and how they get there."""
