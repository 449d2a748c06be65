"""The process in every session: runs the agent as its child, and tells how it ended."""
