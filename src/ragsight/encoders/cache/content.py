"""Digests of images and texts: the same content has the same digest, wherever it comes from."""

from __future__ import annotations

import hashlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from ragsight.chunks import ImageRef
from ragsight.files import open_regular
from ragsight.images import ImageSource, read_image_bytes

_SETTLED_NS = 2_000_000_000
_ORIENTATION_TAG = 0x0112
_PIECE = 2**20


class FileState(NamedTuple):
    """What a file's metadata says of its content, as in git's index.

    A file with the same path, size and times (content and metadata changed) holds what it held.
    The time of the metadata is there for tools that set the other one back, such as `cp -p`.
    """

    path: str
    size: int
    modified_ns: int
    changed_ns: int

    @classmethod
    def of(cls, path: str) -> FileState | None:
        """Look at a file; None if there is none."""
        try:
            status = os.stat(path)  # noqa: PTH116 - a tenth of the time on a million paths
        except (OSError, ValueError):
            return None
        full = os.path.abspath(path)  # noqa: PTH100
        return cls(full, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    @property
    def is_settled(self) -> bool:
        """Whether a later change would show: clocks of file systems tick as slowly as 2 seconds."""
        return max(self.modified_ns, self.changed_ns) < time.time_ns() - _SETTLED_NS


@dataclass(slots=True)
class ImageContent:
    """An image to encode, with what tells it from others.

    Attributes:
        source: What to give to the encoder.
        digest: Digest of the content; None for a file that wasn't read yet, or can't be.
        file: State of the file, where it is one.
        held_bytes: What it takes of the memory.
    """

    source: ImageSource
    digest: str | None = None
    file: FileState | None = None
    held_bytes: int = 0

    @property
    def is_unchanged(self) -> bool:
        """Whether a file is still in the state it was in before it was hashed."""
        return self.file is None or FileState.of(self.file.path) == self.file


def image_content(source: ImageSource) -> ImageContent:
    """Find out what identifies an image, without reading it if it is a local file.

    Args:
        source: The image. What isn't on this machine is read, and kept to be encoded.

    Returns:
        The content. Files and bytes have the digest of the encoded bytes, so that they are equal
        when their bytes are. A Pillow image has one of its own kind, made of its pixels.

    Raises:
        InputError: If it isn't on this machine and can't be read.
    """
    if isinstance(source, Image.Image):
        return _of_pixels(source)
    if isinstance(source, bytes):
        return ImageContent(source, f"file:{_digest(source)}", held_bytes=len(source))
    if isinstance(source, ImageRef) and source.data is not None:
        digest = f"file:{_digest(source.data)}"
        return ImageContent(source, digest, held_bytes=len(source.data))
    uri = source.uri if isinstance(source, ImageRef) else str(source)
    if isinstance(source, ImageRef) and Path(uri).stem == source.sha256:
        # A blob store names files by their digest and never changes them.
        return ImageContent(source, f"file:{source.sha256}")
    if "://" in uri or uri[:5].lower() == "data:":
        return _of_far_bytes(uri, read_image_bytes(uri))
    return ImageContent(source, file=FileState.of(uri))


def file_digest(path: str) -> str | None:
    """Read a file for its digest; None if it can't be read."""
    digest = hashlib.sha256()
    try:
        with open_regular(path) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError:
        return None
    return f"file:{digest.hexdigest()}"


def text_digest(text: str) -> str:
    """Digest of a text's exact characters, unlike any image's."""
    return f"text:{_digest(text.encode('utf-8', 'surrogatepass'))}"


def _of_far_bytes(uri: str, data: bytes) -> ImageContent:
    digest = _digest(data)
    # With its address, so that messages can name the image; the size isn't known and not needed.
    ref = ImageRef(uri=uri, sha256=digest, mime="", width=0, height=0, size=len(data), data=data)
    return ImageContent(ref, f"file:{digest}", held_bytes=len(data))


def _of_pixels(image: Image.Image) -> ImageContent:
    try:
        pixels = image.tobytes()
        orientation = image.getexif().get(_ORIENTATION_TAG)
        palette = image.getpalette("RGBA") if image.mode in {"P", "PA"} else None
    except (OSError, ValueError, SyntaxError):
        return ImageContent(image)  # damaged: opening it says how
    # All that `open_image` looks at.
    looks = (image.mode, image.size, orientation, palette, image.info.get("transparency"))
    digest = hashlib.sha256(repr(looks).encode())
    digest.update(pixels)
    return ImageContent(image, f"pixels:{digest.hexdigest()}", held_bytes=len(pixels))


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
