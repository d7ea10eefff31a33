"""Small versions of images, for galleries and result lists."""

from __future__ import annotations

import base64
import io

from PIL import Image

from ragsight.images.opening import ImageSource, open_image


def thumbnail(source: ImageSource, *, size: int = 256, quality: int = 80) -> bytes:
    """Encode a small JPEG of an image.

    Args:
        source: The image.
        size: Longest side in pixels; a smaller image keeps its size.
        quality: JPEG quality, 1 to 95.

    Returns:
        JPEG bytes.

    Raises:
        ImageError: If the image can't be opened.
    """
    image = open_image(source).copy()
    image.thumbnail((size, size), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=quality)
    return buffer.getvalue()


def thumbnail_data_uri(source: ImageSource, *, size: int = 256) -> str:
    """Make a thumbnail that can stand in an HTML page by itself, as a `data:` URI."""
    encoded = base64.b64encode(thumbnail(source, size=size)).decode("ascii")
    return f"data:image/jpeg;base64,{encoded}"
