"""Reading order: columns one after the other, what spans them in its place."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import height, shared_x, shared_y, union, width
from ragsight.loaders.pdf.page.page import Line

_LEAST_GUTTER = 8.0
"""Points between columns; with less, chance white space parts text, with more, columns set close
are read across."""

_LEAST_COLUMN = 0.15
"""Share of the page's width; with less, notes in the margin and numbers of lines are columns, with
more, narrow columns are read across."""

_LEAST_LINE_CHARACTERS = 18
"""Characters of a line on average; with fewer, rows of cells are read column by column, with more,
narrow columns are read across."""

_MAX_TITLE_LINES = 3
"""Lines between white space that may be a title above both columns; with more, bold paragraphs cut
the columns, with fewer, titles that wrap are read within one."""

_TITLE_SIZE = 1.05
"""Times the font size of most text; with less, text passes for titles, with more, titles above both
columns are read within one."""

_SAME_GAP = 0.8
"""Times the gap around a title: as large a gap beside it shows that the title stands above both
columns. With less, headings in one column cut both; with more, titles are read within one."""

_SAME_ROW = 0.5
"""Share of the lower one's height that two things side by side have in common; with less, what
stands lower is read in a row with the other, with more, uneven rows are read from top to bottom."""

_RIGHT_TO_LEFT = frozenset({"R", "AL"})


class Item(Protocol):
    """Something that stands on a page: a block of text, or a figure, which has no lines."""

    @property
    def bbox(self) -> BBox:
        """Where it stands."""
        ...

    @property
    def lines(self) -> tuple[Line, ...]:
        """Its lines of text."""
        ...


ItemT = TypeVar("ItemT", bound=Item)


def in_reading_order(
    items: Sequence[ItemT], page_width: float, *, right_to_left: bool = False
) -> list[ItemT]:
    """Order what stands on a page as one reads it.

    The page is cut into slabs wherever white space crosses it. Neighbouring slabs make a band while
    a gutter runs through them; a band is read column by column. A title on its own slab, with both
    columns interrupted beside it, opens a band of its own, however short it is.

    Args:
        items: In any order.
        page_width: Points.
        right_to_left: Whether columns and rows are read from the right.
    """
    ordered: list[ItemT] = []
    for band in _bands(items, page_width):
        gutter = _gutter(band, page_width)
        if gutter is None:
            ordered += _by_rows(band, right_to_left)
            continue
        columns = _parted(band, gutter)
        for column in reversed(columns) if right_to_left else columns:
            ordered += in_reading_order(column, page_width, right_to_left=right_to_left)
    return ordered


def reads_right_to_left(lines: Iterable[Line]) -> bool:
    """Whether most letters are of a script that runs from right to left."""
    count = {True: 0, False: 0}
    for line in lines:
        if line.text.isascii():
            count[False] += len(line.text)
            continue
        for character in line.text:
            if character.isalpha():
                count[unicodedata.bidirectional(character) in _RIGHT_TO_LEFT] += 1
    return count[True] > count[False]


def _by_rows(items: Iterable[ItemT], right_to_left: bool) -> list[ItemT]:
    """From top to bottom; what stands side by side, such as two figures, from side to side."""
    rows: list[list[ItemT]] = []
    for item in sorted(items, key=lambda other: (other.bbox[1], other.bbox[0])):
        row = rows[-1] if rows else []
        if row and all(
            shared_y(item.bbox, other.bbox) > _SAME_ROW and shared_x(item.bbox, other.bbox) == 0
            for other in row
        ):
            row.append(item)
        else:
            rows.append([item])
    side = -1 if right_to_left else 1
    return [item for row in rows for item in sorted(row, key=lambda other: side * other.bbox[0])]


def _parted(band: Sequence[ItemT], gutter: float) -> tuple[list[ItemT], list[ItemT]]:
    left = [item for item in band if item.bbox[2] <= gutter + 1]
    return left, [item for item in band if item.bbox[2] > gutter + 1]


def _bands(items: Sequence[ItemT], page_width: float) -> list[list[ItemT]]:
    bands: list[list[ItemT]] = []
    titles: list[ItemT] = []
    slabs = _slabs(items)
    size = _text_size(items)
    for number, slab in enumerate(slabs):
        if bands and _is_title(slab, size):
            titles += slab
            continue
        both = [*bands[-1], *titles, *slab] if bands else []
        gutter = _gutter(both, page_width) if both else None
        if gutter is not None and not _opens_band(
            titles, bands[-1], _above_crossing(slabs[number:], gutter), gutter
        ):
            bands[-1] += [*titles, *slab]
        else:
            bands += [titles, slab] if titles else [slab]
        titles = []
    if titles and _gutter([*bands[-1], *titles], page_width) is not None:
        bands[-1] += titles
    elif titles:
        bands.append(titles)
    return bands


def _slabs(items: Sequence[ItemT]) -> list[list[ItemT]]:
    slabs: list[list[ItemT]] = []
    bottom = float("-inf")
    for item in sorted(items, key=lambda other: other.bbox[1]):
        # Lines' boxes include room for accents, so neighbours may overlap a little.
        if slabs and item.bbox[1] < bottom - 2:
            slabs[-1].append(item)
        else:
            slabs.append([item])
        bottom = max(bottom, item.bbox[3])
    return slabs


def _text_size(items: Iterable[Item]) -> float:
    counts: dict[float, int] = {}
    for item in items:
        for line in item.lines:
            counts[line.size] = counts.get(line.size, 0) + len(line.text)
    return max(counts, key=lambda size: counts[size], default=0.0)


def _is_title(slab: Sequence[Item], size: float) -> bool:
    lines = [line for item in slab for line in item.lines]
    if not 0 < len(lines) <= _MAX_TITLE_LINES or not all(item.lines for item in slab):
        return False
    return all(line.bold or line.size >= _TITLE_SIZE * size for line in lines)


def _above_crossing(slabs: Iterable[Sequence[Item]], gutter: float) -> list[Item]:
    """What stands in the columns below, down to where something spans them."""
    found: list[Item] = []
    for slab in slabs:
        if any(item.bbox[0] < gutter - 1 and item.bbox[2] > gutter + 1 for item in slab):
            break
        found += slab
    return found


def _opens_band(
    titles: Sequence[Item], above: Sequence[Item], below: Sequence[Item], gutter: float
) -> bool:
    """Whether titles in one column stand above both: the other column is interrupted as well."""
    if not titles:
        return False
    gaps = []
    for side in (0, 1):
        over, under = _parted(above, gutter)[side], _parted(below, gutter)[side]
        if not over or not under:
            return False
        gaps.append(min(i.bbox[1] for i in under) - max(i.bbox[3] for i in over))
    own = 0 if titles[0].bbox[2] <= gutter + 1 else 1
    return gaps[1 - own] >= _SAME_GAP * gaps[own]


def _gutter(items: Sequence[Item], page_width: float) -> float | None:
    """Left edge of a white strip with a column of text on either side, if there is one."""
    edges = sorted((item.bbox[0], item.bbox[2]) for item in items)
    right = float("-inf")
    for left, end in edges:
        if right > float("-inf") and left - right >= _LEAST_GUTTER:
            before = [item for item in items if item.bbox[2] <= right + 1]
            after = [item for item in items if item.bbox[0] >= left - 1]
            if _are_columns(before, after, page_width):
                return right
        right = max(right, end)
    return None


def _are_columns(before: Sequence[Item], after: Sequence[Item], page_width: float) -> bool:
    sides = [union(item.bbox for item in side) for side in (before, after)]
    if min(map(width, sides)) < _LEAST_COLUMN * page_width or not _side_by_side(*sides):
        return False
    return all(_line_length(side) >= _LEAST_LINE_CHARACTERS for side in (before, after))


def _side_by_side(a: BBox, b: BBox) -> bool:
    shared = min(a[3], b[3]) - max(a[1], b[1])
    return shared > 0.3 * min(height(a), height(b))


def _line_length(items: Sequence[Item]) -> float:
    """Characters in a line; 0 for figures alone, which make no column."""
    lines = [line for item in items for line in item.lines]
    return sum(len(line.text) for line in lines) / len(lines) if lines else 0.0
