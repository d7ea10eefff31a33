"""What the fake servers know of tools: replies that call one, and the results that come back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fakes.typed import ContractError


@dataclass(frozen=True)
class ToolCall:
    """A reply that calls a tool instead of saying something.

    Attributes:
        name: The tool's name.
        arguments: What it is called with.

    Example:
        >>> ToolCall("search", {"query": "valve"}).json
        '{"query": "valve"}'
    """

    name: str
    arguments: dict[str, Any]

    @property
    def json(self) -> str:
        """The arguments as JSON."""
        return json.dumps(self.arguments)

    def pieces(self) -> Iterator[str]:
        """The JSON as it is streamed."""
        return (self.json[start : start + 5] for start in range(0, len(self.json), 5))


@dataclass
class CallsAndResults:
    """The calls of a conversation, each of which must have its result."""

    calls: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Refuse calls without a result, and results without a call, as the real servers do."""
        for id_ in self.calls:
            if id_ not in self.results:
                raise ContractError(f"tools: no result of the call {id_}")
        for id_ in self.results:
            if id_ not in self.calls:
                raise ContractError(f"tools: a result of {id_}, which was not called")


def tool_names(body: Any) -> tuple[str, ...]:
    """Names of the tools that a request offers, in the form of any of the three APIs."""
    tools: Iterable[Any] = body.get("tools") or ()
    return tuple((tool.get("function") or tool)["name"] for tool in tools)


def chat_call(call: ToolCall, id_: str, arguments: str) -> dict[str, Any]:
    """A call as Chat Completions write it, with so much of its arguments."""
    function = {"name": call.name, "arguments": arguments}
    return {"id": id_, "type": "function", "function": function}


def chat_deltas(call: ToolCall, id_: str) -> Iterator[dict[str, Any]]:
    """The deltas of a streamed call."""
    yield {"tool_calls": [{"index": 0, **chat_call(call, id_, "")}]}
    for piece in call.pieces():
        yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}


def response_item(call: ToolCall, id_: str, arguments: str, status: str) -> dict[str, Any]:
    """A call as the Responses API writes it."""
    return {
        "id": "fc_1",
        "type": "function_call",
        "call_id": id_,
        "name": call.name,
        "arguments": arguments,
        "status": status,
    }


def response_events(call: ToolCall, id_: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and values of the events of a call, in the midst of a stream."""
    place: dict[str, Any] = {"item_id": "fc_1", "output_index": 0}
    begun = response_item(call, id_, "", "in_progress")
    yield "response.output_item.added", {"output_index": 0, "item": begun}
    for piece in call.pieces():
        yield "response.function_call_arguments.delta", {**place, "delta": piece}
    whole = {**place, "name": call.name, "arguments": call.json}
    yield "response.function_call_arguments.done", whole
    done = response_item(call, id_, call.json, "completed")
    yield "response.output_item.done", {"output_index": 0, "item": done}


def anthropic_block(call: ToolCall, id_: str) -> dict[str, Any]:
    """A call as Anthropic writes it."""
    return {"type": "tool_use", "id": id_, "name": call.name, "input": call.arguments}


def anthropic_events(call: ToolCall, id_: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Names and values of the events of a streamed call."""
    empty = {**anthropic_block(call, id_), "input": {}}
    yield "content_block_start", {"index": 0, "content_block": empty}
    for piece in call.pieces():
        delta = {"type": "input_json_delta", "partial_json": piece}
        yield "content_block_delta", {"index": 0, "delta": delta}
    yield "content_block_stop", {"index": 0}
    ending = {"stop_reason": "tool_use", "stop_sequence": None}
    yield "message_delta", {"delta": ending, "usage": {"output_tokens": len(call.json)}}
    yield "message_stop", {}
