"""Encode a picture in as few bytes as it can be without looking worse."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

JPEG = "image/jpeg"
PNG = "image/png"

QUALITY = 90
"""JPEG quality of an image that isn't too large."""

LIGHT_QUALITIES = (85, 80)
"""Qualities at which a large photograph still shows no loss."""

LOW_QUALITIES = (70, 60)
"""What is tried before an image is scaled down; below 60 small print becomes unreadable."""

COMFORTABLE_BYTES = 1_000_000
"""An image that is larger than this is worth a second encoding: it costs seconds on a slow line."""

SHRINK = 0.8
"""Factor per step once the lowest quality is still too large."""

SMALLEST_EDGE = 16
"""An image that is too large in bytes at this size can't be helped by shrinking."""

PHOTO_COLOURS = 1 << 16
"""Above this many colours PNG is never the smaller one, so it isn't tried."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """An encoded picture.

    Attributes:
        data: The bytes, without metadata.
        mime: Their media type.
        width: Pixels.
        height: Pixels.
    """

    data: bytes
    mime: str
    width: int
    height: int


def encodings(
    image: Image.Image, size: tuple[int, int], formats: frozenset[str]
) -> Iterator[Encoded]:
    """Encode ever smaller versions of an RGB picture, best first.

    Args:
        image: The picture.
        size: Width and height of the first versions; it is scaled once, with antialiasing.
        formats: Media types to choose from; without JPEG it is PNG.

    Yields:
        Versions, until the picture is too small to show anything.
    """
    while True:
        scaled = image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
        yield from _at_one_size(scaled, formats)
        size = scaled_size(*size, SHRINK)
        if max(size) < SMALLEST_EDGE:
            return


def scaled_size(width: int, height: int, factor: float) -> tuple[int, int]:
    """A size in pixels times a factor, at least one pixel each way."""
    return max(1, round(width * factor)), max(1, round(height * factor))


def _at_one_size(image: Image.Image, formats: frozenset[str]) -> Iterator[Encoded]:
    if JPEG not in formats:
        yield _png(image)
        return
    colours = image.getcolors(PHOTO_COLOURS)
    jpeg = _jpeg(image, QUALITY)
    if colours is not None and PNG in formats:
        png = _png(image)
        size = len(png.data)
        # A grey photograph has few colours too, but is no drawing.
        if size <= len(jpeg.data) or (len(colours) <= 256 and size <= COMFORTABLE_BYTES):
            yield png
    yield jpeg if len(jpeg.data) <= COMFORTABLE_BYTES else _light(image)
    for quality in LOW_QUALITIES:
        yield _jpeg(image, quality)


def _light(image: Image.Image) -> Encoded:
    for quality in LIGHT_QUALITIES:
        candidate = _jpeg(image, quality, subsampling=2)
        if len(candidate.data) <= COMFORTABLE_BYTES:
            break
    return candidate


def _png(image: Image.Image) -> Encoded:
    buffer = io.BytesIO()
    _without_metadata(image).save(buffer, format="PNG")
    return Encoded(buffer.getvalue(), PNG, *image.size)


def _jpeg(image: Image.Image, quality: int, *, subsampling: int = 0) -> Encoded:
    buffer = io.BytesIO()
    # Colour in full unless bytes are short: with less, thin coloured lines smear, and charts are
    # made of them.
    _without_metadata(image).save(buffer, format="JPEG", quality=quality, subsampling=subsampling)
    return Encoded(buffer.getvalue(), JPEG, *image.size)


def _without_metadata(image: Image.Image) -> Image.Image:
    bare = image.copy()
    bare.info = {}
    return bare
