"""Any LlamaIndex chat model as a vision backend of ragsight."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ContentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
)
from llama_index.core.llms import LLM

from llama_index_ragsight._profiles import llm_name, llm_profile
from ragsight.answer import (
    Completion,
    ImagePart,
    ModelBackend,
    ModelLimits,
    TextPart,
    Usage,
    VisionRequest,
    known_ending,
)
from ragsight.errors import ConfigurationError

_INPUT_TOKENS = ("prompt_tokens", "input_tokens")
_OUTPUT_TOKENS = ("completion_tokens", "output_tokens")
_INPUT_DETAILS = ("prompt_tokens_details", "input_tokens_details")
_CACHE_COUNTS = ("cache_read_input_tokens", "cache_creation_input_tokens")


class LlamaIndexBackend(ModelBackend[ChatResponse]):
    """Answers by a LlamaIndex chat model, with its callbacks and instrumentation.

    Args:
        llm: A chat model that sees images.
        profile: Its limits; by default found by its package and name.
        history: Messages that go between the instructions and the question.

    Attributes:
        name: Who answers, for messages.
        model: The model's name.
        profile: Its limits.

    Raises:
        ConfigurationError: If it isn't a chat model: LlamaIndex would drop the images.

    Example:
        >>> from llama_index.core.llms import MockLLM
        >>> backend = LlamaIndexBackend(MockLLM(is_chat_model=True, max_tokens=2))
        >>> backend.complete(VisionRequest(system="Be brief.", parts=())).text
        'text text'
    """

    def __init__(
        self,
        llm: LLM,
        *,
        profile: ModelLimits | None = None,
        history: Sequence[ChatMessage] = (),
    ) -> None:
        if not llm.metadata.is_chat_model:
            raise ConfigurationError(
                f"{llm_name(llm)} is no chat model, so LlamaIndex sends it no images. Use one "
                "whose metadata.is_chat_model is true."
            )
        super().__init__(
            "LlamaIndex", llm_name(llm), profile if profile is not None else llm_profile(llm)
        )
        self._llm = llm
        self._history = tuple(history)

    def _messages(self, request: VisionRequest) -> list[ChatMessage]:
        blocks: list[ContentBlock] = [_block(part, request.detail) for part in request.parts]
        system = ChatMessage(role=self._llm.metadata.system_role, content=request.system)
        return [system, *self._history, ChatMessage(role=MessageRole.USER, blocks=blocks)]

    def _ask(self, request: VisionRequest) -> ChatResponse:
        return _whole(self._llm.chat(self._messages(request)))

    async def _aask(self, request: VisionRequest) -> ChatResponse:
        messages = await asyncio.to_thread(self._messages, request)
        return _whole(await self._llm.achat(messages))

    def _stream(self, request: VisionRequest) -> Iterator[ChatResponse]:
        return self._llm.stream_chat(self._messages(request))

    async def _astream(self, request: VisionRequest) -> AsyncIterator[ChatResponse]:
        return await self._llm.astream_chat(await asyncio.to_thread(self._messages, request))

    def _reply(self) -> _Reply:
        return _Reply(self.model)


class _Reply:
    """Adds up the pieces of a reply.

    What is said of it stands in different pieces: the counts often come after the last words, in a
    piece of their own.
    """

    def __init__(self, model: str) -> None:
        self._pieces: list[str] = []
        self._model = model
        self._usage: Usage | None = None
        self._ending = "stop"
        self._request_id: str | None = None

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def add(self, message: ChatResponse) -> str:
        piece = message.delta if message.delta is not None else ""
        self._pieces.append(piece)
        model, usage, ending = _text(_read(message.raw, "model")), _usage(message), _ending(message)
        request_id = _text(_read(message.raw, "id"))
        self._model = model if model is not None else self._model
        self._usage = usage if usage is not None else self._usage
        self._ending = ending if ending is not None else self._ending
        self._request_id = request_id if request_id is not None else self._request_id
        return piece

    def completion(self) -> Completion:
        return Completion(
            text=self.text,
            model=self._model,
            usage=self._usage,
            finish_reason=known_ending(self._ending),
            request_id=self._request_id,
        )


def _whole(response: ChatResponse) -> ChatResponse:
    """A whole reply as the only piece of one."""
    return response.model_copy(update={"delta": response.message.content})


def _block(part: TextPart | ImagePart, detail: str) -> ContentBlock:
    if isinstance(part, TextPart):
        return TextBlock(text=part.text)
    image = part.image
    # In base64: LlamaIndex would take some images' own bytes for it.
    data = image.base64.encode()
    return ImageBlock(image=data, image_mimetype=image.mime, detail=detail)


def _usage(response: ChatResponse) -> Usage | None:
    """Token counts, wherever an integration puts them."""
    raw = response.raw
    holders = [response.additional_kwargs, _read(raw, "usage"), raw]
    holders.append(response.message.additional_kwargs.get("usage"))
    for holder in holders:
        taken, given = _count(holder, _INPUT_TOKENS), _count(holder, _OUTPUT_TOKENS)
        if taken is not None and given is not None:
            return _counted(holder, taken, given)
    return None


def _counted(holder: Any, taken: int, given: int) -> Usage:
    within = (_count(_read(holder, name), ("cached_tokens",)) for name in _INPUT_DETAILS)
    # Anthropic counts what was read from and written to its cache apart from the rest.
    apart, written = (_count(holder, (name,)) or 0 for name in _CACHE_COUNTS)
    return Usage(
        input_tokens=taken + apart + written,
        output_tokens=given,
        cached_tokens=next((count for count in within if count is not None), apart),
        cache_write_tokens=written,
    )


def _count(holder: Any, names: Sequence[str]) -> int | None:
    values = [_read(holder, name) for name in names]
    return next((value for value in values if isinstance(value, int)), None)


def _ending(response: ChatResponse) -> str | None:
    choices = _read(response.raw, "choices")
    choice = choices[0] if isinstance(choices, Sequence) and choices else None
    places = (
        _read(choice, "finish_reason"),
        _read(response.raw, "stop_reason"),
        _read(response.raw, "finish_reason"),
        response.message.additional_kwargs.get("stop_reason"),
    )
    return next((place for place in map(_text, places) if place is not None), None)


def _read(holder: Any, name: str) -> Any:
    """A value of a dictionary or an object: integrations give either."""
    return holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
