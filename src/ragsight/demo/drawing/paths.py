"""Outlines in unit coordinates: x to the right and y down, both from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]
Path: TypeAlias = list[Point]

_CORNER_STEPS = 6


def ellipse(
    centre: Point, rx: float, ry: float | None = None, start: float = 0.0, end: float = 360.0
) -> Path:
    """Points along an ellipse, clockwise on screen, angles in degrees from the right.

    Args:
        centre: Middle of the ellipse.
        rx: Horizontal radius.
        ry: Vertical radius; the horizontal one when left out.
        start: First angle.
        end: Last angle.
    """
    vertical = ry if ry is not None else rx
    steps = max(6, round(abs(end - start) / 7.5))
    angles = (math.radians(start + (end - start) * i / steps) for i in range(steps + 1))
    return [(centre[0] + rx * math.cos(a), centre[1] + vertical * math.sin(a)) for a in angles]


def box(left: float, top: float, right: float, bottom: float, radius: float = 0.0) -> Path:
    """A rectangle, its corners rounded by `radius`."""
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return soft(corners, radius) if radius > 0 else corners


def soft(points: Sequence[Point], radius: float) -> Path:
    """Round every corner of a closed polygon with a quadratic curve.

    Args:
        points: Corners in order.
        radius: How far from a corner the curve starts, at most half of the edge.
    """
    path: Path = []
    for index, corner in enumerate(points):
        before = _towards(corner, points[index - 1], radius)
        after = _towards(corner, points[(index + 1) % len(points)], radius)
        path.extend(_quadratic(before, corner, after))
    return path


def curve(points: Sequence[Point], steps: int = 8) -> Path:
    """An open Catmull-Rom curve through all the points."""
    padded = [points[0], *points, points[-1]]
    path: Path = []
    for i in range(len(points) - 1):
        path.extend(_catmull(padded[i : i + 4], step / steps) for step in range(steps))
    return [*path, points[-1]]


def loop(points: Sequence[Point], steps: int = 8) -> Path:
    """A closed Catmull-Rom curve through all the points."""
    count = len(points)
    path: Path = []
    for i in range(count):
        window = [points[(i + offset - 1) % count] for offset in range(4)]
        path.extend(_catmull(window, step / steps) for step in range(steps))
    return path


def both_sides(left: Sequence[Point]) -> Path:
    """Close a left half, listed from top to bottom, by its mirror image about x = 0.5."""
    return [*left, *flipped(left)[::-1]]


def flipped(points: Sequence[Point]) -> Path:
    """The mirror image about x = 0.5."""
    return [(1 - x, y) for x, y in points]


def ribbon(points: Sequence[Point], width: float) -> Path:
    """The outline of a band of even width along an open line."""
    left: Path = []
    right: Path = []
    for i, (x, y) in enumerate(points):
        (x0, y0), (x1, y1) = points[max(0, i - 1)], points[min(len(points) - 1, i + 1)]
        length = math.hypot(x1 - x0, y1 - y0) or 1.0
        nx, ny = (y0 - y1) / length * width / 2, (x1 - x0) / length * width / 2
        left.append((x + nx, y + ny))
        right.append((x - nx, y - ny))
    return [*left, *right[::-1]]


def star(centre: Point, outer: float, inner: float, tips: int = 5) -> Path:
    """A star with its first tip up; with `inner` near `outer` it nears a regular polygon."""
    path: Path = []
    for i in range(tips * 2):
        angle = math.pi * i / tips - math.pi / 2
        radius = outer if i % 2 == 0 else inner
        path.append((centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle)))
    return path


def regular(centre: Point, radius: float, sides: int) -> Path:
    """A regular polygon with its first corner up."""
    return star(centre, radius, radius, sides)[::2]


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = math.hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    share = min(0.5, distance / length)
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share


def _quadratic(first: Point, control: Point, last: Point) -> Path:
    path: Path = []
    for step in range(_CORNER_STEPS + 1):
        t = step / _CORNER_STEPS
        a, b, c = (1 - t) ** 2, 2 * (1 - t) * t, t**2
        path.append(
            (
                a * first[0] + b * control[0] + c * last[0],
                a * first[1] + b * control[1] + c * last[1],
            )
        )
    return path


def _catmull(window: Sequence[Point], t: float) -> Point:
    p0, p1, p2, p3 = window
    return (
        _spline(p0[0], p1[0], p2[0], p3[0], t),
        _spline(p0[1], p1[1], p2[1], p3[1], t),
    )


def _spline(a: float, b: float, c: float, d: float, t: float) -> float:
    return 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
