"""HEIC and HEIF, as telephones take them, through the extra `heif`."""

from __future__ import annotations

import io
from importlib import import_module
from typing import cast

from PIL import ImageFile

from ragsight.errors import MissingDecoderError, MissingExtraError, extra

_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"heif"}
)

_HEVC = frozenset({b"heic", b"heix", b"hevc", b"hevx"})
_LONGEST_BOX = 1024
"""Bytes of the first box that are looked at; real ones name fewer than ten brands of four."""


def is_heif(data: bytes) -> bool:
    r"""Whether bytes are HEIC or HEIF, by their first box and not by any name.

    Example:
        >>> is_heif(b"\x00\x00\x00\x18ftypheic"), is_heif(b"\x89PNG")
        (True, False)
    """
    return data[4:8] == b"ftyp" and data[8:12] in _BRANDS and not _is_avif(data)


def _is_avif(data: bytes) -> bool:
    """Whether a container of either kind says, among its brands, that AV1 is in it."""
    brands = data[16 : min(int.from_bytes(data[:4], "big"), _LONGEST_BOX)]
    found = {brands[at : at + 4] for at in range(0, len(brands), 4)}
    return b"avif" in found and not found & _HEVC


def open_heif(data: bytes, name: str) -> ImageFile.ImageFile:
    """Read the header of HEIC or HEIF bytes; of several pictures the main one is taken.

    Args:
        data: The file.
        name: How to name it in a message.

    Returns:
        The image, not decoded yet. Its size is the upright one, and decoding turns it.

    Raises:
        MissingDecoderError: If the package `pillow-heif` isn't installed.
        SyntaxError: If the bytes are damaged, as Pillow's own openers say it.
    """
    try:
        with extra("heif", "pillow_heif"):
            plugin = import_module("pillow_heif")
    except MissingExtraError as error:
        raise MissingDecoderError(
            f"{name}: HEIC and HEIF images need a decoder. {error}", name=error.name
        ) from error
    return cast("ImageFile.ImageFile", plugin.HeifImageFile(io.BytesIO(data)))
