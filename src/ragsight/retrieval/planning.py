"""A query with all that was settled about it, before anything is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ragsight.retrieval.fusion import Fused
from ragsight.retrieval.hits import Channel, Hit
from ragsight.retrieval.query import Limits, Query
from ragsight.spaces import SPACES
from ragsight.store import ScoredPoint
from ragsight.store.layout import Layout

LEAST_DEPTH = 50
"""Hits asked of each channel at the least; with fewer, channels have little in common to fuse, with
more, each search reads more."""

PAGED_DEPTH = 200
"""The same where hits are asked for by the page: each page's ranking must go as deep, or hits move
from page to page."""

DEEPER = 4
"""Times as deep at each further round; with less, small groups stay short of hits, with more, a
round reads more than is needed."""

PAGE_POOL = 3
"""Candidates whose pages are looked at, for each hit that is wanted: from further down no chunk
comes up among the hits."""

LEAST_PAGE_POOL = 30
"""The same at the least: with fewer, pages have too little to show. Each costs 20 us to read."""


@dataclass(frozen=True, slots=True)
class PlannedQuery:
    """A query with all that was settled about it."""

    query: Query
    weights: Mapping[Channel, float]
    limits: Limits
    candidates: int
    depth: int
    page_weight: float

    @property
    def needs_all(self) -> bool:
        """Whether hits further down may come up, or be passed over for their content."""
        query = self.query
        parts = (query.k_text, query.k_images, query.group_by, query.diversity)
        return query.unit != "chunk" or any(part is not None for part in parts)

    @property
    def fused_limit(self) -> int | None:
        """How many fused ids are looked at: one more than the candidates where one is left out."""
        if self.needs_all:
            return None
        return self.page_pool if self.counts_pages else self.candidates + self._itself

    @property
    def counts_pages(self) -> bool:
        """Whether chunks are ranked by what else was found on their pages: where words ask.

        What looks alike, or is like a chunk, is no better for standing beside more of its kind.
        """
        asked = bool(self.query.words) and self.query.unit == "chunk"
        return asked and self.query.like is None and self.page_weight > 0

    @property
    def asks_words_alone(self) -> bool:
        """Whether words are all that asks, keywords among them."""
        query = self.query
        given = (query.image is not None, query.like, query.vectors)
        by_keywords = any(
            self.weights.get(name) and SPACES.space_of(name).form == "sparse"
            for name in SPACES.channels
        )
        return bool(query.words) and not any(given) and by_keywords

    @property
    def page_pool(self) -> int:
        """How many fused ids are looked at for their pages."""
        return max(LEAST_PAGE_POOL, PAGE_POOL * self.candidates)

    @property
    def _itself(self) -> bool:
        """Whether the chunk that hits shall be like is among them."""
        return self.query.like is not None

    def depth_of(self, channels: int) -> int:
        """How far down a ranking to look: of a single one, nothing is fused from below."""
        depth = min(self.candidates, self.depth) if self.is_alone(channels) else self.depth
        return depth + self._itself

    def is_alone(self, channels: int) -> bool:
        """Whether one channel's ranking is the result."""
        return channels == 1 and not self.needs_all

    def kept(self, fused: Sequence[Fused], layout: Layout) -> list[Fused]:
        """What may become a hit."""
        itself = None if self.query.like is None else layout.point_id(self.query.like)
        least = self.query.least_score
        kept = [
            item for item in fused if item.id != itself and (least is None or item.score >= least)
        ]
        return kept if self.needs_all else kept[: self.candidates]

    def wants_more(
        self, found: Mapping[Channel, Sequence[ScoredPoint]], hits: Sequence[Hit]
    ) -> bool:
        """Whether groups left too few hits, and there may be more further down."""
        if self.query.group_by is None and self.query.unit == "chunk":
            return False
        too_few = len(self.limits.apply(hits)) < self.limits.total
        return too_few and any(len(points) >= self.depth for points in found.values())

    def deeper(self) -> PlannedQuery:
        """The same, looking further down."""
        return replace(self, depth=self.depth * DEEPER)
