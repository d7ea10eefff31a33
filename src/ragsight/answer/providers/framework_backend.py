"""What backends on another framework's models have in common: ways of asking, errors, streams."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, Protocol, TypeVar

from ragsight.answer.model.messages import Completion, StreamEvent, TextDelta, VisionRequest
from ragsight.answer.model.profile import ModelLimits
from ragsight.answer.providers.closing import aclosing_stream, closing_stream
from ragsight.answer.providers.failures import status_refusal
from ragsight.errors import BackendError, RagsightError, StreamInterruptedError

Message = TypeVar("Message")
Piece_contra = TypeVar("Piece_contra", contravariant=True)

_ENDINGS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "completed": "stop",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
}


def known_ending(word: str) -> str:
    """A provider's word for how a reply ended, in ragsight's where there is one.

    Example:
        >>> known_ending("max_tokens"), known_ending("tool_use")
        ('length', 'tool_use')
    """
    return _ENDINGS.get(word, word)


class ModelReply(Protocol[Piece_contra]):
    """Puts a reply together, from one message or from the pieces of a stream.

    Attributes:
        text: All text so far.
    """

    @property
    def text(self) -> str:
        """All text so far."""

    def add(self, message: Piece_contra) -> str:
        """Take a message of the framework in and return the new text in it."""

    def completion(self) -> Completion:
        """The whole reply."""


class ModelBackend(ABC, Generic[Message]):
    """A vision model that another framework holds, with its callbacks, retries and caches.

    Subclasses say how the framework's model is asked, and how its messages make a reply.

    Args:
        name: The framework, for messages.
        model: The model's name.
        profile: What the model takes.

    Example:
        >>> class Shouting(ModelBackend[str]):
        ...     def _ask(self, request):
        ...         return request.text.upper()
        ...     async def _aask(self, request):
        ...         return self._ask(request)
        ...     def _stream(self, request):
        ...         return iter(self._ask(request))
        ...     async def _astream(self, request):
        ...         raise NotImplementedError
        ...     def _reply(self):
        ...         return Sum(self.model)
        >>> class Sum:
        ...     def __init__(self, model):
        ...         self.model, self.text = model, ""
        ...     def add(self, message):
        ...         self.text += message
        ...         return message
        ...     def completion(self):
        ...         return Completion(text=self.text, model=self.model)
        >>> from ragsight.answer import TextPart, profile_for
        >>> shouting = Shouting("loud", "loud-1", profile_for("local", "loud-1"))
        >>> shouting.complete(VisionRequest(system="", parts=(TextPart("Why?"),))).text
        'WHY?'
    """

    def __init__(self, name: str, model: str, profile: ModelLimits) -> None:
        self.name = name
        self.model = model
        self.profile = profile

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.model!r})"

    def complete(self, request: VisionRequest) -> Completion:
        """Ask and wait for the whole reply.

        Raises:
            BackendError: If the model raised anything.
        """
        with model_errors(self.model):
            reply = self._reply()
            reply.add(self._ask(request))
            return reply.completion()

    async def acomplete(self, request: VisionRequest) -> Completion:
        """Ask and wait for the whole reply, without blocking the event loop; see `complete`."""
        with model_errors(self.model):
            reply = self._reply()
            reply.add(await self._aask(request))
            return reply.completion()

    def stream(self, request: VisionRequest) -> Iterator[StreamEvent]:
        """Ask and get the reply as it is written; the completion comes last.

        Raises:
            BackendError: If the model raised before it said anything.
            StreamInterruptedError: If it raised later.
        """
        reply = self._reply()
        with model_errors(self.model, lambda: reply.text):
            with closing_stream(self._stream(request)) as messages:
                for message in messages:
                    if piece := reply.add(message):
                        yield TextDelta(piece)
            completion = reply.completion()
        yield completion

    async def astream(self, request: VisionRequest) -> AsyncIterator[StreamEvent]:
        """Ask and get the reply as it is written, without blocking the event loop; see `stream`."""
        reply = self._reply()
        with model_errors(self.model, lambda: reply.text):
            async with aclosing_stream(await self._astream(request)) as messages:
                async for message in messages:
                    if piece := reply.add(message):
                        yield TextDelta(piece)
            completion = reply.completion()
        yield completion

    @abstractmethod
    def _ask(self, request: VisionRequest) -> Message:
        """Have the framework's model reply."""

    @abstractmethod
    async def _aask(self, request: VisionRequest) -> Message:
        """Have it reply without blocking the event loop."""

    @abstractmethod
    def _stream(self, request: VisionRequest) -> Iterator[Message]:
        """Have it reply piece by piece."""

    @abstractmethod
    async def _astream(self, request: VisionRequest) -> AsyncIterator[Message]:
        """Have it reply piece by piece without blocking the event loop."""

    @abstractmethod
    def _reply(self) -> ModelReply[Any]:
        """Begin to put a reply together."""


@contextmanager
def model_errors(model: str, received: Callable[[], str] = str) -> Iterator[None]:
    """Map what a framework's model raises.

    What a provider said comes into the message without what it quotes of the request; the
    exception of its SDK is then not printed. Any other exception is the cause of ours.

    Args:
        model: The model's name.
        received: While a stream is read, gives the text that has arrived.

    Raises:
        BackendError: If nothing had arrived.
        StreamInterruptedError: If the reply broke off.

    Example:
        >>> with model_errors("seer-1"):
        ...     raise ConnectionError("reset")
        Traceback (most recent call last):
        ragsight.errors.BackendError: seer-1 failed with ConnectionError. Its own error is the ...
    """
    try:
        yield
    except RagsightError:
        raise
    except Exception as error:
        partial = received()
        if partial:
            raise StreamInterruptedError(
                f"{model} broke off the answer ({type(error).__name__}). Ask again; what had "
                f"arrived is in the error's `partial`.",
                partial=partial,
            ) from _unless_quoting(error)
        refusal = status_refusal(error, model)
        if refusal is not None:
            raise refusal from None
        raise BackendError(
            f"{model} failed with {type(error).__name__}. Its own error is the cause of this one."
        ) from error


def _unless_quoting(error: Exception) -> Exception | None:
    """An exception to show beside ours: not one that quotes a provider's reply."""
    return None if hasattr(error, "body") or hasattr(error, "status_code") else error
