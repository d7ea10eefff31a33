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
        is_field: Whether it is a form's field with its label, which is no heading.
    """

    text: str
    bbox: BBox
    size: float
    bold: bool = False
    block: int = 0
    horizontal: bool = True
    is_field: bool = False


@dataclass(frozen=True, slots=True)
class FormField:
    """A field of a form, as somebody filled it in.

    Attributes:
        bbox: Where it stands.
        value: What was written or chosen; empty for an empty field, and for check marks.
        name: What the file calls it.
        checked: Of check boxes and radio buttons, whether they are; None for other fields.
        is_choice: Whether it is a list to choose from.
        is_secret: Whether it is a password's, whatever it shows of it.
    """

    bbox: BBox
    value: str = ""
    name: str = ""
    checked: bool | None = None
    is_choice: bool = False
    is_secret: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """What a reader wrote onto a page.

    Attributes:
        bbox: Where it stands.
        kind: What it is: `note`, `free text`, `highlight`, ...
        text: The words.
        author: Who wrote it, if the file says so.
        marked: Boxes of the words that it marks.
    """

    bbox: BBox
    kind: str
    text: str
    author: str = ""
    marked: tuple[BBox, ...] = ()


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
        fields: Of a form. The lines hold what they show as well, where they show anything.
        notes: Of readers.
        unreadable: Characters of lines that were left out since nobody can read them.
    """

    number: int
    width: float
    height: float
    lines: tuple[Line, ...] = ()
    pictures: tuple[BBox, ...] = ()
    label: str = ""
    rotated: bool = False
    fields: tuple[FormField, ...] = ()
    notes: tuple[Note, ...] = ()
    unreadable: int = 0

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
