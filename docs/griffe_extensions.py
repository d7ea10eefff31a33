"""What the API reference must be told of this code: its examples, and its lazy faces."""

from __future__ import annotations

from typing import Any

import griffe


class OneExample(griffe.Extension):
    """Reads `Example:`, as docstrings here say where there is one, as the `Examples:` it knows."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Called once for each module, class, function and attribute."""
        if obj.docstring is not None:
            lines = obj.docstring.value.splitlines()
            obj.docstring.value = "\n".join(
                "Examples:" if line.strip() == "Example:" else line for line in lines
            )


class LazyFaces(griffe.Extension):
    """Takes the names that a package's stub imports for the package's public ones.

    The packages import them when they are first used, which can't be read from the code.
    """

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Called once for each package, when all of it is there."""
        self._export(pkg)

    def _export(self, module: griffe.Module) -> None:
        named = [
            name
            for name, member in module.members.items()
            if member.is_alias and member.runtime is False
        ]
        if named:
            module.exports = sorted(named)
        for child in module.modules.values():
            if not child.is_alias:
                self._export(child)
