"""Search an index in a folder that can only be read: the engine opens a copy of its files."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
import weakref
from pathlib import Path

from ragsight.errors import StoreError, StoreLockedError
from ragsight.store.schema import COLLECTIONS
from ragsight.store.sparse_files import copy_tree

RESERVE = 64 << 20
"""Bytes that stay free beside a copy: the engine makes files of its own beside what it opens."""


class ReadOnlyIndexWarning(UserWarning):
    """An index is in a folder that can only be read; a copy of it is searched."""


def can_only_be_read(folder: Path) -> bool:
    """Whether there is an index whose files can't be written to.

    Args:
        folder: The index's folder.
    """
    shards = [folder / collection for collection in COLLECTIONS]
    logs = [file for shard in shards for file in (shard / "wal").glob("*")]
    parts = [folder, *shards, *(s / part for s in shards for part in ("wal", "segments")), *logs]
    there = [part for part in parts if part.exists()]
    return bool(there) and not all(os.access(part, os.W_OK) for part in there)


class IndexCopy:
    """A copy of both shards in a temporary folder, for as long as the index is open.

    Args:
        folder: The index's folder.

    Raises:
        StoreLockedError: If another process writes to it.
        StoreError: If there isn't enough space for the copy, or it can't be made.
    """

    def __init__(self, folder: Path) -> None:
        check_not_open(folder)
        needed = sum(map(_size, (folder / collection for collection in COLLECTIONS)))
        try:
            free = shutil.disk_usage(tempfile.gettempdir()).free
            if needed + RESERVE > free:
                raise StoreError(
                    f"{folder}: the index can only be read, so a copy of it is searched, but "
                    f"{tempfile.gettempdir()} has {free >> 20} MB for its {needed >> 20} MB. Free "
                    "some space, or set TMPDIR to another folder."
                )
            self.folder = Path(tempfile.mkdtemp(prefix="ragsight-"))
            self._finalizer = weakref.finalize(self, _remove, self.folder, os.getpid())
            for collection in COLLECTIONS:
                if (folder / collection).is_dir():
                    copy_tree(folder / collection, self.folder / collection)
        except OSError as error:
            raise StoreError(
                f"{folder}: the index can only be read, and no copy of it can be made ({error}). "
                "Set TMPDIR to a folder with enough space."
            ) from error
        warnings.warn(
            f"{folder}: the index can only be read. A copy ({needed >> 20} MB) is searched; "
            "nothing can be written.",
            ReadOnlyIndexWarning,
            stacklevel=2,
        )

    def remove(self) -> None:
        """Remove the copy."""
        self._finalizer()


def _remove(folder: Path, owner: int) -> None:
    # A forked process has this to do at its end as well, while its parent still reads the copy.
    if os.getpid() == owner:
        shutil.rmtree(folder, ignore_errors=True)


def _size(folder: Path) -> int:
    """Bytes that a folder takes on the disk, where the system tells; holes take none."""
    statuses = (path.lstat() for path in folder.rglob("*"))
    return sum(getattr(s, "st_blocks", s.st_size // 512 + 1) * 512 for s in statuses)


def check_not_open(folder: Path) -> None:
    """Ask for the locks that the engine takes on the folders of its logs.

    Raises:
        StoreLockedError: If a process has the index open.
    """
    if sys.platform == "win32":
        return
    import fcntl

    for collection in COLLECTIONS:
        try:
            # Only as a folder: a named pipe in its place would keep us waiting.
            log = os.open(folder / collection / "wal", os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreLockedError(
                f"{folder}: the index is open already. Close it there, and try again."
            ) from error
        finally:
            os.close(log)
