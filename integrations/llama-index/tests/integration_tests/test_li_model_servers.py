"""A LlamaIndex model as a backend, asked in every way, against a strict server."""

from __future__ import annotations

import asyncio
import base64
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest
from llama_index.core.schema import NodeWithScore

from answering import WAYS, ask_in
from drawings import image_chunk, noise, text_chunk
from fakes.openai_server import FakeOpenAI
from fakes.sdk_llm import MODEL, SdkLLM
from llama_index_ragsight import LlamaIndexBackend, VisionSynthesizer, chunk_to_node
from ragsight import Answer, SynthesizerOptions
from ragsight import VisionSynthesizer as CoreSynthesizer
from ragsight.answer import Price, RequestSaver
from ragsight.errors import BackendError, StreamInterruptedError

REPLY = "At 3 bar [1], as the figures show [2, 3]."
SOURCES = [text_chunk("The valve opens at 3 bar."), image_chunk(1, "Figure 1"), image_chunk(2)]


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(REPLY, local=True) as fake:
        yield fake


async def ask(server: FakeOpenAI, way: str) -> tuple[str, Answer]:
    backend = LlamaIndexBackend(SdkLLM(base_url=server.base_url))
    synthesizer = CoreSynthesizer(backend, options=SynthesizerOptions(max_images=5))
    return await ask_in(way, synthesizer, SOURCES)


@pytest.mark.parametrize("way", WAYS)
async def test_a_model_answers_with_citations_in_every_way(server: FakeOpenAI, way: str) -> None:
    shown, answer = await ask(server, way)
    assert server.violations == []
    assert shown == answer.text == REPLY
    assert [citation.chunk for citation in answer.citations] == SOURCES
    assert [image.open().size for image in server.images] == [(48, 40)] * 2
    assert (answer.finish_reason, answer.model) == ("stop", MODEL)
    assert answer.usage is not None
    assert answer.usage.input_tokens > 200
    assert (answer.usage.output_tokens, answer.usage.cached_tokens) == (len(REPLY), 2)
    assert answer.warnings == ()


@pytest.mark.parametrize("way", WAYS)
async def test_an_answer_that_was_cut_off_says_so(server: FakeOpenAI, way: str) -> None:
    server.finish_reason = "length"
    _, answer = await ask(server, way)
    assert answer.finish_reason == "length"


@pytest.mark.parametrize("way", ["stream", "astream"])
async def test_a_stream_without_token_counts_has_no_usage(server: FakeOpenAI, way: str) -> None:
    server.report_usage = False
    _, answer = await ask(server, way)
    assert answer.usage is None


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", [400, 429, 529])
async def test_a_refusal_has_its_status_and_request_id_and_never_what_was_sent(
    server: FakeOpenAI, way: str, status: int
) -> None:
    payload = base64.b64encode(noise(1).tobytes()).decode()
    server.fail(status, message=f"Invalid image {payload}")
    with pytest.raises(BackendError, match=f"status {status}") as caught:
        await ask(server, way)
    assert (caught.value.status, caught.value.request_id) == (status, "req_0")
    assert payload[:50] not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("way", ["stream", "astream"])
@pytest.mark.parametrize("script", ["abort_after", "overload_after"])
async def test_a_stream_that_breaks_off_is_an_error_with_the_partial_text(
    server: FakeOpenAI, way: str, script: str
) -> None:
    setattr(server, script, 3)
    with pytest.raises(StreamInterruptedError) as caught:
        await ask(server, way)
    assert caught.value.partial == REPLY[:9]


def test_one_backend_serves_two_event_loops(server: FakeOpenAI) -> None:
    for _ in range(2):
        assert asyncio.run(ask(server, "aanswer"))[0] == REPLY


def test_a_model_falls_back_to_another_and_the_metadata_tell_what_it_cost(
    server: FakeOpenAI, tmp_path: Path
) -> None:
    nodes = [NodeWithScore(node=chunk_to_node(chunk)) for chunk in SOURCES]
    with FakeOpenAI(local=True) as down:
        synthesizer = VisionSynthesizer(
            SdkLLM(base_url=down.base_url),
            fallbacks=[SdkLLM(base_url=server.base_url)],
            prices={MODEL: Price(input=1, output=1)},
            on_request=RequestSaver(tmp_path),
        )
        down.fail(503)
        response = synthesizer.synthesize("When?", nodes)
    assert str(response) == REPLY
    metadata = response.metadata
    assert metadata is not None
    assert "status 503" in metadata["warnings"][0]
    assert metadata["cost"] == metadata["usage"]["input_tokens"] / 1e6 + len(REPLY) / 1e6
    assert metadata["images"][0]["mime"] == "image/png"
    assert len(list(tmp_path.iterdir())) == 2
