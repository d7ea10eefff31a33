"""What is particular to one provider, over real HTTP."""

from __future__ import annotations

from typing import Literal

import pytest
from pydantic import BaseModel

from answering import figure, passage
from fakes.anthropic_server import FakeAnthropic
from fakes.openai_server import FakeOpenAI
from ragsight.answer import AnthropicBackend, OpenAIBackend, SynthesizerOptions, VisionSynthesizer
from ragsight.errors import BackendError


def test_twenty_five_images_reach_claude_within_its_2000_pixels() -> None:
    with FakeAnthropic() as server:
        backend = AnthropicBackend("claude-opus-4-7", api_key="k", base_url=server.base_url)
        figures = [figure(n, size=(2400, 300)) for n in range(25)]
        VisionSynthesizer(backend).answer("What?", figures)
        backend.close()

    assert server.violations == []
    assert [image.width for image in server.images] == [2000] * 25


@pytest.mark.parametrize("way", ["answer", "aanswer", "stream", "astream"])
async def test_images_that_claude_finds_too_large_are_sent_once_more_at_the_size_it_names(
    way: str,
) -> None:
    with FakeAnthropic(max_edge=1500) as server:
        backend = AnthropicBackend("claude-opus-4-7", api_key="k", base_url=server.base_url)
        synthesizer = VisionSynthesizer(backend)
        sources = [figure(1, size=(2400, 300)), figure(2)]
        if way == "answer":
            answer = synthesizer.answer("What?", sources)
        elif way == "aanswer":
            answer = await synthesizer.aanswer("What?", sources)
        elif way == "stream":
            stream = synthesizer.stream("What?", sources)
            assert list(stream)
            answer = stream.answer
        else:
            astream = synthesizer.astream("What?", sources)
            assert [piece async for piece in astream]
            answer = astream.answer
        await backend.aclose()
        backend.close()

    assert len(server.violations) == len(server.requests) == 1
    assert [image.width for image in server.images] == [1500, 320]
    assert "1500 px" in answer.warnings[0]


@pytest.mark.parametrize("ttl", ["5m", "1h"])
def test_claude_keeps_instructions_and_sources_but_not_the_question(
    ttl: Literal["5m", "1h"],
) -> None:
    with FakeAnthropic() as server:
        backend = AnthropicBackend(
            "claude-opus-4-7", api_key="k", base_url=server.base_url, cache=ttl
        )
        answer = VisionSynthesizer(backend).answer("What?", [passage(), figure(1)])
        backend.close()

    (request,) = server.requests
    kept = {"type": "ephemeral", "ttl": ttl}
    blocks = request.body["messages"][0]["content"]
    assert request.body["system"][0]["cache_control"] == kept
    assert [block.get("cache_control") for block in blocks] == [None, None, kept, None]
    assert blocks[-1]["text"] == "<question>\nWhat?\n</question>"
    assert answer.usage is not None
    assert answer.usage.cache_write_tokens == 1


def test_nothing_is_kept_unless_asked_for() -> None:
    with FakeAnthropic() as server:
        backend = AnthropicBackend("claude-opus-4-7", api_key="k", base_url=server.base_url)
        VisionSynthesizer(backend).answer("What?", [figure(1)])
        backend.close()

    assert "cache_control" not in str(server.requests[0].body)


class Valve(BaseModel):
    """The form of an answer."""

    opens_at: float
    maker: str | None = None


@pytest.mark.parametrize("kind", ["responses", "chat", "local", "anthropic"])
def test_every_provider_answers_in_the_form_of_a_schema(kind: str) -> None:
    reply = '{"data": {"opens_at": 3.0}, "citations": [{"field": "opens_at", "sources": [1]}]}'
    server = (
        FakeAnthropic(reply) if kind == "anthropic" else FakeOpenAI(reply, local=kind == "local")
    )
    with server:
        backend: AnthropicBackend | OpenAIBackend
        if kind == "anthropic":
            backend = AnthropicBackend("claude-opus-4-7", api_key="k", base_url=server.base_url)
        else:
            api: Literal["responses", "chat"] = "responses" if kind == "responses" else "chat"
            backend = OpenAIBackend("m", base_url=server.base_url, api=api)
        answer = VisionSynthesizer(backend).answer("When?", [passage()], schema=Valve)
        backend.close()

    body = server.requests[0].body
    assert answer.data == Valve(opens_at=3)
    assert [(c.n, c.fields) for c in answer.citations] == [(1, ("opens_at",))]
    assert ("text" in body) is (kind == "responses")
    assert "response_format" not in body


def test_a_local_server_that_takes_one_image_gets_one() -> None:
    with FakeOpenAI(local=True, max_images=1) as server:
        backend = OpenAIBackend("llava", base_url=server.base_url)
        answer = VisionSynthesizer(backend).answer("What?", [figure(1), figure(2)])
        backend.close()

    assert len(server.images) == 1
    assert "max_images" in answer.warnings[0]


def test_a_server_that_takes_fewer_images_than_asked_for_gets_so_many_and_a_warning_says_why() -> (
    None
):
    with FakeOpenAI(local=True, max_images=1) as server:
        backend = OpenAIBackend("llava", base_url=server.base_url)
        synthesizer = VisionSynthesizer(backend, options=SynthesizerOptions(max_images=2))
        answer = synthesizer.answer("What?", [figure(1), figure(2)])
        backend.close()

    assert len(server.violations) == len(server.requests) == len(server.images) == 1
    assert "At most 1 image(s)" in answer.warnings[0]


def test_the_key_of_the_environment_is_not_sent_to_another_server(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret")
    with FakeOpenAI() as server:
        backend = OpenAIBackend("m", base_url=server.base_url)
        VisionSynthesizer(backend).answer("What?", [passage()])
        backend.close()
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        gateway = OpenAIBackend("m")
        VisionSynthesizer(gateway).answer("What?", [passage()])
        gateway.close()

    keys = [request.headers["authorization"] for request in server.requests]
    assert keys == ["Bearer none", "Bearer secret"]


def test_a_stream_without_token_counts_ends_well() -> None:
    with FakeOpenAI(local=True) as server:
        server.report_usage = False
        backend = OpenAIBackend("llava", base_url=server.base_url)
        stream = VisionSynthesizer(backend).stream("What?", [passage()])
        text = "".join(stream)
        backend.close()

    assert stream.answer.text == text
    assert stream.answer.usage is None


@pytest.mark.parametrize(
    ("api", "name"), [("responses", "max_output_tokens"), ("chat", "max_tokens")]
)
def test_parameters_are_sent_when_given(api: str, name: str) -> None:
    with FakeOpenAI() as server:
        backend = OpenAIBackend(
            "m", base_url=server.base_url, api=api, max_output_tokens=50, temperature=0.5
        )
        VisionSynthesizer(backend).answer("What?", [passage()])
        backend.close()

    (request,) = server.requests
    assert (request.body[name], request.body["temperature"]) == (50, 0.5)


def test_a_password_in_the_address_is_in_no_message() -> None:
    with FakeOpenAI() as server:
        address = server.base_url.replace("//", "//user:secret@")
    backend = OpenAIBackend("m", base_url=address, max_retries=0)

    with pytest.raises(BackendError, match=r"at http://127\.0\.0\.1") as caught:
        VisionSynthesizer(backend).answer("What?", [passage()])

    backend.close()
    assert "secret" not in str(caught.value)
