"""Points on their way to and from Qdrant clients."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from qdrant_client import models

from ragsight.encoders import SparseVector, Vector
from ragsight.metadata import WHOLE_LIMIT
from ragsight.store.engines.base import Point
from ragsight.store.numbers import leaves

POINTS_PER_REQUEST = 64
"""Points in one write at the most: with vectors of 512 dimensions about 1 MB of JSON; a batch of
chunks makes several, which are under way at once."""

BYTES_PER_REQUEST = 16 * 1024 * 1024
"""JSON in one write at the most, half of what a Qdrant server takes by default; a single point
may have more."""

_BYTES_PER_NUMBER = 25
"""A float in JSON: 17 digits, sign, point, four of exponent (`e-40`), comma, blank."""


def sized(point: Point, *, over_grpc: bool = False) -> tuple[Point, int]:
    """A point, and how long it is in a request.

    Raises:
        ValueError, TypeError, OverflowError: If its payload can't be sent.
    """
    if over_grpc:
        for path, value in leaves(point.payload):
            if isinstance(value, int) and value >= WHOLE_LIMIT:
                raise OverflowError(f"{path} is {value}, and gRPC sends whole numbers below 2**63")
    numbers = sum(
        2 * len(vector.indices) if isinstance(vector, SparseVector) else vector.size
        for vector in point.vectors.values()
    )
    payload = json.dumps(point.payload, allow_nan=False)
    return point, len(payload) + numbers * _BYTES_PER_NUMBER


def batches(points: Sequence[tuple[Point, int]]) -> Iterator[list[Point]]:
    """Points that go into one request, by number and by size."""
    batch: list[Point] = []
    size = 0
    for point, more in points:
        if batch and (len(batch) == POINTS_PER_REQUEST or size + more > BYTES_PER_REQUEST):
            yield batch
            batch, size = [], 0
        batch.append(point)
        size += more
    if batch:
        yield batch


def client_id(id_: str) -> str | int:
    """An id as the clients take it: points of others may be numbered."""
    return int(id_) if id_.isdecimal() else id_


def client_vector(vector: Vector) -> Any:
    """A vector as the clients take it."""
    if isinstance(vector, SparseVector):
        return models.SparseVector(indices=list(vector.indices), values=list(vector.values))
    return vector.tolist()


def own_point(record: models.Record) -> Point:
    """A point as the clients give it."""
    payload = record.payload if record.payload is not None else {}
    named = record.vector if isinstance(record.vector, dict) else {"": record.vector}
    vectors = {name: _own_vector(value) for name, value in named.items() if value is not None}
    return Point(str(record.id), payload, vectors)


def _own_vector(value: Any) -> Vector:
    if isinstance(value, models.SparseVector):
        return SparseVector(tuple(value.indices), tuple(value.values))
    return np.asarray(value, dtype=np.float32)
