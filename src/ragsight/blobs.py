"""Content-addressed storage for image bytes: a folder, or anything fsspec can write to."""

from __future__ import annotations

import hashlib
import mimetypes
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from ragsight.chunks import ImageRef
from ragsight.errors import StoreError
from ragsight.images import read_image_bytes

_SCHEME = "blob:"


def default_blob_folder() -> Path:
    """Where images go that have no index folder: `blobs` in `$RAGSIGHT_HOME` or `~/.ragsight`."""
    home = os.environ.get("RAGSIGHT_HOME")
    return (Path(home) if home else Path.home() / ".ragsight").absolute() / "blobs"


class BlobStore:
    """Keeps each image once, under the SHA-256 of its bytes.

    Args:
        url: A folder, or an fsspec URL (`s3://bucket/prefix`, `gcs://...`, `memory://name`).

    Example:
        >>> from PIL import Image
        >>> from ragsight.images import image_ref
        >>> blobs = BlobStore("memory://docs-example")
        >>> kept = blobs.keep(image_ref(Image.new("RGB", (2, 2))))
        >>> blobs.locate(kept).width
        2
    """

    def __init__(self, url: str | Path) -> None:
        self._fs: Any
        self._root: str
        self._fs, self._root = fsspec.core.url_to_fs(str(url))
        self.url = str(url)

    @property
    def _is_local(self) -> bool:
        return isinstance(self._fs, LocalFileSystem)

    def keep(self, ref: ImageRef) -> ImageRef:
        """Store an image's bytes, unless they are here already.

        Args:
            ref: The image, with bytes in hand or a URI they can be read from.

        Returns:
            The reference as it belongs in a payload: URI `blob:<sha256>`, without bytes.

        Raises:
            InputError: If the bytes can't be read.
            StoreError: If they can't be written, or changed since the reference was made.
        """
        if not self._fs.exists(self._key(ref)):
            data = read_image_bytes(self.locate(ref))
            if hashlib.sha256(data).hexdigest() != ref.sha256:
                raise StoreError(
                    f"{ref.uri}: the file changed while it was being indexed. Index it again."
                )
            self._write(self._key(ref), data)
        return replace(ref, uri=f"{_SCHEME}{ref.sha256}", data=None)

    def locate(self, ref: ImageRef) -> ImageRef:
        """Turn a `blob:` reference into one that can be opened anywhere; leave others alone."""
        if not ref.uri.startswith(_SCHEME):
            return ref
        key = self._key(ref)
        return replace(ref, uri=key if self._is_local else self._fs.unstrip_protocol(key))

    def _key(self, ref: ImageRef) -> str:
        suffix = mimetypes.guess_extension(ref.mime) or ""
        return f"{self._root}/{ref.sha256[:2]}/{ref.sha256}{suffix}"

    def _write(self, key: str, data: bytes) -> None:
        try:
            if self._is_local:
                _write_atomically(Path(key), data)
            else:
                self._fs.makedirs(key.rpartition("/")[0], exist_ok=True)
                self._fs.pipe_file(key, data)
        except OSError as error:
            raise StoreError(f"{key}: the image can't be stored ({error}).") from error


def _write_atomically(path: Path, data: bytes) -> None:
    # A crash must never leave half an image under the digest of a whole one.
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
