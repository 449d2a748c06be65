"""The log: its lines, its file, and what collects it."""
