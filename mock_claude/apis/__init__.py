"""The forms in which the APIs ask and answer, each a file of pure functions."""
