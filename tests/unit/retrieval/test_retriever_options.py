"""Negatives, groups, pages, diversity, thresholds, batches, reranking: on a real store."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from drawings import image_chunk, noise, text_chunk
from letters import LetterEncoder
from ragsight import ClipEncoder, Hit, MultimodalRetriever, MultimodalStore, Query
from ragsight.answer import Completion, VisionRequest, VisionReranker
from ragsight.errors import BackendError, QueryError
from ragsight.store.search_limits import LOCAL
from ragsight.testing import FakeVisionBackend

RED = text_chunk("red shoes of leather", uri="/shop", sort="shoes")
BLUE = text_chunk("blue shoes of canvas", uri="/shop", sort="shoes")
GREEN = text_chunk("green boots of rubber", uri="/boots", sort="boots")
BREAD = text_chunk("bread is baked from flour", uri="/kitchen", sort="food")
MANY = [text_chunk(f"shoes number {n} {'shoes ' * (n % 7)}", uri="/many") for n in range(60)]
PICTURES = [image_chunk(n, uri=f"/pictures/{n}.png") for n in range(5)]
CHUNKS = [RED, BLUE, GREEN, BREAD, *MANY, *PICTURES]


@pytest.fixture(scope="module", params=["embedded", "memory"])
def retriever(
    request: pytest.FixtureRequest,
    encoder: ClipEncoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MultimodalRetriever]:
    location = ":memory:" if request.param == "memory" else tmp_path_factory.mktemp("shop") / "i"
    with MultimodalStore.open(location, encoder=encoder, text_encoder=LetterEncoder()) as store:
        store.upsert(CHUNKS)
        yield MultimodalRetriever(store, weights={"text_to_image": 0})


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.chunk.id for hit in hits]


def test_what_is_like_the_negative_falls_behind(retriever: MultimodalRetriever) -> None:
    only = {"source": {"in": ["/shop"]}}
    assert ids(retriever.retrieve("leather shoes", filter=only))[0] == RED.id
    hits = retriever.retrieve("shoes", not_like=["leather red"], filter=only)
    assert ids(hits)[0] == BLUE.id


def test_images_chunks_and_hits_may_be_negatives(retriever: MultimodalRetriever) -> None:
    images = Query(image=noise(1), filter={"kind": "figure"})
    assert ids(retriever.retrieve(images))[0] == PICTURES[1].id
    [first] = retriever.retrieve(replace(images, k=1))
    for negative in (noise(1), PICTURES[1], first):
        hits = retriever.retrieve(replace(images, not_like=[negative], not_like_strength=2.0))
        assert ids(hits)[-1] == PICTURES[1].id


def test_without_strength_a_negative_changes_nothing(retriever: MultimodalRetriever) -> None:
    plain = retriever.retrieve("red shoes")
    same = retriever.retrieve("red shoes", not_like=["red"], not_like_strength=0.0)
    assert ids(same) == ids(plain)
    assert [hit.score for hit in same] == pytest.approx([hit.score for hit in plain])


def test_more_like_a_chunk_finds_others_and_not_itself(retriever: MultimodalRetriever) -> None:
    hits = retriever.more_like(RED.id, k=3, filter={"sort": {"exists": True}})
    assert ids(hits)[0] == BLUE.id
    assert len(hits) == 3
    assert RED.id not in ids(hits)
    pictures = retriever.more_like(PICTURES[2].id, k=10)
    assert {score.channel for hit in pictures for score in hit.channels} == {"image_to_image"}
    assert PICTURES[2].id not in ids(pictures)


async def test_more_like_is_the_same_when_awaited(retriever: MultimodalRetriever) -> None:
    assert await retriever.amore_like(RED.id, k=3) == retriever.more_like(RED.id, k=3)


def test_a_chunk_that_is_not_there_can_not_be_liked(retriever: MultimodalRetriever) -> None:
    with pytest.raises(QueryError, match="no chunk 'absent'"):
        retriever.more_like("absent")


def test_groups_keep_their_best_hits_and_the_list_is_filled_from_further_down(
    retriever: MultimodalRetriever,
) -> None:
    hits = retriever.retrieve("shoes", k=4, group_by="source")
    assert len({hit.chunk.source.uri for hit in hits}) == len(hits) == 4
    assert len(retriever.retrieve("shoes", k=4, group_by="source", group_size=2)) == 4
    sorts = [
        h.chunk.metadata["sort"]
        for h in retriever.retrieve(
            "shoes", k=2, group_by="sort", filter={"sort": {"exists": True}}
        )
    ]
    assert len(set(sorts)) == 2


def test_a_group_that_fills_the_whole_ranking_does_not_hide_the_others(
    encoder: ClipEncoder,
) -> None:
    with MultimodalStore.open(":memory:", encoder=encoder) as store:
        crowd = [text_chunk(f"shoes shoes shoes {n}", uri="/crowd") for n in range(300)]
        store.upsert([*crowd, text_chunk("a long text that names shoes once", uri="/other")])
        hits = MultimodalRetriever(store, weights={"text_to_image": 0}).retrieve(
            "shoes", k=2, group_by="source"
        )
    assert [hit.chunk.source.uri for hit in hits] == ["/crowd", "/other"]


def test_pages_of_one_ranking_fit_together(retriever: MultimodalRetriever) -> None:
    whole = retriever.retrieve("shoes", k=40, offset=0)
    pages = [retriever.retrieve("shoes", k=10, offset=start) for start in range(0, 40, 10)]
    assert [id_ for page in pages for id_ in ids(page)] == ids(whole)
    assert len(set(ids(whole))) == 40


def test_an_offset_beyond_the_end_finds_nothing(retriever: MultimodalRetriever) -> None:
    assert retriever.retrieve("shoes", offset=10_000) == []


def test_pure_relevance_leaves_the_order_and_diversity_changes_it(
    retriever: MultimodalRetriever,
) -> None:
    plain = ids(retriever.retrieve("shoes", k=10))
    assert ids(retriever.retrieve("shoes", k=10, diversity=1.0)) == plain
    diverse = ids(retriever.retrieve("shoes", k=10, diversity=0.0))
    assert diverse[0] == plain[0]
    assert diverse != plain


def test_a_threshold_may_stand_on_the_fused_score_or_on_a_channel_s_own(
    retriever: MultimodalRetriever,
) -> None:
    hits = retriever.retrieve("shoes", k=50)
    middle = hits[10].score
    kept = retriever.retrieve("shoes", k=50, score_threshold=middle)
    assert ids(kept) == [hit.chunk.id for hit in hits if hit.score >= middle]
    near = retriever.retrieve(image=noise(3), score_threshold={"image_to_image": 0.999})
    assert ids(near) == [PICTURES[3].id]


def test_many_queries_at_once_are_answered_like_one_by_one(retriever: MultimodalRetriever) -> None:
    queries = [
        "red shoes",
        Query(text="bread", k=2),
        Query(image=noise(2), k=3),
        Query(text="boots", filter={"sort": "boots"}),
        Query(text="the of"),
    ]
    together = retriever.retrieve_many(queries)
    one_by_one = [retriever.retrieve(query) for query in queries]
    assert [ids(hits) for hits in together] == [ids(hits) for hits in one_by_one]
    assert retriever.retrieve_many([]) == []


async def test_many_queries_can_be_awaited(retriever: MultimodalRetriever) -> None:
    queries = ["red shoes", Query(text="bread", k=2)]
    awaited = await retriever.aretrieve_many(queries)
    assert [ids(hits) for hits in awaited] == [ids(h) for h in retriever.retrieve_many(queries)]


def test_a_reranker_orders_the_best_and_leaves_the_rest(retriever: MultimodalRetriever) -> None:
    seen: list[int] = []

    def backwards(query: Query, hits: Sequence[Hit]) -> list[Hit]:
        assert query.text == "shoes"
        seen.append(len(hits))
        return list(reversed(hits))

    reranking = MultimodalRetriever(
        retriever.store, weights={"text_to_image": 0}, rerank=backwards, rerank_depth=5
    )
    plain = ids(retriever.retrieve("shoes", k=10))
    assert ids(reranking.retrieve("shoes", k=5)) == plain[4::-1]
    assert seen == [5]


class Backwards:
    """A reranker with both forms; it notes which was asked, and who is under way at once."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.calls: list[str] = []
        self.most = 0
        self.started = asyncio.Event()
        self._seconds = seconds
        self._now = 0

    def __call__(self, _query: str | Query, hits: Sequence[Hit]) -> list[Hit]:
        self.calls.append("blocking")
        return list(reversed(hits))

    async def arerank(self, _query: str | Query, hits: Sequence[Hit]) -> list[Hit]:
        self.calls.append("awaited")
        self.started.set()
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(self._seconds)
        self._now -= 1
        return list(reversed(hits))


async def test_a_reranker_that_can_be_awaited_is_awaited_in_async_code_only(
    retriever: MultimodalRetriever,
) -> None:
    rerank = Backwards()
    reranking = MultimodalRetriever(
        retriever.store, weights={"text_to_image": 0}, rerank=rerank, rerank_depth=5
    )
    blocking = reranking.retrieve("shoes", k=5)
    assert rerank.calls == ["blocking"]
    assert ids(await reranking.aretrieve("shoes", k=5)) == ids(blocking)
    assert rerank.calls == ["blocking", "awaited"]
    [several] = await reranking.aretrieve_many([Query(text="shoes", k=5)])
    assert ids(several) == ids(blocking)
    assert rerank.calls[2:] == ["awaited"]


async def test_waiting_for_a_reranker_takes_no_turn_from_other_searches(
    retriever: MultimodalRetriever,
) -> None:
    rerank = Backwards(seconds=0.3)
    reranking = MultimodalRetriever(retriever.store, rerank=rerank)
    await asyncio.gather(*(reranking.aretrieve("shoes", k=2) for _ in range(3 * LOCAL)))
    assert rerank.most > LOCAL


async def test_a_reranker_without_an_async_form_leaves_the_event_loop_free(
    retriever: MultimodalRetriever,
) -> None:
    threads: list[int] = []

    def noting(_query: str | Query, hits: Sequence[Hit]) -> list[Hit]:
        threads.append(threading.get_ident())
        return list(hits)

    reranking = MultimodalRetriever(retriever.store, rerank=noting)
    assert await reranking.aretrieve("shoes", k=2) == reranking.retrieve("shoes", k=2)
    assert [thread == threading.get_ident() for thread in threads] == [False, True]


@pytest.mark.parametrize("way", ["retrieve", "aretrieve"])
async def test_an_error_of_a_reranker_reaches_the_caller(
    retriever: MultimodalRetriever, way: str
) -> None:
    backend = FakeVisionBackend(error=BackendError("it is down"))
    reranking = MultimodalRetriever(retriever.store, rerank=VisionReranker(backend))
    with pytest.raises(BackendError, match="it is down"):
        await reranking.aretrieve("shoes") if way == "aretrieve" else reranking.retrieve("shoes")


async def test_a_vision_model_that_reranks_is_awaited_where_the_retriever_is(
    retriever: MultimodalRetriever,
) -> None:
    asked: list[str] = []

    class Grader(FakeVisionBackend):
        def complete(self, request: VisionRequest) -> Completion:
            asked.append("complete")
            return self._completion(request)

        async def acomplete(self, request: VisionRequest) -> Completion:
            asked.append("acomplete")
            return self._completion(request)

    grades = '{"grades": [{"n": 1, "grade": 1}, {"n": 2, "grade": 9}]}'
    rerank = VisionReranker(Grader(grades), batch_size=2)
    reranking = MultimodalRetriever(
        retriever.store, weights={"text_to_image": 0}, rerank=rerank, rerank_depth=2
    )
    plain = ids(retriever.retrieve("shoes", k=2, weights={"text_to_image": 0}))
    assert ids(await reranking.aretrieve("shoes", k=2)) == plain[::-1]
    assert asked == ["acomplete"]
    assert ids(reranking.retrieve("shoes", k=2)) == plain[::-1]
    assert asked == ["acomplete", "complete"]


async def test_a_reranking_that_is_cancelled_ends_at_once(retriever: MultimodalRetriever) -> None:
    rerank = Backwards(seconds=60.0)
    reranking = MultimodalRetriever(retriever.store, rerank=rerank)
    task = asyncio.ensure_future(reranking.aretrieve("shoes"))
    await asyncio.wait_for(rerank.started.wait(), 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)
    assert reranking.store.counts().texts


def test_a_query_takes_no_second_set_of_options(retriever: MultimodalRetriever) -> None:
    with pytest.raises(QueryError, match="belong into the Query"):
        retriever.retrieve(Query(text="x"), k=3)


@pytest.mark.parametrize(
    ("query", "word"),
    [
        (Query(text="x", diversity=1.5), "diversity"),
        (Query(text="x", group_size=0), "group_size"),
        (Query(text="x", offset=-1), "offset"),
        (Query(text="x", not_like_strength=-1), "not_like_strength"),
        (Query(text="x", score_threshold={"smell": 1}), "smell"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    retriever: MultimodalRetriever, query: Query, word: str
) -> None:
    with pytest.raises(QueryError, match=word):
        retriever.retrieve(query)


def test_an_index_of_images_alone_answers_words_and_images(
    encoder: ClipEncoder, tmp_path: Path
) -> None:
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        store.upsert(PICTURES)
        hits = MultimodalRetriever(store).retrieve("pump", image=noise(4))
        assert ids(hits)[0] == PICTURES[4].id
        assert store.counts().texts == 0


def test_more_like_and_diversity_need_no_dense_vectors(
    encoder: ClipEncoder, tmp_path: Path
) -> None:
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        store.upsert([RED, BLUE, *PICTURES])
        retriever = MultimodalRetriever(store)
        assert ids(retriever.more_like(RED.id, k=1)) == [BLUE.id]
        assert len(retriever.retrieve("shoes", diversity=0.5)) == 7
