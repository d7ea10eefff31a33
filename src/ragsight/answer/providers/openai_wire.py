"""Requests in the words of OpenAI's two APIs; no network here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from ragsight.answer.model.messages import Completion, ImagePart, Part, TextPart, VisionRequest
from ragsight.answer.providers.openai_replies import (
    ChatDecoder,
    ResponsesDecoder,
    read_chat,
    read_response,
)
from ragsight.answer.providers.sdk import StreamDecoder


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What of OpenAI's own words a server understands.

    Attributes:
        detail: How closely to look at an image.
        schemas: A JSON schema for the reply.
        old_limit: The name of the limit of output tokens that OpenAI deprecated, and all others
            know.
    """

    detail: bool = True
    schemas: bool = True
    old_limit: bool = False


RESEMBLING = Dialect(detail=False, schemas=False, old_limit=True)
"""What every server understands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestStyle:
    """How one of the APIs is spoken.

    Attributes:
        arguments: A request as arguments, in a dialect.
        limit_name: What the API calls the limit of output tokens.
        stream_arguments: Further arguments for a streamed reply.
        read: Reads a whole reply.
        decoder: Makes a decoder for a streamed reply of a model.
    """

    arguments: Callable[[VisionRequest, Dialect], dict[str, Any]]
    limit_name: Callable[[Dialect], str]
    stream_arguments: Mapping[str, Any]
    read: Callable[[Any], Completion]
    decoder: Callable[[str], StreamDecoder]


def _responses_arguments(request: VisionRequest, dialect: Dialect) -> dict[str, Any]:
    content = [_responses_part(part, request.detail) for part in request.parts]
    arguments = {
        "instructions": request.system,
        "input": [{"role": "user", "content": content}],
        # Otherwise OpenAI keeps the documents for 30 days.
        "store": False,
    }
    if request.schema is not None and dialect.schemas:
        arguments["text"] = {"format": {"type": "json_schema", **_schema(request.schema)}}
    return arguments


def _schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    # Not strict: that would refuse schemas with optional fields or free keys.
    return {"name": "answer", "schema": dict(schema), "strict": False}


def _responses_part(part: Part, detail: str) -> dict[str, Any]:
    if isinstance(part, TextPart):
        return {"type": "input_text", "text": part.text}
    return {"type": "input_image", "image_url": part.image.data_uri, "detail": detail}


def _chat_arguments(request: VisionRequest, dialect: Dialect) -> dict[str, Any]:
    detail = request.detail if dialect.detail else None
    arguments: dict[str, Any] = {
        "messages": [
            {"role": "system", "content": request.system},
            {"role": "user", "content": [_chat_part(part, detail) for part in request.parts]},
        ]
    }
    if request.schema is not None and dialect.schemas:
        schema = _schema(request.schema)
        arguments["response_format"] = {"type": "json_schema", "json_schema": schema}
    return arguments


def _chat_part(part: Part, detail: str | None) -> dict[str, Any]:
    if not isinstance(part, ImagePart):
        return {"type": "text", "text": part.text}
    image = {"url": part.image.data_uri}
    return {"type": "image_url", "image_url": image | ({"detail": detail} if detail else {})}


def _chat_limit(dialect: Dialect) -> str:
    return "max_tokens" if dialect.old_limit else "max_completion_tokens"


def _responses_limit(dialect: Dialect) -> str:
    del dialect
    return "max_output_tokens"


RESPONSES = RequestStyle(
    arguments=_responses_arguments,
    limit_name=_responses_limit,
    stream_arguments=MappingProxyType({"stream": True}),
    read=read_response,
    decoder=ResponsesDecoder,
)
"""The Responses API."""

CHAT = RequestStyle(
    arguments=_chat_arguments,
    limit_name=_chat_limit,
    stream_arguments=MappingProxyType({"stream": True, "stream_options": {"include_usage": True}}),
    read=read_chat,
    decoder=ChatDecoder,
)
"""The Chat Completions API."""
