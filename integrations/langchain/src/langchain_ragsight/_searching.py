"""Searches of a vector store: which channels answer, and what their scores mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

import numpy as np

from langchain_ragsight._queries import read_question
from ragsight import Chunk, Hit, MultimodalStore, Query
from ragsight.encoders import FloatArray
from ragsight.errors import ConfigurationError, QueryError
from ragsight.images import ImageSource
from ragsight.retrieval import RRF_CONSTANT, choose_diverse
from ragsight.spaces import SPACES, Channel, ChannelName, SpaceName
from ragsight.store import (
    FilterLike,
    Program,
    VectorSearch,
    parse_filter,
    point_id,
)

Mode = Literal["auto", "dense", "image", "hybrid"]
"""What a search asks: the texts' vectors, the images' vectors, or everything, fused."""

Space = Literal["text", "image"]
"""Where a vector is from: the text embeddings, or the images'."""

_COLLECTIONS: Mapping[Mode, Space] = {"dense": "text", "image": "image"}
"""The collection whose dense vectors a mode asks; the others ask everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """What a search may be told.

    Attributes:
        filter: What each document must fulfil.
        mode: What is asked.
        space: Where a vector is from.
        score_threshold: Least score, as `similarity_search_with_score` gives it.
        weights: By channel, for a hybrid search.
    """

    filter: FilterLike = None
    mode: Mode = "auto"
    space: Space | None = None
    score_threshold: float | None = None
    weights: Mapping[ChannelName, float] | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any], mode: Mode) -> SearchOptions:
        """Read keyword arguments; `mode` holds where they name none.

        Raises:
            QueryError: If there is an argument or a value that makes no sense.
        """
        known = [field.name for field in fields(cls)]
        unknown = sorted(given.keys() - set(known))
        if unknown:
            raise QueryError(f"A search has no option {unknown[0]!r}; there are {known}.")
        options = cls(**{"mode": mode, **{k: v for k, v in given.items() if v is not None}})
        if options.mode not in get_args(Mode):
            raise QueryError(f"There is no mode {options.mode!r}; there are {get_args(Mode)}.")
        return options


@dataclass(frozen=True, slots=True)
class Scored:
    """A chunk with its score: a cosine, or a fused score."""

    chunk: Chunk
    score: float


@dataclass(frozen=True, slots=True)
class Search:
    """A search that was settled.

    Attributes:
        query: What ragsight's retriever is asked.
        alone: The channel whose own score counts; None where channels are fused.
        best: The highest score there can be.
    """

    query: Query
    alone: ChannelName | None
    best: float

    @property
    def vectors(self) -> SpaceName | None:
        """The vectors whose cosine the scores are; None where they are fused."""
        if self.alone is None:
            return None
        return SPACES.channels[self.alone].space

    def scored(self, hits: Sequence[Hit]) -> list[Scored]:
        """Hits with the scores that this search gives."""
        if self.alone is None:
            return [Scored(hit.chunk, hit.score) for hit in hits]
        return [Scored(hit.chunk, hit.channels[0].score) for hit in hits]

    def relevance(self, score: float) -> float:
        """A score as a share of the best one, 0 to 1."""
        return cosine_relevance(score) if self.alone is not None else _share(score, self.best)


def plan_search(store: MultimodalStore, question: Any, k: int, options: SearchOptions) -> Search:
    """Settle which channels a question is put to.

    Args:
        store: Where.
        question: A string, a dictionary or a message; see `MultimodalRetriever`.
        k: How many documents at the most.
        options: The caller's wishes.

    Raises:
        QueryError: If the question is empty, or the mode can't answer it.
        ConfigurationError: If the store has no encoder for the mode.
    """
    text, image = read_question(question)
    text = text.strip() if text is not None else None
    if not text and image is None:
        raise QueryError("The question is empty: give words, an image, or both.")
    mode = settled_mode(store, options.mode, text, image)
    asked = [
        channel.name
        for channel in SPACES.channels.values()
        if _is_of(mode, channel) and _answers(store, channel, text, image)
    ]
    if not asked:
        raise QueryError(f"The mode {mode!r} can't search by what the question holds.")
    alone = asked[0] if len(asked) == 1 and mode != "hybrid" else None
    given = options.weights if options.weights is not None and mode == "hybrid" else {}
    weights = {
        name: given.get(name, channel.weight) if name in asked else 0.0
        for name, channel in SPACES.channels.items()
    }
    if alone is not None:
        weights[alone] = 1.0
    least = options.score_threshold
    query = Query(
        text=text,
        image=image,
        k=k,
        filter=options.filter,
        weights=weights,
        score_threshold=least if alone is None or least is None else {alone: least},
    )
    return Search(query, alone, sum(weights.values()) / (RRF_CONSTANT + 1))


def settled_mode(
    store: MultimodalStore, mode: Mode, text: str | None, image: ImageSource | None
) -> Mode:
    """What `auto` means here, and whether the store can do what else is asked.

    Raises:
        ConfigurationError: If it has no encoder for it.
    """
    if mode == "dense" and store.text_encoder is None:
        raise ConfigurationError(
            "mode='dense' needs text embeddings, and the store has none. Open it with "
            "text_encoder=, or search with mode='hybrid'."
        )
    if mode != "auto":
        return mode
    if image is not None:
        return "hybrid" if text else "image"
    return "dense" if store.text_encoder is not None else "hybrid"


def _is_of(mode: Mode, channel: Channel) -> bool:
    space = SPACES.spaces[channel.space]
    wanted = _COLLECTIONS.get(mode)
    return wanted is None or (space.collection == wanted and space.form != "sparse")


def _answers(
    store: MultimodalStore, channel: Channel, text: str | None, image: ImageSource | None
) -> bool:
    if channel.space not in store.spaces:
        return False
    if channel.asked_by == "image":
        return image is not None
    return bool(text) and channel.space in store.encoders


def cosine_relevance(score: float) -> float:
    """A cosine, -1 to 1, as relevance, 0 to 1."""
    return _share(score + 1.0, 2.0)


def _share(score: float, best: float) -> float:
    return min(1.0, max(0.0, score / best)) if best else 0.0


def vector_search(
    store: MultimodalStore, embedding: Sequence[float], k: int, options: SearchOptions
) -> Program[tuple[list[Scored], SpaceName]]:
    """Find what is nearest to a vector, in the space that it is from.

    Returns:
        What was found, and which of the stored vectors were asked.

    Raises:
        QueryError: If it is no vector of a space of the store.
    """
    if k < 1:
        raise QueryError(f"k is {k}; it must be 1 or more.")
    operations = store.operations
    vector = _checked_vector(embedding)
    kind = vector_space(store, len(vector), options.space)
    collection, using = operations.layout.targets[kind]
    search = VectorSearch(
        using,
        vector,
        k,
        parse_filter(options.filter, fields=operations.layout.fields),
        threshold=options.score_threshold,
    )
    found = (yield from operations.search({collection: [search]}))[collection][0]
    scored = [
        Scored(operations.chunk(point.id, point.payload), point.score)
        for point in found
        if point.payload is not None
    ]
    return scored, kind


def diverse_vector_search(
    store: MultimodalStore,
    embedding: Sequence[float],
    k: int,
    options: SearchOptions,
    *,
    fetch_k: int,
    diversity_lambda: float,
) -> Program[list[Scored]]:
    """Find what is near to a vector and unlike each other; see `vector_search`, `diversified`."""
    found, kind = yield from vector_search(store, embedding, max(k, fetch_k), options)
    return (yield from diversified(store, found, k, diversity_lambda, alone=kind))


def vector_space(store: MultimodalStore, dimension: int, asked: str | None) -> SpaceName:
    """The space of a vector: the one asked for, else the texts' where the length fits both.

    Raises:
        QueryError: If no vectors of the store have this length.
    """
    lengths = {name: spec.dimension for name, spec in store.spaces.items() if spec is not None}
    known = (SPACES.spaces[name] for name in lengths if name in SPACES.spaces)
    collections = {space.name: space.collection for space in known if space.form == "dense"}
    for space, collection in collections.items():
        if lengths[space] == dimension and asked in {None, space, collection}:
            return space
    there = ", ".join(f"{collections[space]} vectors of {lengths[space]}" for space in collections)
    wanted = "" if asked is None else f" in the space {asked!r}"
    raise QueryError(f"The vector has {dimension} numbers{wanted}; the store has {there}.")


def _checked_vector(embedding: Sequence[float]) -> FloatArray:
    vector = np.asarray(embedding, dtype=np.float32)
    if vector.ndim != 1 or not np.isfinite(vector).all() or not vector.any():
        raise QueryError("A vector to search by is a list of finite numbers, not all of them 0.")
    return vector


def diversified(
    store: MultimodalStore,
    scored: Sequence[Scored],
    k: int,
    diversity_lambda: float,
    *,
    alone: SpaceName | None,
) -> Program[list[Scored]]:
    """Choose `k` that are relevant and unlike each other; see `maximal_marginal_relevance`.

    Args:
        store: Where they are from.
        scored: The candidates, best first.
        k: How many to choose at the most.
        diversity_lambda: 1 is pure relevance, 0 pure diversity.
        alone: The vectors whose cosine the scores are; None for fused scores.

    Raises:
        QueryError: If lambda isn't between 0 and 1.
    """
    candidates = [(point_id(item.chunk.id), item.score) for item in scored]
    order = yield from choose_diverse(
        store.operations, candidates, k, diversity_lambda=diversity_lambda, alone=alone
    )
    return [scored[place] for place in order]
