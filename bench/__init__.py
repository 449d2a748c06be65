"""Measures the controller against its peers, in one run on one machine; see README.md."""
