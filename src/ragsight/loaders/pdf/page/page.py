"""What a page holds, free of the library that read it. All boxes have rotation applied."""

from __future__ import annotations

from dataclasses import dataclass

from ragsight.chunks import BBox


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text, or one cell's part of it.

    Attributes:
        text: The characters, ligatures taken apart.
        bbox: Where it stands.
        size: Font size in points of most of its characters.
        bold: Whether most of its characters are bold.
        block: Number of the block that the library put it in.
        horizontal: Whether it reads from left to right on the page as shown.
    """

    text: str
    bbox: BBox
    size: float
    bold: bool = False
    block: int = 0
    horizontal: bool = True


@dataclass(frozen=True, slots=True)
class Drawing:
    """A painted path.

    Attributes:
        bbox: Where it stands, line width and clip considered.
        filled: Whether its area is painted in a colour other than white.
        angular: Whether it has only horizontal and vertical edges, as rules and cells have.
        white: Whether it is painted in white only, so that it shows on pictures at most.
    """

    bbox: BBox
    filled: bool = False
    angular: bool = True
    white: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page's text and pictures; drawings are read apart, since few steps need them.

    Attributes:
        number: From 1.
        width: Points.
        height: Points.
        lines: In the library's order.
        pictures: Boxes of bitmaps and shadings.
        label: The printed page number, if the file gives one.
        rotated: Whether the page is turned by 90, 180 or 270 degrees.
    """

    number: int
    width: float
    height: float
    lines: tuple[Line, ...] = ()
    pictures: tuple[BBox, ...] = ()
    label: str = ""
    rotated: bool = False

    @property
    def bbox(self) -> BBox:
        """The whole page."""
        return 0.0, 0.0, self.width, self.height


@dataclass(frozen=True, slots=True)
class Grid:
    """A table's cells.

    Attributes:
        bbox: Where it stands.
        rows: Texts, row by row.
    """

    bbox: BBox
    rows: tuple[tuple[str, ...], ...]
