"""Choose hits that differ from one another. Pure functions of scores and vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ragsight.errors import QueryError

SIMILARITY_DECIMALS = 6
"""Engines store vectors in float32 and give them back with differences below this; what differs
by less must be a tie on every engine."""


def maximal_marginal_relevance(
    relevance: ArrayLike, similarity: ArrayLike, k: int, *, diversity_lambda: float
) -> list[int]:
    """Choose candidates that are relevant and unlike those chosen before, greedily.

    The next candidate is the one with the highest
    `lambda * relevance - (1 - lambda) * largest similarity to a chosen one`
    (maximal marginal relevance; Carbonell and Goldstein, SIGIR 1998). The first is the most
    relevant one, whatever lambda. Of equals the earlier candidate is taken.

    Args:
        relevance: Of each candidate, shape `(n,)`, best scaled to 0..1; see `scaled_relevance`.
        similarity: Of each pair, shape `(n, n)`, symmetric, -1..1; see `cosine_similarities`.
        k: How many to choose at the most.
        diversity_lambda: 1 is pure relevance: the candidates in the order of their relevance.
            0 is pure diversity.

    Returns:
        Indexes of the chosen candidates, in the order in which they were chosen.

    Raises:
        QueryError: If lambda isn't between 0 and 1, or the shapes don't fit.

    Example:
        >>> twins = [[1.0, 1.0, 0.0], [1.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
        >>> maximal_marginal_relevance([1.0, 0.9, 0.5], twins, 2, diversity_lambda=0.5)
        [0, 2]
        >>> maximal_marginal_relevance([1.0, 0.9, 0.5], twins, 2, diversity_lambda=1.0)
        [0, 1]
    """
    scores, pairs = _checked(relevance, similarity, diversity_lambda)
    count = len(scores)
    chosen: list[int] = []
    left = np.ones(count, dtype=bool)
    nearest = np.full(count, -np.inf)
    while len(chosen) < min(k, count):
        marginal = scores
        if chosen:
            marginal = diversity_lambda * scores - (1.0 - diversity_lambda) * nearest
        # argmax takes the first of equals.
        best = int(np.argmax(np.where(left, marginal, -np.inf)))
        chosen.append(best)
        left[best] = False
        nearest = np.maximum(nearest, pairs[best])
    return chosen


def scaled_relevance(scores: ArrayLike) -> NDArray[np.float64]:
    """Scale scores so that the best is 1 and the worst 0; all are 1 where they are equal.

    Fused scores of any method, and those of a reranker, become comparable with similarities.

    Args:
        scores: Shape `(n,)`; any finite numbers, the larger the better.

    Returns:
        Shape `(n,)`.

    Example:
        >>> scaled_relevance([0.5, 0.3, 0.1]).round(3).tolist()
        [1.0, 0.5, 0.0]
    """
    values = np.asarray(scores, dtype=np.float64)
    if not values.size:
        return values
    low, high = values.min(), values.max()
    if low == high:
        return np.ones_like(values)
    # Halved first: the distance between two finite numbers need not be finite.
    shares = (values / 2 - low / 2) / (high / 2 - low / 2)
    return np.asarray(np.clip(shares, 0.0, 1.0), dtype=np.float64)


def cosine_similarities(
    vectors: Sequence[Mapping[str, NDArray[np.float32]]],
) -> NDArray[np.float64]:
    """How alike candidates are that have vectors of several kinds.

    Two candidates are as alike as the most alike of their vectors of one name: the same picture
    under two captions is the same picture. Without a name in common the similarity is 0.

    Args:
        vectors: Of each candidate, its vectors by name, such as `clip` and `dense`. Any may be
            missing; one without length counts as missing.

    Returns:
        Shape `(n, n)`, symmetric, -1..1.

    Raises:
        QueryError: If two vectors of one name differ in length.

    Example:
        >>> red, blue = np.array([1.0, 0.0]), np.array([0.0, 1.0])
        >>> cosine_similarities([{"clip": red}, {"clip": blue}, {"dense": red}]).tolist()
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]
    """
    count = len(vectors)
    largest = np.full((count, count), -np.inf)
    for name in sorted({name for by_name in vectors for name in by_name}):
        rows, units = _unit_vectors(name, vectors)
        if rows.size:
            pairs = np.ix_(rows, rows)
            largest[pairs] = np.maximum(largest[pairs], units @ units.T)
    largest[np.isneginf(largest)] = 0.0
    rounded = np.round(np.clip(largest, -1.0, 1.0), SIMILARITY_DECIMALS) + 0.0
    # The product of a matrix with its own transpose need not be symmetric to the last bit.
    return np.asarray(np.maximum(rounded, rounded.T), dtype=np.float64)


def _unit_vectors(
    name: str, vectors: Sequence[Mapping[str, NDArray[np.float32]]]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Which candidates have a vector of this name, and those vectors scaled to length 1."""
    owners = [index for index, by_name in enumerate(vectors) if name in by_name]
    try:
        stacked = np.stack([np.asarray(vectors[i][name], dtype=np.float64) for i in owners])
    except ValueError as error:
        raise QueryError(
            f"The candidates' {name!r} vectors differ in length: they are of different encoders. "
            "Index again with one."
        ) from error
    lengths = np.linalg.norm(stacked, axis=1)
    has_length = lengths > 0.0
    units = stacked[has_length] / lengths[has_length, None]
    return np.asarray(owners, dtype=np.intp)[has_length], units


def _checked(
    relevance: ArrayLike, similarity: ArrayLike, diversity_lambda: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    if not 0.0 <= diversity_lambda <= 1.0:
        raise QueryError(
            f"The diversity lambda is {diversity_lambda}; it must be from 0 (pure diversity) to 1 "
            "(pure relevance)."
        )
    scores = np.asarray(relevance, dtype=np.float64)
    pairs = np.asarray(similarity, dtype=np.float64)
    if pairs.shape != (len(scores), len(scores)) and scores.size:
        raise QueryError(
            f"There are {len(scores)} candidates, but similarities of shape {pairs.shape}. "
            "Give one row and one column for each candidate."
        )
    return scores, pairs
