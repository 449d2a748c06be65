"""Exit codes of the command."""

OK = 0
NO = 1
"""The answer is no: there are differences, something is invalid, unhealthy or not found."""
ERROR = 2
"""The question could not be answered, or the command's words are off."""
INTERRUPTED = 130
