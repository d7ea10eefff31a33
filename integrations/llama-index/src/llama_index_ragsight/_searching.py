"""Searches of a vector store: what LlamaIndex's query modes ask, and of which channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from llama_index.core.vector_stores.types import VectorStoreQuery, VectorStoreQueryMode

from llama_index_ragsight._spaces import as_vector, shares_one_space, spaces_of
from llama_index_ragsight.filters import Filter, of_documents, to_filter
from ragsight import Hit, MultimodalStore, fuse
from ragsight.encoders import SparseVector, Vector, encode_for_query
from ragsight.errors import QueryError
from ragsight.images import ImageSource
from ragsight.retrieval import Fused, choose_diverse, read_hits
from ragsight.spaces import SPACES, Channel, ChannelName, SpaceName
from ragsight.store import Program, ScoredPoint, VectorSearch, Work, parse_filter

Mode = VectorStoreQueryMode

LEAST_DEPTH = 50
"""How far down each ranking is looked at least, so that the fused one is deep enough."""

_KEYWORDS = frozenset({Mode.SPARSE, Mode.TEXT_SEARCH})
_HYBRID = frozenset({Mode.HYBRID, Mode.SEMANTIC_HYBRID})
_VECTORS = frozenset({Mode.DEFAULT, Mode.MMR})


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions:
    """What a search may be told beside the query (`vector_store_kwargs` of LlamaIndex).

    Attributes:
        image: An image to find similar ones of.
        weights: By channel, instead of those of the mode; 0 turns a channel off.
        mmr_threshold: Of the mode `mmr`: 1 is pure relevance, 0 pure diversity.
        mmr_prefetch_factor: Times as many nodes as wanted to choose from.
        mmr_prefetch_k: How many to choose from, instead.
    """

    image: ImageSource | None = None
    weights: Mapping[ChannelName, float] = field(default_factory=dict)
    mmr_threshold: float | None = None
    mmr_prefetch_factor: float = 4.0
    mmr_prefetch_k: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> SearchOptions:
        """Read keyword arguments.

        Raises:
            QueryError: If there is no such option, or no such channel.
        """
        known = [option.name for option in fields(cls)]
        unknown = sorted(given.keys() - set(known))
        if unknown:
            raise QueryError(f"A query has no option {unknown[0]!r}; there are {known}.")
        options = cls(**{name: value for name, value in given.items() if value is not None})
        for channel in options.weights:
            if channel not in SPACES.channels:
                there = tuple(SPACES.channels)
                raise QueryError(f"There is no channel {channel!r}; there are {there}.")
        return options


def search_nodes(
    store: MultimodalStore, query: VectorStoreQuery, options: SearchOptions, filter: Filter | None
) -> Program[list[Hit]]:
    """Answer a query of LlamaIndex's.

    Where one channel alone found anything, the scores are its own (cosine, or BM25 weight), else
    the fused ones.

    Args:
        store: Where.
        query: The query.
        options: What is asked beside it.
        filter: What each node must fulfil.

    Returns:
        Hits, best first.

    Raises:
        QueryError: If the query is empty, or its mode is not supported.
        InputError: If its embedding fits neither the texts nor the images of the store.
    """
    search = _Search(store, query, options)
    vectors = yield Work(search.vectors)
    rankings = yield from search.rankings(vectors, filter)
    fused = search.fused(rankings)
    if query.mode == Mode.MMR:
        fused = yield from search.diverse(fused)
    return (yield from read_hits(store.operations, fused[: search.k], rankings))


def query_filter(query: VectorStoreQuery, node_ids: Sequence[str]) -> Filter | None:
    """What a query's filters, documents and nodes ask of each node; None for nothing."""
    parts: list[Filter] = []
    if query.filters is not None:
        parts.append(to_filter(query.filters))
    if query.doc_ids:
        parts.append(of_documents(query.doc_ids))
    if node_ids:
        parts.append({"id": {"in": list(node_ids)}})
    parts = [part for part in parts if part]
    return {"and": parts} if parts else None


class _Search:
    def __init__(
        self, store: MultimodalStore, query: VectorStoreQuery, options: SearchOptions
    ) -> None:
        self._store = store
        self._query = query
        self._options = options
        self._words = query.query_str.strip() if query.query_str is not None else ""
        if query.mode not in _KEYWORDS | _HYBRID | _VECTORS:
            raise QueryError(
                f"The index has no query mode {query.mode.value!r}. Use default, mmr, sparse, "
                "text_search or hybrid."
            )
        self._given = {} if query.mode in _KEYWORDS else self._given_vectors()
        self._weights = self._mode_weights()
        self.k = self._count()

    def _count(self) -> int:
        query = self._query
        own = {Mode.HYBRID: query.hybrid_top_k, Mode.SEMANTIC_HYBRID: query.hybrid_top_k}
        own |= dict.fromkeys(_KEYWORDS, query.sparse_top_k)
        asked = own.get(query.mode)
        k = asked if asked is not None else query.similarity_top_k
        if k < 1:
            raise QueryError(f"The query asks for {k} nodes; it must be 1 or more.")
        return k

    def _given_vectors(self) -> dict[ChannelName, Vector]:
        """The query's embedding, by the channels whose vectors it can be compared with."""
        if self._query.query_embedding is None:
            return {}
        vector = as_vector(self._query.query_embedding)
        spaces = spaces_of(self._store, vector)
        # Where both fit, it is from the model of the texts, unless that is the images' too.
        if len(spaces) == 2 and not shares_one_space(self._store):
            spaces = {"text": spaces["text"]}
        asked = {space: _asked_by_words(space) for space in spaces.values()}
        return {name: vector for name in asked.values() if name is not None}

    def _mode_weights(self) -> dict[ChannelName, float]:
        weights = {name: channel.weight for name, channel in SPACES.channels.items()}
        by_keyword = {c: w for c, w in weights.items() if SPACES.space_of(c).form == "sparse"}
        if self._query.mode in _KEYWORDS:
            weights = {channel: float(channel in by_keyword) for channel in weights}
        elif self._query.mode in _VECTORS and self._has_dense:
            weights |= dict.fromkeys(by_keyword, 0.0)
        elif self._query.mode in _HYBRID and self._query.alpha is not None:
            alpha = self._query.alpha
            if not 0 <= alpha <= 1:
                raise QueryError(f"alpha is {alpha}; it must be between 0 (words) and 1 (vectors).")
            weights = {c: weight * alpha for c, weight in weights.items()}
            weights |= {c: weight * (1 - alpha) for c, weight in by_keyword.items()}
        return {**weights, **self._options.weights}

    @property
    def _has_dense(self) -> bool:
        known = (SPACES.spaces[name] for name in self._store.spaces if name in SPACES.spaces)
        return any(space.collection == "text" and space.form != "sparse" for space in known)

    def vectors(self) -> dict[ChannelName, Vector]:
        """What each channel that can answer is asked."""
        found: dict[ChannelName, Vector] = {}
        for name, channel in SPACES.channels.items():
            if self._weights[name] > 0 and self._can_answer(channel):
                given = self._given.get(name)
                vector = given if given is not None else self._encoded(channel)
                if not (isinstance(vector, SparseVector) and not vector.indices):
                    found[name] = vector
        if not found and not self._words and not self._given and self._options.image is None:
            raise QueryError("The query is empty: give words, an embedding, or an image.")
        return found

    def _can_answer(self, channel: Channel) -> bool:
        if channel.space not in self._store.spaces:
            return False
        if channel.name in self._given:
            return True
        if channel.asked_by == "image":
            return self._options.image is not None
        return bool(self._words) and channel.space in self._store.encoders

    def _encoded(self, channel: Channel) -> Vector:
        asked = self._options.image if channel.asked_by == "image" else self._words
        encoder = self._store.operations.encoder_of(channel.space)
        space = SPACES.spaces[channel.space]
        return encode_for_query(encoder, space, channel.asked_by, [asked])[0]

    def rankings(
        self, vectors: Mapping[ChannelName, Vector], filter: Filter | None
    ) -> Program[dict[ChannelName, list[ScoredPoint]]]:
        """What each channel finds, all of them asked at once."""
        operations = self._store.operations
        parsed = parse_filter(filter, fields=operations.layout.fields)
        searches: dict[Any, list[VectorSearch]] = {}
        places: list[tuple[ChannelName, Any]] = []
        for channel, vector in vectors.items():
            collection, using = operations.layout.targets[SPACES.channels[channel].space]
            alone = len(vectors) == 1
            search = VectorSearch(
                using,
                vector,
                self._depth(channel, alone=alone),
                parsed,
                # Of many candidates few are kept: where a second call is cheap, it reads those.
                with_payload=alone or operations.engine.is_remote,
            )
            searches.setdefault(collection, []).append(search)
            places.append((channel, collection))
        answers = yield from operations.search(searches)
        remaining = {collection: iter(found) for collection, found in answers.items()}
        return {channel: next(remaining[collection]) for channel, collection in places}

    def _depth(self, channel: ChannelName, *, alone: bool) -> int:
        is_sparse = SPACES.space_of(channel).form == "sparse"
        if is_sparse and self._query.sparse_top_k is not None:
            return self._query.sparse_top_k
        return self._candidates if alone else max(LEAST_DEPTH, 4 * self._candidates)

    @property
    def _candidates(self) -> int:
        if self._query.mode != Mode.MMR:
            return self.k
        prefetch = self._options.mmr_prefetch_k
        wanted = prefetch if prefetch is not None else self.k * self._options.mmr_prefetch_factor
        return max(self.k, int(wanted))

    def fused(self, rankings: Mapping[ChannelName, Sequence[ScoredPoint]]) -> list[Fused]:
        """One ranking, deep enough for what comes after."""
        ranked = {c: [(p.id, p.score) for p in found] for c, found in rankings.items() if found}
        fused = fuse(ranked, weights=self._weights, limit=self._candidates)
        if len(ranked) > 1:
            return fused
        return [Fused(item.id, item.channels[0].score, item.channels) for item in fused]

    def diverse(self, fused: Sequence[Fused]) -> Program[list[Fused]]:
        """Those that are relevant and unlike each other, in the order of choice."""
        candidates = [(item.id, item.score) for item in fused]
        order = yield from choose_diverse(
            self._store.operations, candidates, self.k, diversity_lambda=self._mmr_lambda
        )
        return [fused[place] for place in order]

    @property
    def _mmr_lambda(self) -> float:
        for given in (self._options.mmr_threshold, self._query.mmr_threshold):
            if given is not None:
                return given
        return 0.5


def _asked_by_words(space: SpaceName) -> ChannelName | None:
    """The channel in which an embedding of the query's words asks a space."""
    asking = [channel for channel in SPACES.channels.values() if channel.space == space]
    by_words = [channel.name for channel in asking if channel.asked_by == "words"]
    return next(iter(by_words), asking[0].name if asking else None)
