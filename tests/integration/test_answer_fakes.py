"""The fake servers refuse what the real ones refuse; else the other tests would prove little."""

from __future__ import annotations

import base64
import io
from typing import Any

import anthropic
import openai
import pytest
from PIL import Image

from answering import picture
from fakes.anthropic_server import FakeAnthropic
from fakes.openai_server import FakeOpenAI

PNG = base64.b64encode(picture()).decode()


def webp() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20)).save(buffer, format="WEBP")
    return base64.b64encode(buffer.getvalue()).decode()


def image_url(data: str = PNG, mime: str = "image/png", **more: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": f"data:{mime};base64,{data}", **more}}


def block(data: str = PNG, mime: str = "image/png") -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "media_type": mime, "data": data}}


def text(words: str = "Hello") -> dict[str, Any]:
    return {"type": "text", "text": words}


@pytest.mark.parametrize(
    ("role", "part", "problem"),
    [
        ("user", image_url("no base64!"), "base64"),
        ("user", image_url(PNG, "image/jpeg"), "declared as image/jpeg"),
        ("user", image_url(PNG[:400]), "no whole image"),
        ("user", image_url(detail="ultra"), "not one of the values"),
        ("user", {**image_url(), "colour": "red"}, "unknown key"),
        (
            "user",
            {"type": "image_url", "image_url": {"url": "https://a.example/b.png"}},
            "data URL",
        ),
        ("user", text(" "), "must not be empty"),
        ("system", image_url(), "messages"),
    ],
)
def test_the_chat_fake_refuses(role: str, part: dict[str, Any], problem: str) -> None:
    messages: Any = [{"role": role, "content": [part]}, {"role": "user", "content": "?"}]
    with (
        FakeOpenAI() as server,
        openai.OpenAI(api_key="k", base_url=server.base_url) as client,
        pytest.raises(openai.BadRequestError),
    ):
        client.chat.completions.create(model="m", messages=messages)

    assert problem in server.violations[0]


@pytest.mark.parametrize("part", [image_url(detail="high"), image_url(webp(), "image/webp")])
def test_the_local_fake_refuses_what_only_openai_takes(part: dict[str, Any]) -> None:
    messages: Any = [{"role": "user", "content": [part]}]

    def ask(server: FakeOpenAI) -> None:
        with server, openai.OpenAI(api_key="k", base_url=server.base_url) as client:
            client.chat.completions.create(model="m", messages=messages)

    ask(FakeOpenAI())
    with pytest.raises(openai.BadRequestError):
        ask(FakeOpenAI(local=True))


def test_the_responses_fake_refuses_unknown_keys_and_a_missing_detail() -> None:
    image = {"type": "input_image", "image_url": f"data:image/png;base64,{PNG}"}
    with FakeOpenAI() as server, openai.OpenAI(api_key="k", base_url=server.base_url) as client:
        for content, body in ([image], None), ([{"type": "input_text", "text": "?"}], {"x": 1}):
            with pytest.raises(openai.BadRequestError):
                client.responses.create(
                    model="m",
                    input=[{"role": "user", "content": content}],  # type: ignore[list-item, misc]
                    extra_body=body,
                )

    assert "detail" in server.violations[0]
    assert "unknown key" in server.violations[1]


@pytest.mark.parametrize(
    ("content", "more", "problem"),
    [
        ([block("no base64!")], {}, "base64"),
        ([block(PNG, "image/jpeg")], {}, "declared as image/jpeg"),
        ([block(PNG, "image/bmp")], {}, "not one of the values"),
        ([text("")], {}, "must not be empty"),
        ([text()], {"mystery": 0}, "unknown key"),
        ([block(base64.b64encode(picture((8001, 10))).decode())], {}, "larger than 8000"),
        ([block(base64.b64encode(picture((2001, 10))).decode())] * 21, {}, "larger than 2000"),
        ([block()] * 601, {}, "more than 600"),
        ([block()] * 101, {"model": "claude-haiku-4-5"}, "more than 100"),
        ([text("x" * 32_000_000)], {}, "32000"),
    ],
)
def test_the_anthropic_fake_refuses(content: list[Any], more: dict[str, Any], problem: str) -> None:
    with (
        FakeAnthropic() as server,
        anthropic.Anthropic(api_key="k", base_url=server.base_url) as client,
        pytest.raises(anthropic.APIStatusError) as caught,
    ):
        client.messages.create(
            model="claude-opus-4-7",
            max_tokens=10,
            messages=[{"role": "user", "content": content}],
            extra_body=more,
        )

    assert caught.value.status_code in {400, 413}

    assert problem in server.violations[0]


CALL = {"id": "1", "type": "function", "function": {"name": "search", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([{"role": "assistant", "tool_calls": [CALL]}], "no result of the call 1"),
        ([{"role": "tool", "tool_call_id": "1", "content": "x"}], "which was not called"),
        (
            [
                {"role": "assistant", "tool_calls": [CALL]},
                {"role": "tool", "tool_call_id": "1", "content": [image_url()]},
            ],
            "not one of the values",
        ),
    ],
)
def test_the_chat_fake_refuses_calls_without_results_and_images_in_them(
    messages: Any, problem: str
) -> None:
    with (
        FakeOpenAI() as server,
        openai.OpenAI(api_key="k", base_url=server.base_url) as client,
        pytest.raises(openai.BadRequestError),
    ):
        client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "?"}, *messages]
        )

    assert problem in server.violations[0]
