"""Rules of tables, however they are drawn: as lines, in pieces, as a rectangle round each cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import height, union, width

THIN = 2.5
"""Points: a box that is thinner is a rule. Thick rules have 2, the narrowest cells some 6."""

_SAME_EDGE = 3.0
"""Points by which pieces of one rule, or edges of neighbouring cells, may be apart."""

_LEAST_CELL, _TALLEST_CELL = 6.0, 250.0
"""Points: heights of cells. Lower boxes are thick rules, taller ones panels and frames."""

_LEAST_CELLS = 4
"""Rectangles side by side and below each other that make a table; two panels make none."""


def cell_edges(boxes: Sequence[BBox]) -> list[BBox]:
    """The edges of rectangles that lie side by side as cells do, as thin boxes.

    A rectangle alone is a frame or a bar. One that has another of its height beside it, among at
    least four such, is a cell, and its edges are the table's rules.
    """
    cells = [
        box
        for box in boxes
        if width(box) > 2 * THIN and _LEAST_CELL <= height(box) <= _TALLEST_CELL
    ]
    beside = [cell for cell in cells if any(_is_beside(cell, other) for other in cells)]
    rows = {round((cell[1] + cell[3]) / 4) for cell in beside}
    if len(beside) < _LEAST_CELLS or len(rows) < 2:
        return []
    edges: list[BBox] = []
    for left, top, right, bottom in beside:
        edges += [(left, top, right, top), (left, bottom, right, bottom)]
        edges += [(left, top, left, bottom), (right, top, right, bottom)]
    return edges


def _is_beside(cell: BBox, other: BBox) -> bool:
    same_row = abs(cell[1] - other[1]) < _SAME_EDGE and abs(cell[3] - other[3]) < _SAME_EDGE
    near = min(abs(cell[2] - other[0]), abs(other[2] - cell[0]))
    return same_row and other != cell and near < _SAME_EDGE


def horizontal_rules(drawn: Iterable[BBox]) -> list[BBox]:
    """Rules across, those that are drawn cell by cell joined."""
    thin = [box for box in drawn if height(box) < THIN and width(box) > 2 * height(box)]
    return _joined(thin, key=lambda box: (round(box[1]), box[0]), level=1, along=0)


def vertical_rules(drawn: Iterable[BBox]) -> list[BBox]:
    """Rules down, those that are drawn cell by cell joined."""
    thin = [box for box in drawn if width(box) < THIN and height(box) > 2 * width(box)]
    return _joined(thin, key=lambda box: (round(box[0]), box[1]), level=0, along=1)


def _joined(
    boxes: Iterable[BBox], key: Callable[[BBox], tuple[float, float]], level: int, along: int
) -> list[BBox]:
    rules: list[BBox] = []
    for box in sorted(boxes, key=key):
        last = rules[-1] if rules else None
        if (
            last is not None
            and abs(box[level] - last[level]) < 1
            and box[along] - last[along + 2] < _SAME_EDGE
        ):
            rules[-1] = union((last, box))
        else:
            rules.append(box)
    return rules
