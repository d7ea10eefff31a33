"""Content-addressed storage for image bytes: a folder, or anything fsspec can write to."""

from ragsight.blobs.garbage import GRACE_SECONDS, GarbageReport
from ragsight.blobs.store import BlobStore, default_blob_folder

__all__ = ["GRACE_SECONDS", "BlobStore", "GarbageReport", "default_blob_folder"]
