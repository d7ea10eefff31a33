"""From a fused ranking to hits: payloads and vectors, read where they are needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from ragsight.chunks import Chunk
from ragsight.encoders import SparseVector
from ragsight.retrieval.diversity import (
    cosine_similarities,
    maximal_marginal_relevance,
    scaled_relevance,
)
from ragsight.retrieval.fusion import Fused
from ragsight.retrieval.hits import Channel, Hit
from ragsight.retrieval.units import PageKey, page_of
from ragsight.spaces import SPACES, SpaceName
from ragsight.steps import Steps
from ragsight.store import Operations, ScoredPoint
from ragsight.store.schema import OWN_KEY

Payloads: TypeAlias = dict[str, Mapping[str, Any]]
"""Payloads of points by id, as far as they were read."""


def payloads_of(found: Mapping[Channel, Sequence[ScoredPoint]]) -> Payloads:
    """The payloads that came along with what channels found."""
    return {p.id: p.payload for points in found.values() for p in points if p.payload}


def read_missing(store: Operations, ids: Iterable[str], payloads: Payloads) -> Steps[None]:
    """Read the payloads that haven't been read yet; those of deleted points stay missing."""
    missing = [id_ for id_ in ids if id_ not in payloads]
    if missing:
        points = yield from store.points(missing)
        payloads.update((id_, point.payload) for id_, point in points.items())


def read_pages(
    store: Operations, ids: Sequence[str], payloads: Payloads
) -> Steps[dict[str, PageKey]]:
    """The pages that points stand on."""
    yield from read_missing(store, ids, payloads)
    pages: dict[str, PageKey] = {}
    for id_ in ids:
        source = payloads.get(id_, {}).get(OWN_KEY, {}).get("source", {})
        if source.get("page") is not None:
            pages[id_] = (source["uri"], source["page"])
    return pages


def read_wholes(store: Operations, hits: Sequence[Hit]) -> Steps[dict[PageKey, Chunk]]:
    """The chunks that are the whole pages or slides on which hits stand, where there are any."""
    wholes = {
        page: hit.chunk
        for hit in hits
        if hit.chunk.kind in {"page", "slide"} and (page := page_of(hit.chunk.source)) is not None
    }
    named: dict[str, PageKey] = {}
    for hit in hits:
        page, id_ = page_of(hit.chunk.source), hit.chunk.metadata.get("page_id")
        if page is not None and page not in wholes and isinstance(id_, str):
            named[store.layout.point_id(id_)] = page
    if named:
        points = yield from store.points(list(named))
        for id_, point in points.items():
            wholes[named[id_]] = store.chunk(id_, point.payload)
    return wholes


def read_hits(
    store: Operations,
    fused: Sequence[Fused],
    found: Mapping[Channel, Sequence[ScoredPoint]],
    payloads: Payloads | None = None,
) -> Steps[list[Hit]]:
    """Make hits, with the payloads that came along or, from the embedded engine, read now.

    Args:
        store: The operations of the store that was searched.
        fused: The ranking.
        found: What each channel found.
        payloads: What was read of them already; by default what came along.

    Returns:
        Hits in the ranking's order. A chunk that was deleted since it was found has none.
    """
    payloads = payloads if payloads is not None else payloads_of(found)
    yield from read_missing(store, [item.id for item in fused], payloads)
    return [
        Hit(store.chunk(item.id, payload), item.score, item.channels, support=item.support)
        for item in fused
        if (payload := payloads.get(item.id)) is not None
    ]


def choose_diverse(
    store: Operations,
    candidates: Sequence[tuple[str, float]],
    k: int,
    *,
    diversity_lambda: float,
    alone: SpaceName | None = None,
) -> Steps[list[int]]:
    """Choose points that are relevant and unlike each other, by the vectors stored of them.

    See `maximal_marginal_relevance`.

    Args:
        store: The operations of the store that they are from.
        candidates: Point ids with scores, best first.
        k: How many to choose at the most.
        diversity_lambda: 1 is pure relevance, 0 pure diversity.
        alone: The vectors whose cosine the scores are; None for fused scores, which are brought
            to the range of a cosine first.

    Returns:
        Places of the chosen ones in `candidates`, in the order of choice.

    Raises:
        QueryError: If lambda isn't between 0 and 1.
    """
    kinds = [alone] if alone is not None else _comparable(store)
    points = yield from store.points([id_ for id_, _ in candidates], vectors=kinds)
    vectors = [
        {
            kind: vector
            for kind, vector in (points[id_].vectors.items() if id_ in points else ())
            if not isinstance(vector, SparseVector)
        }
        for id_, _ in candidates
    ]
    scores = [score for _, score in candidates]
    return maximal_marginal_relevance(
        scores if alone is not None else scaled_relevance(scores),
        cosine_similarities(vectors),
        k,
        diversity_lambda=diversity_lambda,
    )


def _comparable(store: Operations) -> list[SpaceName]:
    """The spaces whose vectors say how alike two chunks are."""
    dense = {name for name, space in SPACES.spaces.items() if space.form == "dense"}
    return [name for name in store.layout.targets if name in dense]
