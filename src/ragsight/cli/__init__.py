"""The command line: index, search, similar, ask, ui, info, demo."""

from ragsight.cli.app import app, main

__all__ = ["app", "main"]
