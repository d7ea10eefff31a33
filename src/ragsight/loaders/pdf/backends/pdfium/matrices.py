"""Affine maps: from a form to its page, from a page to what is shown."""

from __future__ import annotations

from typing import Any

from ragsight.chunks import BBox

Matrix = tuple[float, float, float, float, float, float]
"""x' = a x + c y + e, y' = b x + d y + f."""

Point = tuple[float, float]


def matrix_of(raw: Any) -> Matrix:
    """A matrix of the library."""
    return raw.a, raw.b, raw.c, raw.d, raw.e, raw.f


def shown(box: BBox, quarter_turns: int) -> Matrix:
    """Takes a page's coordinates, which count upwards, to those of the page as shown.

    Args:
        box: Left, bottom, right and top of what shows.
        quarter_turns: By which the page is turned clockwise.

    Example:
        >>> moved_point(shown((0, 0, 100, 200), 1), (0, 0))
        (0, 0)
    """
    left, bottom, right, top = box
    return (
        (1, 0, 0, -1, -left, top),
        (0, 1, 1, 0, -bottom, -left),
        (-1, 0, 0, 1, right, -bottom),
        (0, -1, -1, 0, top, right),
    )[quarter_turns % 4]


def joined(first: Matrix, then: Matrix) -> Matrix:
    """One map after another, as one."""
    a, b, c, d, e, f = first
    p, q, r, s, t, u = then
    return (
        a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s,
        e * p + f * r + t, e * q + f * s + u,
    )  # fmt: skip


def moved_point(matrix: Matrix, point: Point) -> Point:
    """Where a point goes."""
    a, b, c, d, e, f = matrix
    x, y = point
    return a * x + c * y + e, b * x + d * y + f


def moved_box(matrix: Matrix, box: BBox) -> BBox:
    """The box around where a box goes."""
    left, bottom, right, top = box
    a, b, c, d, e, f = matrix
    xs = (a * left + c * bottom, a * left + c * top, a * right + c * bottom, a * right + c * top)
    ys = (b * left + d * bottom, b * left + d * top, b * right + d * bottom, b * right + d * top)
    return min(xs) + e, min(ys) + f, max(xs) + e, max(ys) + f
