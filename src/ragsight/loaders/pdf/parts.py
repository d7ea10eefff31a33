"""A page's parts, once they are found: figures, tables, text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ragsight.chunks import BBox
from ragsight.loaders.pdf.captions.blocks import CaptionBlock
from ragsight.loaders.pdf.page.geometry import union
from ragsight.loaders.pdf.page.page import Line


@dataclass(frozen=True)
class Figure:
    """A figure found on a page; without a region, only its caption was found."""

    bbox: BBox | None
    method: str
    caption: CaptionBlock | None = None
    inner: frozenset[int] = frozenset()

    @property
    def place(self) -> BBox | None:
        """Around the figure and its caption."""
        return _with_caption(self.bbox, self.caption)


@dataclass(frozen=True)
class Table:
    """A table found on a page."""

    bbox: BBox
    rows: tuple[tuple[str, ...], ...]
    method: str
    caption: CaptionBlock | None = None
    inner: frozenset[int] = frozenset()

    @property
    def place(self) -> BBox | None:
        """Around the table and its caption."""
        return _with_caption(self.bbox, self.caption)


def _with_caption(box: BBox | None, caption: CaptionBlock | None) -> BBox | None:
    if caption is None:
        return box
    return caption.bbox if box is None else union((box, caption.bbox))


@dataclass(frozen=True)
class Analysis:
    """A page taken apart.

    Attributes:
        figures: From top to bottom.
        tables: From top to bottom.
        text: The lines that are neither furniture nor part of a figure, table or caption.
    """

    figures: tuple[Figure, ...]
    tables: tuple[Table, ...]
    text: Mapping[int, Line]
