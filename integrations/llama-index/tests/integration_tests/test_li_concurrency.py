"""Many questions at once: none fails, and what is ours doesn't run on the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.query_engine import RetrieverQueryEngine

import llama_index_ragsight.retrievers
import llama_index_ragsight.vector_stores
from drawings import image_chunk, text_chunk
from llama_index_ragsight import MultimodalRetriever, MultimodalVectorStore, VisionSynthesizer
from ragsight import ClipEncoder
from ragsight.testing import FakeVisionBackend

QUESTIONS = ["pump", "bread", "filter", "shoe"]
CHUNKS = [
    text_chunk("The pump moves water"),
    text_chunk("Bread is baked"),
    image_chunk(1, "A filter"),
    image_chunk(2, "A red shoe"),
]


@pytest.fixture
def vector_store(encoder: ClipEncoder, words: Any, tmp_path: Any) -> Iterator[Any]:
    opened = MultimodalVectorStore.open(tmp_path / "index", embed_model=words(), encoder=encoder)
    opened.client.upsert(CHUNKS)
    yield opened
    opened.client.close()


@pytest.fixture
def used(monkeypatch: pytest.MonkeyPatch) -> set[int]:
    """The threads in which hits become nodes."""
    threads: set[int] = set()
    for module in (llama_index_ragsight.retrievers, llama_index_ragsight.vector_stores):
        original = module.hit_to_node

        def watched(hit: Any, original: Any = original) -> Any:
            threads.add(threading.get_ident())
            return original(hit)

        monkeypatch.setattr(module, "hit_to_node", watched)
    return threads


@pytest.mark.parametrize("kind", ["ours", "theirs"])
async def test_two_hundred_questions_at_once_are_answered_as_one_by_one(
    vector_store: MultimodalVectorStore, words: Any, used: set[int], kind: str
) -> None:
    index = VectorStoreIndex.from_vector_store(vector_store, embed_model=words())
    retriever = (
        MultimodalRetriever(vector_store, similarity_top_k=3)
        if kind == "ours"
        else index.as_retriever(similarity_top_k=3)
    )
    synthesizer = VisionSynthesizer(FakeVisionBackend("Yes [1], see [2]."))
    engine = RetrieverQueryEngine(retriever, response_synthesizer=synthesizer)
    expected = {text: engine.query(text).metadata["citations"] for text in QUESTIONS}
    used.clear()
    responses = await asyncio.gather(*[engine.aquery(QUESTIONS[n % 4]) for n in range(200)])
    for n, response in enumerate(responses):
        assert response.metadata["citations"] == expected[QUESTIONS[n % 4]]
    assert used
    assert threading.get_ident() not in used
