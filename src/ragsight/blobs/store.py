"""The store of image bytes: each image once, under its digest."""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ragsight.blobs.garbage import (
    DIGEST,
    GRACE_SECONDS,
    GarbageReport,
    blob_digest,
    is_left_over,
    thumbnail_digest,
)
from ragsight.blobs.places import Entry
from ragsight.blobs.remote import open_place
from ragsight.chunks import ImageRef
from ragsight.errors import ConfigurationError, SourceNotFoundError, StoreError
from ragsight.images import read_image_bytes, thumbnail
from ragsight.redaction import without_secrets

_LOG = logging.getLogger(__name__)
_SCHEME = "blob:"
_THUMBNAILS = "thumbnails"

# Not from `mimetypes`, whose answers depend on the system: a store must be readable on another one.
_SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/bmp": ".bmp",
    "image/tiff": ".tiff",
    "image/avif": ".avif",
    "image/heic": ".heic",
    "image/heif": ".heif",
}


def default_blob_folder() -> Path:
    """Where images go that have no index folder: `blobs` in `$RAGSIGHT_HOME` or `~/.ragsight`."""
    home = os.environ.get("RAGSIGHT_HOME")
    return (Path(home) if home else Path.home() / ".ragsight").absolute() / "blobs"


class BlobStore:
    """Keeps each image once, under the SHA-256 of its bytes.

    An image is there whole or not at all, whatever breaks off a write. Several processes may use
    one store; what one of them keeps is safe from another one's `collect_garbage` for its grace
    period.

    Args:
        url: A folder, or an fsspec URL (`s3://bucket/prefix`, `gcs://...`, `memory://name`). A
            bucket must be there already.
        **options: What the filesystem takes, such as `key`, `secret` and `endpoint_url` for S3.
            References from `locate` can then be opened in this process only.

    Raises:
        MissingExtraError: If the package for the URL's protocol isn't installed.
        ConfigurationError: If there is no such protocol, or it doesn't take the options.

    Example:
        >>> from PIL import Image
        >>> from ragsight.images import image_ref
        >>> blobs = BlobStore("memory://docs-example")
        >>> kept = blobs.keep(image_ref(Image.new("RGB", (2, 2))))
        >>> blobs.locate(kept).width
        2
        >>> blobs.missing([kept.sha256])
        []
    """

    def __init__(self, url: str | Path, **options: Any) -> None:
        self.url = str(url)
        self._options = options
        self._place = open_place(self.url, options)
        self._whole: BlobStore | None = None

    def __repr__(self) -> str:
        # Without the options, which may hold secrets.
        return f"BlobStore({without_secrets(self.url)!r})"

    def part(self, name: str) -> BlobStore:
        """A store below this one, opened alike.

        It writes and collects its own images only; one that it doesn't hold is read from here.

        Args:
            name: A path below this store, with slashes.
        """
        below = BlobStore(f"{self.url.rstrip('/')}/{name}", **self._options)
        below._whole = self
        return below

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
        key = _key(ref)
        # Written again at half the grace: a collection that runs now must find it young.
        if not self._place.refresh(key, older_than=GRACE_SECONDS / 2):
            self._place.write(key, self.read(ref))
        return replace(ref, uri=f"{_SCHEME}{ref.sha256}", data=None)

    def locate(self, ref: ImageRef) -> ImageRef:
        """Turn a `blob:` reference into one that can be opened; leave others alone."""
        if not ref.uri.startswith(_SCHEME) or not DIGEST.fullmatch(ref.sha256):
            return ref
        return replace(ref, uri=self._place.address(_key(ref)))

    def read(self, ref: ImageRef) -> bytes:
        """Read an image's bytes and check that they are the ones that were referred to.

        Args:
            ref: Any reference, kept here or not.

        Raises:
            InputError: If the bytes can't be read.
            StoreError: If they changed since the reference was made, or the store can't be read.
        """
        data = self._read_own(ref) if _is_own(ref) else read_image_bytes(ref)
        if hashlib.sha256(data).hexdigest() != ref.sha256:
            raise StoreError(f"{ref.uri}: the file changed since it was read. Index it again.")
        return data

    def _read_own(self, ref: ImageRef) -> bytes:
        data = self._place.read(_key(ref))
        if data is None and self._whole is not None:
            data = self._whole._place.read(_key(ref))
        if data is None:
            raise SourceNotFoundError(
                f"{ref.uri}: the image is not in {without_secrets(self.url)}. Index its source "
                "again."
            )
        return data

    def thumbnail(self, ref: ImageRef, *, edge: int = 256) -> bytes:
        """Give a small version of an image, made once and kept beside it.

        Args:
            ref: The image, kept here or not.
            edge: Longest side in pixels; a smaller image keeps its size.

        Returns:
            JPEG bytes.

        Raises:
            InputError: If the image can't be read or opened.
            StoreError: If its bytes changed since the reference was made, or the store can't be
                read.
        """
        if edge < 1:
            raise ConfigurationError(f"The edge of a thumbnail is {edge}; it must be 1 or more.")
        key = f"{_THUMBNAILS}/{edge}/{_checked(ref.sha256)[:2]}/{ref.sha256}.jpg"
        made = self._place.read(key)
        if made is None:
            made = thumbnail(self.read(ref), size=edge)
            try:
                self._place.write(key, made)
            except StoreError as error:
                # A store that can only be read still shows its images.
                _LOG.info("A thumbnail could not be kept: %s", error)
        return made

    def digests(self) -> Iterator[str]:
        """The SHA-256 of each image that is here, in no order.

        Raises:
            StoreError: If the store can't be listed.
        """
        for entry in self._place.entries():
            if digest := blob_digest(entry.key):
                yield digest

    def missing(self, digests: Iterable[str]) -> list[str]:
        """Which of these images are not here, in the order asked for.

        Raises:
            StoreError: If the store can't be listed.
        """
        wanted = list(dict.fromkeys(digests))
        present: set[str | None] = set()
        for prefix in sorted({digest[:2] for digest in wanted if DIGEST.fullmatch(digest)}):
            present.update(blob_digest(entry.key) for entry in self._place.entries(prefix))
        return [digest for digest in wanted if digest not in present]

    def size(self) -> int:
        """How many bytes the images and their thumbnails take.

        Raises:
            StoreError: If the store can't be listed.
        """
        ours = (e for e in self._place.entries() if blob_digest(e.key) or thumbnail_digest(e.key))
        return sum(entry.size for entry in ours)

    def remove(self, digests: Iterable[str]) -> int:
        """Remove images and their thumbnails, whoever may refer to them.

        Args:
            digests: SHA-256 of each. Those that aren't here are passed over.

        Returns:
            How many images were removed.

        Raises:
            StoreError: If the store can't be changed.
        """
        unwanted = frozenset(digests)
        removed = 0
        for entry in list(self._place.entries()):
            if blob_digest(entry.key) in unwanted:
                removed += self._place.remove(entry.key)
            elif thumbnail_digest(entry.key) in unwanted:
                self._place.remove(entry.key)
        return removed

    def collect_garbage(
        self,
        referenced: Iterable[str] | Container[str],
        *,
        grace_seconds: float = GRACE_SECONDS,
    ) -> GarbageReport:
        """Remove images that nothing refers to, with their thumbnails.

        Whatever is younger than the grace period stays: an ingest writes its images before the
        points that show them. Keeping an image again makes it young again. Files that aren't the
        store's own are never touched, nor are any whose age the filesystem doesn't tell.

        Args:
            referenced: SHA-256 of each image that is needed: any iterable, or a container that is
                asked for each image.
            grace_seconds: How old an image must be. Shorter than the longest time an ingest takes
                from an image to its points, and images of a running ingest may be lost; in object
                stores no less than half an hour protects them.

        Returns:
            What was done.

        Raises:
            ConfigurationError: If the grace period is negative.
            StoreError: If the store can't be listed or changed.
        """
        if grace_seconds < 0:
            raise ConfigurationError(
                f"The grace period is {grace_seconds} seconds; it must be 0 or more."
            )
        needed = _container(referenced)
        before = time.time() - grace_seconds
        entries = list(self._place.entries())
        return self._collect(entries, needed, before)

    def _collect(
        self, entries: Sequence[Entry], needed: Container[str], before: float
    ) -> GarbageReport:
        kept: set[str] = set()
        gone: dict[str, int] = {}
        for entry in entries:
            digest = blob_digest(entry.key)
            if digest is None:
                continue
            if digest not in needed and self._discard(entry, before):
                gone[digest] = gone.get(digest, 0) + entry.size
            else:
                kept.add(digest)
        freed = sum(gone.values())
        for entry in entries:
            digest = thumbnail_digest(entry.key)
            if digest in gone.keys() - kept:
                freed += entry.size * self._place.remove(entry.key)
            elif is_left_over(entry.key) or (digest is not None and digest not in kept):
                freed += entry.size * self._discard(entry, before)
        return GarbageReport(removed=len(gone), kept=len(kept), bytes_freed=freed)

    def _discard(self, entry: Entry, before: float) -> bool:
        if entry.modified is None or entry.modified >= before:
            return False
        return self._place.remove(entry.key, before=before)


def _is_own(ref: ImageRef) -> bool:
    return ref.data is None and ref.uri.startswith(_SCHEME)


def _key(ref: ImageRef) -> str:
    return f"{_checked(ref.sha256)[:2]}/{ref.sha256}{_SUFFIXES.get(ref.mime, '')}"


def _checked(digest: str) -> str:
    # It becomes a path, and may come from a payload that someone else wrote.
    if not DIGEST.fullmatch(digest):
        raise StoreError(f"{digest!r} is not the SHA-256 of an image. Index the image again.")
    return digest


def _container(referenced: Iterable[str] | Container[str]) -> Container[str]:
    # A sequence would be searched from its beginning for each image.
    if isinstance(referenced, Container) and not isinstance(referenced, Sequence):
        return referenced
    return frozenset(referenced)
