from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel, FakeListChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import RunnableLambda

from drawings import text_chunk
from langchain_ragsight import ChatModelBackend
from ragsight import VisionBackend, VisionSynthesizer
from ragsight.errors import BackendError, StreamInterruptedError

CHUNKS = [text_chunk("The valve opens at 3 bar.")]


class BreakingModel(BaseChatModel):
    """Says two pieces, then raises."""

    pieces: tuple[str, ...] = ("At ", "3 bar")

    @property
    def _llm_type(self) -> str:
        return "breaking"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise ConnectionError("secret passage")

    def _stream(self, *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        for piece in self.pieces:
            yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        raise ConnectionError("secret passage")


def _reply(**fields: Any) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(content="At 3 bar [1].", **fields)]))


def test_a_chat_model_answers_with_usage_and_model_name() -> None:
    model = _reply(
        usage_metadata={
            "input_tokens": 9,
            "output_tokens": 4,
            "total_tokens": 13,
            "input_token_details": {"cache_read": 2},
        },
        response_metadata={"model_name": "seer-1", "finish_reason": "max_tokens"},
    )

    answer = VisionSynthesizer(ChatModelBackend(model)).answer("When?", CHUNKS)

    assert answer.citations[0].chunk == CHUNKS[0]
    assert answer.usage is not None
    assert (answer.usage.input_tokens, answer.usage.cached_tokens) == (9, 2)
    assert (answer.model, answer.finish_reason) == ("seer-1", "length")


async def test_streams_give_the_same_answer_piece_by_piece() -> None:
    sync = VisionSynthesizer(ChatModelBackend(_reply())).stream("When?", CHUNKS)
    pieces = list(sync)
    later = VisionSynthesizer(ChatModelBackend(_reply())).astream("When?", CHUNKS)

    assert len(pieces) > 1
    assert [piece async for piece in later] == pieces
    assert later.answer == sync.answer
    assert sync.answer.text == "At 3 bar [1]."


async def test_a_chat_model_answers_without_blocking() -> None:
    answer = await VisionSynthesizer(ChatModelBackend(_reply())).aanswer("When?", CHUNKS)

    assert answer.text == "At 3 bar [1]."


def test_a_bound_chat_model_is_known_by_the_name_of_the_one_inside() -> None:
    class Named(FakeListChatModel):
        model_name: str = "seer-1"

    bound = Named(responses=["x"]).bind(stop=["y"]).with_retry()

    assert ChatModelBackend(bound).model == "seer-1"
    assert isinstance(ChatModelBackend(bound), VisionBackend)


@pytest.mark.parametrize(
    ("package", "fields", "profile"),
    [
        ("langchain_openai.chat_models", {}, "gpt-4o"),
        ("langchain_openai.chat_models", {"openai_api_base": "http://localhost/v1"}, "local"),
        ("langchain_ollama", {}, "local"),
        ("somewhere", {}, "any chat model"),
    ],
)
def test_limits_follow_the_package_and_the_address(
    package: str, fields: dict[str, Any], profile: str
) -> None:
    def answer(_: Any) -> BaseMessage:
        return AIMessage("x")

    kind = type("Model", (RunnableLambda,), {"__module__": package, "model_name": "gpt-4o"})
    model = kind(answer)
    vars(model).update(fields)

    assert ChatModelBackend(model).profile.name == profile


def test_a_failing_chat_model_is_reported_without_what_it_quotes() -> None:
    with pytest.raises(BackendError, match="failed with ConnectionError") as caught:
        VisionSynthesizer(ChatModelBackend(BreakingModel())).answer("When?", CHUNKS)

    assert "secret" not in str(caught.value)
    assert isinstance(caught.value.__cause__, ConnectionError)


def test_a_stream_that_breaks_off_keeps_what_had_arrived() -> None:
    stream = VisionSynthesizer(ChatModelBackend(BreakingModel())).stream("When?", CHUNKS)

    with pytest.raises(StreamInterruptedError) as caught:
        list(stream)

    assert caught.value.partial == "At 3 bar"


def test_a_stream_that_breaks_before_it_begins_is_a_refusal() -> None:
    backend = ChatModelBackend(BreakingModel(pieces=()))

    with pytest.raises(BackendError):
        list(VisionSynthesizer(backend).stream("When?", CHUNKS))
