"""Floats to the last bit, which engines don't give back: noted beside, and compared with care.

Qdrant reads a number as a whole number times a power of ten, each of them a double: 0.3 is exact,
0.30000000000000004 may come back as its neighbour. One random float in ten does.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

EXACT_WHOLES = 2**53
"""Whole numbers up to this one are floats without loss (IEEE 754 doubles)."""

_EXACT_POWER = 22
_MOST_LOST = 2
"""Units in the last place by which a float may come back as another."""


def is_exact(value: float) -> bool:
    """Whether every engine gives back this float as it was.

    Example:
        >>> is_exact(0.3), is_exact(0.1 + 0.2)
        (True, False)
    """
    if not math.isfinite(value):
        return True
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    power = int(exponent or 0) - len(fraction)
    return int(whole + fraction) <= EXACT_WHOLES and abs(power) <= _EXACT_POWER


def nearest(value: float) -> tuple[float, float]:
    """The least and the greatest number as which an engine may have kept a float."""
    if is_exact(value):
        return value, value
    lost = _MOST_LOST * math.ulp(value)
    most = sys.float_info.max
    return max(value - lost, -most), min(value + lost, most)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """All values of nested JSON that hold no others, each with its keys and indices."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from leaves(part, (*path, key))
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from leaves(part, (*path, index))
    else:
        yield path, value


def restore_floats(parts: Any, noted: Sequence[Sequence[Any]]) -> None:
    """Put floats back as they were given.

    Args:
        parts: Nested JSON, which is changed in place.
        noted: For each float its keys and indices, and then itself as text. One whose place holds
            another number by now, written by another client, is left alone.
    """
    for *path, text in noted:
        try:
            exact, holder = float(text), parts
            for part in path[:-1]:
                holder = holder[part]
            kept = holder[path[-1]]
            is_near = isinstance(kept, float) and abs(kept - exact) <= 2 * _MOST_LOST * math.ulp(
                exact
            )
            if is_near and kept != exact:
                holder[path[-1]] = exact
        except (LookupError, TypeError, ValueError):
            continue
