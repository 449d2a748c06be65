"""Tests of the harness that measures: its form and its tidiness, not its figures."""
