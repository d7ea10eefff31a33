"""Any LangChain chat model as a vision backend of ragsight."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from langchain_core.callbacks import BaseCallbackManager
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable

from langchain_ragsight._profiles import chat_model_name, chat_model_profile, takes_detail
from langchain_ragsight.prompts import request_messages
from ragsight.answer import (
    Completion,
    ModelBackend,
    ModelLimits,
    Usage,
    VisionRequest,
    known_ending,
)

_ENDING_KEYS = ("finish_reason", "stop_reason", "status")
_CACHE_WRITES = ("cache_creation", "ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens")


class ChatModelBackend(ModelBackend[BaseMessage]):
    """Answers by a LangChain chat model, with its callbacks, retries and fallbacks.

    Args:
        model: A chat model that sees images, or one with `bind`, `with_retry`, `with_fallbacks`.
        profile: Its limits; by default found by the model's package and name.

    Attributes:
        name: Who answers, for messages.
        model: The model's name.
        profile: Its limits.

    Example:
        >>> from langchain_core.language_models import FakeListChatModel
        >>> backend = ChatModelBackend(FakeListChatModel(responses=["At 3 bar [1]."]))
        >>> backend.complete(VisionRequest(system="Be brief.", parts=())).text
        'At 3 bar [1].'
    """

    def __init__(
        self, model: Runnable[Any, BaseMessage], *, profile: ModelLimits | None = None
    ) -> None:
        super().__init__(
            "LangChain",
            chat_model_name(model),
            profile if profile is not None else chat_model_profile(model),
        )
        self._model = model
        self._says_detail = takes_detail(model, self.profile)

    def under(self, callbacks: BaseCallbackManager) -> ChatModelBackend:
        """The same backend, its runs shown to these callbacks."""
        model = self._model.with_config(callbacks=callbacks)
        return ChatModelBackend(model, profile=self.profile)

    def _messages(self, request: VisionRequest) -> list[BaseMessage]:
        return request_messages(request, detail=request.detail if self._says_detail else None)

    def _ask(self, request: VisionRequest) -> BaseMessage:
        return self._model.invoke(self._messages(request))

    async def _aask(self, request: VisionRequest) -> BaseMessage:
        return await self._model.ainvoke(await asyncio.to_thread(self._messages, request))

    def _stream(self, request: VisionRequest) -> Iterator[BaseMessage]:
        return self._model.stream(self._messages(request))

    async def _astream(self, request: VisionRequest) -> AsyncIterator[BaseMessage]:
        return self._model.astream(await asyncio.to_thread(self._messages, request))

    def _reply(self) -> _Reply:
        return _Reply(self.model)


class _Reply:
    """Adds up the messages of a reply."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._pieces: list[str] = []
        self._sum: Any = None

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def add(self, message: BaseMessage) -> str:
        self._sum = message if self._sum is None else self._sum + message
        piece = str(message.text)
        self._pieces.append(piece)
        return piece

    def completion(self) -> Completion:
        if self._sum is None:
            return Completion(text="", model=self._model)
        said = self._sum.response_metadata
        return Completion(
            text=self.text,
            model=str(said.get("model_name") or said.get("model") or self._model),
            usage=_usage(self._sum),
            finish_reason=_ending(said),
            request_id=said.get("request_id") or said.get("id") or None,
        )


def _ending(said: Mapping[str, Any]) -> str:
    """How the reply ended, wherever a chat model puts it."""
    cut = said.get("incomplete_details") or {}
    words = (cut.get("reason"), *(said.get(key) for key in _ENDING_KEYS))
    return known_ending(next((str(word) for word in words if word), "stop"))


def _usage(message: BaseMessage) -> Usage | None:
    counts = getattr(message, "usage_metadata", None)
    # No request takes nothing: a zero stands for counts that didn't come.
    if not counts or not counts["input_tokens"]:
        return None
    details = counts.get("input_token_details") or {}
    return Usage(
        input_tokens=counts["input_tokens"],
        output_tokens=counts["output_tokens"],
        cached_tokens=details.get("cache_read") or 0,
        cache_write_tokens=sum(details.get(key) or 0 for key in _CACHE_WRITES),
    )
