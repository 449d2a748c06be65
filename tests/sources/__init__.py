"""The sources against real files."""
