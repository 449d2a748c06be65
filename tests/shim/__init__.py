"""Tests of the shim: real processes, real terminals, the state of the world afterwards."""
