"""Make an image fit for a vision model: upright, within its limits, no larger than it looks at."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from ragsight.errors import ImageError
from ragsight.images.opening import (
    ImageSource,
    describe_image,
    image_ref,
    open_image,
    read_image_bytes,
)

JPEG = "image/jpeg"
PNG = "image/png"

QUALITIES = (90, 80, 70, 60)
"""JPEG qualities in the order in which they are tried; below 60 small print becomes unreadable."""

SHRINK = 0.8
"""Factor per step once the lowest quality is still too large."""

SMALLEST_EDGE = 16
"""An image that is too large in bytes at this size can't be helped by shrinking."""

PHOTO_COLOURS = 1 << 16
"""Above this many colours PNG is never the smaller one, so it isn't tried."""

_ORIENTATION_TAG = 0x0112
_OPAQUE_MODES = frozenset({"1", "L", "P", "RGB"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLimits:
    """What a vision model takes, and the largest size at which it looks at an image.

    Attributes:
        max_edge: Longest side in pixels.
        max_short_edge: Limit of the shorter side in pixels, where there is one.
        patch: Side in pixels of the square patches that the model cuts an image into.
        max_patches: How many patches it looks at, where that is limited.
        max_bytes: Largest encoded size in bytes, before base64.
        formats: Media types that the model takes.

    Example:
        >>> ImageLimits(max_edge=1568, patch=28, max_patches=1568).fit(1075, 1520)
        (924, 1307)
    """

    max_edge: int = 2048
    max_short_edge: int | None = None
    patch: int = 32
    max_patches: int | None = None
    max_bytes: int = 5_000_000
    formats: frozenset[str] = frozenset({JPEG, PNG})

    def allows(self, width: int, height: int) -> bool:
        """Whether a model takes this size in pixels without scaling it down itself."""
        return (
            max(width, height) <= self.max_edge
            and (self.max_short_edge is None or min(width, height) <= self.max_short_edge)
            and (self.max_patches is None or self.patches(width, height) <= self.max_patches)
        )

    def patches(self, width: int, height: int) -> int:
        """How many patches cover an image of this size in pixels."""
        return -(-width // self.patch) * -(-height // self.patch)

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """The largest size of the same shape within the limits; never larger than the image.

        Providers publish formulas that stop at or just below this size, since they shrink to whole
        patches. An image of this size passes their test as it is, so it is scaled only once.
        """
        long_edge, short_edge = max(width, height), min(width, height)
        low, high = 1, min(long_edge, self.max_edge)
        if self.max_short_edge is not None:
            # Exact where rounding would let one pixel more through, and with it a row of tiles.
            high = max(1, min(high, long_edge * self.max_short_edge // short_edge))
        while low < high:
            middle = (low + high + 1) // 2
            if self.allows(*_scaled(width, height, middle / long_edge)):
                low = middle
            else:
                high = middle - 1
        return _scaled(width, height, low / long_edge)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedImage:
    """An image as it is sent to a vision model.

    Attributes:
        data: The encoded bytes.
        mime: Media type of the bytes.
        width: Pixels.
        height: Pixels.
        untouched: Whether these are the bytes of the source.

    Example:
        >>> image = prepare_image(Image.new("RGB", (40, 20)), ImageLimits(max_edge=20))
        >>> image.width, image.height, image.mime
        (20, 10, 'image/png')
    """

    data: bytes
    mime: str
    width: int
    height: int
    untouched: bool = False

    @property
    def base64(self) -> str:
        """The bytes in base64, as the providers' JSON wants them."""
        return base64.b64encode(self.data).decode("ascii")

    @property
    def base64_size(self) -> int:
        """Length of the bytes in base64, which is what the providers' limits count."""
        return -(-len(self.data) // 3) * 4

    @property
    def data_uri(self) -> str:
        """The image as a `data:` URI."""
        return f"data:{self.mime};base64,{self.base64}"


def prepare_image(source: ImageSource, limits: ImageLimits) -> PreparedImage:
    """Make an image fit for a model: upright RGB of the model's own size, without metadata.

    Bytes that are fit already are sent as they are. Anything else is scaled once, with
    antialiasing (without it a picture can hide another one that only the model sees), and encoded
    once: PNG where that is lossless and cheap, otherwise JPEG.

    Args:
        source: The image.
        limits: What the model takes.

    Returns:
        The image within `limits`.

    Raises:
        SourceNotFoundError: If there is no such file.
        ImageError: If the image can't be opened or can't be brought within `limits`.
    """
    name = describe_image(source)
    if isinstance(source, Image.Image):
        image = open_image(source)
    else:
        data = read_image_bytes(source)
        ref = image_ref(data, uri=name)
        # Decoded even when the bytes go out as they are: a damaged image must not be sent.
        image = open_image(ref)
        if _is_fit(data, ref.mime, image.size, limits):
            return PreparedImage(
                data=data, mime=ref.mime, width=ref.width, height=ref.height, untouched=True
            )
    size = limits.fit(*image.size)
    for candidate in _encodings(image, size, limits.formats):
        if len(candidate.data) <= limits.max_bytes:
            return candidate
    raise ImageError(
        f"{name}: the image doesn't fit into {limits.max_bytes:,} bytes at any readable size."
    )


def _is_fit(data: bytes, mime: str, size: tuple[int, int], limits: ImageLimits) -> bool:
    return (
        mime in limits.formats
        and len(data) <= limits.max_bytes
        and limits.allows(*size)
        and _is_plain(data)
    )


def _is_plain(data: bytes) -> bool:
    # EXIF and XMP hold places and names that are nobody's business, besides the rotation.
    with Image.open(io.BytesIO(data)) as image:
        return (
            image.mode in _OPAQUE_MODES
            and "transparency" not in image.info
            and getattr(image, "n_frames", 1) == 1
            and image.getexif().get(_ORIENTATION_TAG, 1) == 1
            and not image.getexif()
            and not {"xmp", "XML:com.adobe.xmp"} & image.info.keys()
        )


def _encodings(
    image: Image.Image, size: tuple[int, int], formats: frozenset[str]
) -> Iterator[PreparedImage]:
    """Encode ever smaller versions, best first."""
    while True:
        scaled = image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
        yield from _encodings_at_one_size(scaled, formats)
        size = _scaled(*size, SHRINK)
        if max(size) < SMALLEST_EDGE:
            return


def _encodings_at_one_size(image: Image.Image, formats: frozenset[str]) -> Iterator[PreparedImage]:
    if JPEG not in formats:
        yield _png(image)
        return
    colours = image.getcolors(PHOTO_COLOURS)
    first = _jpeg(image, QUALITIES[0])
    if colours is not None and PNG in formats:
        png = _png(image)
        if len(colours) <= 256 or len(png.data) <= len(first.data):
            yield png
    yield first
    for quality in QUALITIES[1:]:
        yield _jpeg(image, quality)


def _png(image: Image.Image) -> PreparedImage:
    buffer = io.BytesIO()
    _without_metadata(image).save(buffer, format="PNG")
    return _prepared(image, buffer, PNG)


def _jpeg(image: Image.Image, quality: int) -> PreparedImage:
    buffer = io.BytesIO()
    # No chroma subsampling: it smears thin coloured lines, which charts are made of.
    _without_metadata(image).save(buffer, format="JPEG", quality=quality, subsampling=0)
    return _prepared(image, buffer, JPEG)


def _prepared(image: Image.Image, buffer: io.BytesIO, mime: str) -> PreparedImage:
    return PreparedImage(data=buffer.getvalue(), mime=mime, width=image.width, height=image.height)


def _without_metadata(image: Image.Image) -> Image.Image:
    bare = image.copy()
    bare.info = {}
    return bare


def _scaled(width: int, height: int, factor: float) -> tuple[int, int]:
    return max(1, round(width * factor)), max(1, round(height * factor))
