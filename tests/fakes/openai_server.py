"""A strict fake of OpenAI: the Chat Completions and the Responses API, whole and streamed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from openai.types.chat import completion_create_params as chat_params
from openai.types.responses import response_create_params as responses_params

from fakes.recorded import Content, RecordedRequest, check_text, read_data_url
from fakes.server import Event, FakeProvider, Reply, Said, script_of
from fakes.tool_calls import ToolCall, chat_call, chat_deltas, response_events, response_item
from fakes.typed import ContractError, check_type

ALL_FORMATS = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
LOCAL_FORMATS = frozenset({"image/jpeg", "image/png"})
MAX_IMAGES = 1500
CREATED = 1_790_000_000
IMAGE_TOKENS = 100
ASKING = frozenset({"user", "tool"})
"""Roles whose words the model answers to; the others instruct it, or are its own."""


class FakeOpenAI(FakeProvider):
    """OpenAI's API, or with `local=True` a server that only resembles it (Ollama, llama.cpp, vLLM).

    Args:
        reply: What the model says, or a function of the recorded request.
        delay: Seconds to wait before each reply.
        local: Refuse what such servers refuse: `detail`, WebP and GIF, the Responses API.
        max_images: Most images in a request.

    Attributes:
        sees: How many images of a request its model looks at; the others cost nothing.
        formats: Media types that it takes.
        schemas: Whether it takes a JSON schema for the reply.
        models: What `/v1/models` lists; `None` for a server without a list.

    Example:
        >>> with FakeOpenAI(reply="It is red [1].") as server:
        ...     server.base_url.endswith("/v1")
        True
    """

    prefix = "/v1"
    max_request_bytes = 512_000_000

    def __init__(
        self,
        reply: Reply = "The sources say so [1].",
        *,
        delay: float = 0,
        local: bool = False,
        max_images: int = MAX_IMAGES,
    ) -> None:
        super().__init__(reply, delay=delay)
        self.local = local
        self.max_images = max_images
        self.max_images_message = "At most {} image(s) may be provided in one prompt"
        self.sees = MAX_IMAGES
        self.formats = LOCAL_FORMATS if local else ALL_FORMATS
        self.schemas = not local
        self.models: list[dict[str, Any]] | None = None

    def refuse_images_over(self, count: int, message: str) -> None:
        """Refuse more images than that, with words that don't say how many are taken."""
        self.max_images, self.max_images_message = count, message

    def listing(self, path: str) -> dict[str, Any] | None:
        """The list of models."""
        if path != "/v1/models" or self.models is None:
            return None
        return {"object": "list", "data": self.models}

    def record(self, path: str, headers: dict[str, str], body: Any) -> RecordedRequest:
        """Read a request, or raise ContractError."""
        content = Content()
        stream = bool(body.get("stream"))
        if path == "/v1/chat/completions":
            _check(body, chat_params, "CompletionCreateParams", stream)
            self._read_chat(body, content)
        elif path == "/v1/responses" and not self.local:
            _check(body, responses_params, "ResponseCreateParams", stream)
            self._read_responses(body, content)
        else:
            raise ContractError(f"{path}: there is no such path")
        if body.get("response_format") and not self.schemas:
            raise ContractError("response_format: unknown parameter")
        if self.models and body["model"] not in {model["id"] for model in self.models}:
            raise ContractError("model: there is no such model", status=404)
        if len(content.images) > self.max_images:
            raise ContractError(self.max_images_message.format(self.max_images))
        return content.request(path, headers, body)

    def _read_chat(self, body: Any, content: Content) -> None:
        for message in body["messages"]:
            role, parts = message["role"], message.get("content")
            content.tools.calls += [call["id"] for call in message.get("tool_calls") or ()]
            if role == "tool":
                content.tools.results.append(message["tool_call_id"])
            if isinstance(parts, str):
                parts = [{"type": "text", "text": parts}] if parts or role == "user" else []
            for part in parts or []:
                if part["type"] == "text":
                    target = content.text if role in ASKING else content.system
                    target.append(check_text(part["text"], f"messages.{role}"))
                elif part["type"] == "image_url":
                    _only_users(role)
                    image = part["image_url"]
                    self._add_image(image["url"], image.get("detail"), content)

    def _read_responses(self, body: Any, content: Content) -> None:
        content.system.append(body.get("instructions") or "")
        items = body["input"]
        if isinstance(items, str):
            items = [{"role": "user", "content": items}]
        for message in items:
            if message.get("type") == "function_call":
                content.tools.calls.append(message["call_id"])
                continue
            if message.get("type") == "function_call_output":
                content.tools.results.append(message["call_id"])
                role, parts = "user", message["output"]
            else:
                role, parts = message["role"], message["content"]
            if isinstance(parts, str):
                parts = [{"type": "input_text", "text": parts}]
            for part in parts:
                if part["type"] == "input_text":
                    target = content.text if role == "user" else content.system
                    target.append(check_text(part["text"], f"input.{role}"))
                elif part["type"] == "input_image":
                    _only_users(role)
                    self._add_image(part["image_url"], part.get("detail"), content)

    def _add_image(self, url: str, detail: str | None, content: Content) -> None:
        if self.local and detail is not None:
            raise ContractError("image: detail is not supported")
        content.images.append(read_data_url(url, self.formats, detail))

    def whole(self, request: RecordedRequest) -> dict[str, Any]:
        """The JSON of a whole reply."""
        said = self.say(request)
        if request.path == "/v1/responses":
            return self._response(request, said)
        message: dict[str, Any] = {"role": "assistant", "content": said, "refusal": None}
        ending = self.finish_reason
        if isinstance(said, ToolCall):
            message |= {"content": None, "tool_calls": [chat_call(said, self.call_id(), said.json)]}
            ending = "tool_calls"
        choice = {"index": 0, "message": message, "finish_reason": ending, "logprobs": None}
        return self._chat_reply(request) | {
            "object": "chat.completion",
            "choices": [choice],
            "usage": self._chat_usage(request, _text(said)),
        }

    def events(self, request: RecordedRequest) -> Iterable[Event]:
        """The events of a streamed reply."""
        said = self.say(request)
        if request.path == "/v1/responses":
            return self._response_events(request, said)
        if isinstance(said, ToolCall):
            return self._chat_call_events(request, said)
        return self._chat_events(request, said)

    def _chat_call_events(self, request: RecordedRequest, call: ToolCall) -> Iterable[Event]:
        yield "", self._chunk(request, {"role": "assistant", "content": None})
        for delta in chat_deltas(call, self.call_id()):
            yield "", self._chunk(request, delta)
        yield "", self._chunk(request, {}, "tool_calls")
        yield from self._chat_end(request, call.json)

    def _chat_events(self, request: RecordedRequest, text: str) -> Iterable[Event]:
        yield "", self._chunk(request, {"role": "assistant", "content": ""})
        for piece in script_of(self, text):
            if piece == "\0overload":
                yield "", self.error(503, "The server is overloaded")
                return
            yield "", self._chunk(request, {"content": piece})
        if self.end_after is not None:
            return
        yield "", self._chunk(request, {}, self.finish_reason)
        yield from self._chat_end(request, text)

    def _chat_end(self, request: RecordedRequest, text: str) -> Iterable[Event]:
        wants_usage = (request.body.get("stream_options") or {}).get("include_usage")
        if wants_usage and self.report_usage:
            yield "", self._chunk(request, None) | {"usage": self._chat_usage(request, text)}
        yield "", "[DONE]"

    def _chunk(self, request: RecordedRequest, delta: Any, ending: Any = None) -> dict[str, Any]:
        choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": ending}]
        return self._chat_reply(request) | {"object": "chat.completion.chunk", "choices": choices}

    def _chat_reply(self, request: RecordedRequest) -> dict[str, Any]:
        id_ = f"chatcmpl-{len(self.requests)}"
        return {"id": id_, "created": CREATED, "model": request.body["model"]}

    def _response_events(self, request: RecordedRequest, said: Said) -> Iterable[Event]:
        numbers = iter(range(1 << 20))

        def event(kind: str, **values: Any) -> Event:
            return kind, {"type": kind, "sequence_number": next(numbers), **values}

        started = self._response(request, "") | {"status": "in_progress", "output": []}
        place: dict[str, Any] = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
        item = _message("", "in_progress") | {"content": []}
        yield event("response.created", response=started)
        yield event("response.in_progress", response=started)
        if isinstance(said, ToolCall):
            for kind, values in response_events(said, self.call_id()):
                yield event(kind, **values)
            yield event("response.completed", response=self._response(request, said))
            return
        text = said
        yield event("response.output_item.added", output_index=0, item=item)
        yield event("response.content_part.added", **place, part=_output_text(""))
        for piece in script_of(self, text):
            if piece == "\0overload":
                error = {"code": "server_error", "message": "The server is overloaded"}
                failed = started | {"status": "failed", "error": error}
                yield event("response.failed", response=failed)
                return
            yield event("response.output_text.delta", **place, delta=piece, logprobs=[])
        if self.end_after is not None:
            return
        yield event("response.output_text.done", **place, text=text, logprobs=[])
        yield event("response.content_part.done", **place, part=_output_text(text))
        done = _message(text, "completed")
        yield event("response.output_item.done", output_index=0, item=done)
        ending = "incomplete" if self.finish_reason == "length" else "completed"
        yield event(f"response.{ending}", response=self._response(request, text))

    def _response(self, request: RecordedRequest, said: Said) -> dict[str, Any]:
        cut = self.finish_reason == "length"
        text = _text(said)
        output = _message(text, "completed")
        if isinstance(said, ToolCall):
            output = response_item(said, self.call_id(), said.json, "completed")
        return {
            # LangGraph takes two messages with one id for one message.
            "id": f"resp_{len(self.requests)}",
            "object": "response",
            "created_at": CREATED,
            "model": request.body["model"],
            "status": "incomplete" if cut else "completed",
            "error": None,
            "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
            "output": [output],
            "parallel_tool_calls": True,
            "tool_choice": "auto",
            "tools": [],
            "usage": {
                "input_tokens": input_tokens(request),
                "input_tokens_details": {"cached_tokens": 2, "cache_write_tokens": 0},
                "output_tokens": len(text),
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": input_tokens(request) + len(text),
            },
        }

    def _chat_usage(self, request: RecordedRequest, text: str) -> dict[str, Any] | None:
        if not self.report_usage:
            return None
        unseen = max(0, len(request.images) - self.sees)
        tokens = input_tokens(request) - IMAGE_TOKENS * unseen
        return {
            "prompt_tokens": tokens,
            "completion_tokens": len(text),
            "total_tokens": tokens + len(text),
            "prompt_tokens_details": {"cached_tokens": 2},
        }

    def error(
        self, status: int, message: str, details: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The JSON of an error."""
        del details  # OpenAI gives none
        kind = "invalid_request_error" if status < 500 else "server_error"
        return {"error": {"message": message, "type": kind, "param": None, "code": None}}

    def request_id_header(self) -> str:
        """The header that carries the id of a request."""
        return "x-request-id"


def input_tokens(request: RecordedRequest) -> int:
    """A count that tests can foresee: a token for each word, a hundred for each image."""
    return len((request.system + " " + request.text).split()) + IMAGE_TOKENS * len(request.images)


def _check(body: Any, params: Any, name: str, stream: bool) -> None:
    if params is responses_params and body.get("tools"):
        # The SDK's types insist on `strict`; the API takes tools without it.
        body = body | {"tools": [{"strict": None, **tool} for tool in body["tools"]]}
    check_type(body, getattr(params, f"{name}{'Streaming' if stream else 'NonStreaming'}"))


def _text(said: Said) -> str:
    return said.json if isinstance(said, ToolCall) else said


def _only_users(role: str) -> None:
    if role != "user":
        raise ContractError(f"image: a message of role {role} can't hold images")


def _message(text: str, status: str) -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [_output_text(text)],
    }


def _output_text(text: str) -> dict[str, Any]:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
