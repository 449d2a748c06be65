"""The agents: how each is started, and what its end means."""
