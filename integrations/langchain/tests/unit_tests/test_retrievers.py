from __future__ import annotations

import base64
import io
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage
from langchain_core.retrievers import BaseRetriever
from qdrant_client import models

import ragsight
from drawings import noise
from langchain_ragsight import MultimodalRetriever, document_to_chunk
from ragsight import Chunk, MultimodalStore, parse_filter
from ragsight.errors import QueryError


@pytest.fixture
def retriever(store: MultimodalStore) -> MultimodalRetriever:
    return MultimodalRetriever(store=store)


def _picture(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise(seed).save(buffer, format="PNG")
    return buffer.getvalue()


def _ids(documents: list[Document]) -> list[str | None]:
    return [document.id for document in documents]


async def test_documents_are_the_cores_hits_sync_and_async(
    retriever: MultimodalRetriever, store: MultimodalStore
) -> None:
    hits = ragsight.MultimodalRetriever(store).retrieve("the valve")

    found = retriever.invoke("the valve")

    assert [document_to_chunk(document) for document in found] == [hit.chunk for hit in hits]
    assert [d.metadata["ragsight"]["score"] for d in found] == [hit.score for hit in hits]
    assert await retriever.ainvoke("the valve") == found


@pytest.mark.parametrize("as_message", [False, True])
def test_an_image_finds_itself(
    as_message: bool, retriever: MultimodalRetriever, chunks: list[Chunk]
) -> None:
    data = _picture(2)
    block = {
        "type": "image",
        "base64": base64.b64encode(data).decode(),
        "mime_type": "image/png",
    }
    question: Any = HumanMessage(content=[block]) if as_message else {"image": data}

    assert retriever.invoke(question)[0].id == chunks[4].id


def test_the_constructors_limits_hold_and_one_call_may_have_others(
    store: MultimodalStore,
) -> None:
    retriever = MultimodalRetriever(store=store, k=2, filter={"price": {"gt": 15}})

    assert len(retriever.invoke("the pump")) == 2
    assert len(retriever.invoke("the pump", k=1)) == 1
    (cheap,) = retriever.invoke("the pump valve", filter={"price": 10})
    assert cheap.page_content == "The valve opens at 3 bar."


def test_an_empty_filter_for_one_call_lifts_the_constructors(store: MultimodalStore) -> None:
    retriever = MultimodalRetriever(store=store, filter={"price": -1})

    assert retriever.invoke("the pump") == []
    assert retriever.invoke("the pump", filter={})


def test_qdrants_own_filter_is_taken(store: MultimodalStore) -> None:
    own = parse_filter({"price": 20})
    assert isinstance(own, models.Filter)

    (found,) = MultimodalRetriever(store=store, filter=own).invoke("the pump")

    assert found.metadata["price"] == 20


def test_sorts_can_be_limited_apart(store: MultimodalStore) -> None:
    found = MultimodalRetriever(store=store, k_text=1, k_images=1).invoke("the valve pump")

    with_image = [document.metadata["ragsight"]["image"] is not None for document in found]
    assert sorted(with_image) == [False, True]


def test_weights_of_one_call_turn_channels_off(retriever: MultimodalRetriever) -> None:
    found = retriever.invoke("the valve", weights={"text_to_image": 0})

    channels = {c["channel"] for d in found for c in d.metadata["ragsight"]["channels"]}
    assert channels == {"bm25"}


@pytest.mark.parametrize(
    "options", [{"k": 0}, {"weights": {"bm25": -1}}, {"fusion": "rrf", "k_text": -1}]
)
def test_options_that_make_no_sense_are_refused(
    options: dict[str, Any], store: MultimodalStore
) -> None:
    with pytest.raises(QueryError):
        MultimodalRetriever(store=store, **options).invoke("x")


def test_an_empty_question_is_refused(retriever: MultimodalRetriever) -> None:
    with pytest.raises(QueryError, match="empty"):
        retriever.invoke("  ")


def test_the_fields_can_be_configured_for_a_chain(store: MultimodalStore) -> None:
    from langchain_core.runnables import ConfigurableField

    retriever: BaseRetriever = MultimodalRetriever(store=store)
    configurable = retriever.configurable_fields(k=ConfigurableField(id="k"))

    assert len(configurable.invoke("the pump", config={"configurable": {"k": 1}})) == 1


def test_equal_questions_find_equal_documents(retriever: MultimodalRetriever) -> None:
    assert _ids(retriever.invoke("a drawing")) == _ids(retriever.invoke({"query": "a drawing"}))
