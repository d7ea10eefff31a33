from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from pydantic import ValidationError

from drawings import image_chunk, noise, text_chunk
from langchain_ragsight import (
    MultimodalCompressor,
    chunk_to_document,
    document_to_chunk,
    flatten_document,
    hit_to_document,
)
from ragsight import BlobStore, Hit, Query, VisionReranker
from ragsight.retrieval.rerank import place_by_score
from ragsight.testing import FakeVisionBackend


@pytest.fixture
def found(tmp_path: Path) -> list[Document]:
    blobs = BlobStore(tmp_path)
    chunks = [
        text_chunk("The valve opens."),
        image_chunk(0, "A valve"),
        image_chunk(1),
        image_chunk(2, "A pump"),
    ]
    kept = [document_to_chunk(chunk_to_document(chunk, image_store=blobs)) for chunk in chunks]
    return [hit_to_document(Hit(chunk, 0.9 - place / 10)) for place, chunk in enumerate(kept)]


def _by_length(_query: str | Query, hits: Sequence[Hit]) -> list[Hit]:
    """A reranker that reads text only."""
    scores = [len(hit.chunk.text) / 20 if hit.chunk.text else None for hit in hits]
    return place_by_score(hits, [None if s is None else 1 - s for s in scores])


async def test_without_options_all_documents_stay_as_they_are(found: list[Document]) -> None:
    compressor = MultimodalCompressor()

    assert compressor.compress_documents(found, "valve") == found
    assert await compressor.acompress_documents(found, "valve") == found
    assert compressor.compress_documents([], "valve") == []


def test_a_threshold_holds_for_the_retrievers_scores(found: list[Document]) -> None:
    stray = Document(page_content="no score")

    kept = MultimodalCompressor(min_score=0.75).compress_documents([*found, stray], "valve")

    assert kept == [*found[:2], stray]


async def test_a_reranker_of_texts_keeps_the_images_in_their_places(
    found: list[Document],
) -> None:
    before = copy.deepcopy(found)
    compressor = MultimodalCompressor(rerank=_by_length, min_score=0.5)

    kept = compressor.compress_documents(found, "valve")

    assert [d.page_content for d in kept] == ["A pump", "A valve", ""]
    assert kept[0].metadata["ragsight"]["reranked"] == pytest.approx(0.7)
    assert kept[0].metadata["ragsight"]["score"] == pytest.approx(0.7)
    assert "reranked" not in kept[2].metadata["ragsight"]
    assert [document_to_chunk(d) for d in kept] == [document_to_chunk(found[i]) for i in (3, 1, 2)]
    assert found == before
    assert await compressor.acompress_documents(found, "valve") == kept


async def test_a_vision_reranker_sees_the_images(found: list[Document]) -> None:
    grades = ", ".join(f'{{"n": {n}, "grade": {g}}}' for n, g in enumerate((1, 2, 9, 4), start=1))
    backend = FakeVisionBackend(f'{{"grades": [{grades}]}}')
    compressor = MultimodalCompressor(
        rerank=VisionReranker(backend, max_images=8), min_score=0.3, k=1
    )

    (best,) = await compressor.acompress_documents(found, "valve")

    assert best.id == found[2].id
    assert compressor.compress_documents(found, "valve") == [best]
    assert len(backend.requests[0].images) == 3


def test_the_question_may_hold_an_image(found: list[Document]) -> None:
    asked: list[Any] = []

    def rerank(query: str | Query, hits: Sequence[Hit]) -> list[Hit]:
        asked.append(query)
        return list(hits)

    question: Any = {"text": "valve", "image": noise(0)}
    MultimodalCompressor(rerank=rerank).compress_documents(found, question)

    assert asked[0].text == "valve"
    assert asked[0].image is not None


@pytest.mark.parametrize("flat", [False, True])
def test_beyond_the_budget_words_stay_and_bare_images_go(flat: bool, found: list[Document]) -> None:
    given = [flatten_document(d) for d in found] if flat else found

    kept = MultimodalCompressor(max_images=1).compress_documents(given, "valve")

    assert [d.page_content for d in kept] == ["The valve opens.", "A valve", "A pump"]
    images = [document_to_chunk(d).image is not None for d in kept]
    assert images == [False, True, False]


def test_documents_of_others_get_langchains_own_key() -> None:
    documents = [Document(page_content="a long text", metadata={"n": 1}), Document("short")]

    kept = MultimodalCompressor(rerank=_by_length).compress_documents(documents, "x")

    assert [d.page_content for d in kept] == ["short", "a long text"]
    assert kept[1].metadata == {"n": 1, "relevance_score": pytest.approx(0.45)}
    assert MultimodalCompressor(min_score=0.5).compress_documents(kept, "x") == kept[:1]


def test_equal_documents_are_not_lost() -> None:
    twins = [Document(page_content="same"), Document(page_content="same")]

    assert len(MultimodalCompressor(rerank=_by_length).compress_documents(twins, "x")) == 2


@pytest.mark.parametrize("options", [{"k": 0}, {"max_images": -1}, {"threshold": 1}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        MultimodalCompressor(**options)
