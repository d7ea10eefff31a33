"""From queries to what each channel is asked: vectors, by channel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import partial
from typing import Any

from ragsight.chunks import Chunk
from ragsight.encoders import FloatArray, SparseVector
from ragsight.errors import QueryError
from ragsight.images import ImageSource
from ragsight.retrieval.hits import Channel, Hit
from ragsight.retrieval.negatives import away_from
from ragsight.retrieval.query import Example, Query
from ragsight.steps import InThread, Steps
from ragsight.store import Operations
from ragsight.store.engines.base import Point, Vector
from ragsight.store.layout import VectorKind

VECTOR_KINDS: Mapping[Channel, VectorKind] = {
    "bm25": "bm25",
    "dense": "dense",
    "text_to_image": "clip",
    "image_to_image": "clip",
}

QueryVectors = dict[Channel, Vector]


def encode_queries(
    store: Operations, queries: Sequence[Query], weights: Sequence[Mapping[Channel, float]]
) -> Steps[list[QueryVectors]]:
    """Encode queries, each kind of input in one batch.

    Raises:
        QueryError: If a chunk that results shall be like isn't in the index.
        ImageError: If an image can't be opened.
        ConfigurationError: If an image is asked for and the store has no encoder.
    """
    stored = yield from _stored_points(store, queries)
    batch = _Batch(store)
    pending = [
        _channels(batch, store, query, weight, stored)
        for query, weight in zip(queries, weights, strict=True)
    ]
    yield from InThread(batch.run)
    return [{channel: vector() for channel, vector in channels.items()} for channels in pending]


Later = Callable[[], Vector]


class _Batch:
    """Gathers texts and images; after `run`, what was promised for each can be had."""

    def __init__(self, store: Operations) -> None:
        self._store = store
        self._texts: list[str] = []
        self._questions: list[str] = []
        self._images: list[ImageSource] = []
        self._rows: dict[str, FloatArray] = {}

    def text(self, text: str) -> Later:
        return self._later("texts", self._texts, text)

    def question(self, text: str) -> Later:
        return self._later("questions", self._questions, text)

    def image(self, image: ImageSource) -> Later:
        return self._later("images", self._images, image)

    def _later(self, kind: str, items: list[Any], item: Any) -> Later:
        items.append(item)
        index = len(items) - 1
        return lambda: self._rows[kind][index]

    def run(self) -> None:
        # One after the other: each tower uses all cores, and two at once take longer than both.
        if self._texts:
            self._rows["texts"] = self._store.encoder.encode_texts(self._texts)
        if self._questions and self._store.text_encoder is not None:
            self._rows["questions"] = self._store.text_encoder.encode_queries(self._questions)
        if self._images:
            self._rows["images"] = self._store.encoder.encode_images(self._images)


class _Asked:
    """The channels that one query asks: those with a weight, whose vectors the index has."""

    def __init__(self, batch: _Batch, store: Operations, weights: Mapping[Channel, float]) -> None:
        self._batch = batch
        self._store = store
        self._open = {
            channel
            for channel, kind in VECTOR_KINDS.items()
            if weights[channel] and kind in store.layout.targets
        }

    def by_words(self, words: str) -> dict[Channel, Later]:
        """What words ask the channels that understand them."""
        channels: dict[Channel, Later] = {}
        if "bm25" in self._open:
            sparse = self._store.bm25.encode_query(words)
            if sparse.indices:
                channels["bm25"] = partial(_same, sparse)
        if "dense" in self._open and self._store.text_encoder is not None:
            channels["dense"] = self._batch.question(words)
        if "text_to_image" in self._open and self._store.image_encoder is not None:
            channels["text_to_image"] = self._batch.text(words)
        return channels

    def by_image(self, image: ImageSource) -> dict[Channel, Later]:
        """What an image asks."""
        if "image_to_image" not in self._open:
            return {}
        return {"image_to_image": self._batch.image(image)}

    def by_chunk(self, point: Point) -> dict[Channel, Later]:
        """What the stored vectors of a chunk ask."""
        by_kind: dict[str, Channel] = {"bm25": "bm25", "dense": "dense", "clip": "image_to_image"}
        return {
            by_kind[kind]: partial(_same, vector)
            for kind, vector in point.vectors.items()
            if by_kind[kind] in self._open
        }


def _channels(
    batch: _Batch,
    store: Operations,
    query: Query,
    weights: Mapping[Channel, float],
    stored: Mapping[str, Point],
) -> dict[Channel, Later]:
    """What each channel that can answer will be asked."""
    asked = _Asked(batch, store, weights)
    positive: dict[Channel, Later] = {}
    if query.words:
        positive.update(asked.by_words(query.words))
    if query.image is not None:
        positive.update(asked.by_image(query.image))
    if query.like is not None:
        positive.update(asked.by_chunk(_stored(store, stored, query.like)))
    kinds = {VECTOR_KINDS[channel] for channel in positive}
    negatives = _negatives(batch, store, query.not_like, stored, kinds)
    return {
        channel: partial(
            _away, vector, negatives.get(VECTOR_KINDS[channel], ()), query.not_like_strength
        )
        for channel, vector in positive.items()
    }


def _negatives(
    batch: _Batch,
    store: Operations,
    examples: Iterable[Example],
    stored: Mapping[str, Point],
    kinds: Set[VectorKind],
) -> dict[VectorKind, list[Later]]:
    """What each kind of vector is to be moved away from."""
    # An image is a negative for words that search images too: they share CLIP's space.
    weights: dict[Channel, float] = {
        "bm25": "bm25" in kinds,
        "dense": "dense" in kinds,
        "text_to_image": "clip" in kinds,
        "image_to_image": "clip" in kinds,
    }
    asked = _Asked(batch, store, weights)
    negatives: dict[VectorKind, list[Later]] = {"bm25": [], "dense": [], "clip": []}
    for example in examples:
        if isinstance(example, str):
            channels = asked.by_words(example)
        elif isinstance(example, Chunk | Hit):
            channels = asked.by_chunk(_stored(store, stored, _id_of(example)))
            # A passage holds most words of its subject: as a negative it would bar them all.
            channels.pop("bm25", None)
        else:
            channels = asked.by_image(example)
        for channel, vector in channels.items():
            negatives[VECTOR_KINDS[channel]].append(vector)
    return negatives


def _stored(store: Operations, stored: Mapping[str, Point], chunk_id: str) -> Point:
    id_ = store.layout.point_id(chunk_id)
    if id_ not in stored:
        raise QueryError(f"There is no chunk {chunk_id!r} in the index to be like.")
    return stored[id_]


def _away(vector: Later, negatives: Sequence[Later], strength: float) -> Vector:
    if not negatives:
        return vector()
    start, examples = vector(), [negative() for negative in negatives]
    if isinstance(start, SparseVector):
        sparse = [example for example in examples if isinstance(example, SparseVector)]
        return away_from(start, sparse, strength=strength)
    dense = [example for example in examples if not isinstance(example, SparseVector)]
    return away_from(start, dense, strength=strength)


def _same(vector: Vector) -> Vector:
    return vector


def _stored_points(store: Operations, queries: Sequence[Query]) -> Steps[dict[str, Point]]:
    ids = [query.like for query in queries if query.like is not None]
    ids += [
        _id_of(example)
        for query in queries
        for example in query.not_like
        if isinstance(example, Chunk | Hit)
    ]
    if not ids:
        return {}
    kinds = list(store.layout.targets)
    points = [store.layout.point_id(id_) for id_ in ids]
    return (yield from store.points(points, vectors=kinds))


def _id_of(example: Chunk | Hit) -> str:
    return example.chunk.id if isinstance(example, Hit) else example.id


def is_silent(vector: Vector) -> bool:
    """Whether a vector asks for nothing: no word of it is left."""
    return isinstance(vector, SparseVector) and not vector.indices
