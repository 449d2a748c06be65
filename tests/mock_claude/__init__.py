"""Tests of the mock, with the APIs' own clients."""
