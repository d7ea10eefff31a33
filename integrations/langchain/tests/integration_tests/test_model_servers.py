"""LangChain's own chat models as backends, asked in every way, against strict servers."""

from __future__ import annotations

import base64
import traceback
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_classic.chains import create_retrieval_chain
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import RunnableLambda
from langchain_openai import ChatOpenAI
from packaging.version import Version

from answering import WAYS, ask_in
from drawings import image_chunk, noise, text_chunk
from fakes.anthropic_server import FakeAnthropic
from fakes.openai_server import FakeOpenAI
from fakes.server import FakeProvider
from langchain_ragsight import ChatModelBackend, VisionSynthesizer, chunk_to_document
from ragsight import Answer, BlobStore, SynthesizerOptions
from ragsight import VisionSynthesizer as CoreSynthesizer
from ragsight.answer import profile_for
from ragsight.errors import BackendError, StreamInterruptedError

KINDS = ["chat", "responses", "local", "anthropic"]
REPLY = "At 3 bar [1], as the figures show [2, 3]."
SOURCES = [text_chunk("The valve opens at 3 bar."), image_chunk(1, "Figure 1"), image_chunk(2)]


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(kind: str) -> Iterator[FakeProvider]:
    fake = FakeAnthropic(REPLY) if kind == "anthropic" else FakeOpenAI(REPLY, local=kind == "local")
    with fake:
        yield fake


@pytest.fixture
def model(kind: str, server: FakeProvider) -> BaseChatModel:
    if kind == "anthropic":
        return ChatAnthropic(
            model="claude-opus-4-7", api_key="k", base_url=server.base_url, max_retries=0
        )
    return ChatOpenAI(
        model="gpt-5.4",
        api_key="k",
        base_url=server.base_url,
        use_responses_api=kind == "responses",
        stream_usage=True,
        max_retries=0,
    )


@pytest.fixture
def backend(kind: str, model: BaseChatModel) -> ChatModelBackend:
    # The address isn't OpenAI's own, so that its limits have to be said.
    openai = kind in {"chat", "responses"}
    return ChatModelBackend(model, profile=profile_for("openai", "gpt-5.4") if openai else None)


def needs_langchain_openai(first: str, *, to_say: str) -> None:
    """Skip a test of what the model's package only tells the backend from a release on."""
    if Version(version("langchain-openai")) < Version(first):
        pytest.skip(f"only from {first} on does langchain-openai say that {to_say}")


async def ask(backend: ChatModelBackend, way: str, **options: Any) -> tuple[str, Answer]:
    synthesizer = CoreSynthesizer(backend, options=SynthesizerOptions(max_images=5, **options))
    return await ask_in(way, synthesizer, SOURCES)


@pytest.mark.parametrize("way", WAYS)
async def test_every_chat_model_answers_with_citations_in_every_way(
    backend: ChatModelBackend, server: FakeProvider, way: str
) -> None:
    shown, answer = await ask(backend, way)

    assert server.violations == []
    assert shown == answer.text == REPLY
    assert [citation.chunk for citation in answer.citations] == SOURCES
    assert [image.open().size for image in server.images] == [(48, 40)] * 2
    assert answer.finish_reason == "stop"
    assert answer.model.startswith(backend.model)
    assert answer.usage is not None
    assert answer.usage.input_tokens > 200
    assert answer.usage.output_tokens == len(REPLY)
    assert answer.usage.cached_tokens == 2
    assert answer.warnings == ()


async def test_the_level_of_detail_reaches_openai_and_nobody_else(
    kind: str, backend: ChatModelBackend, server: FakeProvider
) -> None:
    await ask(backend, "answer", detail="low")

    told = "low" if kind in {"chat", "responses"} else None
    assert [image.detail for image in server.images] == [told] * 2


@pytest.mark.parametrize("way", WAYS)
async def test_an_answer_that_was_cut_off_says_so(
    kind: str, backend: ChatModelBackend, server: FakeProvider, way: str
) -> None:
    if kind == "responses" and way in {"stream", "astream"}:
        needs_langchain_openai("1.0.3", to_say="a stream of the Responses API was cut off")
    server.finish_reason = "length"

    _, answer = await ask(backend, way)

    assert answer.finish_reason == "length"


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", [400, 429, 529])
async def test_a_refusal_has_its_status_and_request_id_and_never_what_was_sent(
    backend: ChatModelBackend, server: FakeProvider, way: str, status: int
) -> None:
    payload = base64.b64encode(noise(1).tobytes()).decode()
    server.fail(status, message=f"Invalid image {payload}")

    with pytest.raises(BackendError, match=f"status {status}") as caught:
        await ask(backend, way)

    assert (caught.value.status, caught.value.request_id) == (status, "req_0")
    assert payload[:50] not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("way", ["stream", "astream"])
@pytest.mark.parametrize("script", ["abort_after", "overload_after"])
async def test_a_stream_that_breaks_off_is_an_error_with_the_partial_text(
    kind: str, backend: ChatModelBackend, server: FakeProvider, way: str, script: str
) -> None:
    if kind == "responses" and script == "overload_after":
        needs_langchain_openai("1.6.6", to_say="a stream of the Responses API failed")
    setattr(server, script, 3)

    with pytest.raises(StreamInterruptedError) as caught:
        await ask(backend, way)

    assert caught.value.partial == REPLY[:9]


def test_a_chat_model_falls_back_to_another_whose_usage_callbacks_learn(
    model: BaseChatModel, server: FakeProvider, tmp_path: Path
) -> None:
    image_store = BlobStore(tmp_path)
    context = [chunk_to_document(chunk, image_store=image_store) for chunk in SOURCES]
    with FakeOpenAI("From elsewhere [1].", local=True) as other:
        spare = ChatOpenAI(model="llava", api_key="k", base_url=other.base_url)
        synthesizer = VisionSynthesizer(model, fallbacks=[spare]).with_answer()
        server.fail(529)
        with get_usage_metadata_callback() as usage:
            answer = synthesizer.invoke({"question": "When?", "context": context})

    assert answer.text == "From elsewhere [1]."
    assert "status 529" in answer.warnings[0]
    assert list(usage.usage_metadata) == ["llava"]


@pytest.mark.parametrize("way", ["stream", "astream"])
async def test_a_retrieval_chain_streams_its_answer_and_callbacks_learn_the_usage(
    model: BaseChatModel, server: FakeProvider, tmp_path: Path, way: str
) -> None:
    store = BlobStore(tmp_path)
    found = [chunk_to_document(chunk, image_store=store) for chunk in SOURCES]
    chain = create_retrieval_chain(RunnableLambda(lambda _: found), VisionSynthesizer(model))

    with get_usage_metadata_callback() as usage:
        if way == "stream":
            parts = list(chain.stream({"input": "When?"}))
        else:
            parts = [part async for part in chain.astream({"input": "When?"})]

    pieces = [part["answer"] for part in parts if "answer" in part]
    assert len(pieces) > 5
    assert "".join(pieces).startswith("At 3 bar [1]")
    assert [part["context"] for part in parts if "context" in part] == [found]
    [counts] = usage.usage_metadata.values()
    assert counts["output_tokens"] == len(REPLY)
    assert server.violations == []
