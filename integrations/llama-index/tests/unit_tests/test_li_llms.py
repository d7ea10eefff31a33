# ruff: noqa: ARG002 - doubles have the signatures of what they stand for
from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, ImageBlock, MessageRole
from llama_index.core.llms import MockLLM

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import LlamaIndexBackend, VisionSynthesizer
from llama_index_ragsight._profiles import ANY_MODEL, llm_profile
from ragsight import SynthesizerOptions, VisionBackend
from ragsight import VisionSynthesizer as CoreSynthesizer
from ragsight.answer import Completion, TextPart, VisionRequest
from ragsight.errors import BackendError, ConfigurationError, StreamInterruptedError

CHUNKS = [text_chunk("The valve opens at 3 bar."), image_chunk(1, "Figure 1: the valve")]
REPLY = "At 3 bar [1], see [2]."
REQUEST = VisionRequest(system="Be brief.", parts=(TextPart("Why?"),))


def test_a_model_gets_instructions_text_and_images(scripted: Any) -> None:
    llm = scripted(REPLY)
    backend = LlamaIndexBackend(llm)
    assert isinstance(backend, VisionBackend)
    options = SynthesizerOptions(detail="low")
    answer = CoreSynthesizer(backend, options=options).answer("When does it open?", CHUNKS)
    assert answer.text == REPLY
    assert [citation.chunk.id for citation in answer.citations] == [chunk.id for chunk in CHUNKS]
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (7, 3)
    assert answer.model == "scripted"
    [[system, user]] = llm.requests
    assert (system.role, user.role) == (MessageRole.SYSTEM, MessageRole.USER)
    assert "The valve opens at 3 bar." in str(user.content)
    [image] = [block for block in user.blocks if isinstance(block, ImageBlock)]
    assert (image.image_mimetype, image.detail) == ("image/png", "low")
    assert llm.images == [noise(1).tobytes()]


async def test_all_four_ways_of_asking_give_the_same(scripted: Any) -> None:
    backend = LlamaIndexBackend(scripted(REPLY))
    whole = [backend.complete(REQUEST), await backend.acomplete(REQUEST)]
    streamed = list(backend.stream(REQUEST))
    astreamed = [event async for event in backend.astream(REQUEST)]
    assert whole[0] == whole[1] == streamed[-1] == astreamed[-1]
    for events in (streamed, astreamed):
        assert "".join(event.text for event in events[:-1]) == REPLY
        assert len(events) > 3
        assert isinstance(events[-1], Completion)


def test_history_goes_between_instructions_and_question(scripted: Any) -> None:
    llm = scripted("Yes.")
    history = [
        ChatMessage(role="user", content="Hello"),
        ChatMessage(role="assistant", content="Hi"),
    ]
    LlamaIndexBackend(llm, history=history).complete(REQUEST)
    assert [message.content for message in llm.requests[0]] == ["Be brief.", "Hello", "Hi", "Why?"]


class Failing(MockLLM):
    """Fails, after a word if it is asked to stream."""

    after: int = 0

    def chat(self, messages: Any, **_: Any) -> Any:
        raise self.error()

    async def achat(self, messages: Any, **_: Any) -> Any:
        raise self.error()

    def stream_chat(self, messages: Any, **_: Any) -> Any:
        for _ in range(self.after):
            yield ChatResponse(message=ChatMessage(content="Half"), delta="Half")
        raise self.error()

    async def astream_chat(self, messages: Any, **_: Any) -> Any:
        async def pieces() -> Any:
            for piece in self.stream_chat(messages):
                yield piece

        return pieces()

    def error(self) -> Exception:
        error = RuntimeError("secret details")
        error.status_code = 429  # type: ignore[attr-defined]
        return error


async def test_failures_are_ragsights() -> None:
    failing = Failing(is_chat_model=True)
    backend = LlamaIndexBackend(failing)
    with pytest.raises(BackendError, match="answered with status 429") as caught:
        backend.complete(REQUEST)
    assert caught.value.status == 429
    assert "secret" not in str(caught.value)
    with pytest.raises(BackendError):
        await backend.acomplete(REQUEST)
    with pytest.raises(BackendError):
        list(backend.stream(REQUEST))
    failing.after = 1
    with pytest.raises(StreamInterruptedError) as broken:
        list(backend.stream(REQUEST))
    assert broken.value.partial == "Half"
    with pytest.raises(StreamInterruptedError):
        [event async for event in backend.astream(REQUEST)]


def test_a_model_that_takes_no_messages_is_refused(scripted: Any) -> None:
    with pytest.raises(ConfigurationError, match="no chat model"):
        LlamaIndexBackend(scripted("Yes.", is_chat_model=False))


@pytest.mark.parametrize(
    ("raw", "extra", "expected"),
    [
        ({"usage": {"prompt_tokens": 5, "completion_tokens": 2}, "id": "r1"}, {}, (5, 2)),
        (SimpleNamespace(usage=SimpleNamespace(input_tokens=5, output_tokens=2)), {}, (5, 2)),
        ({"prompt_tokens": 5, "completion_tokens": 2}, {}, (5, 2)),
        (None, {"prompt_tokens": 5, "completion_tokens": 2}, (5, 2)),
        (None, {}, None),
    ],
)
def test_token_counts_are_found_where_integrations_put_them(
    raw: Any, extra: dict[str, Any], expected: Any
) -> None:
    class Counting(MockLLM):
        def chat(self, messages: Any, **_: Any) -> ChatResponse:
            message = ChatMessage(role="assistant", content="Yes.")
            return ChatResponse(message=message, raw=raw, additional_kwargs=extra)

    usage = LlamaIndexBackend(Counting(is_chat_model=True)).complete(REQUEST).usage
    found = None if usage is None else (usage.input_tokens, usage.output_tokens)
    assert found == expected


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ({"choices": [{"finish_reason": "length"}]}, "length"),
        (SimpleNamespace(choices=[SimpleNamespace(finish_reason="stop")]), "stop"),
        ({"stop_reason": "max_tokens"}, "length"),
        ({"finish_reason": "SAFETY"}, "content_filter"),
        ({"choices": []}, "stop"),
        (None, "stop"),
    ],
)
def test_how_a_reply_ended_is_said_in_ragsights_words(raw: Any, reason: str) -> None:
    class Ending(MockLLM):
        def chat(self, messages: Any, **_: Any) -> ChatResponse:
            return ChatResponse(message=ChatMessage(role="assistant", content="Yes."), raw=raw)

    backend = LlamaIndexBackend(Ending(is_chat_model=True))
    assert backend.complete(REQUEST).finish_reason == reason


def test_limits_are_those_of_the_provider() -> None:
    def made(module: str, **fields: Any) -> Any:
        kind = type("Model", (), {"__module__": module, **fields, "class_name": lambda _: "Model"})
        model = kind()
        model.metadata = SimpleNamespace(model_name=fields.get("model", "unknown"))
        return model

    openai = "llama_index.llms.openai.base"
    assert llm_profile(made(openai, model="gpt-5.4-mini")).name == "gpt-5.4"
    local = made(openai, model="gpt-5.4-mini", api_base="http://localhost:8000/v1")
    assert llm_profile(local).name == "local"
    claude = made("llama_index.llms.anthropic.base", model="claude-opus-4-7")
    assert llm_profile(claude).name == "claude-4.7"
    litellm = "llama_index.llms.litellm.base"
    assert llm_profile(made(litellm, model="anthropic/claude-opus-4-7")).name == "claude-4.7"
    proxy = {"additional_kwargs": {"api_base": "http://localhost:4000"}}
    assert llm_profile(made(litellm, model="openai/gpt-5.4-mini", **proxy)).name == "local"
    for model in ("bedrock/some-model", "some-model"):
        assert llm_profile(made(litellm, model=model)) is ANY_MODEL
    assert llm_profile(made("elsewhere")) is ANY_MODEL


def test_a_synthesizer_takes_a_llama_index_model(scripted: Any) -> None:
    synthesizer = VisionSynthesizer(scripted(REPLY))
    assert isinstance(synthesizer.core.backend, LlamaIndexBackend)
