"""Numbers to the last bit: what an engine keeps, and ranges that Python agrees with."""

from __future__ import annotations

import math
import operator
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import qdrant_edge as edge
from hypothesis import given
from hypothesis import strategies as st

from ragsight import Chunk, ClipEncoder, MultimodalStore, Source
from ragsight.store.numbers import is_exact, leaves, nearest, restore_floats

FINITE = st.floats(allow_nan=False, allow_infinity=False)
COMPARISONS = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}
PLACES = (0, 2**53, -(2**53), 2**54, 2**60, -(2**60), 2**62, 1768907445451174113, 2**63 - 1)
NEAR = random.Random(5)
NUMBERS: list[float] = [
    *(place + NEAR.choice((1, 3, 900)) * NEAR.randint(-3, 0) for place in PLACES for _ in range(8)),
    *(2**63, 2**63 + 5, 2**63 + 1024, 2**63 + 3000, 2**64 - 1),
    *(2.5, 20.0, 1e18, 1e24, -1e20, 2.0**53, 2.0**53 + 2, 2.0**60, 2.0**60 + 256, -(2.0**60)),
]


def test_what_counts_as_exact_comes_back_from_the_engine(tmp_path: Path) -> None:
    (tmp_path / "shard").mkdir()
    config = edge.EdgeConfig(
        vectors={"v": edge.EdgeVectorParams(size=1, distance=edge.Distance.Dot)}
    )
    shard = edge.EdgeShard.create(str(tmp_path / "shard"), config)
    random_ = random.Random(3)
    drawn = [random_.uniform(-1, 1) * 10.0 ** random_.randint(-300, 300) for _ in range(3000)]
    short = [round(random_.uniform(-1e6, 1e6), random_.randint(0, 6)) for _ in range(3000)]
    numbers = [*drawn, *short, 0.1 + 0.2, 1e22, 1e23, 5e-324, sys.float_info.max, -0.0]
    id_ = "00000000-0000-0000-0000-000000000001"
    point = edge.Point(id_, {"v": [1.0]}, {"n": numbers})
    shard.update(edge.UpdateOperation.upsert_points([point]))
    [record] = shard.retrieve([id_], with_payload=True, with_vector=False)
    shard.close()
    kept = record.payload["n"]
    assert all(is_exact(number) for number in short)
    for number, back in zip(numbers, kept, strict=True):
        least, greatest = nearest(number)
        assert back == number if is_exact(number) else least <= back <= greatest
    noted = [[n, repr(number)] for n, number in enumerate(numbers) if not is_exact(number)]
    assert kept != numbers
    restore_floats(kept, noted)
    assert kept == numbers


@given(FINITE)
def test_the_nearest_numbers_are_finite_and_around_it(number: float) -> None:
    least, greatest = nearest(number)
    assert -math.inf < least <= number <= greatest < math.inf


def test_a_number_that_another_client_wrote_stays() -> None:
    parts: Any = {"a": [1.5, {"b": 0.30000000000000004}], "c": "text"}
    exact = repr(0.1 + 0.2)
    noted = [["a", 0, exact], ["a", 1, "b", exact], ["a", 9, exact], ["c", exact], ["x"], ["c", 0]]
    restore_floats(parts, [*noted, ["a", 1, "b", "no number"]])
    assert parts == {"a": [1.5, {"b": 0.1 + 0.2}], "c": "text"}


def test_leaves_are_named_by_keys_and_indices() -> None:
    assert list(leaves({"a": [1, {"b": None}], "c": {}})) == [(("a", 0), 1), (("a", 1, "b"), None)]


@pytest.fixture(scope="module", params=["embedded", "memory"])
def shop(
    request: pytest.FixtureRequest, encoder: ClipEncoder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MultimodalStore]:
    location = ":memory:" if request.param == "memory" else tmp_path_factory.mktemp("shop") / "i"
    with MultimodalStore.open(location, encoder=encoder) as store:
        store.upsert(
            [
                Chunk(text=str(n), source=Source(uri="a"), metadata={"t": number, "l": [number]})
                for n, number in enumerate(NUMBERS)
            ]
        )
        yield store


def test_ranges_find_what_python_finds(shop: MultimodalStore) -> None:
    random_ = random.Random(7)
    whole = [number for number in NUMBERS if isinstance(number, int) and number < 2**63]
    for _ in range(60):
        names = random_.sample(sorted(COMPARISONS), k=random_.randint(1, 3))
        around = [random_.choice(whole) + random_.randint(-300, 0) for _ in names]
        bounds = {
            name: random_.choice((bound, random_.choice(whole), 2.5))
            for name, bound in zip(names, around, strict=True)
        }
        expected = {
            str(n)
            for n, number in enumerate(NUMBERS)
            if all(COMPARISONS[name](number, bound) for name, bound in bounds.items())
        }
        for key in ("t", "l"):
            assert {chunk.text for chunk in shop.scroll({key: bounds})} == expected, bounds
