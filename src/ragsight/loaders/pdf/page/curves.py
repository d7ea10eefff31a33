"""Bézier curves."""

from __future__ import annotations

from collections.abc import Sequence

_STEPS = 8
"""Straight pieces that stand for a curve; with fewer, its box is too small where it bulges, with
more, drawings of many curves take longer."""


def on_curve(
    a: Sequence[float], b: Sequence[float], c: Sequence[float], d: Sequence[float]
) -> list[tuple[float, float]]:
    """Points on a cubic Bézier curve: nine, its ends included.

    Args:
        a: Where it starts.
        b: Its first control point.
        c: Its second control point.
        d: Where it ends.

    Example:
        >>> on_curve((0, 0), (0, 4), (4, 4), (4, 0))[4]
        (2.0, 3.0)
    """
    found = []
    for step in range(_STEPS + 1):
        t = step / _STEPS
        weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3)
        x, y = (
            sum(w * p[axis] for w, p in zip(weights, (a, b, c, d), strict=True)) for axis in (0, 1)
        )
        found.append((x, y))
    return found
