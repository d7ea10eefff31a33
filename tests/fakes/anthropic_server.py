"""A strict fake of Anthropic's Messages API, whole and streamed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from anthropic.types import message_create_params as params

from fakes.openai_server import ALL_FORMATS, input_tokens
from fakes.recorded import Content, RecordedRequest, check_text, read_base64
from fakes.server import Event, FakeProvider, Reply, script_of
from fakes.tool_calls import ToolCall, anthropic_block, anthropic_events
from fakes.typed import ContractError, check_type

MAX_IMAGES = 100
MAX_IMAGES_LONG = 600
LONG_CONTEXT = ("claude-opus-4-7",)
"""Models with a context of a million tokens."""
MAX_BASE64 = 10_000_000
MAX_EDGE = 8000
MANY_IMAGES = 20
MANY_IMAGES_EDGE = 2000
_KINDS = {
    400: "invalid_request_error",
    401: "authentication_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}
_ENDINGS = {"stop": "end_turn", "length": "max_tokens"}


class FakeAnthropic(FakeProvider):
    """Anthropic's API with its limits on images.

    Args:
        reply: What the model says, or a function of the recorded request.
        delay: Seconds to wait before each reply.
        max_edge: Longest side of an image in pixels.

    Example:
        >>> with FakeAnthropic(reply="It is red [1].") as server:
        ...     server.base_url.startswith("http://127.0.0.1:")
        True
    """

    max_request_bytes = 32_000_000

    def __init__(
        self,
        reply: Reply = "The sources say so [1].",
        *,
        delay: float = 0,
        max_edge: int = MAX_EDGE,
    ) -> None:
        super().__init__(reply, delay=delay)
        self.max_edge = max_edge

    def record(self, path: str, headers: dict[str, str], body: Any) -> RecordedRequest:
        """Read a request, or raise ContractError."""
        if path != "/v1/messages":
            raise ContractError(f"{path}: there is no such path")
        stream = bool(body.get("stream"))
        name = f"MessageCreateParams{'Streaming' if stream else 'NonStreaming'}"
        check_type(body, getattr(params, name))
        content = Content()
        system = body.get("system", "")
        parts = system if isinstance(system, list) else [{"text": system}]
        content.system += [part["text"] for part in parts]
        for message in body["messages"]:
            _read_message(message, content)
        most = MAX_IMAGES_LONG if body["model"] in LONG_CONTEXT else MAX_IMAGES
        _check_images(content, self.max_edge, most)
        return content.request(path, headers, body)

    def whole(self, request: RecordedRequest) -> dict[str, Any]:
        """The JSON of a whole reply."""
        text = self.say(request)
        if isinstance(text, ToolCall):
            return self._message(request, len(text.json)) | {
                "content": [anthropic_block(text, self.call_id())],
                "stop_reason": "tool_use",
            }
        return self._message(request, len(text)) | {
            "content": [{"type": "text", "text": text, "citations": None}],
            "stop_reason": _ENDINGS[self.finish_reason],
        }

    def events(self, request: RecordedRequest) -> Iterable[Event]:
        """The events of a streamed reply."""

        def event(kind: str, **values: Any) -> Event:
            return kind, {"type": kind, **values}

        text = self.say(request)
        yield event("message_start", message=self._message(request, 1))
        if isinstance(text, ToolCall):
            for kind, values in anthropic_events(text, self.call_id()):
                yield event(kind, **values)
            return
        yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        yield event("ping")
        for piece in script_of(self, text):
            if piece == "\0overload":
                yield "error", self.error(529, "Overloaded")
                return
            delta = {"type": "text_delta", "text": piece}
            yield event("content_block_delta", index=0, delta=delta)
        if self.end_after is not None:
            return
        yield event("content_block_stop", index=0)
        ending = {"stop_reason": _ENDINGS[self.finish_reason], "stop_sequence": None}
        usage = self._message(request, len(text))["usage"] if self.report_usage else {}
        yield event("message_delta", delta=ending, usage={"output_tokens": len(text)} | usage)
        yield event("message_stop")

    def _message(self, request: RecordedRequest, output_tokens: int) -> dict[str, Any]:
        written = 1 if "cache_control" in str(request.body) else 0
        return {
            "id": f"msg_{len(self.requests)}",
            "type": "message",
            "role": "assistant",
            "model": request.body["model"],
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {
                # Apart from what came from the cache, as Anthropic counts.
                "input_tokens": input_tokens(request) - 2 - written,
                "cache_read_input_tokens": 2,
                "cache_creation_input_tokens": written,
                "output_tokens": output_tokens,
            },
        }

    def error(
        self, status: int, message: str, details: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The JSON of an error."""
        error = {"type": _KINDS.get(status, "api_error"), "message": message}
        return {"type": "error", "error": error | ({"details": details} if details else {})}

    def request_id_header(self) -> str:
        """The header that carries the id of a request."""
        return "request-id"


def _read_message(message: Any, content: Content) -> None:
    role, blocks = message["role"], message["content"]
    if isinstance(blocks, str):
        blocks = [{"type": "text", "text": blocks}]
    for block in blocks:
        if block["type"] == "text":
            content.text.append(check_text(block["text"], f"messages.{role}"))
        elif block["type"] == "tool_use":
            content.tools.calls.append(block["id"])
        elif block["type"] == "tool_result":
            content.tools.results.append(block["tool_use_id"])
            _read_message({"role": role, "content": block.get("content", [])}, content)
        elif block["type"] == "image":
            if role != "user":
                raise ContractError(f"image: a message of role {role} can't hold images")
            source = block["source"]
            if len(source["data"]) > MAX_BASE64:
                raise ContractError(f"image: exceeds {MAX_BASE64} bytes of base64")
            content.images.append(read_base64(source["data"], source["media_type"], ALL_FORMATS))


def _check_images(content: Content, max_edge: int, most: int) -> None:
    if len(content.images) > most:
        raise ContractError(f"image: more than {most} in one request")
    many = len(content.images) > MANY_IMAGES
    edge = min(MANY_IMAGES_EDGE, max_edge) if many else max_edge
    for image in content.images:
        if max(image.width, image.height) > edge:
            raise ContractError(
                f"image: {image.width}x{image.height} is larger than {edge} px",
                {
                    "error_code": "image_dimensions_too_large",
                    "max_side_length_pixels": edge,
                    "paths": ["messages.0.content.0"],
                },
            )
