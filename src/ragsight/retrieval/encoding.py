"""From queries to what each channel is asked: vectors, by channel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from ragsight.chunks import Chunk
from ragsight.encoders import SparseVector
from ragsight.errors import QueryError
from ragsight.images import ImageSource
from ragsight.retrieval.hits import Channel, Hit
from ragsight.retrieval.negatives import away_from
from ragsight.retrieval.query import Example, Query
from ragsight.store import Operations, Program, Work
from ragsight.store.engine import Point, Vector
from ragsight.store.layout import VectorKind
from ragsight.store.payloads import point_id

VECTOR_KINDS: Mapping[Channel, VectorKind] = {
    "bm25": "bm25",
    "dense": "dense",
    "text_to_image": "clip",
    "image_to_image": "clip",
}

QueryVectors = dict[Channel, Vector]


def encode_queries(
    store: Operations, queries: Sequence[Query], weights: Sequence[Mapping[Channel, float]]
) -> Program[list[QueryVectors]]:
    """Encode queries, each kind of input in one batch.

    Raises:
        QueryError: If a chunk that results shall be like isn't in the index.
        ImageError: If an image can't be opened.
        ConfigurationError: If an image is asked for and the store has no encoder.
    """
    stored = yield from _stored_points(store, queries)
    batch = _Batch(store)
    pending = [
        _channels(batch, query, weight, stored)
        for query, weight in zip(queries, weights, strict=True)
    ]
    yield Work(batch.run)
    return [{channel: vector() for channel, vector in channels.items()} for channels in pending]


Later = Callable[[], Vector]


class _Batch:
    """Gathers texts and images; after `run`, what was promised for each can be had."""

    def __init__(self, store: Operations) -> None:
        self._store = store
        self._texts: list[str] = []
        self._questions: list[str] = []
        self._images: list[ImageSource] = []
        self._rows: dict[str, Any] = {}

    def words(self, text: str) -> Later:
        return partial(self._store.bm25.encode_query, text)

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
        if self._texts:
            self._rows["texts"] = self._store.encoder.encode_texts(self._texts)
        if self._images:
            self._rows["images"] = self._store.encoder.encode_images(self._images)
        if self._questions and self._store.text_encoder is not None:
            self._rows["questions"] = self._store.text_encoder.encode_queries(self._questions)


def _channels(
    batch: _Batch,
    query: Query,
    weights: Mapping[Channel, float],
    stored: Mapping[str, Point],
) -> dict[Channel, Later]:
    """What each channel that can answer will be asked."""
    store = batch._store
    positive: dict[Channel, Later] = {}
    if query.words:
        positive.update(_text_channels(batch, query.words))
    if query.image is not None and weights["image_to_image"]:
        positive["image_to_image"] = batch.image(query.image)
    if query.like is not None:
        positive.update(_stored_channels(stored, query.like))
    targets = store.layout.targets
    wanted = {
        channel: vector
        for channel, vector in positive.items()
        if weights[channel] and VECTOR_KINDS[channel] in targets
    }
    negatives = _negatives(batch, query.not_like, stored)
    return {
        channel: partial(
            _away, vector, negatives.get(VECTOR_KINDS[channel], ()), query.not_like_strength
        )
        for channel, vector in wanted.items()
    }


def _text_channels(batch: _Batch, words: str) -> dict[Channel, Later]:
    store = batch._store
    channels: dict[Channel, Later] = {}
    if store.bm25.encode_query(words).indices:
        channels["bm25"] = batch.words(words)
    if store.text_encoder is not None:
        channels["dense"] = batch.question(words)
    if store.image_encoder is not None:
        channels["text_to_image"] = batch.text(words)
    return channels


def _stored_channels(stored: Mapping[str, Point], chunk_id: str) -> dict[Channel, Later]:
    id_ = point_id(chunk_id)
    if id_ not in stored:
        raise QueryError(f"There is no chunk {chunk_id!r} in the index to be like.")
    vectors = stored[id_].vectors
    by_kind: dict[str, Channel] = {"bm25": "bm25", "dense": "dense", "clip": "image_to_image"}
    return {by_kind[kind]: partial(_same, vector) for kind, vector in vectors.items()}


def _negatives(
    batch: _Batch, examples: Iterable[Example], stored: Mapping[str, Point]
) -> dict[VectorKind, list[Later]]:
    negatives: dict[VectorKind, list[Later]] = {"bm25": [], "dense": [], "clip": []}
    for example in examples:
        if isinstance(example, str):
            for channel, vector in _text_channels(batch, example).items():
                negatives[VECTOR_KINDS[channel]].append(vector)
        elif isinstance(example, Chunk | Hit):
            for channel, vector in _stored_channels(stored, _id_of(example)).items():
                # A passage holds most words of its subject: as a negative it would bar them all.
                if channel != "bm25":
                    negatives[VECTOR_KINDS[channel]].append(vector)
        else:
            negatives["clip"].append(batch.image(example))
    return negatives


def _away(vector: Later, negatives: Sequence[Later], strength: float) -> Vector:
    start, examples = vector(), [negative() for negative in negatives]
    if isinstance(start, SparseVector):
        sparse = [example for example in examples if isinstance(example, SparseVector)]
        return away_from(start, sparse, strength=strength)
    dense = [example for example in examples if not isinstance(example, SparseVector)]
    return away_from(start, dense, strength=strength)


def _same(vector: Vector) -> Vector:
    return vector


def _stored_points(store: Operations, queries: Sequence[Query]) -> Program[dict[str, Point]]:
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
    return (yield from store.points([point_id(id_) for id_ in ids], vectors=kinds))


def _id_of(example: Chunk | Hit) -> str:
    return example.chunk.id if isinstance(example, Hit) else example.id


def is_silent(vector: Vector) -> bool:
    """Whether a vector asks for nothing: no word of it is left."""
    return isinstance(vector, SparseVector) and not vector.indices
