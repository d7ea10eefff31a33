"""Open images from anywhere, the same way everywhere, and refuse the dangerous ones."""

from __future__ import annotations

import hashlib
import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

import fsspec
from fsspec.implementations.local import LocalFileSystem
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from ragsight.characters import encodable
from ragsight.chunks import ImageRef
from ragsight.errors import ImageError, ImageTooLargeError, SourceNotFoundError
from ragsight.files import MOST_BYTES, read_regular
from ragsight.images.fetch import fetch_image
from ragsight.images.heif import is_heif, open_heif
from ragsight.images.uris import decode_data_uri, is_data_uri, is_web_address, redact_url
from ragsight.redaction import without_secrets

ImageSource: TypeAlias = str | Path | bytes | Image.Image | ImageRef
"""A path, a URL of the web or fsspec, a `data:` URI, encoded bytes, Pillow image, or reference."""

MAX_PIXELS = 89_478_485
"""Largest image that is decoded: Pillow's own decompression-bomb limit (a quarter of 1 GiB)."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
"""Pillow formats that are decoded. Others run decoders (EPS: a whole interpreter) on any input."""

_MIME_BY_FORMAT = {name: f"image/{name.lower()}" for name in FORMATS} | {"MPO": "image/jpeg"}
_DECODER_ERRORS = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    MemoryError,
    RuntimeError,
    struct.error,
)
"""What Pillow's decoders, and libheif's, raise on damaged files."""

# fsspec would fetch these by itself, unchecked.
_CHAINED_WEB_ADDRESS = re.compile(r"::https?:", re.IGNORECASE)

_BLOCK = 1 << 20
_STRIP = 256
"""Rows that are made opaque at a time."""

_ORIENTATION_TAG = 0x0112
_SIDEWAYS_ORIENTATIONS = frozenset({5, 6, 7, 8})


def describe_image(source: ImageSource) -> str:
    """Name an image for a message: its path, or what it is where there is no path.

    URLs are named without credentials and query, `data:` URIs by their length.
    """
    if isinstance(source, bytes):
        return f"image of {len(source):,} bytes"
    if isinstance(source, Image.Image):
        return f"{source.mode} image of {source.width}x{source.height}"
    uri = source.uri if isinstance(source, ImageRef) else str(source)
    if is_data_uri(uri):
        return f"data URI of {len(uri):,} characters"
    return redact_url(uri) if is_web_address(uri) else without_secrets(encodable(uri))


def read_image_bytes(source: ImageSource) -> bytes:
    """Read the encoded bytes of an image; a Pillow image is encoded as PNG.

    Args:
        source: Where the image is. A reference with bytes in hand isn't read again. A URL of the
            web is fetched within the default limits of `fetch_image`: no private addresses.

    Returns:
        The bytes, undecoded and unchecked.

    Raises:
        SourceNotFoundError: If there is no such file.
        ImageError: If the file can't be read, or the address can't or mustn't be fetched.
    """
    if isinstance(source, bytes):
        return source
    if isinstance(source, Image.Image):
        buffer = io.BytesIO()
        source.save(buffer, format="PNG")
        return buffer.getvalue()
    if isinstance(source, ImageRef):
        return source.data if source.data is not None else _read_uri(source.uri)
    return _read_uri(str(source))


def _read_uri(uri: str) -> bytes:
    if is_data_uri(uri):
        return decode_data_uri(uri)
    if is_web_address(uri):
        return fetch_image(uri)
    if _CHAINED_WEB_ADDRESS.search(uri):
        raise ImageError(
            f"{describe_image(uri)}: addresses of the web are not fetched through another file "
            "system. Download the file and pass its path."
        )
    if uri.startswith("blob:"):
        raise ImageError(
            f"{uri} is an image inside a blob store. Read it with MultimodalStore.resolve(chunk)."
        )
    name = describe_image(uri)
    try:
        return _far_bytes(uri) if "://" in uri else read_regular(uri)
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"{name}: there is no such image. Check the path.") from error
    except (OSError, ValueError, ImportError) as error:
        raise ImageError(
            f"{name}: the image can't be read ({without_secrets(str(error))})."
        ) from error


def _far_bytes(uri: str) -> bytes:
    """Read through fsspec; of this machine it gets regular files only to see."""
    for link in uri.split("::"):
        place = Path(link.rpartition("://")[2])
        if place.exists() and not (place.is_file() or place.is_dir()):
            raise OSError(f"{place} is no regular file")
    filesystem, path = fsspec.core.url_to_fs(uri)
    if isinstance(filesystem, LocalFileSystem):
        return read_regular(path)
    data = bytearray()
    with filesystem.open(path, "rb") as file:
        while block := file.read(_BLOCK):
            data += block
            if len(data) > MOST_BYTES:
                raise OSError(f"it is longer than the limit of {MOST_BYTES:,} bytes")
    return bytes(data)


def open_image(source: ImageSource, *, max_pixels: int = MAX_PIXELS) -> Image.Image:
    """Open an image as upright 8-bit RGB, fully decoded.

    EXIF rotation is applied, transparency is flattened on white, CMYK, palette, grey and 16-bit
    images are converted, and of an animation the first frame is taken.

    Args:
        source: A path, a URL of the web or of fsspec, a `data:` URI, encoded bytes, a Pillow
            image, or a reference.
        max_pixels: Refuse larger images before they are decoded.

    Returns:
        A new RGB image of mode `RGB`.

    Raises:
        SourceNotFoundError: If there is no such file.
        ImageError: If it isn't an image, is damaged, or has more than `max_pixels` pixels.

    Example:
        >>> open_image(Image.new("LA", (4, 2))).mode
        'RGB'
    """
    if isinstance(source, Image.Image):
        return to_rgb(ImageOps.exif_transpose(source))
    name = describe_image(source)
    image = open_lazily(read_image_bytes(source), name, max_pixels)
    with _damage_reported(name):
        image.load()
        ImageOps.exif_transpose(image, in_place=True)
        return to_rgb(image)


def image_ref(source: ImageSource, *, uri: str = "", max_pixels: int = MAX_PIXELS) -> ImageRef:
    """Read an image's header and make the reference to it.

    Args:
        source: Where the image is. The bytes stay in the reference unless it is a file, which can
            be read again; what was fetched from the web may be another image the next time.
        uri: How to name an image that has no path of its own.
        max_pixels: Refuse larger images.

    Returns:
        The reference, with the media type and the upright size found in the bytes.

    Raises:
        SourceNotFoundError: If there is no such file.
        ImageError: If it isn't an image, or has more than `max_pixels` pixels.

    Example:
        >>> from PIL import Image
        >>> ref = image_ref(Image.new("RGB", (4, 3)))
        >>> ref.width, ref.height, ref.mime
        (4, 3, 'image/png')
    """
    if isinstance(source, ImageRef):
        return source
    data = read_image_bytes(source)
    name = uri or describe_image(source)
    image = open_lazily(data, name, max_pixels)
    width, height = image.size
    with _damage_reported(name):
        if image.getexif().get(_ORIENTATION_TAG) in _SIDEWAYS_ORIENTATIONS:
            width, height = height, width
    digest = hashlib.sha256(data).hexdigest()
    has_uri = isinstance(source, str | Path) and not is_data_uri(str(source))
    is_file = has_uri and not is_web_address(str(source))
    return ImageRef(
        uri=uri or (str(source) if has_uri else f"blob:{digest}"),
        sha256=digest,
        mime=_mime(image),
        width=width,
        height=height,
        size=len(data),
        data=None if is_file else data,
    )


def _mime(image: ImageFile.ImageFile) -> str:
    # HEIC and HEIF are one format to Pillow; its file tells which of the two it is.
    return _MIME_BY_FORMAT.get(image.format or "") or str(image.get_format_mimetype())


@contextmanager
def _damage_reported(name: str) -> Iterator[None]:
    try:
        yield
    except _DECODER_ERRORS as error:
        raise ImageError(
            f"{name}: the image is damaged or cut short ({error}). Replace the file."
        ) from error


def to_rgb(image: Image.Image) -> Image.Image:
    """Convert any Pillow mode to 8-bit RGB: transparency on white, 16 bits scaled to 8."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode.startswith(("I", "F")):
        return _scaled_to_8_bits(image).convert("RGB")
    if image.mode in {"RGBA", "LA", "PA", "La", "RGBa"} or "transparency" in image.info:
        return _on_white(image if image.mode == "RGBA" else image.convert("RGBA"))
    return image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    # Strip by strip: each copy of an image of the largest size would take more than 300 MB.
    flat = Image.new("RGB", image.size)
    for top in range(0, image.height, _STRIP):
        strip = image.crop((0, top, image.width, min(top + _STRIP, image.height)))
        canvas = Image.new("RGBA", strip.size, "white")
        flat.paste(Image.alpha_composite(canvas, strip).convert("RGB"), (0, top))
    return flat


def _scaled_to_8_bits(image: Image.Image) -> Image.Image:
    # Pillow clips on conversion from I and F, which turns most 16-bit pictures white.
    values = image.convert("F")
    low, high = values.getextrema()
    if not isinstance(low, float) or not isinstance(high, float):
        raise ImageError(f"an image of mode {image.mode} has more than one band")
    top = 1.0 if image.mode == "F" and high <= 1.0 else 255.0 if high <= 255.0 else 65535.0
    return values.point(lambda value: value * (255.0 / top) + 0.0).convert("L")


def open_lazily(data: bytes, name: str, max_pixels: int = MAX_PIXELS) -> ImageFile.ImageFile:
    """Read the header of an encoded image.

    Args:
        data: The bytes.
        name: How to name it in a message.
        max_pixels: Refuse larger images.

    Returns:
        The image, not decoded yet.

    Raises:
        ImageError: If it isn't an image, is damaged, or has more than `max_pixels` pixels.
    """
    if not data:
        raise ImageError(f"{name}: the file is empty. Replace or remove it.")
    try:
        image = _opener(data, name)
    except UnidentifiedImageError as error:
        raise ImageError(
            f"{name}: this is not an image that can be read ({', '.join(FORMATS)}, HEIF)."
        ) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise ImageTooLargeError(
            f"{name}: the image is too large to open safely ({error})."
        ) from error
    except _DECODER_ERRORS as error:
        raise ImageError(f"{name}: the image is damaged ({error}). Replace the file.") from error
    if image.width * image.height > max_pixels:
        raise ImageTooLargeError(
            f"{name}: {image.width}x{image.height} pixels is more than the limit of "
            f"{max_pixels:,}. Scale it down, or raise max_pixels."
        )
    return image


def _opener(data: bytes, name: str) -> ImageFile.ImageFile:
    if is_heif(data):
        return open_heif(data, name)
    return Image.open(io.BytesIO(data), formats=FORMATS)
