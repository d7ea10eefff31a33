"""Where the images of loaded documents are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from ragsight.blobs import BlobStore, default_blob_folder

ImageStoreLike: TypeAlias = str | Path | BlobStore | None
"""A folder, an fsspec URL, a blob store, or None for ragsight's default folder."""


def open_image_store(place: ImageStoreLike) -> BlobStore:
    """Open the blob store that is meant."""
    if isinstance(place, BlobStore):
        return place
    return BlobStore(place if place is not None else default_blob_folder())
