"""What in a blob store is ours, and what of it nobody needs any more. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ragsight.blobs.places import PART

GRACE_SECONDS = 3600.0
"""How long a new blob is safe from collection: an ingest writes images before the points that
show them, and an hour is longer than it takes for one source."""

DIGEST = re.compile(r"[0-9a-f]{64}")
"""A SHA-256, as blobs are named."""

_FOLDER = r"(?:thumbnails/[0-9]+/)?[0-9a-f]{2}"
_OURS = re.compile(rf"(?P<folder>{_FOLDER})/(?P<digest>{DIGEST.pattern})(?:\.[a-z0-9]+)?")
_LEFT_OVER = re.compile(rf"{_FOLDER}/[^/]+{re.escape(PART)}")


@dataclass(frozen=True, slots=True)
class GarbageReport:
    """What a collection did.

    Attributes:
        removed: How many images were removed.
        kept: How many are left, unreferenced young ones included.
        bytes_freed: By those images, their thumbnails, and what broken-off writes had left.

    Example:
        >>> from ragsight.blobs import BlobStore
        >>> BlobStore("memory://report-example").collect_garbage(())
        GarbageReport(removed=0, kept=0, bytes_freed=0)
    """

    removed: int
    kept: int
    bytes_freed: int


def blob_digest(key: str) -> str | None:
    """The digest of the image in a file; None if the file isn't an image of a blob store."""
    found = _OURS.fullmatch(key)
    if found is None or found["folder"] != found["digest"][:2]:
        return None
    return found["digest"]


def thumbnail_digest(key: str) -> str | None:
    """The digest of the image that a file is a thumbnail of; None if it is none."""
    found = _OURS.fullmatch(key)
    if found is None or not found["folder"].startswith("thumbnails/"):
        return None
    return found["digest"]


def is_left_over(key: str) -> bool:
    """Whether a file is one that a write which broke off left behind."""
    return _LEFT_OVER.fullmatch(key) is not None
