from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import HumanMessage
from langchain_core.retrievers import BaseRetriever
from pydantic import ValidationError
from qdrant_client import models

import ragsight
from drawings import noise
from langchain_ragsight import MultimodalRetriever, document_to_chunk
from ragsight import Chunk, Hit, MultimodalStore, Query, parse_filter
from ragsight.errors import QueryError
from ragsight.retrieval.rerank import place_by_score


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


async def test_every_option_of_a_query_may_be_given_for_one_call(
    retriever: MultimodalRetriever, chunks: list[Chunk]
) -> None:
    paged = retriever.invoke("the valve", k=1, offset=1)
    grouped = retriever.invoke("the pump", group_by="source")
    away = retriever.invoke("the valve", not_like=["a drawing"], weights={"text_to_image": 0})
    like = retriever.invoke("", like=chunks[0].id)

    assert paged == retriever.invoke("the valve", k=2, offset=0)[1:]
    assert len({d.metadata["source"] for d in grouped}) == len(grouped)
    assert away[0].id == chunks[0].id
    assert chunks[0].id not in _ids(like)
    assert await retriever.ainvoke("the valve", k=1, offset=1) == paged


def test_the_constructors_other_options_hold(store: MultimodalStore) -> None:
    retriever = ragsight.MultimodalRetriever(store)
    least = retriever.retrieve("the valve")[1].score

    options: dict[str, Any]
    for options in (
        {"score_threshold": least},
        {"group_by": lambda _chunk: "one", "group_size": 2},
        {"diversity": 0.0},
        {"not_like": ["opens at"], "not_like_strength": 1.0},
    ):
        found = MultimodalRetriever(store=store, **options).invoke("the valve")
        expected = retriever.retrieve("the valve", **options)
        scored = [(d.id, d.metadata["ragsight"]["score"]) for d in found]
        assert scored == [(hit.chunk.id, hit.score) for hit in expected]
        assert scored != [(h.chunk.id, h.score) for h in retriever.retrieve("the valve")]


async def test_a_reranker_orders_the_documents_and_says_so(store: MultimodalStore) -> None:
    def rerank(_query: Query, hits: Sequence[Hit]) -> list[Hit]:
        return place_by_score(hits, [hit.chunk.metadata.get("price", 0) for hit in hits])

    retriever = MultimodalRetriever(store=store, rerank=rerank, rerank_depth=5)

    found = retriever.invoke("the valve", k=2)

    assert [d.metadata["price"] for d in found] == [40, 30]
    assert [d.metadata["ragsight"]["reranked"] for d in found] == [40, 30]
    assert await retriever.ainvoke("the valve", k=2) == found


def test_a_trace_says_which_store_and_which_model(retriever: MultimodalRetriever) -> None:
    seen: dict[str, Any] = {}

    class Handler(BaseCallbackHandler):
        def on_retriever_start(self, *_: Any, metadata: Any = None, **__: Any) -> None:
            seen.update(metadata)

    retriever.with_config(metadata={"team": "a"}, tags=["t"]).invoke(
        "the valve", config={"callbacks": [Handler()]}
    )

    assert seen["ls_retriever_name"] == "multimodal"
    assert seen["ls_vector_store_provider"] == "MultimodalStore"
    assert seen["ls_embedding_provider"] == "ClipEncoder"
    assert seen["ls_embedding_model"] == retriever.store.profile.encoder.name
    assert seen["team"] == "a"


async def test_a_batch_is_answered_in_order(retriever: MultimodalRetriever) -> None:
    questions: list[Any] = ["the valve", {"image": noise(2)}, "the pump"]

    found = retriever.batch(questions)

    assert found == [retriever.invoke(question) for question in questions]
    assert await retriever.abatch(questions) == found


@pytest.mark.parametrize(
    "options", [{"like_this": 1}, {"text": "x"}, {"diversity": 2}, {"group_size": 0}]
)
def test_options_of_a_call_that_make_no_sense_are_refused(
    options: dict[str, Any], retriever: MultimodalRetriever
) -> None:
    with pytest.raises(QueryError):
        retriever.invoke("x", **options)


@pytest.mark.parametrize(
    "options",
    [{"diversity": 2.0}, {"k": 0}, {"weights": {"bm25": -1}}, {"fusion": "rrf", "k_text": -1}],
)
def test_options_that_make_no_sense_are_refused(
    options: dict[str, Any], store: MultimodalStore
) -> None:
    with pytest.raises(QueryError):
        MultimodalRetriever(store=store, **options).invoke("x")


def test_a_field_that_there_is_not_is_refused(store: MultimodalStore) -> None:
    with pytest.raises(ValidationError, match="filters"):
        MultimodalRetriever(store=store, filters={"price": 1})


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
