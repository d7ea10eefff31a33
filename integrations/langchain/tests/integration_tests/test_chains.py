"""Whole chains against a strict fake of OpenAI's servers."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from langchain_classic.chains import create_retrieval_chain
from langchain_classic.retrievers import ContextualCompressionRetriever
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import HumanMessage
from langchain_core.runnables import (
    Runnable,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)

from drawings import noise
from fakes.openai_server import FakeOpenAI
from langchain_ragsight import (
    MultimodalCompressor,
    MultimodalRetriever,
    VisionSynthesizer,
    document_to_chunk,
    images_of,
)
from ragsight import Answer, Chunk, MultimodalStore, OpenAIBackend
from ragsight.errors import BackendError, StreamInterruptedError

REPLY = "The valve is drawn in [1] and described in [2, 3]."


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(reply=REPLY) as running:
        yield running
    assert running.violations == []


@pytest.fixture
async def synthesizer(server: FakeOpenAI) -> AsyncIterator[VisionSynthesizer]:
    backend = OpenAIBackend(
        "gpt-5.4-mini", api_key="k", base_url=server.base_url, api="responses", max_retries=0
    )
    yield VisionSynthesizer(backend)
    backend.close()
    await backend.aclose()


@pytest.fixture
def retriever(store: MultimodalStore) -> MultimodalRetriever:
    return MultimodalRetriever(store=store)


def _chain(retriever: Runnable[Any, Any], last: Runnable[Any, Any]) -> Runnable[Any, Any]:
    return {"context": retriever, "question": RunnablePassthrough()} | last


def test_the_images_arrive_and_the_citations_lead_back_to_the_documents(
    server: FakeOpenAI,
    retriever: MultimodalRetriever,
    synthesizer: VisionSynthesizer,
    store: MultimodalStore,
) -> None:
    found = retriever.invoke("the valve")
    answer: Answer = _chain(retriever, synthesizer.with_answer()).invoke("the valve")

    assert [citation.chunk.id for citation in answer.citations] == [d.id for d in found[:3]]
    assert [citation.chunk for citation in answer.citations] == [
        document_to_chunk(document) for document in found[:3]
    ]
    assert store.get([answer.citations[0].chunk.id]) == [answer.citations[0].chunk]
    sent = {hashlib.sha256(image.data).hexdigest() for image in server.images}
    assert sent == {c.image.sha256 for c in answer.sources if c.image is not None}
    assert len(sent) == 3
    assert "the valve" in server.requests[0].text


async def test_text_streams_through_a_chain_as_it_is_written(
    retriever: MultimodalRetriever, synthesizer: VisionSynthesizer
) -> None:
    chain = _chain(retriever, synthesizer)
    pieces = list(chain.stream("the valve"))

    assert len(pieces) > 5
    assert "".join(pieces) == REPLY
    assert [piece async for piece in chain.astream("the valve")] == pieces
    assert await chain.ainvoke("the valve") == REPLY


def test_sources_and_text_stream_together_where_both_are_wanted(
    retriever: MultimodalRetriever, synthesizer: VisionSynthesizer
) -> None:
    chain = RunnablePassthrough.assign(
        context=lambda value: retriever.invoke(value["input"])
    ).assign(answer=synthesizer)

    whole: dict[str, Any] = {}
    for part in chain.stream({"input": "the valve"}):
        for key, value in part.items():
            whole[key] = whole[key] + value if key in whole else value

    assert whole["answer"] == REPLY
    assert all(isinstance(document, Document) for document in whole["context"])


async def test_events_of_a_run_show_retriever_and_pieces(
    retriever: MultimodalRetriever, synthesizer: VisionSynthesizer
) -> None:
    chain = _chain(retriever, synthesizer)

    events = [event async for event in chain.astream_events("the valve", version="v2")]

    kinds = {(event["event"], event["name"]) for event in events}
    assert ("on_retriever_end", "MultimodalRetriever") in kinds
    assert ("on_chain_stream", "VisionSynthesizer") in kinds


def test_a_question_with_an_image_finds_it_and_shows_it_to_the_model(
    server: FakeOpenAI,
    retriever: MultimodalRetriever,
    synthesizer: VisionSynthesizer,
    chunks: list[Chunk],
) -> None:
    question = {"text": "What is drawn here?", "image": noise(1)}

    answer: Answer = _chain(retriever, synthesizer.with_answer()).invoke(question)

    found = {chunk.id for chunk in answer.sources}
    assert chunks[3].id in found
    assert server.images[0].width == 48
    assert "The image in the question" in server.requests[0].text


def test_a_server_that_refuses_is_reported(
    server: FakeOpenAI, retriever: MultimodalRetriever, synthesizer: VisionSynthesizer
) -> None:
    server.fail(401)

    with pytest.raises(BackendError) as caught:
        _chain(retriever, synthesizer).invoke("the valve")

    assert caught.value.status == 401


def test_a_stream_that_breaks_off_carries_what_had_arrived(
    server: FakeOpenAI, retriever: MultimodalRetriever, synthesizer: VisionSynthesizer
) -> None:
    server.abort_after = 4
    received: list[str] = []

    with pytest.raises(StreamInterruptedError) as caught:
        received.extend(_chain(retriever, synthesizer).stream("the valve"))

    assert caught.value.partial == REPLY[:12]


def test_a_stream_may_be_left_early(
    retriever: MultimodalRetriever, synthesizer: VisionSynthesizer
) -> None:
    stream = _chain(retriever, synthesizer).stream("the valve")

    assert next(iter(stream)) == REPLY[:3]
    stream.close()


async def test_create_retrieval_chain_takes_retriever_and_synthesizer(
    retriever: MultimodalRetriever, synthesizer: VisionSynthesizer
) -> None:
    chain = create_retrieval_chain(retriever, synthesizer)

    result = chain.invoke({"input": "the valve"})

    assert result["answer"] == REPLY
    assert result["context"] == retriever.invoke("the valve")
    assert await chain.ainvoke({"input": "the valve"}) == result


async def test_a_compression_retriever_keeps_the_images(
    retriever: MultimodalRetriever, synthesizer: VisionSynthesizer, server: FakeOpenAI
) -> None:
    compression = ContextualCompressionRetriever(
        base_compressor=MultimodalCompressor(max_images=1, k=3), base_retriever=retriever
    )

    found = compression.invoke("the valve")

    assert len(found) == 3
    assert sum(document_to_chunk(document).image is not None for document in found) == 1
    assert await compression.ainvoke("the valve") == found
    assert _chain(compression, synthesizer).invoke("the valve") == REPLY
    assert len(server.images) == 1


async def test_batches_and_parallel_steps_keep_their_order(
    retriever: MultimodalRetriever, synthesizer: VisionSynthesizer
) -> None:
    questions = ["the valve", "the pump", "a drawing"]
    both = RunnableParallel(
        documents=retriever, answer=_chain(retriever.with_config(run_name="again"), synthesizer)
    ).with_config(tags=["shop"], max_concurrency=2)

    results = both.batch(questions)

    assert [r["documents"] for r in results] == [retriever.invoke(q) for q in questions]
    assert {r["answer"] for r in results} == {REPLY}
    assert await both.abatch(questions) == results


async def test_usage_and_names_reach_the_callbacks(
    retriever: MultimodalRetriever, synthesizer: VisionSynthesizer
) -> None:
    chain = _chain(retriever, synthesizer).with_config(run_name="ask", tags=["shop"])

    with get_usage_metadata_callback() as usage:
        events = [event async for event in chain.astream_events("the valve", version="v2")]

    assert next(iter(usage.usage_metadata.values()))["total_tokens"] > 0
    (ended,) = [event for event in events if event["event"] == "on_chat_model_end"]
    assert ended["data"]["output"].usage_metadata["output_tokens"] > 0
    found = next(event for event in events if event["event"] == "on_retriever_end")
    assert found["metadata"]["ls_retriever_name"] == "multimodal"
    assert found["data"]["output"] == retriever.invoke("the valve")
    assert events[0]["name"] == "ask"
    assert all("shop" in event["tags"] for event in events)


def test_a_chat_model_answers_from_the_images_of_a_chain(retriever: MultimodalRetriever) -> None:
    seen: list[Any] = []

    def look(found: dict[str, Any]) -> HumanMessage:
        text = {"type": "text", "text": found["question"]}
        seen.append(HumanMessage(content=[text, *images_of(found["context"])]))
        return seen[0]

    model = FakeListChatModel(responses=["The valve."])
    chain = {"context": retriever, "question": RunnablePassthrough()} | RunnableLambda(look)
    answered = (chain | (lambda message: [message]) | model).invoke("the valve")

    assert answered.text == "The valve."
    kinds = [block["type"] for block in seen[0].content_blocks]
    assert kinds == ["text", "image", "image", "image"]
