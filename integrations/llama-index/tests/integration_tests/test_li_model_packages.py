"""LlamaIndex's own packages of models, against a strict stand-in of the provider's API.

`llama-index-llms-openai` needs openai below 3: where that isn't installed, its half is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from llama_index.core.query_engine import CitationQueryEngine, RetrieverQueryEngine

from drawings import image_chunk, noise, text_chunk
from fakes.openai_server import FakeOpenAI
from llama_index_ragsight import (
    LlamaIndexBackend,
    MultimodalRetriever,
    VisionRerank,
    VisionSynthesizer,
)
from ragsight import MultimodalStore
from ragsight.errors import BackendError

pytestmark = [
    # LiteLLM's own types make pydantic warn.
    pytest.mark.filterwarnings("ignore:Items? .* on TypedDict class:UserWarning"),
    # LlamaIndex's OpenAI class leaves its async client open.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

REPLY = "It moves water [1], as seen [2]."
FIGURE = image_chunk(1, "Figure 1: the pump seen from the side")
PASSAGE = text_chunk("The pump moves water through the filter. The pump needs oil.")
MODEL = "gpt-5.4-mini"


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(reply=REPLY) as running:
        yield running
        assert running.violations == []


@pytest.fixture(params=["litellm", "openai"])
def llm(request: pytest.FixtureRequest, server: FakeOpenAI) -> Any:
    package = pytest.importorskip(f"llama_index.llms.{request.param}")
    options = {"api_key": "key", "api_base": server.base_url, "max_retries": 0}
    if request.param == "litellm":
        return package.LiteLLM(f"openai/{MODEL}", **options)
    return package.OpenAI(MODEL, **options)


@pytest.fixture
def retriever(store: MultimodalStore) -> MultimodalRetriever:
    store.upsert([FIGURE, PASSAGE])
    return MultimodalRetriever(store, similarity_top_k=2)


def saw_everything(server: FakeOpenAI) -> None:
    assert "Figure 1: the pump seen from the side" in server.requests[-1].text
    assert "The pump moves water through the filter." in server.requests[-1].text
    pixels = {image.open().convert("RGB").tobytes() for image in server.requests[-1].images}
    assert pixels == {noise(1).tobytes()}


@pytest.mark.parametrize("streaming", [False, True])
async def test_llama_indexs_multimodal_synthesis_shows_our_nodes_to_its_own_model(
    retriever: MultimodalRetriever, llm: Any, server: FakeOpenAI, streaming: bool
) -> None:
    engine = RetrieverQueryEngine.from_args(
        retriever, llm=llm, multimodal=True, streaming=streaming
    )
    assert str(engine.query("What does the pump do?")) == REPLY
    saw_everything(server)
    response = await engine.aquery("What does the pump do?")
    assert str(await response.get_response() if streaming else response) == REPLY
    saw_everything(server)


@pytest.mark.parametrize("streaming", [False, True])
async def test_our_synthesis_asks_it_cites_and_tells_what_it_cost(
    retriever: MultimodalRetriever, llm: Any, server: FakeOpenAI, streaming: bool
) -> None:
    synthesizer = VisionSynthesizer(llm, streaming=streaming)
    engine = RetrieverQueryEngine(retriever, response_synthesizer=synthesizer)
    response = engine.query("What does the pump do?")
    assert str(response) == REPLY
    saw_everything(server)
    assert {c["node_id"] for c in response.metadata["citations"]} == {FIGURE.id, PASSAGE.id}
    assert response.metadata["model"] == MODEL
    assert response.metadata["finish_reason"] == "stop"
    if not streaming:  # neither package asks the provider for the counts of a stream
        assert response.metadata["usage"]["input_tokens"] > 0
    again = await engine.aquery("What does the pump do?")
    assert str(await again.get_response() if streaming else again) == REPLY
    assert again.metadata["citations"] == response.metadata["citations"]


def test_a_citation_engine_with_it_gets_caption_and_image(
    retriever: MultimodalRetriever, llm: Any, server: FakeOpenAI
) -> None:
    engine = CitationQueryEngine(retriever, llm=llm, multimodal=True)
    assert str(engine.query("What does the pump do?")) == REPLY
    saw_everything(server)


def test_it_orders_nodes(retriever: MultimodalRetriever, llm: Any, server: FakeOpenAI) -> None:
    server.reply = '{"grades": [{"n": 1, "grade": 1}, {"n": 2, "grade": 9}]}'
    given = retriever.retrieve("the pump")
    ordered = VisionRerank(LlamaIndexBackend(llm)).postprocess_nodes(given, query_str="the pump")
    assert [node.node_id for node in ordered] == [node.node_id for node in reversed(given)]


def test_its_refusal_is_ragsights_error(
    retriever: MultimodalRetriever, llm: Any, server: FakeOpenAI
) -> None:
    server.fail(401, times=3)
    engine = RetrieverQueryEngine(retriever, response_synthesizer=VisionSynthesizer(llm))
    with pytest.raises(BackendError) as caught:
        engine.query("What does the pump do?")
    assert caught.value.status == 401
