"""Replies of OpenAI's two APIs, whole and streamed; no network here."""

from __future__ import annotations

from typing import Any

from ragsight.answer.model.messages import Completion, Usage
from ragsight.errors import StreamInterruptedError


def read_response(reply: Any) -> Completion:
    """Read a whole reply of the Responses API."""
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


class ResponsesDecoder:
    """Reads the events of a streamed response."""

    def __init__(self, model: str) -> None:
        del model  # the closing event names it
        self.text = ""
        self._final: Any = None

    def feed(self, event: Any) -> str:
        """Take an event of the SDK and return the text in it."""
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
        """The whole reply, or `None` if the stream ended before it did."""
        if self._final is None:
            return None
        return Completion(
            text=self.text,
            model=str(self._final.model),
            usage=_response_usage(self._final.usage),
            finish_reason=_response_ending(self._final),
            request_id=request_id,
        )


def read_chat(reply: Any) -> Completion:
    """Read a whole reply of the Chat API."""
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


class ChatDecoder:
    """Reads the chunks of a streamed chat completion."""

    def __init__(self, model: str) -> None:
        self.text = ""
        self._model = model
        self._usage: Any = None
        self._ending = ""
        self._refused = False

    def feed(self, event: Any) -> str:
        """Take an event of the SDK and return the text in it."""
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
        """The whole reply, or `None` if the stream ended before it did."""
        if not self._ending:
            return None
        return Completion(
            text=self.text,
            model=self._model,
            usage=_chat_usage(self._usage),
            finish_reason="refusal" if self._refused else self._ending,
            request_id=request_id,
        )
