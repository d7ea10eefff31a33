"""Tables: what looks like one, its cells, and its Markdown."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence

from ragsight.chunks import BBox
from ragsight.loaders.pdf.blocks import rows_of
from ragsight.loaders.pdf.geometry import (
    area,
    centre_inside,
    gap_y,
    grown,
    height,
    intersects,
    union,
    width,
)
from ragsight.loaders.pdf.marks import Mark
from ragsight.loaders.pdf.page import Grid, Line
from ragsight.loaders.pdf.regions import Region, lines_inside

_MIN_LINES = 4
_MIN_COVER = 0.12
_MAX_BLOCKY_FILLS = 3
_COLUMN_GAP = 6.0
_ROW_GAP = 2.5
_MIN_FILLED = 0.5
_RULE_WIDTH = 4.0
_BOOK_RULES = 2
"""A table with rules above, under its head, and below only has its rows parted by white space."""


def looks_tabular(region: Region, lines: Mapping[int, Line]) -> bool:
    """Whether a region is ruled like a table: straight edges only, and much text inside."""
    if any(mark.picture or not mark.angular for mark in region.marks):
        return False
    inside = [lines[number] for number in lines_inside(region.bbox, lines)]
    if len(inside) < _MIN_LINES or not all(line.horizontal for line in inside):
        return False
    cover = sum(area(line.bbox) for line in inside) / max(area(region.bbox), 1.0)
    return cover > _MIN_COVER and _blocky_fills(region) <= _MAX_BLOCKY_FILLS


def _blocky_fills(region: Region) -> int:
    """Filled areas other than the stripes of rows and rules, which a table may have many of."""
    return sum(
        mark.filled
        and height(mark.bbox) > 3
        and width(mark.bbox) > 3
        and not _holds_row(mark, region)
        for mark in region.marks
    )


def _holds_row(mark: Mark, region: Region) -> bool:
    return width(mark.bbox) > 0.9 * width(region.bbox)


def ruled_grid(region: Region, words: Sequence[Line]) -> Grid | None:
    """Read a ruled table: rules part its rows and columns, white space where there are none.

    Args:
        region: Its rules and stripes.
        words: The page's words.

    Returns:
        The table, or None where there are not two rows and columns.
    """
    inside = [word for word in words if centre_inside(word.bbox, region.bbox)]
    if not inside:
        return None
    left, top, right, bottom = region.bbox
    across = [mark.bbox for mark in region.marks if width(mark.bbox) > 0.5 * (right - left)]
    down = [mark.bbox for mark in region.marks if height(mark.bbox) > 0.5 * (bottom - top)]
    ys = _positions([y for box in across for y in (box[1], box[3])], top, bottom)
    xs = _positions([x for box in down for x in (box[0], box[2])], left, right)
    rows = ys if len(ys) > _BOOK_RULES else _row_starts(inside)
    columns = xs if len(xs) > 1 else _column_starts(inside)
    if len(rows) < 2 or len(columns) < 2:
        return None
    cells = [[""] * len(columns) for _ in rows]
    for word in inside:
        x, y = (word.bbox[0] + word.bbox[2]) / 2, (word.bbox[1] + word.bbox[3]) / 2
        row, column = _index(rows, y), _index(columns, x)
        cells[row][column] = f"{cells[row][column]} {word.text.strip()}".strip()
    filled = tuple(tuple(row) for row in cells if any(row))
    return Grid(region.bbox, filled) if len(filled) > 1 else None


def _positions(edges: Sequence[float], first: float, last: float) -> list[float]:
    """Where cells start: the region's edge and the rules inside it, a thick one counted once."""
    starts = [first]
    for edge in sorted(edges):
        if edge - starts[-1] > _RULE_WIDTH and last - edge > _RULE_WIDTH:
            starts.append(edge)
    return starts


def _row_starts(words: Sequence[Line]) -> list[float]:
    return [min(word.bbox[1] for word in row) for row in rows_of(words)]


def _index(starts: Sequence[float], value: float) -> int:
    return max(0, bisect_right(starts, value) - 1)


def is_filled(grid: Grid) -> bool:
    """Whether a grid is a table: two rows and columns at least, half of its cells with text."""
    cells = [cell for row in grid.rows for cell in row]
    if len(grid.rows) < 2 or max(map(len, grid.rows)) < 2:
        return False
    return sum(bool(cell.strip()) for cell in cells) >= _MIN_FILLED * len(cells)


def text_grid(
    caption: BBox, lines: Mapping[int, Line], rules: Sequence[BBox], obstacles: Sequence[BBox]
) -> Grid | None:
    """Read a table without a full grid from how its words are set, below or above its caption.

    Args:
        caption: The caption's box.
        lines: The page's lines that are no running text.
        rules: Drawings with straight edges.
        obstacles: Running text, headings and captions, at which the table ends.

    Returns:
        The table with more rows, or None where there are not two rows and columns.
    """
    candidates = [
        grid
        for below in (True, False)
        if (grid := _one_side(caption, lines, rules, obstacles, below)) is not None
    ]
    return max(candidates, key=lambda grid: len(grid.rows), default=None)


def _one_side(
    caption: BBox,
    lines: Mapping[int, Line],
    rules: Sequence[BBox],
    obstacles: Sequence[BBox],
    below: bool,
) -> Grid | None:
    reach = _reach(caption, rules)
    chosen: list[Line] = []
    rows = rows_of(line for line in lines.values() if _in_column(line.bbox, reach))
    edge = caption
    for row in rows if below else reversed(rows):
        box = union(line.bbox for line in row)
        if (box[1] < caption[3] - 2) if below else (box[3] > caption[1] + 2):
            continue
        between = union((edge, box))
        blocked = any(intersects(grown(o, -1), between) for o in obstacles if o != caption)
        if blocked or gap_y(edge, box) > _ROW_GAP * max(height(box), 8.0):
            break
        chosen += row
        edge = box
    return grid_of(chosen) if chosen else None


def _reach(caption: BBox, rules: Sequence[BBox]) -> BBox:
    near = [rule for rule in rules if gap_y(rule, caption) < 40 and width(rule) > 40]
    overlapping = [rule for rule in near if rule[0] < caption[2] and caption[0] < rule[2]]
    return union([caption, *overlapping])


def _in_column(box: BBox, reach: BBox) -> bool:
    return box[0] >= reach[0] - 4 and box[2] <= reach[2] + 4


def grid_of(lines: Sequence[Line]) -> Grid | None:
    """Sort lines into rows and columns by the white space between them.

    Returns:
        The grid, or None where there are not two rows and columns.
    """
    rows = rows_of(lines)
    starts = _column_starts(lines)
    if len(rows) < 2 or len(starts) < 2:
        return None
    table = []
    for row in rows:
        cells = [""] * len(starts)
        for line in row:
            middle = (line.bbox[0] + line.bbox[2]) / 2
            column = max((n for n, start in enumerate(starts) if start <= middle), default=0)
            cells[column] = f"{cells[column]} {line.text.strip()}".strip()
        table.append(tuple(cells))
    return Grid(union(line.bbox for line in lines), tuple(table))


def _column_starts(lines: Sequence[Line]) -> list[float]:
    spans = sorted((line.bbox[0], line.bbox[2]) for line in lines)
    merged: list[tuple[float, float]] = []
    for left, right in spans:
        if merged and left - merged[-1][1] < _COLUMN_GAP:
            merged[-1] = (merged[-1][0], max(merged[-1][1], right))
        else:
            merged.append((left, right))
    return [left for left, _ in merged]


def to_markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table as Markdown; the first row is taken for its header.

    Example:
        >>> print(to_markdown([("Planet", "Moons"), ("Mars", "2")]))
        | Planet | Moons |
        | --- | --- |
        | Mars | 2 |
    """
    count = max((len(row) for row in rows), default=0)
    lines = []
    for number, row in enumerate(rows):
        cells = [_cell(cell) for cell in row] + [""] * (count - len(row))
        lines.append(f"| {' | '.join(cells)} |")
        if number == 0:
            lines.append(f"|{' --- |' * count}")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
