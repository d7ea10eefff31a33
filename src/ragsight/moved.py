"""Paths and names of earlier releases; they keep working for one more."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

_MOVES = {
    "answer > answer.model": "model_profile=profile profiles tokens=profile costs",
    "answer > answer.providers": (
        "backend openai openai_wire openai_replies anthropic compatible abilities sdk "
        "clients failures foreign=framework_backend recording closing"
    ),
    "answer > answer.request": (
        "options selection pictures budget=pictures labels prompt neutral=sanitize "
        "planning=plan batching=plan notes=map_reduce ordering=plan"
    ),
    "answer > answer.reply": (
        "result finishing=assembler structured filters=stream_filters citations markdown "
        "repairing view"
    ),
    "loaders.pdf > loaders.pdf.page": "geometry curves grouping page_kinds=kinds reader",
    "loaders.pdf > loaders.pdf.text": (
        "blocks paragraphs headings reading_order whole_lines contents furniture"
    ),
    "loaders.pdf > loaders.pdf.captions": "caption_blocks=blocks matching zones mentions",
    "loaders.pdf > loaders.pdf.figures": (
        "region regions marks galleries plain_figures=plain text_figures=textual scans "
        "rendering whole_pages"
    ),
    "loaders.pdf > loaders.pdf.tables": "table_areas=areas table_cells=cells table_finder=finder",
    "loaders.pdf > loaders.pdf.ocr": "tesseract tesseract_program",
    "loaders.pdf > loaders.pdf.isolation": "isolated worker frames limited",
    "loaders.pdf > loaders.pdf.backends": "protocol checks pdfium",
    "loaders.pdf > loaders.pdf.backends.mupdf": (
        "source mupdf_paths=paths mupdf_pictures=pictures mupdf_text=text"
    ),
    "loaders.pdf > loaders.pdf": "run=document_pass",
    "loaders > loaders.slides": "office=painting",
    "loaders.slides > loaders.slides": "run=deck_pass",
    "store > store.engines": (
        "engine=base edge edge_filters edge_optimizer client=qdrant "
        "client_errors=qdrant_errors client_points=qdrant_points clients=qdrant_clients "
        "collection_options"
    ),
    "store > store": "programs=steps opener=opening foreign=attached gate=search_limits",
    "encoders > encoders.clip": (
        "fast_text fast_vision text_weights tower_weights vision_weights preprocessing "
        "recipes=image_preprocessing checkpoint parts pipeline torch_backend tokenizing "
        "fingerprints backends options"
    ),
    "images > images": "likeness=perceptual_hash",
}
"""Old package and new one: the modules, as `old=new` where the name is another too."""

_NEW_PATHS = {
    f"ragsight.{old_package}.{name.split('=')[0]}": f"ragsight.{new_package}.{name.split('=')[-1]}"
    for move, names in _MOVES.items()
    for old_package, new_package in [move.split(" > ")]
    for name in names.split()
}


class MovedModules(MetaPathFinder, Loader):
    """Finds modules by their old paths, with a `DeprecationWarning` that names the new one."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - importlib's interface
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """The spec of a module that has moved; None for all others."""
        new = new_path(fullname)
        return None if new is None else ModuleSpec(fullname, self, origin=new)

    def exec_module(self, module: ModuleType) -> None:
        """Put the module itself in the place of its old name."""
        old = module.__name__
        new = new_path(old)
        assert new is not None
        warnings.warn(
            f"{old} is {new} now; this path works until the next release.",
            DeprecationWarning,
            stacklevel=2,
        )
        sys.modules[old] = import_module(new)


def new_path(old: str) -> str | None:
    """Where a module is now; None if it hasn't moved."""
    package, rest = old, ""
    while package.startswith("ragsight."):
        if package in _NEW_PATHS:
            return _NEW_PATHS[package] + rest
        package, _, last = package.rpartition(".")
        rest = f".{last}{rest}"
    return None


def with_old_names(
    package: str, attribute: Callable[[str], Any], names: Mapping[str, str]
) -> Callable[[str], Any]:
    """A package's `__getattr__` that finds public names by their old ones too, with a warning.

    Args:
        package: The package.
        attribute: Its `__getattr__`.
        names: New names by old ones.
    """

    def found(name: str) -> Any:
        if name not in names:
            return attribute(name)
        warnings.warn(
            f"{package}.{name} is {names[name]} now; this name works until the next release.",
            DeprecationWarning,
            stacklevel=2,
        )
        return attribute(names[name])

    return found
