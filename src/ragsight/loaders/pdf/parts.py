"""A page's parts, and what must be known to find them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ragsight.chunks import BBox
from ragsight.loaders.pdf.captions.blocks import CaptionBlock
from ragsight.loaders.pdf.captions.matching import CaptionSides
from ragsight.loaders.pdf.figures.scans import Paint
from ragsight.loaders.pdf.page.geometry import union
from ragsight.loaders.pdf.page.page import Drawing, Line, Page


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


@dataclass
class DocumentHabits:
    """What is learned about a document while it is read.

    Attributes:
        body_size: Font size of its text, in points.
        figure_sides: Where figures have their captions.
        table_sides: Where tables have theirs.
    """

    body_size: float = 10.0
    figure_sides: CaptionSides = field(default_factory=CaptionSides)
    table_sides: CaptionSides = field(default_factory=lambda: CaptionSides(above=1))


@dataclass(frozen=True)
class PageInput:
    """A page and what is known of it from its neighbours.

    Attributes:
        page: The page.
        drawings: Its drawings.
        furniture: Positions of header and footer lines.
        content: The page between header and footer.
        dropped: Pictures that are decoration.
        labels_figures: Whether this or a page near it has a figure's caption.
        words: Reads the page's words; called only where there is a table. None if tables aren't
            wanted.
        paint: Paints a part of the page small; called only where figures can be seen but not told
            by what is drawn, as on a scan.
    """

    page: Page
    drawings: Sequence[Drawing]
    furniture: frozenset[int]
    content: BBox
    dropped: Sequence[BBox]
    labels_figures: bool
    words: Callable[[], Sequence[Line]] | None
    paint: Paint | None = None
