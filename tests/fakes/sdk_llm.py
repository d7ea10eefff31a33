"""A LlamaIndex model on OpenAI's SDK of today, which LlamaIndex's own integration can't use yet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import openai
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ImageBlock,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.llms import CustomLLM

MODEL = "qwen2.5vl"


class SdkLLM(CustomLLM):
    """Speaks OpenAI's Chat API, as `llama-index-llms-openai` does: its raw replies and its errors.

    Args:
        base_url: The server.
    """

    base_url: str

    @property
    def metadata(self) -> LLMMetadata:
        """What LlamaIndex wants to know of a model."""
        return LLMMetadata(is_chat_model=True, model_name=MODEL)

    def chat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponse:
        """Reply."""
        with openai.OpenAI(api_key="k", base_url=self.base_url, max_retries=0) as client:
            return _whole(client.chat.completions.create(**_arguments(messages)))

    async def achat(self, messages: Sequence[ChatMessage], **_: Any) -> ChatResponse:
        """Reply in async."""
        async with openai.AsyncOpenAI(api_key="k", base_url=self.base_url, max_retries=0) as client:
            return _whole(await client.chat.completions.create(**_arguments(messages)))

    def stream_chat(self, messages: Sequence[ChatMessage], **_: Any) -> Iterator[ChatResponse]:
        """Reply piece by piece."""
        with openai.OpenAI(api_key="k", base_url=self.base_url, max_retries=0) as client:
            for chunk in client.chat.completions.create(**_arguments(messages, stream=True)):
                yield _piece(chunk)

    async def astream_chat(
        self, messages: Sequence[ChatMessage], **_: Any
    ) -> AsyncIterator[ChatResponse]:
        """Reply piece by piece in async."""

        async def pieces() -> AsyncIterator[ChatResponse]:
            async with openai.AsyncOpenAI(
                api_key="k", base_url=self.base_url, max_retries=0
            ) as client:
                chunks = await client.chat.completions.create(**_arguments(messages, stream=True))
                async for chunk in chunks:
                    yield _piece(chunk)

        return pieces()

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> Any:
        """Not a completion model."""
        raise NotImplementedError

    def stream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> Any:
        """Not a completion model."""
        raise NotImplementedError


def _arguments(messages: Sequence[ChatMessage], *, stream: bool = False) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "model": MODEL,
        "messages": [
            {"role": m.role.value, "content": [_part(block) for block in m.blocks]}
            for m in messages
        ],
    }
    if stream:
        arguments |= {"stream": True, "stream_options": {"include_usage": True}}
    return arguments


def _part(block: Any) -> dict[str, Any]:
    if isinstance(block, ImageBlock):
        url = f"data:{block.image_mimetype};base64,{block.image.decode()}"
        return {"type": "image_url", "image_url": {"url": url}}
    return {"type": "text", "text": block.text}


def _whole(reply: Any) -> ChatResponse:
    message = ChatMessage(role=MessageRole.ASSISTANT, content=reply.choices[0].message.content)
    return ChatResponse(message=message, raw=reply)


def _piece(chunk: Any) -> ChatResponse:
    delta = chunk.choices[0].delta.content if chunk.choices else ""
    message = ChatMessage(role=MessageRole.ASSISTANT, content="")
    return ChatResponse(message=message, delta=delta, raw=chunk)
