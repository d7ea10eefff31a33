"""Any LangChain chat model as a vision backend of ragsight."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.callbacks import BaseCallbackManager
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable

from langchain_ragsight._profiles import chat_model_name, chat_model_profile
from langchain_ragsight.prompts import request_messages
from ragsight.answer import Completion, ModelProfile, StreamEvent, TextDelta, Usage, VisionRequest
from ragsight.errors import BackendError, RagsightError, StreamInterruptedError

_ENDINGS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
}
"""The providers' words for how a reply ended, in ragsight's."""


class ChatModelBackend:
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
        self, model: Runnable[Any, BaseMessage], *, profile: ModelProfile | None = None
    ) -> None:
        self._model = model
        self.name = "LangChain"
        self.model = chat_model_name(model)
        self.profile = profile if profile is not None else chat_model_profile(model)

    def __repr__(self) -> str:
        return f"ChatModelBackend({self.model!r})"

    def under(self, callbacks: BaseCallbackManager) -> ChatModelBackend:
        """The same backend, its runs shown to these callbacks."""
        model = self._model.with_config(callbacks=callbacks)
        return ChatModelBackend(model, profile=self.profile)

    def complete(self, request: VisionRequest) -> Completion:
        """Ask and wait for the whole reply.

        Raises:
            BackendError: If the model raised anything.
        """
        with self._errors():
            return self._completion(self._model.invoke(request_messages(request)))

    async def acomplete(self, request: VisionRequest) -> Completion:
        """Ask and wait for the whole reply, without blocking the event loop."""
        with self._errors():
            return self._completion(await self._model.ainvoke(request_messages(request)))

    def stream(self, request: VisionRequest) -> Iterator[StreamEvent]:
        """Ask and get the reply as it is written.

        Raises:
            BackendError: If the model raised before it said anything.
            StreamInterruptedError: If it raised later.
        """
        reply = _Reply()
        with self._errors(reply.received):
            for message in self._model.stream(request_messages(request)):
                if piece := reply.add(message):
                    yield TextDelta(piece)
        yield self._completion(reply.message())

    async def astream(self, request: VisionRequest) -> AsyncIterator[StreamEvent]:
        """Ask and get the reply as it is written, without blocking the event loop."""
        reply = _Reply()
        with self._errors(reply.received):
            async for message in self._model.astream(request_messages(request)):
                if piece := reply.add(message):
                    yield TextDelta(piece)
        yield self._completion(reply.message())

    @contextmanager
    def _errors(self, received: Callable[[], str] = str) -> Iterator[None]:
        try:
            yield
        except RagsightError:
            raise
        except Exception as error:
            raise self._failure(error, received()) from error

    def _failure(self, error: Exception, partial: str) -> BackendError | StreamInterruptedError:
        if partial:
            return StreamInterruptedError(
                f"{self.model} broke off the answer ({type(error).__name__}). Ask again; what "
                "had arrived is in the error's `partial`.",
                partial=partial,
            )
        status = getattr(error, "status_code", None)
        return BackendError(
            f"{self.model} failed with {type(error).__name__}. Its own error is the cause of "
            "this one.",
            status=status if isinstance(status, int) else None,
        )

    def _completion(self, message: BaseMessage | None) -> Completion:
        if message is None:
            return Completion(text="", model=self.model)
        said = message.response_metadata
        ending = str(said.get("finish_reason") or said.get("stop_reason") or "stop")
        return Completion(
            text=str(message.text),
            model=str(said.get("model_name") or said.get("model") or self.model),
            usage=_usage(message),
            finish_reason=_ENDINGS.get(ending, ending),
            request_id=said.get("request_id") or said.get("id") or None,
        )


class _Reply:
    """Adds up the messages of a stream."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._sum: Any = None

    def add(self, message: BaseMessage) -> str:
        """Take a message in and return its text."""
        self._sum = message if self._sum is None else self._sum + message
        piece = str(message.text)
        self._pieces.append(piece)
        return piece

    def received(self) -> str:
        """All text so far."""
        return "".join(self._pieces)

    def message(self) -> BaseMessage | None:
        """The whole reply; None if nothing came."""
        whole: BaseMessage | None = self._sum
        return whole


def _usage(message: BaseMessage) -> Usage | None:
    counts = getattr(message, "usage_metadata", None)
    if not counts:
        return None
    details = counts.get("input_token_details") or {}
    return Usage(
        input_tokens=counts["input_tokens"],
        output_tokens=counts["output_tokens"],
        cached_tokens=details.get("cache_read") or 0,
    )
