"""The retriever: ask every channel that can answer, fuse, explain."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

from ragsight.chunks import Chunk
from ragsight.errors import QueryError
from ragsight.images import ImageSource
from ragsight.retrieval.fusion import Fused, Fusion, fuse
from ragsight.retrieval.hits import CHANNELS, Channel, Hit
from ragsight.store import FilterLike, MultimodalStore, VectorSearch, from_payload, parse_filter
from ragsight.store.engine import Found, Vector
from ragsight.store.schema import BM25, CLIP, DENSE, Collection

_TARGETS: Mapping[Channel, tuple[Collection, str]] = {
    "bm25": ("text", BM25),
    "dense": ("text", DENSE),
    "text_to_image": ("image", CLIP),
    "image_to_image": ("image", CLIP),
}


DEFAULT_WEIGHTS: Mapping[Channel, float] = {
    "bm25": 1.0,
    "dense": 1.0,
    "text_to_image": 0.5,
    "image_to_image": 1.0,
}
"""Words find images with half a voice: CLIP ranks every image, whether or not one of them fits,
where BM25 is silent about what doesn't match (`benchmarks/fusion.py` measures it)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for: words, an image, or both.

    Attributes:
        text: Words.
        image: An image to find similar ones of.
        filter: What every hit must fulfil.
        k: How many hits at the most.
        k_text: How many of them without an image at the most.
        k_images: How many of them with an image at the most.
        weights: By channel, instead of the retriever's own; 0 turns a channel off.
    """

    text: str | None = None
    image: ImageSource | None = None
    filter: FilterLike = None
    k: int | None = None
    k_text: int | None = None
    k_images: int | None = None
    weights: Mapping[Channel, float] | None = None


class MultimodalRetriever:
    """Finds chunks by their words and by their pixels, in one explained ranking.

    Channels that can't answer are left out: BM25 without words, CLIP without an encoder, dense
    text without a text encoder, any of them where its collection is empty.

    Args:
        store: Where to search.
        k: How many hits unless the query says otherwise.
        weights: By channel (`bm25`, `dense`, `text_to_image`, `image_to_image`); where not given
            that of `DEFAULT_WEIGHTS`. 0 turns a channel off.
        fusion: `rrf`, `relative` or `dbsf`; see `ragsight.retrieval.fuse`.
        depth: How far down each channel's ranking to look; by default four times k, at least 50.

    Raises:
        QueryError: If an option makes no sense.

    Example:
        >>> from ragsight import Chunk, ClipEncoder, MultimodalStore, Source
        >>> store = MultimodalStore.open(":memory:", encoder=ClipEncoder("ragsight-demo"))
        >>> store.upsert([Chunk(text="Red shoes, size 42", source=Source(uri="shop.csv"))])
        1
        >>> [hit.why.split(" (")[0] for hit in MultimodalRetriever(store).retrieve("red shoes")]
        ['bm25 #1']
    """

    def __init__(
        self,
        store: MultimodalStore,
        *,
        k: int = 10,
        weights: Mapping[Channel, float] | None = None,
        fusion: Fusion = "rrf",
        depth: int | None = None,
    ) -> None:
        if fusion not in get_args(Fusion):
            raise QueryError(f"There is no fusion {fusion!r}; there are {get_args(Fusion)}.")
        self.store = store
        self.k = _checked_count("k", k)
        self.fusion: Fusion = fusion
        self._weights = _checked_weights(weights)
        self._depth = depth

    def retrieve(
        self,
        query: str | Query | None = None,
        *,
        image: ImageSource | None = None,
        k: int | None = None,
        filter: FilterLike = None,
        weights: Mapping[Channel, float] | None = None,
    ) -> list[Hit]:
        """Find chunks.

        Args:
            query: Words, or a whole `Query` (then the other arguments are not looked at).
            image: An image to find similar ones of; with words, both count.
            k: How many hits at the most.
            filter: What every hit must fulfil, such as `{"price": {"lt": 50}}`.
            weights: By channel, instead of the retriever's own.

        Returns:
            Hits, best first; an empty list if nothing was found.

        Raises:
            QueryError: If there is neither text nor image, or an option makes no sense.
            ImageError: If the query image can't be opened.
            StoreError: If the engine refuses.
        """
        if not isinstance(query, Query):
            query = Query(text=query, image=image, k=k, filter=filter, weights=weights)
        weights = self._weights if query.weights is None else _checked_weights(query.weights)
        limits = _Limits.of(query, self.k)
        vectors = self._vectors(query, weights)
        found = self._search(vectors, query, self._depth_for(limits))
        rankings = {channel: [(p.id, p.score) for p in points] for channel, points in found.items()}
        fused = fuse(rankings, weights=weights, method=self.fusion)
        return limits.apply(self._hits(fused, found))

    async def aretrieve(
        self,
        query: str | Query | None = None,
        *,
        image: ImageSource | None = None,
        k: int | None = None,
        filter: FilterLike = None,
        weights: Mapping[Channel, float] | None = None,
    ) -> list[Hit]:
        """Find chunks without blocking the event loop; see `retrieve`."""
        return await asyncio.to_thread(
            self.retrieve, query, image=image, k=k, filter=filter, weights=weights
        )

    def _vectors(self, query: Query, weights: Mapping[Channel, float]) -> dict[Channel, Vector]:
        """The query as each channel that can answer understands it."""
        text = query.text.strip() if query.text is not None else ""
        if not text and query.image is None:
            raise QueryError("The query is empty: give words, an image, or both.")
        vectors: dict[Channel, Vector] = {}
        if text:
            vectors.update(self._text_vectors(text, weights))
        if query.image is not None and weights["image_to_image"]:
            vectors["image_to_image"] = self.store.encoder.encode_images([query.image])[0]
        return vectors

    def _text_vectors(self, text: str, weights: Mapping[Channel, float]) -> dict[Channel, Vector]:
        vectors: dict[Channel, Vector] = {}
        words = self.store.bm25.encode_query(text)
        if words.indices and weights["bm25"]:
            vectors["bm25"] = words
        if self.store.text_encoder is not None and weights["dense"]:
            vectors["dense"] = self.store.text_encoder.encode_queries([text])[0]
        if self.store.has_encoder and weights["text_to_image"]:
            vectors["text_to_image"] = self.store.encoder.encode_texts([text])[0]
        return vectors

    def _search(
        self, vectors: Mapping[Channel, Vector], query: Query, depth: int
    ) -> dict[Channel, list[Found]]:
        """Ask each collection once for all of its channels."""
        filter_ = parse_filter(query.filter)
        by_collection: dict[Collection, list[Channel]] = {}
        for channel in vectors:
            by_collection.setdefault(_TARGETS[channel][0], []).append(channel)
        found: dict[Channel, list[Found]] = {}
        for collection, channels in by_collection.items():
            searches = [
                VectorSearch(_TARGETS[channel][1], vectors[channel], depth, filter_)
                for channel in channels
            ]
            found.update(zip(channels, self.store.search(collection, searches), strict=True))
        return found

    def _depth_for(self, limits: _Limits) -> int:
        return self._depth if self._depth is not None else max(50, 4 * limits.total)

    def _hits(self, fused: Sequence[Fused], found: Mapping[Channel, Sequence[Found]]) -> list[Hit]:
        payloads = {point.id: point.payload for points in found.values() for point in points}
        return [Hit(self._chunk(payloads[item.id]), item.score, item.channels) for item in fused]

    def _chunk(self, payload: Mapping[str, object]) -> Chunk:
        return self.store.resolve(from_payload(payload))


@dataclass(frozen=True, slots=True)
class _Limits:
    """How many hits to keep, in all and by sort."""

    total: int
    text: int
    images: int

    @classmethod
    def of(cls, query: Query, default: int) -> _Limits:
        parts = [n for n in (query.k_text, query.k_images) if n is not None]
        for part in parts:
            _checked_count("k_text or k_images", part, least=0)
        both = len(parts) == 2
        fallback = max(1, sum(parts)) if both else default
        total = _checked_count("k", query.k if query.k is not None else fallback)
        return cls(
            total,
            query.k_text if query.k_text is not None else total,
            query.k_images if query.k_images is not None else total,
        )

    def apply(self, hits: Sequence[Hit]) -> list[Hit]:
        left = {False: self.text, True: self.images}
        kept: list[Hit] = []
        for hit in hits:
            has_image = hit.chunk.image is not None
            if left[has_image] > 0 and len(kept) < self.total:
                left[has_image] -= 1
                kept.append(hit)
        return kept


def _checked_count(name: str, value: int, *, least: int = 1) -> int:
    if value < least:
        raise QueryError(f"{name} is {value}; it must be {least} or more.")
    return value


def _checked_weights(weights: Mapping[Channel, float] | None) -> dict[Channel, float]:
    given = dict(weights) if weights is not None else {}
    for channel, weight in given.items():
        if channel not in CHANNELS:
            raise QueryError(f"There is no channel {channel!r}; there are {', '.join(CHANNELS)}.")
        if not 0 <= weight < float("inf"):
            raise QueryError(f"The weight of {channel!r} is {weight}; it must be 0 or more.")
    complete = dict(DEFAULT_WEIGHTS) | given
    if not any(complete.values()):
        raise QueryError("All channels have weight 0: nothing could be found.")
    return complete
