"""What a vision model must offer, and how one is named in a string."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol, runtime_checkable

from ragsight.answer.model.messages import Completion, StreamEvent, VisionRequest
from ragsight.answer.model.profiles import ModelLimits
from ragsight.answer.providers.table import make_backend, model_names
from ragsight.errors import ConfigurationError


@runtime_checkable
class VisionBackend(Protocol):
    """A vision model behind any interface; write your own by having these members.

    Failures are raised as `BackendError`, a stream that breaks off as `StreamInterruptedError`.

    Attributes:
        name: The provider, for messages.
        model: The model's name.
        profile: What the model takes.

    Example:
        >>> from ragsight.testing import FakeVisionBackend
        >>> isinstance(FakeVisionBackend(reply="Yes [1]."), VisionBackend)
        True
    """

    @property
    def name(self) -> str:
        """The provider, for messages."""

    @property
    def model(self) -> str:
        """The model's name."""

    @property
    def profile(self) -> ModelLimits:
        """What the model takes."""

    def complete(self, request: VisionRequest) -> Completion:
        """Ask and wait for the whole reply."""

    async def acomplete(self, request: VisionRequest) -> Completion:
        """Ask and wait for the whole reply, without blocking the event loop."""

    def stream(self, request: VisionRequest) -> Iterator[StreamEvent]:
        """Ask and get the reply as it is written; the completion comes last."""

    def astream(self, request: VisionRequest) -> AsyncIterator[StreamEvent]:
        """Ask and get the reply as it is written, without blocking the event loop."""


def resolve_backend(backend: VisionBackend | str, **settings: Any) -> VisionBackend:
    """Turn `provider:model` into a backend; a backend is returned as it is.

    Args:
        backend: `openai:MODEL`, `anthropic:MODEL`, or a backend.
        **settings: For the backend that is made, such as `max_output_tokens=500`.

    Raises:
        ConfigurationError: If the string names no provider that ragsight knows, no key is set, or
            it is neither a string nor a backend.
        MissingExtraError: If the provider's SDK isn't installed.
    """
    if isinstance(backend, str):
        made: VisionBackend = make_backend(backend, **settings)
        return made
    # A method tells it; asking for `profile` may ask a server.
    if not callable(getattr(backend, "complete", None)):
        raise ConfigurationError(
            f"{backend!r} is no vision model. Pass {model_names()}, or a backend such as "
            "OpenAIBackend(MODEL)."
        )
    return backend
