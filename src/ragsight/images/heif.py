"""HEIC and HEIF, as telephones take them, through the extra `heif`."""

from __future__ import annotations

import io
from importlib import import_module
from typing import cast

from PIL import Image

from ragsight.errors import ImageError, extra
from ragsight.images.opening import MAX_PIXELS

_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"heif"}
)


def is_heif(data: bytes) -> bool:
    r"""Whether bytes are HEIC or HEIF, by their first box and not by any name.

    Example:
        >>> is_heif(b"\x00\x00\x00\x18ftypheic"), is_heif(b"\x89PNG")
        (True, False)
    """
    return data[4:8] == b"ftyp" and data[8:12] in _BRANDS


def open_heif(data: bytes, name: str, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Decode HEIC or HEIF bytes as they are shown: upright, of several pictures the main one.

    Args:
        data: The file.
        name: How to name it in a message.
        max_pixels: Refuse larger images before they are decoded.

    Returns:
        The image; the decoder has applied the file's rotation.

    Raises:
        MissingExtraError: If the package `pillow-heif` isn't installed.
        ImageError: If the image is damaged or has more than `max_pixels` pixels.
    """
    with extra("heif", "pillow_heif"):
        pillow_heif = import_module("pillow_heif")
    try:
        heif = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
        width, height = heif.size
        if width * height > max_pixels:
            raise ImageError(
                f"{name}: {width}x{height} pixels is more than the limit of {max_pixels:,}. "
                f"Scale it down."
            )
        image = heif.to_pillow()
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, RuntimeError) as error:
        raise ImageError(
            f"{name}: the image is damaged or cut short ({error}). Replace the file."
        ) from error
    return cast("Image.Image", image)
