"""Boxes: left, top, right, bottom in points, origin at the page's top left."""

from __future__ import annotations

from collections.abc import Iterable

from ragsight.chunks import BBox


def width(box: BBox) -> float:
    """Horizontal extent."""
    return box[2] - box[0]


def height(box: BBox) -> float:
    """Vertical extent."""
    return box[3] - box[1]


def area(box: BBox) -> float:
    """Area, 0 for a box that is turned inside out."""
    return max(0.0, width(box)) * max(0.0, height(box))


def union(boxes: Iterable[BBox]) -> BBox:
    """The smallest box around all; there must be at least one."""
    lefts, tops, rights, bottoms = zip(*boxes, strict=True)
    return min(lefts), min(tops), max(rights), max(bottoms)


def intersection(a: BBox, b: BBox) -> BBox:
    """What two boxes share; turned inside out where they share nothing."""
    return max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])


def intersects(a: BBox, b: BBox) -> bool:
    """Whether two boxes share more than an edge."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def overlap(a: BBox, b: BBox) -> float:
    """How much of `a` lies in `b`, from 0 to 1."""
    whole = area(a)
    return area(intersection(a, b)) / whole if whole > 0 else 0.0


def gap_x(a: BBox, b: BBox) -> float:
    """Horizontal distance, 0 where the boxes overlap horizontally."""
    return max(0.0, b[0] - a[2], a[0] - b[2])


def gap_y(a: BBox, b: BBox) -> float:
    """Vertical distance, 0 where the boxes overlap vertically."""
    return max(0.0, b[1] - a[3], a[1] - b[3])


def gap(a: BBox, b: BBox) -> float:
    """The larger of the horizontal and the vertical distance."""
    return max(gap_x(a, b), gap_y(a, b))


def shared_x(a: BBox, b: BBox) -> float:
    """How much of the narrower box's width the two share, from 0 to 1."""
    shared = min(a[2], b[2]) - max(a[0], b[0])
    narrower = min(width(a), width(b))
    return max(0.0, shared) / narrower if narrower > 0 else 0.0


def shared_y(a: BBox, b: BBox) -> float:
    """How much of the lower box's height the two share, from 0 to 1."""
    shared = min(a[3], b[3]) - max(a[1], b[1])
    lower = min(height(a), height(b))
    return max(0.0, shared) / lower if lower > 0 else 0.0


def grown(box: BBox, dx: float, dy: float | None = None) -> BBox:
    """The box with its edges moved outwards (inwards for negative values)."""
    dy = dx if dy is None else dy
    return box[0] - dx, box[1] - dy, box[2] + dx, box[3] + dy


def centre_inside(box: BBox, region: BBox) -> bool:
    """Whether the middle of a box lies in a region."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return region[0] <= x <= region[2] and region[1] <= y <= region[3]


def rounded(box: BBox) -> BBox:
    """The box in hundredths of a point: finer is renderer's noise."""
    left, top, right, bottom = (round(value, 2) for value in box)
    return left, top, right, bottom
