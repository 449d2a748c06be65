"""The controller is killed, or hindered, at every step that it makes."""
