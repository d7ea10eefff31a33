"""What is particular to one provider, over real HTTP."""

from __future__ import annotations

import pytest

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


def test_a_local_server_that_takes_one_image_gets_one() -> None:
    with FakeOpenAI(local=True, max_images=1) as server:
        backend = OpenAIBackend("llava", base_url=server.base_url)
        answer = VisionSynthesizer(backend).answer("What?", [figure(1), figure(2)])
        backend.close()

    assert len(server.images) == 1
    assert "max_images" in answer.warnings[0]


def test_a_server_that_takes_fewer_images_than_asked_for_says_why() -> None:
    with FakeOpenAI(local=True, max_images=1) as server:
        backend = OpenAIBackend("llava", base_url=server.base_url)
        synthesizer = VisionSynthesizer(backend, options=SynthesizerOptions(max_images=2))
        with pytest.raises(BackendError, match=r"At most 1 image\(s\)"):
            synthesizer.answer("What?", [figure(1), figure(2)])
        backend.close()


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
