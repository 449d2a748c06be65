"""Where the sessions are: runs the tmux server that an external controller is a client of."""
