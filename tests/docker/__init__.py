"""The containers, with a real Docker Engine."""
