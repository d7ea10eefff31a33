"""What must be known of a page to find its parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ragsight.chunks import BBox
from ragsight.loaders.pdf.captions.matching import CaptionSides
from ragsight.loaders.pdf.figures.scans import Paint
from ragsight.loaders.pdf.page.page import Drawing, Line, Page


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
