"""The whole thing: a real controller, a real tmux, real agents, a real file."""
