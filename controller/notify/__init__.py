"""Notify: messages to people, by Apprise, beside the loop and never in its way."""
