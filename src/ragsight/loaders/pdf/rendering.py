"""Encode rendered regions small."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image

from ragsight.chunks import BBox, ImageRef
from ragsight.images import image_ref
from ragsight.loaders.pdf.geometry import centre_inside, grown, intersects
from ragsight.loaders.pdf.options import PdfOptions
from ragsight.loaders.pdf.page import Line, Page
from ragsight.loaders.pdf.source import PdfFile

_PAD = 4.0
_FLAT_COLOURS = 16
_FLAT_SHARE = 0.75
_PNG_LEVEL = 4
_JPEG_QUALITY = 85
_SAMPLE_SIDE = 256


def render_region(file: PdfFile, page: Page, box: BBox, uri: str, options: PdfOptions) -> ImageRef:
    """Render a region and encode it, with a small margin where no foreign text stands in it.

    Returns:
        A reference that carries the bytes.

    Raises:
        DocumentError: If the region can't be painted.
    """
    image = file.render(
        page.number, _padded(box, page.lines), max_side=options.image_side, max_dpi=options.max_dpi
    )
    name = f"{uri}#page={page.number}&bbox={','.join(f'{value:.0f}' for value in box)}"
    return image_ref(encode(image), uri=name)


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


def encode(image: Image.Image) -> bytes:
    """PNG for drawings (sharp edges, few colours), JPEG for photographs (a tenth of the size)."""
    buffer = io.BytesIO()
    if _is_flat(image):
        image.save(buffer, format="PNG", compress_level=_PNG_LEVEL)
    else:
        image.save(buffer, format="JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def _is_flat(image: Image.Image) -> bool:
    """Whether a few colours cover most of a picture."""
    # Nearest-neighbour sampling adds no colours, and counting all pixels costs more than encoding.
    scale = min(1.0, _SAMPLE_SIDE / max(image.size))
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    sample = image.resize(size, Image.Resampling.NEAREST)
    counted = sample.getcolors(size[0] * size[1])
    counts = sorted((count for count, _ in counted or ()), reverse=True)
    return sum(counts[:_FLAT_COLOURS]) >= _FLAT_SHARE * size[0] * size[1]
