"""Docstrings here say `Example:`, where there is one; the API reference knows only `Examples:`."""

from __future__ import annotations

from typing import Any

import griffe


class OneExample(griffe.Extension):
    """Reads a single example as what it is: code, not prose."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called once for each module, class, function and attribute."""
        if obj.docstring is not None:
            lines = obj.docstring.value.splitlines()
            obj.docstring.value = "\n".join(
                "Examples:" if line.strip() == "Example:" else line for line in lines
            )
