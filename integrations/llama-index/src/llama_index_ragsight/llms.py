"""Any LlamaIndex chat model as a vision backend of ragsight."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
    ModelProfile,
    StreamEvent,
    TextDelta,
    TextPart,
    Usage,
    VisionRequest,
)
from ragsight.errors import (
    BackendError,
    ConfigurationError,
    RagsightError,
    StreamInterruptedError,
)

_ENDINGS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "STOP": "stop",
    "MAX_TOKENS": "length",
    "SAFETY": "content_filter",
}
"""The providers' words for how a reply ended, in ragsight's."""

_INPUT_TOKENS = ("prompt_tokens", "input_tokens")
_OUTPUT_TOKENS = ("completion_tokens", "output_tokens")


class LlamaIndexBackend:
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
        profile: ModelProfile | None = None,
        history: Sequence[ChatMessage] = (),
    ) -> None:
        if not llm.metadata.is_chat_model:
            raise ConfigurationError(
                f"{llm_name(llm)} is no chat model, so LlamaIndex sends it no images. Use one "
                "whose metadata.is_chat_model is true."
            )
        self._llm = llm
        self._history = tuple(history)
        self.name = "LlamaIndex"
        self.model = llm_name(llm)
        self.profile = profile if profile is not None else llm_profile(llm)

    def __repr__(self) -> str:
        return f"LlamaIndexBackend({self.model!r})"

    def complete(self, request: VisionRequest) -> Completion:
        """Ask and wait for the whole reply.

        Raises:
            BackendError: If the model raised anything.
        """
        with self._errors():
            return self._completion(self._llm.chat(self._messages(request)))

    async def acomplete(self, request: VisionRequest) -> Completion:
        """Ask and wait for the whole reply, without blocking the event loop."""
        with self._errors():
            return self._completion(await self._llm.achat(self._messages(request)))

    def stream(self, request: VisionRequest) -> Iterator[StreamEvent]:
        """Ask and get the reply as it is written.

        Raises:
            BackendError: If the model raised before it said anything.
            StreamInterruptedError: If it raised later.
        """
        reply = _Reply()
        with self._errors(reply.received):
            for response in self._llm.stream_chat(self._messages(request)):
                if piece := reply.add(response):
                    yield TextDelta(piece)
        yield self._completion(reply.last, reply.received())

    async def astream(self, request: VisionRequest) -> AsyncIterator[StreamEvent]:
        """Ask and get the reply as it is written, without blocking the event loop."""
        reply = _Reply()
        with self._errors(reply.received):
            async for response in await self._llm.astream_chat(self._messages(request)):
                if piece := reply.add(response):
                    yield TextDelta(piece)
        yield self._completion(reply.last, reply.received())

    def _messages(self, request: VisionRequest) -> list[ChatMessage]:
        blocks: list[ContentBlock] = [_block(part, request.detail) for part in request.parts]
        system = ChatMessage(role=self._llm.metadata.system_role, content=request.system)
        return [system, *self._history, ChatMessage(role=MessageRole.USER, blocks=blocks)]

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

    def _completion(self, response: ChatResponse | None, text: str | None = None) -> Completion:
        if response is None:
            return Completion(text="", model=self.model)
        said = response.message.content
        model = _read(response.raw, "model")
        ending = _ending(response)
        return Completion(
            text=text if text is not None else (said if said is not None else ""),
            model=model if isinstance(model, str) and model else self.model,
            usage=_usage(response),
            finish_reason=_ENDINGS.get(ending, ending),
            request_id=_text(_read(response.raw, "id")),
        )


class _Reply:
    """Adds up the pieces of a stream."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.last: ChatResponse | None = None

    def add(self, response: ChatResponse) -> str:
        """Take a response in and return its new text."""
        piece = response.delta if response.delta is not None else ""
        self._pieces.append(piece)
        self.last = response
        return piece

    def received(self) -> str:
        """All text so far."""
        return "".join(self._pieces)


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
            return Usage(input_tokens=taken, output_tokens=given)
    return None


def _count(holder: Any, names: Sequence[str]) -> int | None:
    values = [_read(holder, name) for name in names]
    return next((value for value in values if isinstance(value, int)), None)


def _ending(response: ChatResponse) -> str:
    choices = _read(response.raw, "choices")
    choice = choices[0] if isinstance(choices, Sequence) and choices else None
    places = (
        _read(choice, "finish_reason"),
        _read(response.raw, "stop_reason"),
        _read(response.raw, "finish_reason"),
        response.message.additional_kwargs.get("stop_reason"),
    )
    return next((place for place in map(_text, places) if place is not None), "stop")


def _read(holder: Any, name: str) -> Any:
    """A value of a dictionary or an object: integrations give either."""
    return holder.get(name) if isinstance(holder, Mapping) else getattr(holder, name, None)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
