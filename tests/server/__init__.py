"""The server: real requests over loopback."""
