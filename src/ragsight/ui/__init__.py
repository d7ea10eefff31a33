"""A search page for one person on their own machine: `ragsight ui`."""

from ragsight.errors import extra

with extra("ui", "starlette"):
    from ragsight.ui.app import create_app
from ragsight.ui.serving import DEFAULT_PORT, is_loopback, serve

__all__ = ["DEFAULT_PORT", "create_app", "is_loopback", "serve"]
