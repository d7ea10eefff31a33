"""Characters as lines, and lines as blocks: the library leaves both to its caller."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import area
from ragsight.loaders.pdf.page.page import Line

_ACROSS = 0.99
"""Cosine: text turned by less than eight degrees is level. With more, lines of crooked scans are
turned text, with less, slanted labels count as lines of the page."""

_WORD_GAP = 0.15
"""Font sizes: a wider gap is a space. With less, spaced letters become words, with more, tightly
set words run together."""

_LINE_GAP = 0.8
"""Font sizes: a wider gap ends the line. With more, columns and cells run together, with less,
justified lines fall to pieces."""

_SAME_ROW = 0.5
"""Font sizes between base lines of one row; with more, tightly set lines run together, with less,
raised and lowered signs begin lines of their own."""

_BACKWARDS = 0.6
"""Font sizes by which a character may begin before the last one's end, as accents do; with less,
they begin lines of their own, with more, text that starts anew farther left is joined."""

_LEADING = 1.45
"""Font sizes from base line to base line of one block; with more, paragraphs run together, with
less, each line of widely set text is a block."""

_SAME_SIZE = 0.75
"""Share of the larger row's font size that the smaller row of a block has; with less, headings and
notes go into paragraphs, with more, rows of mixed type fall apart."""

_RIGHT_TO_LEFT = frozenset({"R", "AL"})


@dataclass(frozen=True, slots=True)
class Style:
    """How characters of one text object are set.

    Attributes:
        size: Font size in points, as shown.
        bold: Whether the font is bold.
        direction: In which they read, as a unit vector on the page as shown.
        ascent: Height above the base line, in font sizes.
        descent: Depth below it, in font sizes.
    """

    size: float
    bold: bool
    direction: tuple[float, float]
    ascent: float = 0.9
    descent: float = 0.2


@dataclass(frozen=True, slots=True)
class Glyph:
    """A character in its reading frame: turned so that it reads from left to right.

    Attributes:
        text: One character, or several for a ligature.
        start: Where it begins on its base line.
        end: Where it ends.
        base: The height of the base line, counted downwards.
        style: How it is set.
    """

    text: str
    start: float
    end: float
    base: float
    style: Style


@dataclass(slots=True)
class _Row:
    """A line while it grows."""

    glyphs: list[Glyph]
    start: float
    end: float
    base: float
    size: float
    text: list[str] = field(default_factory=list)

    def place(self, glyph: Glyph) -> float | None:
        """The gap before a character that continues the line; None if it begins another one."""
        last = self.glyphs[-1]
        if glyph.style.direction != last.style.direction:
            return None
        size = max(self.size, glyph.style.size)
        if abs(glyph.base - self.base) > _SAME_ROW * size:
            return None
        gap = glyph.start - last.end
        if -_BACKWARDS * size <= gap <= _LINE_GAP * size:
            return gap
        if _reads_leftwards(glyph.text):
            gap = last.start - glyph.end
            return gap if -_BACKWARDS * size <= gap <= _LINE_GAP * size else None
        return None

    def take(self, glyph: Glyph, gap: float) -> None:
        """Add a character, behind a space where there is room for one."""
        is_apart = gap > _WORD_GAP * glyph.style.size
        if is_apart and not glyph.text.isspace() and not self.text[-1].isspace():
            self.text.append(" ")
        self.text.append(glyph.text)
        self.glyphs.append(glyph)
        if glyph.style.size > self.size:
            # A line may begin with an index, which stands lower.
            self.base, self.size = glyph.base, glyph.style.size
        if not glyph.text.isspace():
            self.start, self.end = min(self.start, glyph.start), max(self.end, glyph.end)


def _reads_leftwards(text: str) -> bool:
    return unicodedata.bidirectional(text[:1] or " ") in _RIGHT_TO_LEFT


def rows_of_glyphs(glyphs: Iterable[Glyph]) -> Iterator[_Row]:
    """Group characters, which come in the order of the text, into lines."""
    row: _Row | None = None
    for glyph in glyphs:
        gap = None if row is None else row.place(glyph)
        if row is not None and gap is not None:
            row.take(glyph, gap)
        elif not glyph.text.isspace():
            if row is not None:
                yield row
            row = _Row([glyph], glyph.start, glyph.end, glyph.base, glyph.style.size, [glyph.text])
    if row is not None:
        yield row


def lines_of_glyphs(glyphs: Iterable[Glyph], place: Callable[[BBox], BBox]) -> list[Line]:
    """A page's lines, numbered by block.

    A line continues the block of the line before if it stands on the same row, or close below it,
    set in about the same size.

    Args:
        glyphs: The characters.
        place: Cuts a box to the page.
    """
    lines: list[Line] = []
    block = -1
    above: _Row | None = None
    reach = (0.0, 0.0)
    for row in rows_of_glyphs(glyphs):
        if above is None or not _continues(above, row, reach):
            block += 1
            reach = (row.start, row.end)
        else:
            reach = (min(reach[0], row.start), max(reach[1], row.end))
        above = row
        box = place(_box(row.glyphs))
        if area(box) > 0:
            size, bold = _look(row.glyphs)
            across = row.glyphs[0].style.direction[0] > _ACROSS
            lines.append(Line("".join(row.text), box, size, bold, block, across))
    return lines


def _continues(above: _Row, row: _Row, reach: tuple[float, float]) -> bool:
    if above.glyphs[-1].style.direction != row.glyphs[0].style.direction:
        return False
    size = max(above.size, row.size)
    if abs(row.base - above.base) <= _SAME_ROW * size:
        return True
    is_below = 0 < row.base - above.base <= _LEADING * size
    overlaps = row.start < reach[1] and reach[0] < row.end
    return is_below and overlaps and min(above.size, row.size) >= _SAME_SIZE * size


def words_of_glyphs(glyphs: Iterable[Glyph], place: Callable[[BBox], BBox]) -> list[Line]:
    """A page's words one by one."""
    found: list[Line] = []
    for row in rows_of_glyphs(glyphs):
        word: list[Glyph] = []
        for glyph in row.glyphs:
            wide = bool(word) and abs(glyph.start - word[-1].end) > _WORD_GAP * glyph.style.size
            if word and (glyph.text.isspace() or (wide and not _reads_leftwards(glyph.text))):
                found.append(_word(word, place))
                word = []
            if not glyph.text.isspace():
                word.append(glyph)
        if word:
            found.append(_word(word, place))
    return found


def _word(glyphs: Sequence[Glyph], place: Callable[[BBox], BBox]) -> Line:
    return Line("".join(glyph.text for glyph in glyphs), place(_box(glyphs)), size=0.0)


def _look(glyphs: Sequence[Glyph]) -> tuple[float, bool]:
    """The size of most characters, and whether most are bold."""
    counts: dict[float, int] = {}
    bold = total = 0
    for glyph in glyphs:
        count = len(glyph.text)
        counts[glyph.style.size] = counts.get(glyph.style.size, 0) + count
        total += count
        bold += count if glyph.style.bold else 0
    return max(counts, key=lambda size: counts[size]), bold >= 0.8 * total


def _box(glyphs: Sequence[Glyph]) -> BBox:
    """Around characters, on the page as shown."""
    shown = [glyph for glyph in glyphs if not glyph.text.isspace()]
    start, end = min(g.start for g in shown), max(g.end for g in shown)
    top = min(g.base - g.style.ascent * g.style.size for g in shown)
    bottom = max(g.base + g.style.descent * g.style.size for g in shown)
    x, y = shown[0].style.direction
    corners = [(a, d) for a in (start, end) for d in (top, bottom)]
    xs = [along * x - down * y for along, down in corners]
    ys = [along * y + down * x for along, down in corners]
    return min(xs), min(ys), max(xs), max(ys)
