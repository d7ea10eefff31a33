from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight import Chunk, Hit, Source
from ragsight.retrieval.fusion import Fused
from ragsight.retrieval.units import (
    EVIDENCE,
    SUPPORTERS,
    fold,
    support,
    unfold,
    with_page_support,
)


def hit(score: float, page: int | None, text: str = "", uri: str = "a.pdf") -> Hit:
    words = text if text else f"{score} on {page}"
    place = Source(uri=uri, page=page, part=words, bbox=(0, 100 - score, 10, 101 - score))
    return Hit(Chunk(text=words, source=place), score)


def test_only_the_next_few_scores_support_the_best() -> None:
    assert support([1.0], 0.5) == 0
    assert support([1.0, 0.4, 0.2], 0.5) == pytest.approx(0.3)
    assert support([1.0] * 99, 0.5) == pytest.approx(0.5 * SUPPORTERS)


def test_the_best_chunk_of_a_page_rises_with_what_else_was_found_there() -> None:
    fused = [Fused("a", 1.0, ()), Fused("b", 0.9, ()), Fused("c", 0.8, ()), Fused("d", 0.1, ())]
    pages = {"a": ("x.pdf", 1), "b": ("x.pdf", 2), "c": ("x.pdf", 2)}
    raised = with_page_support(fused, pages, 0.5)
    assert [(f.id, pytest.approx(f.score), pytest.approx(f.support)) for f in raised] == [
        ("b", 1.3, 0.4),
        ("a", 1.0, 0.0),
        ("c", 0.8, 0.0),
        ("d", 0.1, 0.0),
    ]


def test_the_same_page_of_another_file_supports_nothing() -> None:
    fused = [Fused("a", 1.0, ()), Fused("b", 0.9, ())]
    assert with_page_support(fused, {"a": ("x.pdf", 1), "b": ("y.pdf", 1)}, 0.5) == fused


@given(
    st.lists(st.tuples(st.floats(0, 10), st.sampled_from([None, 1, 2, 3])), max_size=30),
    st.floats(0, 2),
)
def test_support_keeps_every_id_and_lowers_no_score(
    found: list[tuple[float, int | None]], weight: float
) -> None:
    ranking = [Fused(str(i), score, ()) for i, (score, _) in enumerate(found)]
    ranking.sort(key=lambda item: (-item.score, item.id))
    pages = {str(i): ("a", page) for i, (_, page) in enumerate(found) if page is not None}
    raised = with_page_support(ranking, pages, weight)
    before = {item.id: item.score for item in ranking}
    assert sorted(item.id for item in raised) == sorted(before)
    assert all(item.score >= before[item.id] for item in raised)
    assert [item.score for item in raised] == sorted((i.score for i in raised), reverse=True)
    if weight == 0:
        assert raised == ranking


def test_a_page_is_a_hit_with_its_chunks_as_evidence_in_rank_order() -> None:
    hits = [hit(9, 1), hit(8, 2), hit(6, 2), hit(1, 1)]
    second, first = fold(hits, "page", {}, 0.5)
    assert (second.chunk.kind, second.chunk.source.page) == ("page", 2)
    assert (second.score, second.support) == (11, 3)
    assert [part.score for part in second.evidence] == [8, 6]
    assert first.score == 9.5
    # Higher on the page is the better one here: shown in the order in which a person reads.
    assert second.chunk.text == "8 on 2\n\n6 on 2"
    assert second.chunk.source.bbox is None
    assert second.chunk.id == fold(hits[1:3], "page", {}, 0.5)[0].chunk.id


def test_the_chunk_that_is_the_whole_page_stands_for_it() -> None:
    whole = Chunk(text="Slide 2", source=Source(uri="a.pdf", page=2), kind="slide")
    (found,) = fold([hit(8, 2)], "page", {("a.pdf", 2): whole}, 0.5)
    assert found.chunk is whole


def test_documents_gather_their_pages_and_what_has_no_page_stays() -> None:
    hits = [hit(9, None, "x"), hit(8, 2), hit(6, 3), hit(5, 1, uri="b.pdf")]
    assert [f.chunk.source.uri for f in fold(hits, "document", {}, 0.5)] == ["a.pdf", "b.pdf"]
    alone = fold(hits, "page", {}, 0.5)
    assert next(f for f in alone if f.chunk.text == "x").chunk.kind == "text"


def test_a_hit_keeps_a_few_pieces_of_evidence() -> None:
    (found,) = fold([hit(10 - n / 10, 1) for n in range(20)], "page", {}, 0.5)
    assert len(found.evidence) == EVIDENCE


def test_a_model_is_sent_the_evidence_and_the_picture_of_the_page_without_its_words(
    picture_ref: object,
) -> None:
    whole = Chunk(text="8\n6", source=Source(uri="a.pdf", page=2), kind="page", image=picture_ref)  # type: ignore[arg-type]
    (found,) = fold([hit(8, 2), hit(6, 2)], "page", {("a.pdf", 2): whole}, 0.5)
    parts = unfold(found)
    assert [part.chunk.text for part in parts] == ["8 on 2", "", "6 on 2"]
    assert parts[1].chunk.image == whole.image
    assert parts[1].chunk.id == whole.id
    assert [part.score for part in parts] == sorted((p.score for p in parts), reverse=True)
    assert parts[0].score == found.score
    bare = replace(found, chunk=replace(whole, image=None))
    assert [part.chunk.text for part in unfold(bare)] == ["8 on 2", "6 on 2"]
    assert unfold(hit(3, 1)) == [hit(3, 1)]


@pytest.fixture
def picture_ref() -> object:
    from ragsight.chunks import ImageRef

    return ImageRef(uri="p.png", sha256="0" * 64, mime="image/png", width=4, height=3, size=70)
