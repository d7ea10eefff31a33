"""Requests and replies in the words of OpenAI's two APIs; no network here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from ragsight.answer.request import (
    Completion,
    ImagePart,
    Part,
    TextPart,
    Usage,
    VisionRequest,
)
from ragsight.answer.sdk import StreamDecoder
from ragsight.errors import StreamInterruptedError


class _Arguments(Protocol):
    def __call__(self, request: VisionRequest, *, resembles: bool) -> dict[str, Any]: ...


class _LimitName(Protocol):
    def __call__(self, *, resembles: bool) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStyle:
    """How one of the APIs is spoken.

    Attributes:
        arguments: A request as arguments; `resembles` for servers that only resemble OpenAI's.
        limit_name: What the API calls the limit of output tokens.
        stream_arguments: Further arguments for a streamed reply.
        read: Reads a whole reply.
        decoder: Makes a decoder for a streamed reply of a model.
    """

    arguments: _Arguments
    limit_name: _LimitName
    stream_arguments: Mapping[str, Any]
    read: Callable[[Any], Completion]
    decoder: Callable[[str], StreamDecoder]


def _responses_arguments(request: VisionRequest, *, resembles: bool) -> dict[str, Any]:
    del resembles  # whoever speaks this API is taken for OpenAI
    content = [_responses_part(part, request.detail) for part in request.parts]
    return {
        "instructions": request.system,
        "input": [{"role": "user", "content": content}],
        # Otherwise OpenAI keeps the documents for 30 days.
        "store": False,
    }


def _responses_part(part: Part, detail: str) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "input_text", "text": part.text}
    return {"type": "input_image", "image_url": part.image.data_uri, "detail": detail}


def _chat_arguments(request: VisionRequest, *, resembles: bool) -> dict[str, Any]:
    detail = None if resembles else request.detail
    return {
        "messages": [
            {"role": "system", "content": request.system},
            {"role": "user", "content": [_chat_part(part, detail) for part in request.parts]},
        ]
    }


def _chat_part(part: Part, detail: str | None) -> dict[str, Any]:
    if not isinstance(part, ImagePart):
        return {"type": "text", "text": part.text}
    image = {"url": part.image.data_uri}
    return {"type": "image_url", "image_url": image | ({"detail": detail} if detail else {})}


def _read_response(reply: Any) -> Completion:
    return Completion(
        text=_response_text(reply),
        model=str(reply.model),
        usage=_response_usage(reply.usage),
        finish_reason=_response_ending(reply),
        request_id=getattr(reply, "_request_id", None),
    )


def _response_text(reply: Any) -> str:
    parts = (part for item in reply.output if item.type == "message" for part in item.content)
    return "".join(part.refusal if part.type == "refusal" else part.text for part in parts)


def _response_ending(reply: Any) -> str:
    if reply.status == "incomplete" and reply.incomplete_details is not None:
        reason = str(reply.incomplete_details.reason)
        return "length" if reason == "max_output_tokens" else reason
    refused = any(
        part.type == "refusal"
        for item in reply.output
        if item.type == "message"
        for part in item.content
    )
    return "refusal" if refused else "stop"


def _response_usage(usage: Any) -> Usage | None:
    if usage is None:
        return None
    return Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=_detail(usage, "input_tokens_details", "cached_tokens"),
    )


def _detail(usage: Any, group: str, name: str) -> int:
    return getattr(getattr(usage, group, None), name, None) or 0


class _ResponsesDecoder:
    """Reads the events of a streamed response."""

    def __init__(self, model: str) -> None:
        del model  # the closing event names it
        self.text = ""
        self._final: Any = None

    def feed(self, event: Any) -> str:
        if event.type in {"response.output_text.delta", "response.refusal.delta"}:
            self.text += event.delta
            return str(event.delta)
        if event.type in {"response.completed", "response.incomplete"}:
            self._final = event.response
        elif event.type in {"response.failed", "error"}:
            error = event.response.error if event.type == "response.failed" else event
            raise StreamInterruptedError(
                f"OpenAI broke off the answer: it reported {getattr(error, 'code', None)}. Ask "
                f"again; what had arrived is in the error's `partial`.",
                partial=self.text,
            )
        return ""

    def completion(self, request_id: str | None) -> Completion | None:
        if self._final is None:
            return None
        return Completion(
            text=self.text,
            model=str(self._final.model),
            usage=_response_usage(self._final.usage),
            finish_reason=_response_ending(self._final),
            request_id=request_id,
        )


def _read_chat(reply: Any) -> Completion:
    choice = reply.choices[0]
    refusal = getattr(choice.message, "refusal", None)
    return Completion(
        text=choice.message.content or refusal or "",
        model=reply.model,
        usage=_chat_usage(reply.usage),
        finish_reason="refusal" if refusal else choice.finish_reason,
        request_id=getattr(reply, "_request_id", None),
    )


def _chat_usage(usage: Any) -> Usage | None:
    if usage is None:
        return None
    return Usage(
        input_tokens=usage.prompt_tokens,
        output_tokens=usage.completion_tokens,
        cached_tokens=_detail(usage, "prompt_tokens_details", "cached_tokens"),
    )


class _ChatDecoder:
    """Reads the chunks of a streamed chat completion."""

    def __init__(self, model: str) -> None:
        self.text = ""
        self._model = model
        self._usage: Any = None
        self._ending = ""
        self._refused = False

    def feed(self, event: Any) -> str:
        self._model = event.model or self._model
        # The usage comes after the last words, in a chunk without choices; or not at all.
        self._usage = getattr(event, "usage", None) or self._usage
        if not event.choices:
            return ""
        choice = event.choices[0]
        self._ending = choice.finish_reason or self._ending
        refusal = getattr(choice.delta, "refusal", None) or ""
        self._refused = self._refused or bool(refusal)
        piece = (choice.delta.content or "") + refusal
        self.text += piece
        return piece

    def completion(self, request_id: str | None) -> Completion | None:
        if not self._ending:
            return None
        return Completion(
            text=self.text,
            model=self._model,
            usage=_chat_usage(self._usage),
            finish_reason="refusal" if self._refused else self._ending,
            request_id=request_id,
        )


def _chat_limit(*, resembles: bool) -> str:
    # The name that OpenAI deprecated is the one that all other servers know.
    return "max_tokens" if resembles else "max_completion_tokens"


def _responses_limit(*, resembles: bool) -> str:
    del resembles
    return "max_output_tokens"


RESPONSES = RequestStyle(
    arguments=_responses_arguments,
    limit_name=_responses_limit,
    stream_arguments=MappingProxyType({"stream": True}),
    read=_read_response,
    decoder=_ResponsesDecoder,
)
"""The Responses API."""

CHAT = RequestStyle(
    arguments=_chat_arguments,
    limit_name=_chat_limit,
    stream_arguments=MappingProxyType({"stream": True, "stream_options": {"include_usage": True}}),
    read=_read_chat,
    decoder=_ChatDecoder,
)
"""The Chat Completions API."""
