from __future__ import annotations

import base64
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from langchain_ragsight._queries import read_question
from ragsight.errors import ImageError, QueryError

DATA = b"\x89PNG not looked at"
BASE64 = base64.b64encode(DATA).decode()
URI = f"data:image/png;base64,{BASE64}"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "base64": BASE64, "mime_type": "image/png"},
        {"type": "image", "url": URI},
        {"type": "image_url", "image_url": {"url": URI, "detail": "high"}},
        {"type": "image_url", "image_url": URI},
        {"type": "image", "source_type": "base64", "data": BASE64, "mime_type": "image/png"},
        {"type": "image", "base64": f"{BASE64[:9]}\n{BASE64[9:]}\n", "mime_type": "image/png"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": BASE64}},
        {"type": "input_image", "image_url": URI},
        {"type": "media", "mime_type": "image/png", "data": BASE64},
    ],
)
def test_a_message_gives_its_text_and_its_image_in_any_of_the_usual_blocks(
    block: dict[str, Any],
) -> None:
    message = HumanMessage(content=[{"type": "text", "text": "the same in blue"}, block])

    assert read_question(message) == ("the same in blue", DATA)


@pytest.mark.parametrize("key", ["text", "query", "question", "input"])
def test_a_dictionary_gives_its_words_and_image(key: str) -> None:
    assert read_question({key: "red", "image": "shoe.png"}) == ("red", "shoe.png")


def test_a_data_uri_in_a_dictionary_is_decoded() -> None:
    assert read_question({"image": URI}) == (None, DATA)


def test_a_message_inside_a_dictionary_is_read() -> None:
    message = HumanMessage(content=[{"type": "image", "url": URI}])

    assert read_question({"input": message, "context": []}) == (None, DATA)


@pytest.mark.parametrize("url", ["https://example.com/a.png", "/etc/passwd", "file:///a.png", ""])
def test_addresses_in_a_message_are_neither_fetched_nor_opened(url: str) -> None:
    with pytest.raises(ImageError, match="in the message itself"):
        read_question(HumanMessage(content=[{"type": "image", "url": url}]))


def test_an_image_that_is_only_a_providers_file_is_named() -> None:
    with pytest.raises(ImageError, match="'file-7' is not read"):
        read_question(HumanMessage(content=[{"type": "image", "file_id": "file-7"}]))


def test_what_is_no_image_is_passed_over() -> None:
    clip = {"type": "media", "mime_type": "video/mp4", "data": BASE64}

    assert read_question(HumanMessage(content=[{"type": "text", "text": "red"}, clip])) == (
        "red",
        None,
    )


def test_two_images_in_a_message_are_refused() -> None:
    block = {"type": "image", "url": URI}

    with pytest.raises(QueryError, match="2 images"):
        read_question(HumanMessage(content=[block, block]))


@pytest.mark.parametrize("value", [3, None, {}, {"answer": "x"}])
def test_what_is_no_question_is_refused(value: Any) -> None:
    with pytest.raises(QueryError, match="question"):
        read_question(value)


def test_base64_that_does_not_decode_is_reported() -> None:
    with pytest.raises(ImageError, match="base64"):
        read_question({"image": "data:image/png;base64,%%%"})
