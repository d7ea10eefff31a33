from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from llama_index.core.base.response.schema import AsyncStreamingResponse, StreamingResponse
from llama_index.core.postprocessor import LongContextReorder
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import QueryBundle

from drawings import image_chunk, noise, text_chunk
from fakes.openai_server import FakeOpenAI
from llama_index_ragsight import MultimodalRetriever, VisionSynthesizer, node_to_chunk
from ragsight import MultimodalStore, OpenAIBackend, open_image
from ragsight.errors import BackendError, StreamInterruptedError

REPLY = "The pump moves water [1]; the figure shows it from the side [2]."
FIGURE = image_chunk(1, "Figure 1: the pump seen from the side", label="Figure 1")
CHUNKS = [
    text_chunk("The pump moves water through the filter. The pump needs oil.", topic="pump"),
    text_chunk("Bread is baked from flour.", topic="bread"),
    FIGURE,
]


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(reply=REPLY) as running:
        yield running
        assert running.violations == []


@pytest.fixture(params=["chat", "responses"])
async def backend(
    request: pytest.FixtureRequest, server: FakeOpenAI
) -> AsyncIterator[OpenAIBackend]:
    made = OpenAIBackend(
        "gpt-5.4-mini", api_key="key", base_url=server.base_url, api=request.param, max_retries=0
    )
    yield made
    made.close()
    await made.aclose()


@pytest.fixture
def retriever(store: MultimodalStore) -> MultimodalRetriever:
    store.upsert(CHUNKS)
    return MultimodalRetriever(store, similarity_top_k=2, filters={"topic": {"ne": "bread"}})


def engine(
    retriever: MultimodalRetriever, backend: OpenAIBackend, *, streaming: bool = False
) -> RetrieverQueryEngine:
    synthesizer = VisionSynthesizer(backend, streaming=streaming)
    return RetrieverQueryEngine(retriever, response_synthesizer=synthesizer)


def check(server: FakeOpenAI, response: object) -> None:
    """The figure's pixels arrived, and citations lead back to the nodes and their images."""
    [image] = server.images
    assert image.open().convert("RGB").tobytes() == noise(1).tobytes()
    assert "Figure 1: the pump seen from the side" in server.requests[0].text
    assert "The pump moves water" in server.requests[0].text
    nodes = {node.node_id: node for node in response.source_nodes}
    assert set(nodes) == {CHUNKS[0].id, FIGURE.id}
    cited = [nodes[c["node_id"]] for c in response.metadata["citations"]]
    assert [node.node_id for node in cited] == [node.node_id for node in response.source_nodes]
    [figure] = [chunk for chunk in (node_to_chunk(n.node) for n in cited) if chunk.image]
    assert (figure.id, figure.text) == (FIGURE.id, FIGURE.text)
    assert open_image(figure.image).tobytes() == noise(1).tobytes()
    assert response.metadata["usage"]["output_tokens"] > 0
    assert response.metadata["warnings"] == []


def test_a_question_is_answered_from_text_and_image(
    retriever: MultimodalRetriever, backend: OpenAIBackend, server: FakeOpenAI
) -> None:
    response = engine(retriever, backend).query("What does the pump do?")
    assert str(response) == REPLY
    check(server, response)


async def test_a_question_is_answered_in_async(
    retriever: MultimodalRetriever, backend: OpenAIBackend, server: FakeOpenAI
) -> None:
    response = await engine(retriever, backend).aquery("What does the pump do?")
    assert str(response) == REPLY
    check(server, response)


def test_an_answer_is_streamed(
    retriever: MultimodalRetriever, backend: OpenAIBackend, server: FakeOpenAI
) -> None:
    response = engine(retriever, backend, streaming=True).query("What does the pump do?")
    assert isinstance(response, StreamingResponse)
    pieces = list(response.response_gen)
    assert len(pieces) > 3
    assert "".join(pieces) == REPLY
    check(server, response)


async def test_an_answer_is_streamed_in_async(
    retriever: MultimodalRetriever, backend: OpenAIBackend, server: FakeOpenAI
) -> None:
    response = await engine(retriever, backend, streaming=True).aquery("What does the pump do?")
    assert isinstance(response, AsyncStreamingResponse)
    pieces = [piece async for piece in response.async_response_gen()]
    assert len(pieces) > 3
    assert "".join(pieces) == REPLY
    check(server, response)


def test_a_question_may_come_with_an_image(
    retriever: MultimodalRetriever, backend: OpenAIBackend, server: FakeOpenAI, tmp_path
) -> None:
    noise(1).save(tmp_path / "query.png")
    bundle = QueryBundle("What is this?", image_path=str(tmp_path / "query.png"))
    response = engine(retriever, backend).query(bundle)
    assert response.source_nodes[0].node_id == FIGURE.id
    assert len(server.images) == 1


def test_postprocessors_see_ordinary_nodes(
    retriever: MultimodalRetriever, backend: OpenAIBackend, server: FakeOpenAI
) -> None:
    reordering = RetrieverQueryEngine(
        retriever,
        response_synthesizer=VisionSynthesizer(backend),
        node_postprocessors=[LongContextReorder()],
    )
    response = reordering.query("What does the pump do?")
    assert len(response.source_nodes) == 2
    check(server, response)


def test_a_refusal_is_ragsights_error(
    retriever: MultimodalRetriever, backend: OpenAIBackend, server: FakeOpenAI
) -> None:
    server.fail(401)
    with pytest.raises(BackendError):
        engine(retriever, backend).query("What does the pump do?")


def test_a_stream_that_breaks_off_says_so(
    retriever: MultimodalRetriever, backend: OpenAIBackend, server: FakeOpenAI
) -> None:
    server.abort_after = 4
    response = engine(retriever, backend, streaming=True).query("What does the pump do?")
    assert isinstance(response, StreamingResponse)
    with pytest.raises(StreamInterruptedError) as caught:
        list(response.response_gen)
    assert REPLY.startswith(caught.value.partial)
    assert caught.value.partial
