from __future__ import annotations

import asyncio

import pytest

from drawings import image_chunk, noise, text_chunk
from letters import LetterEncoder
from ragsight import Chunk, ClipEncoder, MultimodalRetriever, MultimodalStore, Query
from ragsight.errors import ConfigurationError, ImageError, QueryError
from ragsight.store import SourceRecord

CHUNKS = [
    text_chunk("The pump moves water through the filter.", topic="pump"),
    text_chunk("Change the filter once a year.", topic="filter"),
    text_chunk("Bread is baked from flour.", topic="bread"),
    image_chunk(1, "Figure 1: the pump seen from the side", topic="pump"),
    image_chunk(2, topic="other"),
    image_chunk(3, topic="other"),
]


@pytest.fixture
def retriever(store: MultimodalStore) -> MultimodalRetriever:
    store.upsert(CHUNKS)
    return MultimodalRetriever(store)


def channels(chunk: Chunk, hits: list) -> set[str]:
    [hit] = [hit for hit in hits if hit.chunk.id == chunk.id]
    return {score.channel for score in hit.channels}


def test_words_find_passages_and_captions(retriever: MultimodalRetriever) -> None:
    hits = retriever.retrieve("pump", weights={"text_to_image": 0})
    assert {hit.chunk.id for hit in hits} == {CHUNKS[0].id, CHUNKS[3].id}


def test_a_figure_found_by_caption_and_by_pixels_says_both(retriever: MultimodalRetriever) -> None:
    hits = retriever.retrieve("pump")
    assert channels(CHUNKS[3], hits) == {"bm25", "text_to_image"}
    assert "bm25 #" in next(h.why for h in hits if h.chunk.id == CHUNKS[3].id)


def test_an_image_finds_itself_first(retriever: MultimodalRetriever) -> None:
    hits = retriever.retrieve(image=noise(2))
    assert hits[0].chunk.id == CHUNKS[4].id
    assert hits[0].channels[0].score == pytest.approx(1.0, abs=1e-4)
    assert {score.channel for hit in hits for score in hit.channels} == {"image_to_image"}


def test_words_and_image_count_together(retriever: MultimodalRetriever) -> None:
    hits = retriever.retrieve("pump", image=noise(1))
    assert hits[0].chunk.id == CHUNKS[3].id
    assert channels(CHUNKS[3], hits) == {"bm25", "text_to_image", "image_to_image"}


def test_a_filter_holds_for_every_hit(retriever: MultimodalRetriever) -> None:
    hits = retriever.retrieve("pump filter", filter={"topic": "other"})
    assert {hit.chunk.metadata["topic"] for hit in hits} == {"other"}


def test_the_images_of_hits_can_be_opened(retriever: MultimodalRetriever) -> None:
    from ragsight import open_image

    hits = retriever.retrieve(image=noise(2), k=3)
    assert [open_image(h.chunk.image).size for h in hits if h.chunk.image is not None] == [
        (48, 40)
    ] * 3


def test_limits_hold_by_sort_of_hit(retriever: MultimodalRetriever) -> None:
    hits = retriever.retrieve(Query(text="pump filter bread", k_text=2, k_images=1))
    assert [hit.chunk.image is not None for hit in hits].count(True) == 1
    assert len(hits) == 3
    assert retriever.retrieve(Query(text="pump", k=5, k_images=0, k_text=1))[0].chunk.image is None


def test_the_same_query_gives_the_same_answer_on_both_engines(
    encoder: ClipEncoder, tmp_path
) -> None:
    results = []
    for location in (":memory:", tmp_path / "i"):
        with MultimodalStore.open(location, encoder=encoder) as store:
            store.upsert(CHUNKS)
            hits = MultimodalRetriever(store).retrieve("pump filter", image=noise(1))
            results.append([(h.chunk.id, round(h.score, 6)) for h in hits])
    assert results[0] == results[1]


def test_nothing_indexed_finds_nothing(store: MultimodalStore) -> None:
    assert MultimodalRetriever(store).retrieve("pump", image=noise(1)) == []


def test_records_of_sources_are_not_found(retriever: MultimodalRetriever) -> None:
    retriever.store.finish_source(SourceRecord("/docs/a.txt", "pump", tuple(c.id for c in CHUNKS)))
    hits = retriever.retrieve("pump", image=noise(1))
    assert {hit.chunk.id for hit in hits} <= {chunk.id for chunk in CHUNKS}


def test_without_an_encoder_words_still_find_text(encoder: ClipEncoder, tmp_path) -> None:
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        store.upsert(CHUNKS)
    with MultimodalStore.open(tmp_path / "i") as store:
        retriever = MultimodalRetriever(store)
        assert retriever.retrieve("bread")[0].chunk.id == CHUNKS[2].id
        with pytest.raises(ConfigurationError, match="encoder"):
            retriever.retrieve(image=noise(1))


def test_only_stop_words_are_left_to_the_pixels(retriever: MultimodalRetriever) -> None:
    hits = retriever.retrieve("the of and")
    assert {score.channel for hit in hits for score in hit.channels} == {"text_to_image"}


def test_dense_text_is_a_channel_when_there_is_a_text_encoder(
    encoder: ClipEncoder, tmp_path
) -> None:
    for location in (":memory:", tmp_path / "i"):
        with MultimodalStore.open(location, encoder=encoder, text_encoder=LetterEncoder()) as store:
            store.upsert(CHUNKS)
            hits = MultimodalRetriever(store).retrieve("bread is baked from flour")
            assert hits[0].chunk.id == CHUNKS[2].id
            assert channels(CHUNKS[2], hits) == {"bm25", "dense"}


async def test_async_retrieval_answers_the_same_and_leaves_the_loop_free(
    retriever: MultimodalRetriever,
) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0)
            ticks += 1

    ticking = asyncio.create_task(tick())
    hits = await retriever.aretrieve("pump", image=noise(1))
    ticking.cancel()
    same = retriever.retrieve("pump", image=noise(1))
    # The last decimals of a vector depend on the thread that it is computed in.
    assert [hit.chunk for hit in hits] == [hit.chunk for hit in same]
    assert [hit.score for hit in hits] == pytest.approx([hit.score for hit in same])
    assert ticks > 0


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"query": "x", "k": 0}, "k is 0"),
        ({}, "empty"),
        ({"query": "   "}, "empty"),
        ({"query": "x", "weights": {"smell": 1}}, "smell"),
        ({"query": "x", "weights": {"bm25": -1}}, "bm25"),
        ({"query": "x", "filter": {"price": {"below": 1}}}, "below"),
        ({"query": Query(text="x", k_text=-1)}, "k_text"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused(
    retriever: MultimodalRetriever, options: dict, word: str
) -> None:
    with pytest.raises(QueryError, match=word):
        retriever.retrieve(**options)


def test_a_query_image_that_is_broken_is_named(retriever: MultimodalRetriever, tmp_path) -> None:
    path = tmp_path / "query.jpg"
    path.write_text("not an image")
    with pytest.raises(ImageError, match=r"query\.jpg"):
        retriever.retrieve(image=path)


def test_an_unknown_fusion_is_refused(store: MultimodalStore) -> None:
    with pytest.raises(QueryError, match="sum"):
        MultimodalRetriever(store, fusion="sum")  # type: ignore[arg-type]
