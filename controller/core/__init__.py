"""The part that decides: pure values and functions, no I/O, no clock (`now` is an argument)."""
