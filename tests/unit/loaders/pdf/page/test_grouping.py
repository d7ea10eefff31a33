from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import gap
from ragsight.loaders.pdf.page.grouping import UnionFind, group_boxes

_coordinate = st.floats(0, 300, allow_nan=False)
_size = st.floats(0, 60, allow_nan=False)
_box = st.tuples(_coordinate, _coordinate, _size, _size).map(
    lambda item: (item[0], item[1], item[0] + item[2], item[1] + item[3])
)


def _by_comparing_all(boxes: list[BBox], distance: float) -> list[list[int]]:
    sets = UnionFind(len(boxes))
    for a, b in combinations(range(len(boxes)), 2):
        if gap(boxes[a], boxes[b]) <= distance:
            sets.join(a, b)
    return sets.groups()


@given(st.lists(_box, max_size=40))
def test_the_grid_finds_the_same_groups_as_comparing_all_pairs(boxes: list[BBox]) -> None:
    assert group_boxes(boxes, 8.0) == _by_comparing_all(boxes, 8.0)


@given(st.integers(1, 30), st.lists(st.tuples(st.integers(0, 29), st.integers(0, 29))))
def test_each_item_is_in_exactly_one_group(size: int, pairs: list[tuple[int, int]]) -> None:
    sets = UnionFind(size)
    for a, b in pairs:
        sets.join(a % size, b % size)
    groups = sets.groups()
    assert sorted(item for group in groups for item in group) == list(range(size))
    assert all(sets.find(a % size) == sets.find(b % size) for a, b in pairs)


def test_thousands_of_paths_on_one_spot_are_grouped_at_once() -> None:
    boxes = [(100.0, 100.0, 101.0 + n % 7 * 0.01, 101.0) for n in range(20_000)]
    assert len(group_boxes(boxes, 8.0)) == 1
