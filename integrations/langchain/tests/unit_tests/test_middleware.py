from __future__ import annotations

from typing import Any

from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from langchain_ragsight.middleware import images_after_tools

CALLS = AIMessage(
    "",
    tool_calls=[
        {"name": "search", "args": {}, "id": "1"},
        {"name": "shoot", "args": {}, "id": "2"},
    ],
)
IMAGE = {"type": "image", "base64": "AAAA", "mime_type": "image/png"}


def _result(id_: str, content: Any) -> ToolMessage:
    return ToolMessage(content=content, tool_call_id=id_, name="search", artifact=["kept"])


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def test_images_follow_all_results_of_their_turn_and_leave_markers_behind() -> None:
    first = _result("1", [_text("A valve:"), IMAGE])
    second = _result("2", [{"type": "image_url", "image_url": {"url": "data:,"}}])
    messages: list[AnyMessage] = [HumanMessage("?"), CALLS, first, second, AIMessage("So.")]

    moved = images_after_tools(messages)

    assert [message.type for message in moved] == ["human", "ai", "tool", "tool", "human", "ai"]
    assert moved[2].content == [_text("A valve:"), _text("<image 1>")]
    assert moved[3].content == [_text("<image 2>")]
    assert moved[4].content[1:] == [
        _text("<image 1>"),
        IMAGE,
        _text("<image 2>"),
        second.content[0],
    ]
    assert first.content == [_text("A valve:"), IMAGE]
    assert isinstance(moved[2], ToolMessage)
    assert moved[2].artifact == ["kept"]


def test_images_of_later_turns_have_numbers_of_their_own() -> None:
    turn: list[AnyMessage] = [CALLS, _result("1", [IMAGE]), _result("2", "No image.")]

    moved = images_after_tools([HumanMessage("?"), *turn, *turn])

    assert moved[2].content == [_text("<image 1>")]
    assert moved[6].content == [_text("<image 2>")]


def test_a_conversation_without_images_of_tools_stays_as_it_is() -> None:
    asked = HumanMessage([_text("What is it?"), IMAGE])
    messages: list[AnyMessage] = [asked, CALLS, _result("1", "A."), _result("2", ["B."])]

    assert images_after_tools(messages) == messages
