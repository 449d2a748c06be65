"""Faults of every kind at once, on the real loop, a real tmux and real agents."""
