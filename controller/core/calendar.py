"""The calendar: which times anything that is read can mean."""

EARLIEST, LATEST = 0.0, 32_503_680_000.0
"""Seconds since the epoch, from 1970 to 3000. With times at the end of the calendar no later one
could be computed."""
