"""Broken files as people have them, each with a text beside it that says what must come."""
