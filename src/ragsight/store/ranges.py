"""Ranges over numbers, right for whole numbers of 64 bits too: engines compare floats."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from ragsight.lazy import LazyModule
from ragsight.metadata import WHOLE_LIMIT
from ragsight.store.numbers import EXACT_WHOLES, nearest

if TYPE_CHECKING:
    from qdrant_client import models
else:
    models = LazyModule("qdrant_client.models")

Number = int | float


def range_condition(field: str, bounds: Mapping[str, Number]) -> models.Condition:
    """The condition that a number lies within bounds (`lt`, `lte`, `gt`, `gte`).

    As floats, whole numbers beyond 2**53 are the same as their neighbours: times in nanoseconds
    fall together by 256. Near such a bound they are therefore named one by one, and what lies
    farther inside is compared as floats.
    """
    bounds = _tightest(bounds)
    if not any(isinstance(bound, int) and abs(bound) >= EXACT_WHOLES for bound in bounds.values()):
        return _compared(field, {name: _shifted(name, bound) for name, bound in bounds.items()})
    low, least = _lower({name: bounds[name] for name in ("gt", "gte") if name in bounds})
    # An upper bound is a lower one, seen from the other side.
    mirrored = {f"g{name[1:]}": -bounds[name] for name in ("lt", "lte") if name in bounds}
    below, beneath = _lower(mirrored)
    high, greatest = min(-below, WHOLE_LIMIT - 1), -beneath
    first, last = _inside(least, math.inf), _inside(greatest, -math.inf)
    allowed = range(low, high + 1)
    conditions: list[models.Condition] = []
    if first <= last:
        ends = {"gte": first, "lte": last}
        finite = {name: end for name, end in ends.items() if math.isfinite(end)}
        conditions.append(_without(field, _compared(field, finite), _taken_for(first, allowed)))
    conditions.append(_one_of(field, _edges(allowed, first, last)))
    conditions += [
        _equal(field, edge, allowed)
        for edge in {least, greatest}
        if least <= edge <= greatest and not first <= edge <= last
    ]
    return models.Filter(should=conditions)


def _tightest(bounds: Mapping[str, Number]) -> dict[str, Number]:
    """At most one bound a side; of two the embedded engine takes one, whichever it is."""
    kept = dict(bounds)
    if "gt" in kept and "gte" in kept:
        del kept["gte" if kept["gt"] >= kept["gte"] else "gt"]
    if "lt" in kept and "lte" in kept:
        del kept["lte" if kept["lt"] <= kept["lte"] else "lt"]
    return kept


def _shifted(name: str, bound: Number) -> Number:
    """A bound at which a float may stand that an engine has kept as its neighbour."""
    if isinstance(bound, int):
        return bound
    least, greatest = nearest(bound)
    return least if name in {"gte", "lt"} else greatest


def _lower(bounds: Mapping[str, Number]) -> tuple[int, float]:
    """The least whole number and the least float that lie within lower bounds."""
    whole = -WHOLE_LIMIT
    least = -math.inf
    for name, bound in bounds.items():
        whole = max(whole, math.floor(bound) + 1 if name == "gt" else math.ceil(bound))
        # Python compares whole numbers with floats exactly.
        number = float(bound)
        while number < bound or (name == "gt" and number == bound):
            number = math.nextafter(number, math.inf)
        least = max(least, number)
    return whole, least


def _inside(end: float, direction: float) -> float:
    """The end itself, where floats are exact, or the next one, which no number outside becomes."""
    is_exact = abs(end) < EXACT_WHOLES or math.isinf(end)
    # From 2**63 on whole numbers can't be named: there the end stays.
    return end if is_exact or end >= WHOLE_LIMIT else math.nextafter(end, direction)


def _edges(allowed: range, first: float, last: float) -> Iterable[int]:
    """Whole numbers that are allowed, and not between the floats."""
    if first > last:
        return allowed
    below = range(allowed.start, min(int(first), allowed.stop)) if math.isfinite(first) else ()
    above = range(max(int(last) + 1, allowed.start), allowed.stop) if math.isfinite(last) else ()
    return [*below, *above]


def _equal(field: str, edge: float, allowed: range) -> models.Condition:
    """A float, but none of the whole numbers that would be it and aren't allowed."""
    point = _compared(field, {"gte": edge, "lte": edge})
    return _without(field, point, _taken_for(edge, allowed))


def _taken_for(edge: float, allowed: range) -> list[int]:
    """Whole numbers that an engine takes for a float, and that aren't allowed."""
    if abs(edge) < EXACT_WHOLES or math.isinf(edge):
        return []
    reach = int(math.ulp(edge))
    near = range(int(edge) - reach, int(edge) + reach + 1)
    return [n for n in near if float(n) == edge and n not in allowed and abs(n) < WHOLE_LIMIT]


def _without(field: str, condition: models.Condition, values: Sequence[int]) -> models.Condition:
    if not values:
        return condition
    return models.Filter(must=[condition], must_not=[_one_of(field, values)])


def _compared(field: str, bounds: Mapping[str, Number]) -> models.FieldCondition:
    return models.FieldCondition(key=field, range=models.Range(**bounds))


def _one_of(field: str, values: Iterable[int]) -> models.FieldCondition:
    return models.FieldCondition(key=field, match=models.MatchAny(any=list(values)))
