"""A point as JSON, with its vectors bit for bit."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from ragsight.encoders import FloatArray, SparseVector, Vector
from ragsight.store.engines.base import Point


def point_to_json(point: Point) -> dict[str, Any]:
    """A point as JSON-ready values."""
    return {
        "id": point.id,
        "payload": dict(point.payload),
        "vectors": {name: _vector_to_json(vector) for name, vector in point.vectors.items()},
    }


def point_from_json(data: Mapping[str, Any]) -> Point:
    """Read what `point_to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: If something else wrote it.
    """
    vectors = {name: _vector_from_json(vector) for name, vector in data["vectors"].items()}
    return Point(str(data["id"]), dict(data["payload"]), vectors)


def _vector_to_json(vector: Vector) -> dict[str, Any]:
    if isinstance(vector, SparseVector):
        return {"indices": list(vector.indices), "values": list(vector.values)}
    array = np.asarray(vector, dtype="<f4")
    return {"shape": list(array.shape), "f4": base64.b64encode(array.tobytes()).decode()}


def _vector_from_json(data: Mapping[str, Any]) -> Vector:
    if "indices" in data:
        return SparseVector(tuple(data["indices"]), tuple(data["values"]))
    numbers = np.frombuffer(base64.b64decode(data["f4"]), dtype="<f4")
    array: FloatArray = numbers.reshape(data["shape"]).astype(np.float32)
    return array
