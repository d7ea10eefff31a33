"""The retriever: ask every channel that can answer, fuse, explain."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from ragsight.errors import QueryError
from ragsight.images import ImageSource
from ragsight.logs import log_event
from ragsight.retrieval.encoding import QueryVectors, encode_queries, is_silent
from ragsight.retrieval.fusion import Fusion, fuse
from ragsight.retrieval.grouping import group_hits
from ragsight.retrieval.hits import Channel, Hit, Hits
from ragsight.retrieval.noise import NONSENSE, has_no_keyword, is_noise, noise_floors
from ragsight.retrieval.planning import LEAST_DEPTH, PAGED_DEPTH, PlannedQuery
from ragsight.retrieval.query import (
    Limits,
    Query,
    checked_count,
    checked_fusion,
    checked_weights,
)
from ragsight.retrieval.ranking import RankingOptions
from ragsight.retrieval.reading import (
    choose_diverse,
    payloads_of,
    read_hits,
    read_pages,
    read_wholes,
)
from ragsight.retrieval.rerank import AsyncReranker, Reranker, reranker_of
from ragsight.retrieval.units import fold, with_page_support
from ragsight.spaces import SPACES, Collection
from ragsight.steps import Await, InThread, Steps, arun, run
from ragsight.store import (
    FilterLike,
    MultimodalStore,
    Operations,
    ScoredPoint,
    VectorSearch,
    parse_filter,
)
from ragsight.store.search_limits import run_search

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from ragsight.retrieval.ranking import RankingSettings

T = TypeVar("T")
_LOG = logging.getLogger(__name__)

MOST_ROUNDS = 3
"""How often a ranking is asked for again, deeper, where groups left too few hits."""


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
        rerank: Orders the best hits anew: any function of the query and the hits, such as
            `VisionReranker`; `cross-encoder` for a `CrossEncoderReranker` with its default model,
            `cross-encoder:MODEL` for one with another.
        rerank_depth: How many hits it is given; by default three times k.
        **ranking: Fields of `RankingOptions`: `page_weight`, `rrf_constant`, `drop_noise`.

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
        rerank: Reranker | str | None = None,
        rerank_depth: int | None = None,
        **ranking: Unpack[RankingSettings],
    ) -> None:
        self.store = store
        self.k = checked_count("k", k)
        self.fusion: Fusion = checked_fusion(fusion)
        self._weights = checked_weights(weights)
        self._depth = depth
        self._rerank = reranker_of(rerank)
        self._rerank_depth = rerank_depth
        self.ranking = RankingOptions(**ranking)
        self._floors: Mapping[Channel, float] | None = None

    @property
    def weights(self) -> dict[Channel, float]:
        """What each channel's voice counts, unless a query says otherwise."""
        return dict(self._weights)

    def retrieve(
        self,
        query: str | Query | None = None,
        *,
        image: ImageSource | None = None,
        k: int | None = None,
        filter: FilterLike = None,
        weights: Mapping[Channel, float] | None = None,
        **options: Any,
    ) -> list[Hit]:
        """Find chunks.

        Args:
            query: Words, or a whole `Query` (then there must be no other arguments).
            image: An image to find similar ones of; with words, both count.
            k: How many hits at the most.
            filter: What every hit must fulfil, such as `{"price": {"lt": 50}}`.
            weights: By channel, instead of the retriever's own.
            **options: Other fields of `Query`: `unit`, `not_like`, `group_by`, `diversity`, ...

        Returns:
            Hits, best first; a notebook shows them as a gallery. Empty if nothing was found.

        Raises:
            QueryError: If there is neither text nor image, or an option makes no sense.
            ImageError: If the query image can't be opened.
            StoreError: If the engine refuses.
        """
        options |= {"image": image, "k": k, "filter": filter, "weights": weights}
        return run(self._retrieval([_query(query, options)]))[0]

    async def aretrieve(
        self,
        query: str | Query | None = None,
        *,
        image: ImageSource | None = None,
        k: int | None = None,
        filter: FilterLike = None,
        weights: Mapping[Channel, float] | None = None,
        **options: Any,
    ) -> list[Hit]:
        """Find chunks without blocking the event loop; see `retrieve`."""
        options |= {"image": image, "k": k, "filter": filter, "weights": weights}
        return (await arun(self._retrieval([_query(query, options)])))[0]

    def retrieve_many(self, queries: Sequence[str | Query]) -> list[list[Hit]]:
        """Answer several queries: encoded in batches, searched in one request a collection.

        Args:
            queries: Words or queries.

        Returns:
            The hits of each query, in order.

        Raises:
            QueryError: If a query makes no sense.
            ImageError: If a query's image can't be opened.
            StoreError: If the engine refuses.
        """
        return run(self._retrieval([_query(query, {}) for query in queries]))

    async def aretrieve_many(self, queries: Sequence[str | Query]) -> list[list[Hit]]:
        """Answer several queries without blocking the event loop; see `retrieve_many`."""
        return await arun(self._retrieval([_query(query, {}) for query in queries]))

    def more_like(self, chunk_id: str, **options: Any) -> list[Hit]:
        """Find what is like a chunk of the index, by the vectors that are stored of it.

        Args:
            chunk_id: The chunk; it isn't among the hits.
            **options: Other fields of `Query`.

        Returns:
            Hits, best first.

        Raises:
            QueryError: If there is no such chunk, or an option makes no sense.
            StoreError: If the engine refuses.
        """
        return self.retrieve(Query(like=chunk_id, **options))

    async def amore_like(self, chunk_id: str, **options: Any) -> list[Hit]:
        """Find what is like a chunk without blocking the event loop; see `more_like`."""
        return await self.aretrieve(Query(like=chunk_id, **options))

    def _retrieval(self, queries: Sequence[Query]) -> Steps[list[list[Hit]]]:
        self.store.operations.engine.check_process()
        started = time.perf_counter()
        jobs = [self._job(query) for query in queries]
        found = yield from self._in_turn(self._searched(jobs))
        results: list[list[Hit]] = []
        for job, hits in zip(jobs, found, strict=True):
            ordered = hits if self._rerank is None else (yield from self._reranked(job, hits))
            results.append(Hits(job.limits.apply(ordered)))
        seconds = time.perf_counter() - started
        counts = [len(hits) for hits in results]
        message = f"Searched: {len(counts)} queries, {sum(counts)} hits in {seconds:.3f} s."
        facts = {"queries": len(counts), "hits": counts, "seconds": round(seconds, 4)}
        log_event(_LOG, logging.DEBUG, "search.finished", message, **facts)
        return results

    def _in_turn(self, steps: Steps[T]) -> Steps[T]:
        """Take steps that only read as one: beside an event loop once it is their turn."""
        engine = self.store.operations.engine
        result: T = yield from Await(run, partial(run_search, engine), steps)
        return result

    def _searched(self, jobs: Sequence[PlannedQuery]) -> Steps[list[list[Hit]]]:
        """Encode, search, fuse and read; deeper again where groups left too few hits."""
        store = self.store.operations
        jobs = list(jobs)
        vectors = yield from encode_queries(
            store, [job.query for job in jobs], [job.weights for job in jobs]
        )
        hits: list[list[Hit]] = [[] for _ in jobs]
        left = list(range(len(jobs)))
        for _ in range(MOST_ROUNDS):
            found = yield from _search(store, [(jobs[i], vectors[i]) for i in left])
            if self.ranking.drop_noise:
                found = yield from self._without_noise([jobs[i] for i in left], found)
            for i, rankings in zip(left, found, strict=True):
                hits[i] = yield from self._ranked(store, jobs[i], rankings)
            left = [
                i
                for i, answer in zip(left, found, strict=True)
                if jobs[i].wants_more(answer, hits[i])
            ]
            if not left:
                break
            for i in left:
                jobs[i] = jobs[i].deeper()
        return hits

    def _without_noise(
        self, jobs: Sequence[PlannedQuery], found: Sequence[Mapping[Channel, list[ScoredPoint]]]
    ) -> Steps[list[dict[Channel, list[ScoredPoint]]]]:
        """What was found, and nothing for questions in words that nothing fits."""
        kept: list[dict[Channel, list[ScoredPoint]]] = []
        for job, rankings in zip(jobs, found, strict=True):
            doubtful = job.asks_words_alone and has_no_keyword(rankings)
            if doubtful and self._floors is None:
                self._floors = yield from self._noise_floors()
            is_empty = doubtful and is_noise(rankings, self._floors or {})
            kept.append({} if is_empty else dict(rankings))
        return kept

    def _noise_floors(self) -> Steps[dict[Channel, float]]:
        store = self.store.operations
        jobs = [self._job(Query(text=text, k=1)) for text in NONSENSE]
        queries, weights = [job.query for job in jobs], [job.weights for job in jobs]
        vectors = yield from encode_queries(store, queries, weights)
        return noise_floors((yield from _search(store, list(zip(jobs, vectors, strict=True)))))

    def _reranked(self, job: PlannedQuery, hits: Sequence[Hit]) -> Steps[list[Hit]]:
        """The best of the hits in the reranker's order, then the others."""
        assert self._rerank is not None
        best = hits[: job.candidates]
        if isinstance(self._rerank, AsyncReranker):
            # Waiting for somebody else's machine takes no turn from a search.
            ordered = yield from Await(self._rerank, self._rerank.arerank, job.query, best)
        else:
            step = InThread(self._rerank, job.query, best)
            ordered = yield from self._in_turn(iter(step))
        return [*ordered, *hits[job.candidates :]]

    def _job(self, query: Query) -> PlannedQuery:
        query.check()
        weights = self._weights if query.weights is None else checked_weights(query.weights)
        limits = Limits.of(query, self.k)
        candidates = limits.total + limits.offset
        if self._rerank is not None:
            wanted = self._rerank_depth if self._rerank_depth is not None else 3 * candidates
            candidates = max(candidates, wanted)
        least = LEAST_DEPTH if query.offset is None else PAGED_DEPTH
        depth = self._depth if self._depth is not None else max(least, 4 * candidates)
        page_weight = (
            query.page_weight if query.page_weight is not None else self.ranking.page_weight
        )
        return PlannedQuery(query, weights, limits, candidates, depth, page_weight)

    def _ranked(
        self, store: Operations, job: PlannedQuery, found: Mapping[Channel, Sequence[ScoredPoint]]
    ) -> Steps[list[Hit]]:
        """Fuse what the channels found, and read no more payloads than are needed."""
        rankings = {channel: [(p.id, p.score) for p in points] for channel, points in found.items()}
        fused = fuse(
            rankings,
            weights=job.weights,
            method=self.fusion,
            rrf_constant=self.ranking.rrf_constant,
            limit=job.fused_limit,
        )
        payloads = payloads_of(found)
        # The order of a single channel is that of its scores, which callers compare.
        if job.counts_pages and len(found) > 1:
            pool = [item.id for item in fused[: job.page_pool]]
            pages = yield from read_pages(store, pool, payloads)
            fused = with_page_support(fused, pages, job.page_weight)
        kept = job.kept(fused, store.layout)
        hits = yield from read_hits(store, kept, found, payloads)
        if job.query.unit != "chunk":
            wholes = {} if job.query.unit == "document" else (yield from read_wholes(store, hits))
            hits = fold(hits, job.query.unit, wholes, job.page_weight)
        if job.query.group_by is not None:
            hits = group_hits(hits, job.query.group_by, size=job.query.group_size)
        if job.query.diversity is not None:
            hits = yield from _diversified(store, hits, job)
        return hits


def _query(query: str | Query | None, options: Mapping[str, Any]) -> Query:
    given = {name: value for name, value in options.items() if value is not None}
    if not isinstance(query, Query):
        return Query(text=query, **given)
    if given:
        raise QueryError(
            f"{', '.join(sorted(given))}: with a Query these belong into the Query itself."
        )
    return query


def _search(
    store: Operations, asked: Sequence[tuple[PlannedQuery, QueryVectors]]
) -> Steps[list[dict[Channel, list[ScoredPoint]]]]:
    """Ask each collection once for all channels of all queries."""
    searches: dict[Collection, list[VectorSearch]] = {}
    places: list[tuple[int, Channel, Collection]] = []
    for index, (job, vectors) in enumerate(asked):
        filter_ = parse_filter(job.query.filter, fields=store.layout.fields)
        speaking = {c: v for c, v in vectors.items() if not is_silent(v)}
        for channel, vector in speaking.items():
            collection, using = store.layout.targets[SPACES.channels[channel].space]
            search = VectorSearch(
                using,
                vector,
                job.depth_of(len(speaking)),
                filter_,
                threshold=job.query.threshold(channel),
                # Of many candidates few become hits: where a second call is cheap, it reads those.
                with_payload=store.engine.is_remote or job.is_alone(len(speaking)),
            )
            searches.setdefault(collection, []).append(search)
            places.append((index, channel, collection))
    answers = yield from store.search(searches)
    found: list[dict[Channel, list[ScoredPoint]]] = [{} for _ in asked]
    remaining = {collection: iter(results) for collection, results in answers.items()}
    for index, channel, collection in places:
        found[index][channel] = next(remaining[collection])
    return found


def _diversified(store: Operations, hits: Sequence[Hit], job: PlannedQuery) -> Steps[list[Hit]]:
    assert job.query.diversity is not None
    candidates = [(store.layout.point_id(hit.chunk.id), hit.score) for hit in hits]
    order = yield from choose_diverse(
        store, candidates, len(hits), diversity_lambda=job.query.diversity
    )
    return [hits[place] for place in order]
