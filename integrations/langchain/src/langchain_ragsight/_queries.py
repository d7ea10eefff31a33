"""Read what LangChain passes as a question: a string, a dictionary, or a message."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from langchain_core.messages import BaseMessage

from ragsight.errors import ImageError, QueryError
from ragsight.images import ImageSource

TEXT_KEYS = ("text", "query", "question", "input")


def read_question(value: Any) -> tuple[str | None, ImageSource | None]:
    """Find the words and the image in a question.

    Args:
        value: A string, a message with text and image blocks, or a dictionary with one of
            `TEXT_KEYS` and perhaps `image` (a path, bytes, a Pillow image, or a `data:` URI).

    Returns:
        The text and the image; None for what isn't there.

    Raises:
        QueryError: If it is something else, or holds several images.
        ImageError: If a message's image isn't in the message itself.
    """
    if isinstance(value, str):
        return value, None
    if isinstance(value, BaseMessage):
        return _read_message(value)
    if isinstance(value, Mapping):
        return _read_mapping(value)
    raise QueryError(
        f"A question is a string, a message, or a dictionary with one of {', '.join(TEXT_KEYS)} "
        f"and perhaps 'image', not {type(value).__name__}."
    )


def _read_mapping(value: Mapping[str, Any]) -> tuple[str | None, ImageSource | None]:
    inner = next((value[key] for key in TEXT_KEYS if value.get(key) is not None), None)
    image = value.get("image")
    if isinstance(image, str) and image.startswith("data:"):
        image = _data_uri(image)
    if inner is None:
        if image is None:
            raise QueryError(
                f"The question has none of the keys {', '.join(TEXT_KEYS)}, 'image'; it has "
                f"{', '.join(map(str, value)) or 'none at all'}."
            )
        return None, image
    text, inner_image = read_question(inner)
    return text, image if image is not None else inner_image


def _read_message(message: BaseMessage) -> tuple[str | None, ImageSource | None]:
    words: list[str] = []
    images: list[ImageSource] = []
    for block in message.content_blocks:
        fields: dict[str, Any] = dict(block)
        if fields["type"] == "text":
            words.append(fields["text"])
        elif fields["type"] == "image":
            images.append(_block_image(fields))
        elif fields["type"] == "non_standard":
            images.extend(_other_image(fields["value"]))
    if len(images) > 1:
        raise QueryError(f"The question holds {len(images)} images; search with one at a time.")
    return "\n".join(words) or None, images[0] if images else None


def _block_image(block: Mapping[str, Any]) -> bytes:
    if block.get("base64") is not None:
        return _decoded(block["base64"])
    return _data_uri(str(block.get("url") or block.get("file_id")))


def _other_image(block: Mapping[str, Any]) -> list[bytes]:
    """The image in a block that langchain-core leaves as it is."""
    # OpenAI's with a bare address, and Google's.
    url, data = block.get("image_url"), block.get("data")
    if isinstance(url, str):
        return [_data_uri(url)]
    is_image = str(block.get("mime_type")).startswith("image/")
    return [_decoded(data)] if is_image and isinstance(data, str) else []


def _data_uri(uri: str) -> bytes:
    head, _, data = uri.partition(",")
    # A message may come from anyone: its addresses are neither fetched nor opened as files.
    if not head.startswith("data:") or not head.endswith(";base64"):
        raise ImageError(
            "The image of a question must be in the message itself, as base64 or a data: URI; "
            f"{uri[:80]!r} is not read."
        )
    return _decoded(data)


def _decoded(data: str) -> bytes:
    try:
        # Encoders for mail break the lines.
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageError(f"The image of the question isn't base64 ({error}).") from error
