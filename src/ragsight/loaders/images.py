"""Image files as chunks."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from ragsight.chunks import Chunk, Source
from ragsight.errors import DocumentError, ErrorHandler, InputError, raise_error
from ragsight.files import read_regular
from ragsight.images import image_ref, read_image_bytes
from ragsight.loaders.base import absolute, file_fingerprint
from ragsight.loaders.decoding import decode_text
from ragsight.loaders.embedded_words import embedded_words
from ragsight.loaders.tiff_pages import tiff_pages

IMAGE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff"}
    | {".avif", ".heic", ".heif"}
)

_VERSION = 2
_TIFF = "image/tiff"
_LONGEST_CAPTION = 1 << 20
"""Bytes; a longer file is none, whatever its name."""

_SEPARATORS = re.compile(r"[-_\s]+")

Captioner = Callable[[Path], str]


class ImageLoader:
    """Loads an image file, or all images below a folder, one chunk each; of a TIFF, one a page.

    The chunk's text is a caption, if there is one: what `caption` returns, or unless it is given,
    the content of a text file beside the image (`shoe.jpg`, `shoe.txt`), else what a person wrote
    into the file (EXIF, IPTC, XMP, texts of PNG). Names of files and cameras are no captions; a
    file's name is kept in the metadata as `name`. HEIC and HEIF photographs need the extra `heif`;
    without it each of them goes to `on_error`, with the line that installs it.

    Args:
        path: An image file or a folder.
        recursive: Look into folders inside the folder.
        caption: Gives an image's caption.
        on_error: Called with an image or caption that can't be used; the rest is loaded if it
            returns.

    Raises:
        SourceNotFoundError: If there is nothing at the path.

    Example:
        >>> for chunk in ImageLoader("photos").lazy_load():  # doctest: +SKIP
        ...     print(chunk.image.width, chunk.text)
    """

    def __init__(
        self,
        path: str | Path,
        *,
        recursive: bool = True,
        caption: Captioner | None = None,
        on_error: ErrorHandler = raise_error,
    ) -> None:
        self._path = absolute(path)
        self._recursive = recursive
        self._caption = caption if caption is not None else sidecar_caption
        self._reads_embedded = caption is None
        self._on_error = on_error

    @property
    def uri(self) -> str:
        """The file's or folder's absolute path."""
        return str(self._path)

    def fingerprint(self) -> str:
        """Digest of the image and its caption file; of a folder, of all of them."""
        digest = hashlib.sha256(f"ImageLoader {_VERSION}".encode())
        for path in self._files():
            caption = self._captioned(path, lambda _error: None)
            digest.update(file_fingerprint(path, path.name, caption).encode())
        return digest.hexdigest()

    def lazy_load(self) -> Iterator[Chunk]:
        """Load the images, sorted by path.

        Raises:
            InputError: If the folder holds no images.
            ImageError: If an image can't be used and `on_error` raises, as it does by default.
        """
        files = self._files()
        if not files:
            raise InputError(f"{self._path}: there are no images in this folder.")
        for path in files:
            try:
                yield from self._load(path)
            except InputError as error:
                if not self._path.is_dir():
                    raise
                self._on_error(error)

    def load(self) -> list[Chunk]:
        """All chunks at once; see `lazy_load`."""
        return list(self.lazy_load())

    def _files(self) -> list[Path]:
        if not self._path.is_dir():
            return [self._path]
        found = self._path.rglob("*") if self._recursive else self._path.glob("*")
        return sorted(
            path for path in found if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()
        )

    def _load(self, path: Path) -> Iterator[Chunk]:
        image = image_ref(path)
        caption = self._captioned(path, self._on_error).strip()
        if not caption and self._reads_embedded:
            caption = embedded_words(read_image_bytes(path), str(path))
        facts = {"name": _SEPARATORS.sub(" ", path.stem).strip()}
        pages = tiff_pages(path, self._on_error) if image.mime == _TIFF else ()
        empty = True
        for number, page in pages:
            empty = False
            source = Source(uri=str(path), page=number, part=f"page {number}")
            yield Chunk(text=caption, image=page, source=source, kind="image", metadata=facts)
        if empty:
            source = Source(uri=str(path))
            yield Chunk(text=caption, image=image, source=source, kind="image", metadata=facts)

    def _captioned(self, path: Path, on_error: ErrorHandler) -> str:
        """The caption; one that can't be read costs itself only."""
        try:
            return self._caption(path)
        except InputError as error:
            on_error(error)
            return ""


def sidecar_caption(path: Path) -> str:
    """The text file beside an image (same name, `.txt`); empty where there is none.

    Raises:
        DocumentError: If it is no regular file, no text, longer than a caption can be, or can't be
            read.
    """
    sidecar = path.with_suffix(".txt")
    try:
        data = read_regular(sidecar, most=_LONGEST_CAPTION)
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise _unread(sidecar, str(error)) from error
    decoded = decode_text(data)
    if decoded is None:
        raise _unread(sidecar, "it holds binary data")
    if decoded.lost:
        raise _unread(sidecar, f"as {decoded.encoding}, {decoded.lost} characters are broken")
    return decoded.text.replace("\r\n", "\n")


def _unread(sidecar: Path, reason: str) -> DocumentError:
    return DocumentError(
        f"{sidecar}: the caption can't be read ({reason}); the image is loaded without it."
    )
