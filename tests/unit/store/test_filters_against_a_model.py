"""Any filter, on any engine, with payload indexes: what Python finds is what the engine finds."""

from __future__ import annotations

import operator
import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawings import text_chunk
from ragsight import ClipEncoder, MultimodalStore

KEYS = ("a", "b", "c.d")
NUMBERS = (0, 1, 2, 2.5, -1, 20.0, 2**60)
WORDS = ("x", "y", "2026-01-05", "")
DATES = ("2026-01-04", "2026-01-05", "2026-01-06")
SCALARS = (*NUMBERS, *WORDS, True, False)
COMPARISONS = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}


def metadata_of(random_: random.Random) -> dict[str, Any]:
    """Values of all types under the same keys: the index of one type must not hide others."""
    metadata: dict[str, Any] = {}
    for key in ("a", "b"):
        kind = random_.choice(("scalar", "scalar", "list", "absent", "null"))
        if kind == "scalar":
            metadata[key] = random_.choice(SCALARS)
        elif kind == "list":
            metadata[key] = random_.choices(SCALARS, k=random_.randint(0, 3))
        elif kind == "null":
            metadata[key] = None
    if random_.random() < 0.7:
        metadata["c"] = {"d": random_.choice(SCALARS)}
    return metadata


GOODS = [metadata_of(random.Random(seed)) for seed in range(80)]


@pytest.fixture(scope="module", params=["embedded", "memory"])
def shop(
    request: pytest.FixtureRequest,
    encoder: ClipEncoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MultimodalStore]:
    location = ":memory:" if request.param == "memory" else tmp_path_factory.mktemp("shop") / "i"
    with MultimodalStore.open(location, encoder=encoder) as store:
        store.upsert(text_chunk(str(n), uri=f"/{n}", **goods) for n, goods in enumerate(GOODS))
        yield store


def values(metadata: dict[str, Any], key: str) -> list[Any]:
    found: Any = metadata
    for part in key.split("."):
        found = found.get(part) if isinstance(found, dict) else None
    items = found if isinstance(found, list) else [found]
    return [item for item in items if item is not None]


def equal(value: Any, wanted: Any) -> bool:
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def holds(metadata: dict[str, Any], filter_: dict[str, Any]) -> bool:
    return all(holds_for(metadata, key, wanted) for key, wanted in filter_.items())


def holds_for(metadata: dict[str, Any], key: str, wanted: Any) -> bool:
    if key == "not":
        return not holds(metadata, wanted)
    if key in {"and", "or"}:
        parts = (holds(metadata, part) for part in wanted)
        return all(parts) if key == "and" else any(parts)
    found = values(metadata, key)
    if wanted is None:
        return not found
    if isinstance(wanted, list):
        return any(equal(value, one) for value in found for one in wanted)
    if isinstance(wanted, dict):
        return operators_hold(found, wanted)
    return any(equal(value, wanted) for value in found)


def is_like(value: Any, bound: Any) -> bool:
    """Dates are compared with dates (as texts of one form), numbers with numbers."""
    if isinstance(bound, str):
        return isinstance(value, str) and value.startswith("20")
    return isinstance(value, int | float) and not isinstance(value, bool)


def operators_hold(found: list[Any], operators: dict[str, Any]) -> bool:
    bounds = {name: bound for name, bound in operators.items() if name in COMPARISONS}
    comparable = [v for v in found if is_like(v, next(iter(bounds.values()), None))]
    in_range = any(all(COMPARISONS[n](v, bound) for n, bound in bounds.items()) for v in comparable)
    others = {
        "ne": lambda wanted: not any(equal(value, wanted) for value in found),
        "in": lambda wanted: any(equal(value, one) for value in found for one in wanted),
        "not_in": lambda wanted: not any(equal(value, one) for value in found for one in wanted),
        "exists": lambda wanted: bool(found) is wanted,
    }
    rest = (others[name](wanted) for name, wanted in operators.items() if name in others)
    return (in_range if bounds else True) and all(rest)


scalars = st.sampled_from(SCALARS)
lists = st.lists(scalars, max_size=3)
operators = st.one_of(
    st.dictionaries(st.sampled_from(sorted(COMPARISONS)), st.sampled_from(NUMBERS), min_size=1),
    st.dictionaries(st.sampled_from(sorted(COMPARISONS)), st.sampled_from(DATES), min_size=1),
    st.fixed_dictionaries({"ne": scalars}),
    st.fixed_dictionaries({"in": lists}),
    st.fixed_dictionaries({"not_in": lists}),
    st.fixed_dictionaries({"exists": st.booleans()}),
)
simple = st.dictionaries(
    st.sampled_from(KEYS), st.one_of(scalars, lists, operators, st.none()), min_size=1
)
filters = st.recursive(
    simple,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"and": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"or": st.lists(inner, min_size=1, max_size=3)}),
        st.fixed_dictionaries({"not": inner}),
    ),
    max_leaves=5,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(filter_=filters)
def test_a_filter_finds_what_python_finds(shop: MultimodalStore, filter_: dict[str, Any]) -> None:
    expected = {str(n) for n, metadata in enumerate(GOODS) if holds(metadata, filter_)}
    assert {chunk.text for chunk in shop.scroll(filter_)} == expected
