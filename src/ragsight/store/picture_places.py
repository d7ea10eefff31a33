"""Which blob store an index writes to, and which part of it is the index's own."""

from __future__ import annotations

import logging
import re
import uuid
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ragsight.blobs import BlobStore
from ragsight.errors import ConfigurationError, StoreError
from ragsight.redaction import without_secrets

_LOG = logging.getLogger(__name__)
_PART = re.compile(r"[0-9a-f]{32}")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")

PARTS_FOLDER = "indexes"
"""Below it, in a blob store that several indexes may share, each has a folder of its own."""


@dataclass(frozen=True, slots=True)
class PicturePlace:
    """Where an index keeps its pictures; it stands beside the index's profile.

    Attributes:
        url: The blob store it was made with, without secrets.
        part: Name of the index's own part of it.
        holder: The collection or folder that the index was made as: a copy of it, which has the
            same part, is told apart by that.
    """

    url: str
    part: str
    holder: str

    def to_dict(self) -> dict[str, str]:
        """The place as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> PicturePlace:
        """Read what `to_dict` wrote.

        Raises:
            TypeError: If it is no such thing.
        """
        place = cls(**data)
        # The part becomes a path, and whoever may write to the server could change it.
        if not _PART.fullmatch(place.part) or not isinstance(place.url, str):
            raise TypeError(f"its pictures are at {dict(data)!r}")
        return place

    @property
    def is_remote(self) -> bool:
        """Whether other machines reach it by the same address."""
        return bool(_SCHEME.match(self.url)) and not self.url.startswith(("file:", "memory:"))


def new_place(blobs: BlobStore, holder: str) -> PicturePlace:
    """A place for a new index in a blob store that others may use too."""
    url = blobs.url
    if not _SCHEME.match(url):
        url = str(Path(url).absolute())
    return PicturePlace(without_secrets(url), uuid.uuid4().hex, holder)


def remembered(place: PicturePlace, default: BlobStore, index: str) -> BlobStore:
    """The blob store that an index was made with, where it can be reached from here.

    Args:
        place: What the index remembers.
        default: What is used otherwise; a warning says so.
        index: Where the index is, for the warning.
    """
    reason = "it isn't on this machine"
    if place.is_remote:
        try:
            return BlobStore(place.url)
        except ConfigurationError as error:
            reason = str(error)
    elif not place.url.startswith("memory:") and Path(place.url.removeprefix("file://")).is_dir():
        return BlobStore(place.url)
    if place.url != _plain(default.url):
        _LOG.warning(
            "%s: its pictures were written to %s, which can't be opened here (%s). Texts are "
            "there, pictures are missing: pass blobs= with a place that holds them.",
            index,
            place.url,
            reason,
        )
    return default


def check_sole_owner(
    place: PicturePlace | None, holders: Collection[str], *, index: str, url: str
) -> None:
    """Refuse to collect where pictures of other indexes may be.

    Args:
        place: What the index remembers.
        holders: The names of what holds its points now.
        index: Where the index is, for the message.
        url: Where its pictures are.

    Raises:
        StoreError: If the owners of the pictures there can't be known.
    """
    advice = (
        "Nothing was removed. Export the index and restore it: the restored one has a part of the "
        "blob store to itself, and its garbage can be collected."
    )
    if place is None:
        raise StoreError(
            f"{index}: its pictures are in {without_secrets(url)}, which other indexes may use, "
            f"and an earlier release didn't note which are whose. {advice}"
        )
    if place.holder not in holders:
        raise StoreError(
            f"{index}: it was made as {place.holder!r} and moved or copied from there, and a copy "
            f"shows the same pictures. {advice}"
        )


def _plain(url: str) -> str:
    return url if _SCHEME.match(url) else str(Path(url).absolute())
