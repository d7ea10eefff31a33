"""What a cache file says to SQLite."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice

ENTRY_OVERHEAD = 128
"""Bytes counted for each entry beside its value: key, time of use, their places in two indexes."""

BUSY_SECONDS = 10.0
"""How long one process waits for another one's write."""

_APPLICATION_ID = 0x52475341
_FORMAT = 1
_KEYS_PER_QUERY = 500  # SQLite before 3.32 takes 999 parameters at most

# Two rows of 2 kB (512 dimensions) leave half of SQLite's usual page of 4 kB empty.
_PAGE_BYTES = 16384

_SCHEMA = f"""
CREATE TABLE IF NOT EXISTS entries (
    key BLOB NOT NULL UNIQUE, value BLOB NOT NULL, used INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS entries_by_use ON entries (used);
CREATE TABLE IF NOT EXISTS total (bytes INTEGER NOT NULL);
INSERT INTO total SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM total);
CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON entries BEGIN
    UPDATE total SET bytes = bytes + length(new.value) + {ENTRY_OVERHEAD}; END;
CREATE TRIGGER IF NOT EXISTS changed AFTER UPDATE OF value ON entries BEGIN
    UPDATE total SET bytes = bytes + length(new.value) - length(old.value); END;
CREATE TRIGGER IF NOT EXISTS removed AFTER DELETE ON entries BEGIN
    UPDATE total SET bytes = bytes - length(old.value) - {ENTRY_OVERHEAD}; END;
"""

_UPSERT = """
INSERT INTO entries (key, value, used) VALUES (?, ?, ?)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, used = excluded.used
"""


def prepare(connection: sqlite3.Connection) -> None:
    """Set up a connection, and the tables where there are none.

    Raises:
        sqlite3.DatabaseError: If it isn't a database, or is a damaged one.
        sqlite3.OperationalError: If it is somebody else's database, or can't be written.
    """
    # In this order: another process may be making the tables, and these come with the tables.
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    owner = connection.execute("PRAGMA application_id").fetchone()[0]
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if tables and (owner, version) != (_APPLICATION_ID, _FORMAT):
        raise sqlite3.OperationalError("it belongs to another program or version")
    connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
    _use_write_ahead_log(connection)
    # The log survives a crash of the program; after a power cut the last entries may be missing.
    connection.execute("PRAGMA synchronous = NORMAL")
    if not tables:
        with transaction(connection):
            for statement in _statements(_SCHEMA):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {_FORMAT}")


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    # SQLite doesn't wait here, as it does elsewhere, for another process that does the same.
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.strip().splitlines():
        statement += line + "\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All or nothing, waiting for other writers first."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def total(connection: sqlite3.Connection) -> int:
    """Bytes of all values with their overhead; triggers keep count."""
    row = connection.execute("SELECT bytes FROM total").fetchone()
    return int(row[0])


def select(connection: sqlite3.Connection, keys: Iterable[bytes]) -> dict[bytes, bytes]:
    """The values of those keys that are there."""
    found: dict[bytes, bytes] = {}
    for some in _batched(keys, _KEYS_PER_QUERY):
        marks = ",".join("?" * len(some))
        query = f"SELECT key, value FROM entries WHERE key IN ({marks})"
        found.update(connection.execute(query, some))
    return found


def upsert(connection: sqlite3.Connection, entries: Mapping[bytes, bytes], now: int) -> None:
    """Write values, used now."""
    rows = ((key, value, now) for key, value in entries.items())
    connection.executemany(_UPSERT, rows)


def note_use(connection: sqlite3.Connection, used: Mapping[bytes, int]) -> None:
    """Write when keys were used last."""
    rows = ((moment, key) for key, moment in used.items())
    connection.executemany("UPDATE entries SET used = ? WHERE key = ?", rows)


def evict(connection: sqlite3.Connection, goal: int) -> None:
    """Delete what wasn't used for longest, until `goal` bytes are left."""
    excess = total(connection) - goal
    doomed: list[tuple[int]] = []
    query = "SELECT rowid, length(value) FROM entries ORDER BY used, rowid"
    for row, length in connection.execute(query):
        if excess <= 0:
            break
        doomed.append((row,))
        excess -= length + ENTRY_OVERHEAD
    connection.executemany("DELETE FROM entries WHERE rowid = ?", doomed)


def clear(connection: sqlite3.Connection) -> None:
    """Delete all, and give the space back to the disk."""
    with transaction(connection):
        connection.execute("DELETE FROM entries")
    connection.execute("VACUUM")


def _batched(items: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
