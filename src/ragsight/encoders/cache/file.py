"""A bounded key-value file on SQLite that several threads and processes may use at once.

A cache must never cost its user the work it was to save. So nothing here raises: a damaged file is
set aside and begun anew, and where the disk is full or read-only there is simply no cache for a
while. Each of these is logged once.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from ragsight.encoders.cache import sql

_log = logging.getLogger(__name__)
T = TypeVar("T")

_PAUSE_SECONDS = 60.0
_READS_PER_FLUSH = 2000
_FREE_AFTER_EVICTION = 0.1

# SQLite forbids to use a connection after a fork, even to close it: the child keeps it, unused.
_INHERITED: list[sqlite3.Connection] = []


class CacheFile:
    """The file and one connection to it.

    Args:
        path: The file; it is made with its folders when it is first needed.
        max_bytes: Limit of all values with their overhead; the least recently used go first.

    Example:
        >>> file = CacheFile(Path("example.sqlite"), max_bytes=10_000)
        >>> file.write({b"key": b"value"})
        >>> file.read([b"key", b"other"])
        {b'key': b'value'}
        >>> file.close()
    """

    def __init__(self, path: Path, *, max_bytes: int) -> None:
        self.path = path
        self.max_bytes = max_bytes
        self._reset()
        self._warned = False

    def _reset(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._used: dict[bytes, int] = {}
        self._paused_until = 0.0

    def read(self, keys: Iterable[bytes]) -> dict[bytes, bytes]:
        """Read the values of those keys that are there."""
        wanted = list(keys)
        return self._attempt(lambda connection: self._read(connection, wanted), {})

    def write(self, entries: Mapping[bytes, bytes]) -> None:
        """Write values, all or none, and evict others where there are too many."""
        if entries:
            self._attempt(lambda connection: self._write(connection, entries), None)

    def total_bytes(self) -> int:
        """Bytes of all values with their overhead."""
        return self._attempt(sql.total, 0)

    def count(self) -> int:
        """Number of entries."""
        query = "SELECT count(*) FROM entries"
        return self._attempt(lambda connection: int(connection.execute(query).fetchone()[0]), 0)

    def clear(self) -> None:
        """Forget everything, and give the space back."""
        self._attempt(sql.clear, None)

    def close(self) -> None:
        """Note what was used, and close the file; the next call opens it again."""
        if self._process != os.getpid():
            self._abandon()
        if self._connection is not None:
            self._attempt(self._flush, None)
        with self._lock:
            self._disconnect()

    def _attempt(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Do something with the file, or do without it."""
        if self._process != os.getpid():
            self._abandon()
        with self._lock:
            if time.monotonic() < self._paused_until:
                return otherwise
            for _ in range(2):
                try:
                    return work(self._connected())
                except (sqlite3.Error, OSError) as error:
                    # SQLite's word for damage has no class of its own; all else has.
                    if type(error) is not sqlite3.DatabaseError or not self._set_aside(error):
                        self._pause(error)
                        return otherwise
        return otherwise

    def _abandon(self) -> None:
        """Begin anew in a process that was forked while the file was open."""
        if self._connection is not None:
            _INHERITED.append(self._connection)
        self._reset()

    def _connected(self) -> sqlite3.Connection:
        if self._connection is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(
                self.path, timeout=sql.BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            # First of all, so that it is closed whatever happens next.
            self._connection = connection
            status = self.path.stat()
            self._inode = (status.st_dev, status.st_ino)
            sql.prepare(connection)
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _read(self, connection: sqlite3.Connection, keys: list[bytes]) -> dict[bytes, bytes]:
        found = sql.select(connection, keys)
        # Noted in batches: a write for each read would make the cache slower than its purpose.
        self._used |= dict.fromkeys(found, time.time_ns())
        if len(self._used) >= _READS_PER_FLUSH:
            self._flush(connection)
        return found

    def _flush(self, connection: sqlite3.Connection) -> None:
        used, self._used = self._used, {}
        if used:
            with sql.transaction(connection):
                sql.note_use(connection, used)

    def _write(self, connection: sqlite3.Connection, entries: Mapping[bytes, bytes]) -> None:
        used, self._used = self._used, {}
        with sql.transaction(connection):
            sql.note_use(connection, used)
            sql.upsert(connection, entries, time.time_ns())
            if sql.total(connection) > self.max_bytes:
                sql.evict(connection, int(self.max_bytes * (1 - _FREE_AFTER_EVICTION)))

    def _set_aside(self, error: Exception) -> bool:
        """Rename a damaged file; false if that can't be done."""
        opened = self._inode
        self._disconnect()
        aside = self.path.with_name(f"{self.path.name}.damaged-{time.time_ns()}")
        try:
            status = self.path.stat()
            if (status.st_dev, status.st_ino) == opened:
                # The log first: another process may begin the new file at any moment.
                for suffix in ("-wal", "-shm"):
                    self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
                self.path.rename(aside)
                _log.warning(
                    "%s: the cache was damaged (%s). It is kept as %s, and a new one is begun.",
                    self.path, error, aside.name,
                )  # fmt: skip
        except FileNotFoundError:
            pass  # another process was faster
        except OSError:
            return False
        return True

    def _pause(self, error: Exception) -> None:
        """Do without the file for a while; the disk may be mended meanwhile."""
        self._paused_until = time.monotonic() + _PAUSE_SECONDS
        self._disconnect()
        if not self._warned:
            self._warned = True
            _log.warning(
                "%s: the cache can't be used (%s). Embedding goes on without it. Check the disk "
                "and the permissions, or choose another place.", self.path, error,
            )  # fmt: skip
