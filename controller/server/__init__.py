"""The HTTP server: health, metrics and the API, in a thread of its own."""

from controller.server.access import is_loopback
from controller.server.backend import Backend
from controller.server.server import Server, ServerUnavailable
from controller.server.token import keep_token, read_token

__all__ = ["Backend", "Server", "ServerUnavailable", "is_loopback", "keep_token", "read_token"]
