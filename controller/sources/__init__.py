"""Where the desired state is read from, and the status written to."""
