"""CTO Sidekick: a reconciliation controller for AI coding agents."""

__version__ = "0.1.0"
