"""Fuse the channels' rankings into one. Pure functions of ids, ranks and scores."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ragsight.retrieval.hits import Channel, ChannelScore

Fusion = Literal["rrf", "relative", "dbsf"]

RRF_CONSTANT = 2.0
"""How flat reciprocal ranks are.

Cormack, Clarke and Büttcher (SIGIR 2009) took 60 for rankings of a thousand. Rankings here are
some fifty long, where a small constant, which trusts the first places more, puts the right chunk
higher (`benchmarks/fusion.py`). Qdrant counts ranks from 0: its own default of 2 is 1 here.
"""

Ranking = Sequence[tuple[str, float]]
"""Ids with the channel's own scores, best first, no id twice."""


@dataclass(frozen=True, slots=True)
class Fused:
    """An id with its fused score, what each channel added, and what the rest of its page added."""

    id: str
    score: float
    channels: tuple[ChannelScore, ...]
    support: float = 0.0


def fuse(
    rankings: Mapping[Channel, Ranking],
    *,
    weights: Mapping[Channel, float],
    method: Fusion = "rrf",
    rrf_constant: float = RRF_CONSTANT,
    limit: int | None = None,
) -> list[Fused]:
    """Fuse rankings by id; ties break by id, so equal input gives equal output.

    The weight of a channel scales what it contributes; weights need not add up to anything.

    - `rrf`: `weight / (rrf_constant + rank)`, reciprocal rank fusion. Scores of different
      scales don't matter, only ranks do.
    - `relative`: `weight * (score - min) / (max - min)` within the channel; 1 where all are equal.
    - `dbsf`: `weight * (score - (mean - 3 sd)) / (6 sd)` within the channel, clipped to 0..1
      (Qdrant's distribution-based score fusion, which doesn't clip; sd of a sample, as there);
      0.5 where all are equal.

    Args:
        rankings: By channel. Empty ones are normal.
        weights: By channel; 0 or more.
        method: How a place in a ranking becomes a contribution.
        rrf_constant: The larger, the less the first places stand out; 0 or more.
        limit: How many ids to give back at the most.

    Returns:
        The ids of all rankings, best first.

    Example:
        >>> rankings = {"bm25": [("a", 7.0), ("b", 2.0)], "text_to_image": [("b", 0.3)]}
        >>> [each.id for each in fuse(rankings, weights={"bm25": 1, "text_to_image": 1})]
        ['b', 'a']
    """
    contribute = (
        partial(_reciprocal_rank, constant=rrf_constant) if method == "rrf" else _METHODS[method]
    )
    places: dict[str, list[tuple[Channel, int, float, float]]] = {}
    for channel, ranking in rankings.items():
        weight = weights[channel]
        shares = contribute([score for _, score in ranking])
        for rank, ((id_, score), share) in enumerate(zip(ranking, shares, strict=True), start=1):
            places.setdefault(id_, []).append((channel, rank, score, weight * share))
    # Exact sums: the order of the channels must not decide between ids.
    scores = {id_: math.fsum(place[3] for place in found) for id_, found in places.items()}
    best = sorted(scores, key=lambda id_: (-scores[id_], id_))[:limit]
    return [Fused(id_, scores[id_], _explained(places[id_])) for id_ in best]


def _explained(places: Sequence[tuple[Channel, int, float, float]]) -> tuple[ChannelScore, ...]:
    found = [ChannelScore(*place) for place in places]
    return tuple(sorted(found, key=lambda c: (-c.contribution, c.channel)))


def _reciprocal_rank(scores: Sequence[float], constant: float) -> list[float]:
    return [1.0 / (constant + rank) for rank in range(1, len(scores) + 1)]


def _relative_score(scores: Sequence[float]) -> list[float]:
    if not scores:
        return []
    low, high = min(scores), max(scores)
    if low == high:
        return [1.0] * len(scores)
    return [(score - low) / (high - low) for score in scores]


def _distribution_based(scores: Sequence[float]) -> list[float]:
    # Asked of the scores, for the deviation of equal floats may come out as a little above zero.
    if len(set(scores)) < 2:
        return [0.5] * len(scores)
    mean, deviation = statistics.fmean(scores), statistics.stdev(scores)
    low = mean - 3.0 * deviation
    return [min(1.0, max(0.0, (score - low) / (6.0 * deviation))) for score in scores]


_METHODS: Mapping[Fusion, Callable[[Sequence[float]], list[float]]] = {
    "relative": _relative_score,
    "dbsf": _distribution_based,
}
