"""Every backend, asked in every way, against strict servers over real HTTP."""

from __future__ import annotations

import asyncio
import base64
import io
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from PIL import Image

from answering import WAYS, ask_in, figure, passage, picture
from fakes.anthropic_server import FakeAnthropic
from fakes.openai_server import FakeOpenAI
from fakes.server import FakeProvider
from ragsight.answer import (
    Answer,
    AnthropicBackend,
    OpenAIBackend,
    OpenAICompatibleBackend,
    SynthesizerOptions,
    Usage,
    VisionSynthesizer,
)
from ragsight.answer.providers.sdk import SdkBackend
from ragsight.chunks import Chunk
from ragsight.errors import AnswerError, BackendError, StreamInterruptedError
from ragsight.images import image_ref

KINDS = ["responses", "chat", "local", "compatible", "anthropic"]
SOURCES = [passage(), figure(1), figure(2)]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_BASE_URL", "ANTHROPIC_BASE_URL", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def server(kind: str) -> Iterator[FakeProvider]:
    fake = (
        FakeAnthropic()
        if kind == "anthropic"
        else FakeOpenAI(local=kind in {"local", "compatible"})
    )
    fake.reply = "At 3 bar [1], as the figures show [2, 3]."
    with fake:
        yield fake


@pytest.fixture
def backend(
    kind: str, server: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SdkBackend]:
    made = make_backend(kind, server, monkeypatch)
    yield made
    made.close()


def make_backend(
    kind: str, server: FakeProvider, monkeypatch: pytest.MonkeyPatch, **options: Any
) -> SdkBackend:
    if kind == "anthropic":
        return AnthropicBackend(
            "claude-opus-4-7", api_key="k", base_url=server.base_url, timeout=5, **options
        )
    if kind == "compatible":
        return OpenAICompatibleBackend("qwen2.5vl", server.base_url, timeout=5, **options)
    if kind == "local":
        return OpenAIBackend("qwen2.5vl", base_url=server.base_url, timeout=5, **options)
    backend = OpenAIBackend(
        "gpt-5.4", api_key="k", base_url=server.base_url, api="responses", timeout=5, **options
    )
    if kind == "chat":
        # OpenAI's own Chat API, at an address that isn't OpenAI's.
        monkeypatch.setattr(backend, "_api", "chat")
    return backend


async def ask(
    backend: SdkBackend, way: str, sources: Sequence[Chunk] = SOURCES, question: str = "When?"
) -> tuple[str, Answer]:
    """Ask in one of the four ways; returns the text that was shown and the answer."""
    synthesizer = VisionSynthesizer(backend, options=SynthesizerOptions(max_images=30))
    try:
        return await ask_in(way, synthesizer, sources, question)
    finally:
        await backend.aclose()


@pytest.mark.parametrize("way", WAYS)
async def test_every_backend_answers_with_citations_in_every_way(
    backend: SdkBackend, server: FakeProvider, way: str
) -> None:
    shown, answer = await ask(backend, way)

    assert server.violations == []
    assert shown == answer.text == server.reply
    assert [citation.chunk for citation in answer.citations] == SOURCES
    assert answer.request_id == "req_1"
    assert answer.finish_reason == "stop"
    assert answer.model == backend.model
    assert answer.usage == Usage(
        input_tokens=answer.usage.input_tokens if answer.usage else 0,
        output_tokens=len(answer.text),
        cached_tokens=2,
    )
    assert answer.usage.input_tokens > 200
    assert answer.warnings == ()


async def test_the_server_gets_each_image_after_its_label_and_the_question_last(
    backend: SdkBackend, server: FakeProvider
) -> None:
    await ask(backend, "answer", question="When does it open?")

    (request,) = server.requests
    assert [image.open().size for image in request.images] == [(320, 200)] * 2
    assert request.text.endswith("When does it open?\n</question>")
    assert "cite the source" in request.system
    assert "[2] (figure, manual.pdf, p. 4): Figure 1. The valve" in request.text


async def test_only_openai_is_told_the_level_of_detail_and_to_store_nothing(
    kind: str, backend: SdkBackend, server: FakeProvider
) -> None:
    await ask(backend, "answer")

    (request,) = server.requests
    openai = kind in {"responses", "chat"}
    assert {image.detail for image in request.images} == ({"high"} if openai else {None})
    assert request.body.get("store") is (False if kind == "responses" else None)
    assert not {"temperature", "top_p", "top_k"} & request.body.keys()


async def test_a_sideways_photograph_arrives_upright(
    backend: SdkBackend, server: FakeProvider
) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    stripe = Image.new("RGB", (300, 200), "white")
    stripe.paste("red", (0, 0, 60, 200))
    photo = _jpeg(stripe, exif)

    await ask(backend, "answer", [replace(figure(1), image=image_ref(photo), id="")])

    (image,) = server.images
    assert (image.width, image.height) == (200, 300)
    pixel = image.open().convert("RGB").getpixel((100, 10))
    assert isinstance(pixel, tuple)
    assert pixel[1] < 60


@pytest.mark.parametrize("way", WAYS)
async def test_a_passing_failure_is_tried_again(
    backend: SdkBackend, server: FakeProvider, way: str
) -> None:
    server.fail(503, times=2)

    _, answer = await ask(backend, way)

    assert answer.citations


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("status", [401, 429, 500, 529])
async def test_a_lasting_refusal_is_an_error_with_its_status_and_request_id(
    kind: str, server: FakeProvider, monkeypatch: pytest.MonkeyPatch, way: str, status: int
) -> None:
    backend = make_backend(kind, server, monkeypatch, max_retries=0)
    server.fail(status)

    with pytest.raises(BackendError, match=f"status {status}") as caught:
        await ask(backend, way)

    backend.close()
    assert caught.value.status == status
    assert caught.value.request_id == "req_0"


async def test_an_error_never_repeats_what_was_sent(
    kind: str, server: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = make_backend(kind, server, monkeypatch, max_retries=0)
    payload = base64.b64encode(picture()).decode()
    server.fail(400, message=f"Invalid image 'data:image/png;base64,{payload}' or {payload}")

    with pytest.raises(BackendError, match="Invalid image") as caught:
        await ask(backend, "answer")

    backend.close()
    printed = "".join(traceback.format_exception(caught.value))
    assert payload[:50] not in printed


@pytest.mark.parametrize("way", ["stream", "astream"])
@pytest.mark.parametrize("script", ["abort_after", "overload_after", "end_after"])
async def test_a_stream_that_breaks_off_is_an_error_with_the_partial_text(
    backend: SdkBackend, server: FakeProvider, way: str, script: str
) -> None:
    setattr(server, script, 3)

    with pytest.raises(StreamInterruptedError) as caught:
        await ask(backend, way)

    assert caught.value.partial == "At 3 bar "
    if script == "overload_after":
        assert "server_error" in str(caught.value) or "overloaded_error" in str(caught.value)


async def test_a_server_that_is_too_slow_is_an_error_that_names_the_setting(
    kind: str, server: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = make_backend(kind, server, monkeypatch, max_retries=0)
    server.delay = 0.6
    backend._clients.sync().timeout = 0.1

    with pytest.raises(BackendError, match="Raise timeout"):
        await ask(backend, "answer")

    backend.close()


async def test_a_server_that_is_not_there_is_an_error_with_its_address(
    kind: str, server: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = make_backend(kind, server, monkeypatch, max_retries=0)
    server.close()

    with pytest.raises(BackendError, match=r"could not be reached at http://127\.0\.0\.1"):
        await ask(backend, "aanswer")


@pytest.mark.parametrize("way", WAYS)
async def test_a_web_page_instead_of_a_reply_is_an_error_of_ours(
    backend: SdkBackend, server: FakeProvider, way: str
) -> None:
    server.web_page = "<html>Welcome</html>"

    with pytest.raises(AnswerError):
        await ask(backend, way)


@pytest.mark.parametrize("way", WAYS)
async def test_an_answer_that_was_cut_off_says_so(
    backend: SdkBackend, server: FakeProvider, way: str
) -> None:
    server.finish_reason = "length"

    _, answer = await ask(backend, way)

    assert answer.finish_reason == "length"
    assert "cut off" in answer.warnings[0]


@pytest.mark.parametrize("way", WAYS)
async def test_an_abstention_never_shows_the_sentinel(
    backend: SdkBackend, server: FakeProvider, way: str
) -> None:
    server.reply = "NO_ANSWER"

    shown, answer = await ask(backend, way)

    assert answer.abstained
    assert shown == answer.text == "No relevant sources were found."


@pytest.mark.parametrize("way", WAYS)
async def test_without_sources_no_request_is_made(
    backend: SdkBackend, server: FakeProvider, way: str
) -> None:
    shown, answer = await ask(backend, way, [])

    assert answer.abstained
    assert shown == answer.text
    assert server.requests == server.violations == []


def test_one_backend_serves_two_event_loops(backend: SdkBackend, server: FakeProvider) -> None:
    answers = [asyncio.run(ask(backend, "aanswer")) for _ in range(2)]

    assert len({answer.text for _, answer in answers}) == 1
    assert len(server.requests) == 2


async def test_many_questions_at_once_get_their_own_answers(
    backend: SdkBackend, server: FakeProvider
) -> None:
    server.reply = lambda request: f"{request.text.splitlines()[-2]} [1]"
    synthesizer = VisionSynthesizer(backend)

    answers = await asyncio.gather(
        *(synthesizer.aanswer(f"Question {n}", [passage()]) for n in range(8))
    )

    await backend.aclose()
    assert [answer.text for answer in answers] == [f"Question {n} [1]" for n in range(8)]


async def test_leaving_a_stream_early_hangs_up_quietly(
    backend: SdkBackend, server: FakeProvider
) -> None:
    server.reply = "word " * 500
    synthesizer = VisionSynthesizer(backend)
    stream = synthesizer.stream("When?", [passage()])
    next(stream)
    stream.close()
    astream = synthesizer.astream("When?", [passage()])
    await anext(astream)
    await astream.aclose()
    await backend.aclose()

    with pytest.raises(AnswerError, match="to its end"):
        _ = stream.answer


def _jpeg(image: Image.Image, exif: Image.Exif) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", exif=exif, quality=95)
    return buffer.getvalue()
