"""What pages say of their chunks, and pages and documents as hits: on a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from drawings import noise_ref
from letters import LetterEncoder
from ragsight import Chunk, ClipEncoder, Hit, MultimodalRetriever, MultimodalStore, Query, Source
from ragsight.errors import QueryError


def passage(text: str, page: int, uri: str = "/manual.pdf", **metadata: object) -> Chunk:
    source = Source(uri=uri, page=page, part=text[:9], bbox=(0, 10, 90, 20))
    return Chunk(text=text, source=source, metadata=metadata)


WHOLE = Chunk(image=noise_ref(7), source=Source(uri="/manual.pdf", page=2), kind="page", text="")
LONE = passage("The pump is red, the pump is new.", 1)
PARTS = [
    passage("The pump has a valve.", 2, page_id=WHOLE.id),
    passage("A valve of the pump opens at three bar.", 2, page_id=WHOLE.id),
    passage("Close the valve before the pump starts.", 2, page_id=WHOLE.id),
]
OTHER = [passage(f"Bread number {n} is baked from flour.", 3 + n) for n in range(5)]
ELSEWHERE = passage("A pump.", 1, uri="/letter.pdf")
NOTE = Chunk(text="The pump was sold.", source=Source(uri="/note.txt"))
BY_WORDS = {"dense": 0.0, "text_to_image": 0.0}
CHUNKS = [LONE, *PARTS, *OTHER, ELSEWHERE, NOTE, WHOLE]


@pytest.fixture(scope="module", params=["embedded", "memory"])
def retriever(
    request: pytest.FixtureRequest,
    encoder: ClipEncoder,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MultimodalRetriever]:
    location = ":memory:" if request.param == "memory" else tmp_path_factory.mktemp("manual") / "i"
    with MultimodalStore.open(location, encoder=encoder, text_encoder=LetterEncoder()) as store:
        store.upsert(CHUNKS)
        yield MultimodalRetriever(store, weights={"text_to_image": 0})


def places(hits: Sequence[Hit]) -> list[tuple[str, int | None]]:
    return [(hit.chunk.source.uri, hit.chunk.source.page) for hit in hits]


def test_what_else_was_found_of_a_page_speaks_for_its_best_chunk(
    retriever: MultimodalRetriever,
) -> None:
    without = retriever.retrieve("pump valve", page_weight=0)
    assert all(hit.support == 0 for hit in without)
    heavy = retriever.retrieve("pump valve", page_weight=5)
    assert heavy[0].chunk.source.page == 2
    assert heavy[0].why.endswith(f"page (+{heavy[0].support:.2g})")
    fused = sum(channel.contribution for channel in heavy[0].channels)
    assert heavy[0].score == pytest.approx(fused + heavy[0].support)
    assert sum(hit.support > 0 for hit in heavy if hit.chunk.source.page == 2) == 1
    assert {hit.chunk.id for hit in heavy} == {hit.chunk.id for hit in without}


def test_a_single_channel_and_a_picture_are_ranked_by_their_own_scores(
    retriever: MultimodalRetriever,
) -> None:
    words = retriever.retrieve("pump valve", weights=BY_WORDS, page_weight=5)
    assert [hit.support for hit in words] == [0] * len(words)
    assert [h.channels[0].rank for h in words] == list(range(1, len(words) + 1))
    like = retriever.retrieve(Query(like=LONE.id, page_weight=5))
    assert all(hit.support == 0 for hit in like)


def test_a_page_is_a_hit_with_its_evidence_and_its_picture(retriever: MultimodalRetriever) -> None:
    hits = retriever.retrieve("valve", unit="page", k=3)
    assert places(hits)[0] == ("/manual.pdf", 2)
    assert len(set(places(hits))) == 3
    assert hits[0].chunk.kind == "page"
    assert hits[0].chunk.image is not None
    evidence = [part.chunk.id for part in hits[0].evidence]
    assert set(evidence[:3]) == {chunk.id for chunk in PARTS}
    assert all(part.chunk.source.bbox is not None for part in hits[0].evidence[:3])
    assert hits[0].to_dict()["evidence"][0]["chunk"]["id"] == evidence[0]


def test_a_page_of_which_there_is_no_picture_has_the_words_of_its_evidence(
    retriever: MultimodalRetriever,
) -> None:
    hits = retriever.retrieve("red pump", unit="page", k=9)
    first = next(hit for hit in hits if hit.chunk.source.page == 1)
    assert (first.chunk.text, first.chunk.image) == (LONE.text, None)
    note = next(hit for hit in hits if hit.chunk.source.uri == "/note.txt")
    assert note.chunk.id == NOTE.id


def test_a_document_is_a_hit_with_its_evidence(retriever: MultimodalRetriever) -> None:
    hits = retriever.retrieve("pump", unit="document", weights=BY_WORDS)
    assert sorted(uri for uri, _ in places(hits)) == ["/letter.pdf", "/manual.pdf", "/note.txt"]
    manual = next(hit for hit in hits if hit.chunk.source.uri == "/manual.pdf")
    assert manual.chunk.kind == "document"
    assert {part.chunk.source.page for part in manual.evidence} == {1, 2}
    assert "document (+" in manual.why


def test_pages_may_be_asked_for_in_turn_and_without_blocking(
    retriever: MultimodalRetriever,
) -> None:
    query = Query(text="pump", unit="page", k=2, offset=0)
    pages = [retriever.retrieve(replace(query, offset=n)) for n in (0, 2)]
    whole = retriever.retrieve(replace(query, k=4))
    assert [hit.chunk.id for page in pages for hit in page] == [h.chunk.id for h in whole]
    assert asyncio.run(retriever.aretrieve(query)) == pages[0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unit": "line"}, "no unit 'line'"),
        ({"unit": "page", "group_by": "source"}, "leave group_by"),
        ({"unit": "page", "diversity": 0.5}, "leave group_by and diversity"),
        ({"page_weight": -1}, "page_weight is -1"),
    ],
)
def test_what_makes_no_sense_of_pages_is_refused(
    retriever: MultimodalRetriever, options: dict[str, object], message: str
) -> None:
    with pytest.raises(QueryError, match=message):
        retriever.retrieve("pump", **options)


def test_a_question_that_names_a_page_finds_it(tmp_path: Path, encoder: ClipEncoder) -> None:
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        store.upsert([passage(f"Costs of the department in {2000 + n}", n) for n in range(1, 20)])
        hits = MultimodalRetriever(store).retrieve("What are the costs on page 14?")
        assert hits[0].chunk.source.page == 14
