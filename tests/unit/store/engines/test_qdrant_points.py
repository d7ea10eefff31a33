from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from qdrant_client import models

from ragsight.encoders import SparseVector
from ragsight.store.engines import qdrant_points
from ragsight.store.engines.base import Point
from ragsight.store.engines.qdrant_points import batches, client_id, client_vector, own_point, sized


def point(number: int, length: int = 1) -> Point:
    return Point(str(number), {"page_content": "x" * length}, {"clip": np.ones(3, np.float32)})


@given(st.lists(st.integers(0, 400), max_size=40))
def test_batches_hold_every_point_once_and_stay_within_both_limits(lengths: list[int]) -> None:
    points = [point(number, length) for number, length in enumerate(lengths)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(qdrant_points, "POINTS_PER_REQUEST", 5)
        patch.setattr(qdrant_points, "BYTES_PER_REQUEST", 500)
        found = list(batches([sized(point) for point in points]))
    assert [p.id for batch in found for p in batch] == [p.id for p in points]
    for batch in found:
        size = sum(len(json.dumps(p.payload)) for p in batch)
        assert 1 <= len(batch) <= 5
        assert size <= 500 or len(batch) == 1


@given(st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=50))
def test_a_vector_in_json_is_never_longer_than_estimated(values: list[float]) -> None:
    [[only]] = batches([sized(Point("1", {}, {"": np.array(values, np.float32)}))])
    text = json.dumps(client_vector(only.vectors[""]))
    assert len(text) <= qdrant_points._BYTES_PER_NUMBER * len(values) + 2


def test_numbers_are_ids_of_others_and_go_out_as_numbers() -> None:
    uuid = "00000000-0000-0000-0000-000000000012"
    assert [client_id("12"), client_id(uuid)] == [12, uuid]


def test_vectors_come_back_as_they_went() -> None:
    dense, sparse = np.array([0.5, -1.0], np.float32), SparseVector((3, 9), (1.0, 0.25))
    record = models.Record(
        id=7,
        payload={"a": 1},
        vector={"dense": client_vector(dense), "bm25": client_vector(sparse)},
    )
    found = own_point(record)
    assert (found.id, found.payload, found.vectors["bm25"]) == ("7", {"a": 1}, sparse)
    np.testing.assert_array_equal(found.vectors["dense"], dense)


def test_the_vector_without_a_name_and_a_point_without_any_are_read() -> None:
    [(name, vector)] = own_point(models.Record(id=1, vector=[1.0, 0.0])).vectors.items()
    assert name == ""
    np.testing.assert_array_equal(vector, [1.0, 0.0])
    bare = own_point(models.Record(id=1))
    assert (bare.payload, bare.vectors) == ({}, {})


def test_whole_numbers_that_grpc_cant_send_are_refused_there_only() -> None:
    point = Point("1", {"metadata": {"n": [1, 2**63]}})
    assert sized(point)[0] is point
    with pytest.raises(OverflowError, match="below"):
        sized(point, over_grpc=True)
