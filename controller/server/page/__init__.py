"""The live page: the board, a project's own page, and what a person may change there."""

from controller.server.page.routes import Page

__all__ = ["Page"]
