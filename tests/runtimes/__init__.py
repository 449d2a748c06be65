"""Tests of the runtimes; tmux is the real one, on a private socket in a folder of each test."""
