"""Room on the disk, looked at before the embedded engine needs it.

The engine maps its files into memory, sparse ones of 300 MB. Where the disk is full when a page of
them is touched, the system ends the process with a signal (SIGBUS), which no `except` sees.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragsight.encoders import SparseVector
from ragsight.errors import StoreError

TO_OPEN = 4 << 20
"""Bytes that opening may take: a new index has 0.3 MB of blocks. With fewer, opening may crash."""

TO_REMOVE = 2 << 20
"""Bytes that removing may take: a log entry and marks. So a full index can be made smaller."""

RESERVE = 16 << 20
"""Bytes that stay free beyond what a write is reckoned to take; other programs write as well."""

IN_MEMORY = 64 << 20
"""Further bytes on a file system in memory (tmpfs), where reading the hole of a sparse file fills
it: 53 MB was seen on opening a small index."""

_MEMORY_TYPES = frozenset({"tmpfs", "ramfs"})

_GROWTH = 5
"""Times the bytes of the points that a write may take: log, payload, indexes, blocks of 4 KB. 3 was
the most that was seen; with too few, the disk is full before the check says so."""

_PER_POINT = 2048
"""Bytes for each point beside its content: entries of a dozen indexes."""


def check_space(folder: Path, needed: int, what: str) -> None:
    """Refuse where there isn't room.

    Args:
        folder: On the disk that is looked at; the nearest folder above it that there is.
        needed: Bytes that must be free.
        what: What they are needed for, as in "no room to ...".

    Raises:
        StoreError: If fewer are free.
    """
    free = free_space(folder)
    if free is not None and free < needed + IN_MEMORY and is_in_memory(folder):
        needed += IN_MEMORY
    if free is not None and free < needed:
        raise StoreError(
            f"{folder}: there is no room to {what}: {free / 1e6:.1f} MB are free on this disk, and "
            f"{needed / 1e6:.1f} MB are needed. All that was written before is safe; free some "
            "space and try again."
        )


def free_space(folder: Path) -> int | None:
    """Bytes that are free for this user; None where that can't be told."""
    for place in (folder, *folder.absolute().parents):
        try:
            return shutil.disk_usage(place).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


def is_in_memory(folder: Path) -> bool:
    """Whether a folder's file system is in memory; where that can't be told, it isn't."""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        place = str(folder.resolve())
    except OSError:
        return False
    kind, longest = "", -1
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].replace("\\040", " ")
        is_above = place == point or place.startswith(point.rstrip("/") + "/")
        if is_above and len(point) >= longest:
            kind, longest = after.split()[0], len(point)
    return kind in _MEMORY_TYPES


def room_to_write(points: Iterable[Any]) -> int:
    """Bytes that must be free to write points: `ragsight.store.engines.base.Point`."""
    total = 0
    for point in points:
        total += _PER_POINT + _size_of(point.payload)
        total += sum(_vector_size(vector) for vector in point.vectors.values())
    return RESERVE + _GROWTH * total


def room_to_optimize(folder: Path) -> int:
    """Bytes that must be free to build an index's segments anew beside the old ones."""
    used = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                status = os.lstat(Path(root, name))
            except OSError:
                continue
            used += getattr(status, "st_blocks", -(-status.st_size // 512)) * 512
    return RESERVE + 2 * used


def _size_of(value: Any) -> int:
    """About the bytes of a payload's values."""
    if isinstance(value, str):
        return 4 + (len(value) if value.isascii() else 4 * len(value))
    if isinstance(value, Mapping):
        return 16 + sum(_size_of(key) + _size_of(item) for key, item in value.items())
    if isinstance(value, Sequence):
        return 16 + sum(map(_size_of, value))
    return 16


def _vector_size(vector: Any) -> int:
    if isinstance(vector, SparseVector):
        return 8 * len(vector.indices)
    return int(getattr(vector, "nbytes", 4 * len(vector)))
