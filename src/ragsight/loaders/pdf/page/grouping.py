"""Group boxes that lie close together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import gap, union

_CELL = 32.0
"""Points: the side of the squares by which neighbours are looked up. It changes the time alone:
with more, more pairs are compared, with less, large boxes stand in more squares."""


class UnionFind:
    """Disjoint sets of the numbers below `size`.

    Example:
        >>> sets = UnionFind(3)
        >>> sets.join(0, 2)
        >>> sets.groups()
        [[0, 2], [1]]
    """

    def __init__(self, size: int) -> None:
        self._parents = list(range(size))

    def find(self, item: int) -> int:
        """The member that stands for the item's set."""
        parents = self._parents
        while parents[item] != item:
            parents[item] = parents[parents[item]]
            item = parents[item]
        return item

    def join(self, a: int, b: int) -> None:
        """Make one set of two."""
        self._parents[self.find(b)] = self.find(a)

    def groups(self) -> list[list[int]]:
        """The sets, each sorted, by their first members."""
        found: dict[int, list[int]] = defaultdict(list)
        for item in range(len(self._parents)):
            found[self.find(item)].append(item)
        return sorted(found.values())


def group_boxes(boxes: Sequence[BBox], distance: float) -> list[list[int]]:
    """Group boxes so that those no farther apart than `distance` are together.

    Args:
        boxes: In points.
        distance: Largest gap, horizontal and vertical, between neighbours of a group; above 0.

    Returns:
        Groups of positions in `boxes`.
    """
    sets = UnionFind(len(boxes))
    merged, members = _nearly_equal_merged(boxes, distance / 2, sets)
    for a, b in _near_pairs(merged, distance):
        first, second = members[a], members[b]
        if sets.find(first) != sets.find(second) and gap(merged[a], merged[b]) <= distance:
            sets.join(first, second)
    return sets.groups()


def _nearly_equal_merged(
    boxes: Sequence[BBox], quantum: float, sets: UnionFind
) -> tuple[list[BBox], list[int]]:
    # A hatching or a map has thousands of paths on one spot; comparing them in pairs takes minutes.
    # Boxes with equal corners on a grid of half the distance are closer than the distance.
    found: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for number, box in enumerate(boxes):
        found[tuple(int(value // quantum) for value in box)].append(number)
    for group in found.values():
        for other in group[1:]:
            sets.join(group[0], other)
    merged = [union(boxes[number] for number in group) for group in found.values()]
    return merged, [group[0] for group in found.values()]


def _near_pairs(boxes: Sequence[BBox], distance: float) -> Iterator[tuple[int, int]]:
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number, (left, top, right, bottom) in enumerate(boxes):
        for column in range(int(left // _CELL), int((right + distance) // _CELL) + 1):
            for row in range(int(top // _CELL), int((bottom + distance) // _CELL) + 1):
                cells[column, row].append(number)
    for members in cells.values():
        yield from combinations(members, 2)
