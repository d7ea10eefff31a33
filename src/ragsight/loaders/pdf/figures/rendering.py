"""Encode rendered regions small."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageChops

from ragsight.chunks import BBox, ImageRef
from ragsight.loaders.pdf.backends.protocol import PageSource
from ragsight.loaders.pdf.options import PdfOptions
from ragsight.loaders.pdf.page.geometry import centre_inside, grown, intersects
from ragsight.loaders.pdf.page.page import Line, Page

_PAD = 4.0
"""Points painted around a figure; with less, strokes are cut at its edge, with more, other drawings
show."""

_FLAT_COLOURS = 16
"""How many of the commonest colours are to cover `_FLAT_SHARE` of a drawing; with more, photographs
become PNGs of ten times the size, with fewer, drawings are blurred as JPEGs."""

_FLAT_SHARE = 0.75
"""Share of the pixels; with less, photographs become PNGs, with more, shaded drawings JPEGs."""

_PNG_LEVEL = 1
"""Level 4 takes a third longer for files a sixteenth smaller."""

_PNG_MARK = b"\x89PNG\r\n\x1a\n"
_PNG_COLOURS = {"L": 0, "RGB": 2}

_JPEG_QUALITY = 85
"""On Pillow's scale from 0 to 95; with less, small labels on photographs blur, with more, files
grow."""

_SAMPLE_SIDE = 256
"""Pixels of the longer side in which colours are counted; with more, counting costs more than
encoding, with fewer, small parts of a picture are missed."""


def paint_region(source: PageSource, page: Page, box: BBox, options: PdfOptions) -> Image.Image:
    """Paint a region, with a small margin where no foreign text stands in it.

    Raises:
        DocumentError: If it can't be painted.
    """
    padded = _padded(box, page.lines)
    return source.render(page.number, padded, max_side=options.image_side, max_dpi=options.max_dpi)


def encoded_region(image: Image.Image, page: Page, box: BBox, uri: str) -> ImageRef:
    """Encode a painted region.

    Returns:
        A reference that carries the bytes.
    """
    name = f"{uri}#page={page.number}&bbox={','.join(f'{value:.0f}' for value in box)}"
    return encoded(image, name)


def encoded(image: Image.Image, uri: str) -> ImageRef:
    """Encode a painted picture.

    Args:
        image: The picture.
        uri: How to name it.

    Returns:
        A reference that carries the bytes.
    """
    data, mime = encode(image)
    # What was just encoded need not be opened and checked again.
    return ImageRef(
        uri=uri,
        sha256=hashlib.sha256(data).hexdigest(),
        mime=mime,
        width=image.width,
        height=image.height,
        size=len(data),
        data=data,
    )


def _padded(box: BBox, lines: Sequence[Line]) -> BBox:
    left, top, right, bottom = grown(box, _PAD)
    for line in lines:
        other = line.bbox
        if centre_inside(other, box) or not intersects((left, top, right, bottom), other):
            continue
        if other[1] >= box[3] - 1:
            bottom = max(box[3], min(bottom, other[1]))
        elif other[3] <= box[1] + 1:
            top = min(box[1], max(top, other[3]))
        elif other[0] >= box[2] - 1:
            right = max(box[2], min(right, other[0]))
        elif other[2] <= box[0] + 1:
            left = min(box[0], max(left, other[2]))
    return left, top, right, bottom


def encode(image: Image.Image) -> tuple[bytes, str]:
    """PNG for drawings (sharp edges, few colours), JPEG for photographs (a tenth of the size).

    Returns:
        The bytes and their media type.
    """
    buffer = io.BytesIO()
    sample = _sample(image)
    if not _is_flat(sample):
        image.save(buffer, format="JPEG", quality=_JPEG_QUALITY)
        return buffer.getvalue(), "image/jpeg"
    drawn = image.getchannel(0) if _is_grey(sample) and _is_grey(image) else image
    return png_bytes(drawn), "image/png"


def png_bytes(image: Image.Image) -> bytes:
    """A grey or RGB picture as PNG (RFC 2083), its rows unfiltered.

    Pillow tries five filters on each row, which takes two and a half times as long and makes flat
    drawings no smaller.

    Raises:
        ValueError: If the picture is neither grey nor RGB.
    """
    if image.mode not in _PNG_COLOURS:
        raise ValueError(f"mode {image.mode!r}")
    pixels = np.asarray(image).reshape(image.height, -1)
    rows = np.zeros((image.height, 1 + pixels.shape[1]), dtype=np.uint8)
    rows[:, 1:] = pixels
    header = struct.pack(
        ">IIBBBBB", image.width, image.height, 8, _PNG_COLOURS[image.mode], 0, 0, 0
    )
    data = zlib.compress(rows.data, _PNG_LEVEL)
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return _PNG_MARK + b"".join(_png_chunk(kind, body) for kind, body in chunks)


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(body)), kind, body, struct.pack(">I", checksum)))


def _sample(image: Image.Image) -> Image.Image:
    # Nearest-neighbour sampling adds no colours; looking at all pixels costs more than encoding.
    scale = min(1.0, _SAMPLE_SIDE / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.NEAREST)


def _is_flat(sample: Image.Image) -> bool:
    """Whether a few colours cover most of a picture."""
    counted = sample.getcolors(sample.width * sample.height)
    counts = sorted((count for count, _ in counted or ()), reverse=True)
    return sum(counts[:_FLAT_COLOURS]) >= _FLAT_SHARE * sample.width * sample.height


def _is_grey(image: Image.Image) -> bool:
    red, green, blue = image.split()
    return all(ImageChops.difference(red, other).getbbox() is None for other in (green, blue))
