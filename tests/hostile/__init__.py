"""Hostile input: one corpus, held against every way out."""
