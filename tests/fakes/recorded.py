"""What the fake servers remember of a request, and how they read the images in it."""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from fakes.tool_calls import CallsAndResults, tool_names
from fakes.typed import ContractError

MAGIC = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}


@dataclass(frozen=True)
class RecordedImage:
    """An image as it arrived.

    Attributes:
        data: The encoded bytes.
        mime: The media type that was declared; the bytes were found to agree.
        width: Pixels of the bitmap, any rotation tag ignored, as the real servers do.
        height: Pixels.
        detail: OpenAI's level of detail, where it was sent.
    """

    data: bytes = field(repr=False)
    mime: str
    width: int
    height: int
    detail: str | None = None

    def open(self) -> Image.Image:
        """The decoded picture."""
        image = Image.open(io.BytesIO(self.data))
        image.load()
        return image


@dataclass(frozen=True)
class RecordedRequest:
    """A request that a fake server accepted.

    Attributes:
        path: Path of the URL.
        headers: Headers, names in lower case.
        body: The JSON.
        system: The instructions.
        text: All text of the user's messages, in order.
        images: The images, in order.
        stream: Whether a stream was asked for.
        tools: Names of the tools that were offered.
        results: How many results of tools the conversation holds.
    """

    path: str
    headers: dict[str, str]
    body: dict[str, Any] = field(repr=False)
    system: str = field(repr=False)
    text: str
    images: tuple[RecordedImage, ...]
    stream: bool
    tools: tuple[str, ...] = ()
    results: int = 0


@dataclass
class Content:
    """Collects what the parts of a request hold."""

    system: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    images: list[RecordedImage] = field(default_factory=list)
    tools: CallsAndResults = field(default_factory=CallsAndResults)

    def request(self, path: str, headers: dict[str, str], body: Any) -> RecordedRequest:
        """The request whose parts were collected; ContractError if a tool's result is missing."""
        self.tools.check()
        return RecordedRequest(
            path=path,
            headers=headers,
            body=body,
            system="\n".join(self.system),
            text="\n".join(self.text),
            images=tuple(self.images),
            stream=bool(body.get("stream")),
            tools=tool_names(body),
            results=len(self.tools.results),
        )


def check_text(text: str, where: str) -> str:
    """Refuse an empty text, as the real servers do."""
    if not text.strip():
        raise ContractError(f"{where}: text must not be empty")
    return text


def read_data_url(url: str, allowed: frozenset[str], detail: str | None) -> RecordedImage:
    """Read an image from a data URL."""
    head, comma, data = url.partition(",")
    if not (head.startswith("data:") and head.endswith(";base64") and comma):
        raise ContractError("image: only data URLs are taken here")
    return read_base64(data, head.removeprefix("data:").removesuffix(";base64"), allowed, detail)


def read_base64(
    data: str, mime: str, allowed: frozenset[str], detail: str | None = None
) -> RecordedImage:
    """Read an image from base64 and hold its declared type against its bytes."""
    try:
        raw = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ContractError(f"image: base64 that doesn't decode ({error})") from None
    try:
        with Image.open(io.BytesIO(raw)) as image:
            image.load()
            found, size = MAGIC.get(image.format or "", "unknown"), image.size
            animated = getattr(image, "n_frames", 1) > 1
    except OSError as error:
        raise ContractError(f"image: bytes that are no whole image ({error})") from None
    if found != mime:
        raise ContractError(f"image: declared as {mime}, but the bytes are {found}")
    if mime not in allowed:
        raise ContractError(f"image: {mime} is not supported")
    if animated:
        raise ContractError("image: animations are not supported")
    return RecordedImage(raw, mime, size[0], size[1], detail)
