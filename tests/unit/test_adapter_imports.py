"""The adapters are thin: they stand on what the core's faces show, not on what is behind them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ADAPTERS = sorted((Path(__file__).parents[2] / "integrations").glob("*/src/*/*.py"))
FACES = {
    "ragsight": "the public names",
    "ragsight.answer": "answering",
    "ragsight.blobs": "image bytes",
    "ragsight.chunks": "the types of chunks",
    "ragsight.encoders": "encoders",
    "ragsight.encoders.cache": "encoders that remember",
    "ragsight.errors": "errors",
    "ragsight.images": "opening images",
    "ragsight.loaders": "loaders",
    "ragsight.loaders.formats": "the table of formats",
    "ragsight.metadata": "what metadata may hold",
    "ragsight.retrieval": "retrieving",
    "ragsight.spaces": "the table of spaces and channels",
    "ragsight.store": "the store",
    "ragsight.testing": "test doubles",
}


def _imported(path: Path) -> Iterator[tuple[str, str]]:
    """Modules of the core that a file imports from, each with the name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "ragsight":
            yield from ((node.module or "", alias.name) for alias in node.names)
        elif isinstance(node, ast.Import):
            found = (a.name for a in node.names if a.name.split(".")[0] == "ragsight")
            yield from ((name, "") for name in found)


@pytest.mark.parametrize("path", ADAPTERS, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_an_adapter_imports_public_names_only(path: Path) -> None:
    for module, name in _imported(path):
        assert module in FACES, f"{module} is behind a face"
        assert not name.startswith("_")
        assert not name or hasattr(import_module(module), name)


def test_the_adapters_are_there() -> None:
    assert len({path.parent.name for path in ADAPTERS}) == 2
