"""Move a query away from examples of what is not wanted. Pure functions of vectors.

Rocchio's relevance feedback (1971; Manning, Raghavan and Schütze, Introduction to Information
Retrieval, 9.1.1) with its negative term alone: `query - strength * mean(negatives)`, all of them
scaled to length 1 first, so that a strength means the same for each kind of vector.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import overload

import numpy as np

from ragsight.encoders import FloatArray, SparseVector
from ragsight.errors import QueryError

SPARSE_THRESHOLD = 1e-6
"""Least score of a hit in a search with a sparse vector that was moved away: all scores at or below
zero come from unwanted words. Engines count a score that is equal to the threshold."""

_NOTHING = 1e-6
"""What is shorter than this, as a share of the query's length, is the noise of float32."""


@overload
def away_from(
    vector: SparseVector, negatives: Sequence[SparseVector], *, strength: float
) -> SparseVector: ...


@overload
def away_from(
    vector: FloatArray, negatives: Sequence[FloatArray], *, strength: float
) -> FloatArray: ...


def away_from(
    vector: FloatArray | SparseVector,
    negatives: Sequence[FloatArray] | Sequence[SparseVector],
    *,
    strength: float,
) -> FloatArray | SparseVector:
    """Move a query's vector away from unwanted examples.

    A dense result has length 1. In a sparse one the query's own terms keep their weights less what
    the examples take from them, and terms that the examples have and the query doesn't get negative
    weights. Rocchio dropped those; they are kept here, since `boots` not like `leather` would
    otherwise be `boots`. Qdrant's engines (embedded, local mode, server) add negative weights
    up like others and find the same points, but they also find points by unwanted words alone, with
    scores below zero: search with the threshold `SPARSE_THRESHOLD`, so that these are left out.

    Args:
        vector: Of the query: dense, shape `(dimension,)`, or the terms of BM25.
        negatives: Vectors of the same kind. Those without length are left out.
        strength: 0 leaves the vector as it is; at 1 an example that equals the query undoes it.

    Returns:
        The moved vector; the vector as it was where nothing would be left of it.

    Raises:
        QueryError: If the strength is negative or not finite, or the kinds or lengths differ.

    Example:
        >>> query, unwanted = np.array([1.0, 0.0]), np.array([0.0, 1.0])
        >>> away_from(query, [unwanted], strength=1.0).round(3)
        array([ 0.707, -0.707], dtype=float32)
        >>> away_from(SparseVector((3,), (1.0,)), [SparseVector((5,), (2.0,))], strength=0.5)
        SparseVector(indices=(3, 5), values=(1.0, -0.5))
    """
    if not 0.0 <= strength < math.inf:
        raise QueryError(f"The strength of what is not wanted is {strength}; it must be 0 or more.")
    if not strength or not negatives:
        return vector
    if isinstance(vector, SparseVector):
        return _sparse_away(vector, _all_sparse(negatives), strength)
    return _dense_away(vector, _all_dense(negatives, np.shape(vector)), strength)


def _dense_away(vector: FloatArray, negatives: list[FloatArray], strength: float) -> FloatArray:
    length = float(np.linalg.norm(vector))
    units = [negative / norm for negative in negatives if (norm := np.linalg.norm(negative)) > 0]
    if not length or not units:
        return vector
    moved = np.asarray(vector, dtype=np.float64) / length - strength * np.mean(units, axis=0)
    left = float(np.linalg.norm(moved))
    return vector if left < _NOTHING else np.asarray(moved / left, dtype=np.float32)


def _sparse_away(
    vector: SparseVector, negatives: list[SparseVector], strength: float
) -> SparseVector:
    length = math.hypot(*vector.values)
    lengths = [math.hypot(*negative.values) for negative in negatives]
    examples = sum(1 for norm in lengths if norm)
    weights = dict(zip(vector.indices, vector.values, strict=True))
    for negative, norm in zip(negatives, lengths, strict=True):
        if not norm:
            continue
        # In lengths of the query, so that terms which no example has keep their weights.
        share = strength * length / (norm * examples)
        for index, value in zip(negative.indices, negative.values, strict=True):
            weights[index] = weights.get(index, 0.0) - share * value
    # A weight of zero would still find points: to the engines a shared term is a match.
    kept = {i: weight for i, weight in sorted(weights.items()) if abs(weight) > _NOTHING * length}
    if not any(weight > 0.0 for weight in kept.values()):
        return vector
    return SparseVector(tuple(kept), tuple(kept.values()))


def _all_sparse(negatives: Sequence[FloatArray] | Sequence[SparseVector]) -> list[SparseVector]:
    sparse = [negative for negative in negatives if isinstance(negative, SparseVector)]
    if len(sparse) < len(negatives):
        raise QueryError("A BM25 query can't be moved away from dense vectors; give BM25 ones.")
    return sparse


def _all_dense(
    negatives: Sequence[FloatArray] | Sequence[SparseVector], shape: tuple[int, ...]
) -> list[FloatArray]:
    dense: list[FloatArray] = []
    for negative in negatives:
        if isinstance(negative, SparseVector) or np.shape(negative) != shape:
            raise QueryError(
                f"A query of shape {shape} can't be moved away from vectors of another kind or "
                "length; encode what is not wanted with the query's own encoder."
            )
        dense.append(np.asarray(negative, dtype=np.float64))
    return dense
