"""Make an image fit for a vision model: upright, within its limits, no larger than it looks at."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field, replace

from PIL import Image, ImageOps

from ragsight.chunks import ImageRef
from ragsight.errors import ImageError
from ragsight.images.compressing import JPEG, PNG, encodings, scaled_size
from ragsight.images.opening import (
    ImageSource,
    describe_image,
    image_ref,
    open_image,
    read_image_bytes,
    to_rgb,
)
from ragsight.images.perceptual_hash import PerceptualHash, perceptual_hash

_OPAQUE_MODES = frozenset({"1", "L", "P", "RGB"})

_TECHNICAL = frozenset(
    {
        *("jfif", "jfif_version", "jfif_unit", "jfif_density", "adobe", "adobe_transform"),
        *("dpi", "aspect", "gamma", "srgb", "chromaticity", "icc_profile", "interlace"),
        *("progressive", "progression", "background", "version", "extension", "duration", "loop"),
    }
)
"""What may stand beside an image's pixels: how to show them, and nothing of who or where."""


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
            if self.allows(*scaled_size(width, height, middle / long_edge)):
                low = middle
            else:
                high = middle - 1
        return scaled_size(width, height, low / long_edge)


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedImage:
    """An image as it is sent to a vision model.

    Attributes:
        data: The encoded bytes.
        mime: Media type of the bytes.
        width: Pixels.
        height: Pixels.
        untouched: Whether these are the bytes of the source.
        likeness: What it looks like, to recognise another version of it; `None` if it is flat.

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
    likeness: PerceptualHash | None = field(default=None, repr=False, compare=False)

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
    image, fit = _opened(source, name, limits)
    look = perceptual_hash(image)
    if fit is not None:
        return replace(fit, likeness=look)
    size = limits.fit(*image.size)
    for found in encodings(image, size, limits.formats):
        if len(found.data) <= limits.max_bytes:
            return PreparedImage(
                data=found.data,
                mime=found.mime,
                width=found.width,
                height=found.height,
                likeness=look,
            )
    raise ImageError(
        f"{name}: the image doesn't fit into {limits.max_bytes:,} bytes at any readable size."
    )


def _opened(
    source: ImageSource, name: str, limits: ImageLimits
) -> tuple[Image.Image, PreparedImage | None]:
    """The decoded image, and its own bytes if they can go out as they are."""
    if isinstance(source, Image.Image):
        return open_image(source), None
    data = read_image_bytes(source)
    ref = image_ref(data, uri=name)
    if not _is_fit(data, ref.mime, (ref.width, ref.height), limits):
        drafted = _drafted(data, ref, limits.fit(ref.width, ref.height))
        return (drafted if drafted is not None else open_image(ref)), None
    # Decoded even when the bytes go out as they are: a damaged image must not be sent.
    whole = PreparedImage(
        data=data, mime=ref.mime, width=ref.width, height=ref.height, untouched=True
    )
    return open_image(ref), whole


def _drafted(data: bytes, ref: ImageRef, size: tuple[int, int]) -> Image.Image | None:
    """A JPEG decoded at a half, quarter or eighth of its size, which saves most of the time.

    `None` if that would be smaller than `size`, or if it can't be decoded: then the long way will
    say why.
    """
    if ref.mime != JPEG or min(ref.width // size[0], ref.height // size[1]) < 2:
        return None
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            upright = image.size == (ref.width, ref.height)
            image.draft(None, size if upright else size[::-1])
            image.load()
            return to_rgb(ImageOps.exif_transpose(image))
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError):
        return None


def _is_fit(data: bytes, mime: str, size: tuple[int, int], limits: ImageLimits) -> bool:
    return (
        mime in limits.formats
        and len(data) <= limits.max_bytes
        and limits.allows(*size)
        and _is_plain(data)
    )


def _is_plain(data: bytes) -> bool:
    # EXIF, XMP, IPTC and comments hold places and names that are nobody's business, besides the
    # rotation.
    with Image.open(io.BytesIO(data)) as image:
        return (
            image.mode in _OPAQUE_MODES
            and getattr(image, "n_frames", 1) == 1
            and not image.getexif()
            and image.info.keys() <= _TECHNICAL
        )
