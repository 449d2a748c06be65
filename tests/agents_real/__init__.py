"""The real programs, each in a real session, against the mock of their APIs."""
