"""The host of the sessions of an external controller."""
