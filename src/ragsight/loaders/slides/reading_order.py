"""The order in which people read a slide."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import TypeVar

from ragsight.chunks import BBox

ItemT = TypeVar("ItemT")

_OVERLAP = 0.02
_MOST_CUT = 1000
"""Items that are parted by gaps, which takes the square of their number; more go by rows alone."""
_RIGHT_TO_LEFT = frozenset({"R", "AL"})


def in_reading_order(
    items: Sequence[ItemT],
    box_of: Callable[[ItemT], BBox | None],
    size: tuple[float, float],
    *,
    right_to_left: bool = False,
) -> list[ItemT]:
    """Sort by place: cut where the white gap is widest, again and again.

    A gap across parts bands, the upper one read first; a gap down parts columns, the left one
    first. The wider of the two decides, so that a heading is read with the column below it, and a
    row of cards card by card; of two as wide, the one across. What can't be parted goes by rows.
    (Nagy and Seth, Hierarchical representation of optically scanned documents, 1984, cut pages so;
    the order of drawing, which others use, has nothing to do with the order of reading.)

    Args:
        items: Anything with a place.
        box_of: Gives an item's box in points; items without one come last, as they stand.
        size: The slide's size in points.
        right_to_left: Whether the right column is read first.
    """
    # Boxes are larger than their words, and often touch or overlap a little.
    margin = _OVERLAP * min(size)
    placed = [(box, item) for item in items if (box := box_of(item)) is not None]
    if right_to_left:
        placed = [((-b[2], b[1], -b[0], b[3]), item) for b, item in placed]
    ordered = _cut([(_shrunk(box, margin), item) for box, item in placed])
    return [*ordered, *(item for item in items if box_of(item) is None)]


def _shrunk(box: BBox, margin: float) -> BBox:
    across, down = (min(margin, (box[end] - box[end - 2]) / 4) for end in (2, 3))
    return box[0] + across, box[1] + down, box[2] - across, box[3] - down


def _cut(placed: list[tuple[BBox, ItemT]]) -> list[ItemT]:
    waiting, done = [placed], []
    while waiting:
        group = waiting.pop()
        parts = _parts(group)
        if parts is None:
            done += [item for _, item in sorted(group, key=lambda p: (p[0][1], p[0][0]))]
        else:
            waiting += reversed(parts)
    return done


def _parts(group: list[tuple[BBox, ItemT]]) -> list[list[tuple[BBox, ItemT]]] | None:
    """Two parts with the widest gap between them; None if there is no gap."""
    if not 2 <= len(group) <= _MOST_CUT:
        return None
    (down_gap, down_at), (across_gap, across_at) = _widest(group, 0), _widest(group, 1)
    if max(down_gap, across_gap) <= 0:
        return None
    axis, at = (1, across_at) if across_gap >= down_gap else (0, down_at)
    first = [placed for placed in group if placed[0][axis] < at]
    return [first, [placed for placed in group if placed[0][axis] >= at]]


def _widest(group: Sequence[tuple[BBox, ItemT]], axis: int) -> tuple[float, float]:
    """The widest gap along an axis, and where what comes after it starts."""
    spans = sorted((box[axis], box[axis + 2]) for box, _ in group)
    best, at, reached = 0.0, 0.0, spans[0][1]
    for start, end in spans[1:]:
        if start - reached > best:
            best, at = start - reached, start
        reached = max(reached, end)
    return best, at


def runs_right_to_left(text: str) -> bool:
    """Whether most letters of a text belong to scripts written from right to left."""
    kinds = [unicodedata.bidirectional(character) for character in text]
    right = sum(kind in _RIGHT_TO_LEFT for kind in kinds)
    return right > sum(kind == "L" for kind in kinds)
