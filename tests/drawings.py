"""Pictures made in memory."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ragsight.chunks import Chunk, ImageRef, Source
from ragsight.images import image_ref


def noise(seed: int, size: tuple[int, int] = (48, 40)) -> Image.Image:
    """A picture unlike those of other seeds."""
    values = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(values)


def cut_jpeg(seed: int = 0) -> bytes:
    """A JPEG whose header is whole and whose second half is missing."""
    buffer = io.BytesIO()
    noise(seed).save(buffer, format="JPEG")
    return buffer.getvalue()[: buffer.tell() // 2]


def heic(image: Image.Image, **options: Any) -> bytes:
    """A picture as telephones save it; without the encoder the test that asks is skipped."""
    pillow_heif = pytest.importorskip("pillow_heif")
    buffer = io.BytesIO()
    pillow_heif.from_pillow(image).save(buffer, quality=90, **options)
    return buffer.getvalue()


def noise_ref(seed: int) -> ImageRef:
    """A reference to such a picture, with its bytes in hand."""
    return image_ref(noise(seed))


def text_chunk(text: str, *, uri: str = "/docs/a.txt", **metadata: object) -> Chunk:
    """A chunk of text."""
    return Chunk(text=text, source=Source(uri=uri), metadata=metadata)


def image_chunk(
    seed: int, text: str = "", *, uri: str = "/docs/a.pdf", **metadata: object
) -> Chunk:
    """A chunk with a picture, and a text if given."""
    source = Source(uri=uri, page=seed + 1)
    return Chunk(text=text, image=noise_ref(seed), source=source, kind="figure", metadata=metadata)
