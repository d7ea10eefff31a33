"""From queries to what each channel is asked: vectors, by channel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import partial
from typing import Any

from ragsight.chunks import Chunk
from ragsight.encoders import SparseVector, Vector, encode_for_query
from ragsight.errors import InputError, QueryError
from ragsight.images import ImageSource
from ragsight.retrieval.hits import Hit
from ragsight.retrieval.negatives import away_from
from ragsight.retrieval.query import Example, Query
from ragsight.spaces import SPACES, AskedBy, Channel, ChannelName, SpaceName
from ragsight.steps import InThread, Steps
from ragsight.store import Operations
from ragsight.store.engines.base import Point
from ragsight.store.given_vectors import checked_vector

QueryVectors = dict[ChannelName, Vector]


def encode_queries(
    store: Operations, queries: Sequence[Query], weights: Sequence[Mapping[ChannelName, float]]
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
    """Gathers words and images; after `run`, what was promised for each can be had."""

    def __init__(self, store: Operations) -> None:
        self._store = store
        self._asked: dict[tuple[SpaceName, AskedBy], list[Any]] = {}
        self._rows: dict[tuple[SpaceName, AskedBy], Sequence[Vector]] = {}

    def add(self, channel: Channel, part: Any) -> Later:
        """Promise what a channel is asked by words or an image."""
        key = (channel.space, channel.asked_by)
        parts = self._asked.setdefault(key, [])
        parts.append(part)
        index = len(parts) - 1
        return lambda: self._rows[key][index]

    def run(self) -> None:
        # One after the other: each tower uses all cores, and two at once take longer than both.
        for (space, asked_by), parts in self._asked.items():
            encoder = self._store.encoder_of(space)
            rows = encode_for_query(encoder, SPACES.spaces[space], asked_by, parts)
            self._rows[space, asked_by] = rows


class ChannelQueries:
    """The channels that one query asks: those with a weight, whose vectors the index has."""

    def __init__(
        self,
        batch: _Batch,
        store: Operations,
        weights: Mapping[ChannelName, float],
        without: Set[ChannelName] = frozenset(),
    ) -> None:
        self._batch = batch
        self._store = store
        self.open = [
            channel
            for name, channel in SPACES.channels.items()
            if weights.get(name) and channel.space in store.layout.targets and name not in without
        ]

    def by_words(self, words: str) -> dict[ChannelName, Later]:
        """What words ask the channels that understand them, and whose encoder is there."""
        return {
            channel.name: self._batch.add(channel, words)
            for channel in self.open
            if channel.asked_by == "words" and channel.space in self._store.encoders
        }

    def by_image(self, image: ImageSource) -> dict[ChannelName, Later]:
        """What an image asks."""
        return {
            channel.name: self._batch.add(channel, image)
            for channel in self.open
            if channel.asked_by == "image"
        }

    def by_chunk(self, point: Point) -> dict[ChannelName, Later]:
        """What the stored vectors of a chunk ask."""
        own = {space: SPACES.own_channel(space) for space in point.vectors}
        return {
            channel.name: partial(_same, point.vectors[space])
            for space, channel in own.items()
            if channel in self.open and channel is not None
        }


def _channels(
    batch: _Batch,
    store: Operations,
    query: Query,
    weights: Mapping[ChannelName, float],
    stored: Mapping[str, Point],
) -> dict[ChannelName, Later]:
    """What each channel that can answer will be asked."""
    given = _given(store, query)
    asked = ChannelQueries(batch, store, weights, without=set(given))
    positive: dict[ChannelName, Later] = {
        channel.name: partial(_same, given[channel.name])
        for channel in ChannelQueries(batch, store, weights).open
        if channel.name in given
    }
    if query.words:
        positive.update(asked.by_words(query.words))
    if query.image is not None:
        positive.update(asked.by_image(query.image))
    if query.like is not None:
        positive.update(asked.by_chunk(_stored(store, stored, query.like)))
    spaces = {name: SPACES.channels[name].space for name in positive}
    negatives = _negatives(batch, store, query.not_like, stored, set(spaces.values()))
    return {
        name: partial(_away, vector, negatives[spaces[name]], query.not_like_strength)
        for name, vector in positive.items()
    }


def _given(store: Operations, query: Query) -> dict[ChannelName, Vector]:
    """The vectors that come with a query, by channel."""
    found: dict[ChannelName, Vector] = {}
    for name, vector in (query.vectors if query.vectors is not None else {}).items():
        channel = SPACES.channels.get(name)
        if channel is None:
            channel = SPACES.own_channel(name)
        if channel is None:
            there = ", ".join([*SPACES.channels, *SPACES.spaces])
            raise QueryError(f"There is no channel or space {name!r}; there are {there}.")
        if channel.space not in store.layout.targets:
            raise QueryError(f"The index has no vectors of {channel.space!r} to compare with.")
        indexed = store.profile.spaces.get(channel.space)
        if indexed is None:
            # Collections that others made say no more than what is compared on the server.
            found[channel.name] = vector
            continue
        try:
            found[channel.name] = checked_vector(indexed, vector, "The query")
        except InputError as error:
            raise QueryError(str(error)) from error
    return found


def _negatives(
    batch: _Batch,
    store: Operations,
    examples: Iterable[Example],
    stored: Mapping[str, Point],
    spaces: Set[SpaceName],
) -> dict[SpaceName, list[Later]]:
    """What the vectors of each space are to be moved away from."""
    # An image is a negative for words that search images too: they share CLIP's space.
    weights = {name: float(c.space in spaces) for name, c in SPACES.channels.items()}
    asked = ChannelQueries(batch, store, weights)
    negatives: dict[SpaceName, list[Later]] = {space: [] for space in spaces}
    for example in examples:
        if isinstance(example, str):
            channels = asked.by_words(example)
        elif isinstance(example, Chunk | Hit):
            channels = asked.by_chunk(_stored(store, stored, _id_of(example)))
            # A passage holds most words of its subject: as a negative it would bar them all.
            channels = {c: v for c, v in channels.items() if SPACES.space_of(c).form != "sparse"}
        else:
            channels = asked.by_image(example)
        for channel, vector in channels.items():
            negatives[SPACES.channels[channel].space].append(vector)
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
    if start.ndim > 1:
        # Of several vectors each is of a part of the query, and none of them of the whole.
        return start
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
