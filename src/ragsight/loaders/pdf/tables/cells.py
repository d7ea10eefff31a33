"""Cells of a table: rules part them where there are rules, white space where there are none."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import centre_inside, height, union, width
from ragsight.loaders.pdf.page.page import Grid, Line
from ragsight.loaders.pdf.tables.rules import horizontal_rules, vertical_rules
from ragsight.loaders.pdf.text.blocks import rows_of

_RULE_WIDTH = 4.0
"""Points: edges as close are the two sides of one rule. With more, narrow columns are joined; with
less, a thick rule is an empty row."""

_WORD_GAP = 0.7
"""Times the height of a word: wider white space parts cells, narrower ones part words."""

_COLUMN_GAP = 4.0
"""Points: cells as close, seen from above, share a column. With more, narrow columns become one;
with less, a ragged column becomes two."""

_LEAST_RULED_ROWS = 3
"""Rows between rules from which on rules part rows; with two, the rule under a head may make one
row of all below, with more, small ruled tables are cut where cells wrap."""

_FULL_ROW = 0.6
"""Share of the widest row's cells; with less, each line of wrapped cells counts as a row and rules
aren't believed, with more, rules round groups of rows with gaps pass for rules of rows."""

_TIGHT = 1.35
"""Times a row's height from top to top: a line as close may go on with the row above. With more,
rows with an empty first cell are joined; with less, wrapped cells are cut."""

_CONTINUES = 0.5
"""Share of the row above that a wrapped line fills; with more, rows without a first cell are
joined, with less, wrapped cells are cut."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Words that stand close together in one row.

    Attributes:
        text: The words.
        bbox: Around them.
    """

    text: str
    bbox: BBox


def cells_of(lines: Iterable[Line]) -> list[list[Cell]]:
    """Sort words or lines into rows, and join those of a row that stand close together."""
    return [_joined(row) for row in rows_of(line for line in lines if line.text.strip())]


def _joined(row: Sequence[Line]) -> list[Cell]:
    cells: list[Cell] = []
    for line in row:
        text = " ".join(line.text.split())
        last = cells[-1] if cells else None
        gap = _WORD_GAP * height(line.bbox)
        if last is not None and line.bbox[0] - last.bbox[2] < gap:
            cells[-1] = Cell(f"{last.text} {text}", union((last.bbox, line.bbox)))
        else:
            cells.append(Cell(text, line.bbox))
    return cells


def column_spans(rows: Iterable[Sequence[Cell]]) -> list[tuple[float, float]]:
    """Where the columns of a table stand, from left to right.

    Cells that overlap horizontally share a column. A cell that would join columns which hold two
    cells each already, such as a title over several columns, joins none.
    """
    columns: list[tuple[float, float, int]] = []
    for cell in sorted((cell for row in rows for cell in row), key=lambda c: width(c.bbox)):
        left, right = cell.bbox[0], cell.bbox[2]
        touched = [c for c in columns if left < c[1] + _COLUMN_GAP and c[0] < right + _COLUMN_GAP]
        if sum(column[2] > 1 for column in touched) > 1:
            continue
        columns = [column for column in columns if column not in touched]
        first = min([left, *(column[0] for column in touched)])
        last = max([right, *(column[1] for column in touched)])
        columns.append((first, last, 1 + sum(column[2] for column in touched)))
    return [(left, right) for left, right, _ in sorted(columns)]


def ruled_grid(box: BBox, rules: Sequence[BBox], words: Iterable[Line]) -> Grid | None:
    """Read a table's cells.

    Args:
        box: The table.
        rules: Its rules, and the edges of its coloured cells.
        words: The page's words.

    Returns:
        The table, or None where there are not two rows and columns.
    """
    inside = [word for word in words if centre_inside(word.bbox, box)]
    if not inside:
        return None
    rows = cells_of(inside)
    left, top, right, bottom = box
    across = [r for r in (*rules, *horizontal_rules(rules)) if width(r) > 0.5 * (right - left)]
    down = [r for r in (*rules, *vertical_rules(rules)) if height(r) > 0.5 * (bottom - top)]
    ys = _positions([y for rule in across for y in (rule[1], rule[3])], top, bottom)
    xs = _positions([x for rule in down for x in (rule[0], rule[2])], left, right)
    if _rules_part_rows(ys, rows):
        columns = xs if len(xs) > 1 else [span[0] for span in column_spans(rows)]
        return _placed(box, ys, columns, inside)
    columns = _text_columns(rows, xs)
    if len(rows) < 2 or len(columns) < 2:
        return None
    spans = [(start, end) for start, end in pairwise([*columns, right])]
    filled = [_filled(row, spans) for row in rows]
    return Grid(box, tuple(_without_breaks(rows, filled)))


def _positions(edges: Iterable[float], first: float, last: float) -> list[float]:
    """Where cells start: the table's edge and the rules inside it, a thick one counted once."""
    starts = [first]
    for edge in sorted(edges):
        if edge - starts[-1] > _RULE_WIDTH and last - edge > _RULE_WIDTH:
            starts.append(edge)
    return starts


def _rules_part_rows(ys: Sequence[float], rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether there is a rule below each row, and not only below the head and groups of rows."""
    if len(ys) < _LEAST_RULED_ROWS:
        return False
    most = max(len(row) for row in rows)
    full = [0] * len(ys)
    for row in rows:
        if len(row) >= _FULL_ROW * most:
            middle = (row[0].bbox[1] + row[0].bbox[3]) / 2
            full[_index(ys, middle)] += 1
    return median(full) <= 1


def _text_columns(rows: Sequence[Sequence[Cell]], xs: Sequence[float]) -> list[float]:
    """Starts of columns: those of the text, parted by what vertical rules there are."""
    starts: list[float] = []
    for start, end in pairwise([*xs, float("inf")]):
        within = [[c for c in row if start <= (c.bbox[0] + c.bbox[2]) / 2 < end] for row in rows]
        spans = column_spans(row for row in within if row)
        starts += (
            [start, *(span[0] for span in spans[1:])]
            if len(xs) > 1
            else [span[0] for span in spans]
        )
    return starts


def _placed(
    box: BBox, ys: Sequence[float], xs: Sequence[float], words: Iterable[Line]
) -> Grid | None:
    """A grid of which rules part the rows: each word goes to the cell its middle stands in."""
    if len(xs) < 2:
        return None
    cells = [[""] * len(xs) for _ in ys]
    for word in (word for row in rows_of(words) for word in row):
        x, y = (word.bbox[0] + word.bbox[2]) / 2, (word.bbox[1] + word.bbox[3]) / 2
        row, column = _index(ys, y), _index(xs, x)
        cells[row][column] = f"{cells[row][column]} {word.text.strip()}".strip()
    filled = tuple(tuple(row) for row in cells if any(row))
    return Grid(box, filled) if len(filled) > 1 else None


def _filled(row: Sequence[Cell], columns: Sequence[tuple[float, float]]) -> list[str]:
    """A row's texts by column; what spans several stands in the first of them."""
    texts = [""] * len(columns)
    for cell in row:
        number = _column_of(cell.bbox, columns)
        texts[number] = f"{texts[number]} {cell.text}".strip()
    return texts


def _column_of(box: BBox, columns: Sequence[tuple[float, float]]) -> int:
    shared = [min(box[2], right) - max(box[0], left) for left, right in columns]
    within = [n for n, length in enumerate(shared) if length > 0.5 * width(box)]
    if within:
        return within[0]
    touched = [n for n, length in enumerate(shared) if length > 0]
    return touched[0] if touched else max(range(len(columns)), key=lambda n: shared[n])


def _without_breaks(
    rows: Sequence[Sequence[Cell]], texts: Sequence[Sequence[str]]
) -> list[tuple[str, ...]]:
    """Rows of cells, with lines that go on in the row below joined to the row they began in."""
    found: list[list[str]] = []
    previous: BBox | None = None
    for row, cells in zip(rows, texts, strict=True):
        box = union(cell.bbox for cell in row)
        if found and previous is not None and _goes_on(cells, found[-1], previous, box):
            found[-1] = [f"{a} {b}".strip() for a, b in zip(found[-1], cells, strict=True)]
        else:
            found.append(list(cells))
        previous = box
    return [tuple(row) for row in found]


def _goes_on(cells: Sequence[str], above: Sequence[str], previous: BBox, box: BBox) -> bool:
    count, before = sum(map(bool, cells)), sum(map(bool, above))
    is_tight = box[1] - previous[1] < _TIGHT * max(height(previous), height(box))
    only_below_text = all(above[n] for n, text in enumerate(cells) if text)
    return not cells[0] and count <= _CONTINUES * before and is_tight and only_below_text


def _index(starts: Sequence[float], value: float) -> int:
    return max(0, bisect_right(starts, value) - 1)
