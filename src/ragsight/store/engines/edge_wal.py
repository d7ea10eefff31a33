"""Read what an embedded shard's write-ahead log says of its points, without the engine.

The log is a folder of segments: `closed-N` begins with entry N, `open-N` are written to in turn.
A segment is a header of 8 bytes, then entries: length (8 bytes, little-endian), CBOR, up to 7
bytes of padding and a checksum of 4, together a multiple of 8. A length of 0 ends it. What
was written to the engine's files is in `first-index`, as the number of the last such entry.
"""

from __future__ import annotations

import json
import os
import re
import struct
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ragsight.encoders import SparseVector, Vector
from ragsight.files import open_regular, read_regular
from ragsight.store.engines.base import Point
from ragsight.store.engines.cbor import read_cbor

_HEADER = 8
_NAME = re.compile(r"(closed|open)-(\d+)")


@dataclass(slots=True)
class WalContent:
    """The last that a log says of each point.

    Attributes:
        settled: Points of entries that the engine's other files hold as well; None for removed.
        unsettled: Points of later entries; None for those that were removed.
        problems: What in the log can't be read.
    """

    settled: dict[str, Point | None] = field(default_factory=dict)
    unsettled: dict[str, Point | None] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def put(self, id: str, point: Point | None, *, settled: bool) -> None:
        """Note the newest state of a point."""
        if settled:
            self.settled[id] = point
        else:
            self.unsettled[id] = point


def read_wal(folder: Path) -> WalContent:
    """Read all that can be read of a log.

    Args:
        folder: The folder `wal` of a shard.
    """
    content = WalContent()
    if not folder.is_dir():
        content.problems.append(f"{folder}: the write-ahead log is missing")
        return content
    written = _last_written(folder)
    number = 0
    for segment in _segments(folder):
        kind, first = segment.name.split("-")
        if kind == "closed":
            number = int(first)
        try:
            with open_regular(segment) as file:
                for data in _entries(file):
                    _apply(data, content, settled=number <= written)
                    number += 1
        except (OSError, ValueError) as error:
            content.problems.append(f"{segment}: entry {number} and later can't be read ({error})")
    return content


def _segments(folder: Path) -> list[Path]:
    found = [(match, path) for path in folder.iterdir() if (match := _NAME.fullmatch(path.name))]
    return [path for match, path in sorted(found, key=lambda f: (f[0][1], int(f[0][2])))]


def _last_written(folder: Path) -> int:
    """Number of the last entry that the engine's files hold; -1 if that isn't known."""
    try:
        return int(json.loads(read_regular(folder / "first-index"))["ack_index"])
    except (OSError, ValueError, KeyError, TypeError):
        return -1


def _entries(segment: BinaryIO) -> Iterator[bytes]:
    """Entries one by one: of the 32 MiB of a segment most are a hole, which isn't read."""
    size = segment.seek(0, os.SEEK_END)
    segment.seek(0)
    if segment.read(_HEADER)[:3] != b"wal":
        raise ValueError("it has no header of a log")
    at = _HEADER
    while at + 8 <= size:
        (length,) = struct.unpack("<Q", segment.read(8))
        if length == 0:
            return
        end = at + 8 + length
        if end + 4 > size:
            raise ValueError(f"an entry of {length} bytes is longer than its file")
        yield segment.read(length)
        at = end + 4 + (-(length + 4) % 8)
        segment.seek(at)


def _apply(data: bytes, content: WalContent, *, settled: bool) -> None:
    operation = read_cbor(data)
    if not isinstance(operation, dict):
        raise ValueError("an entry that is no operation")
    try:
        if "upsert_points" in operation:
            for raw in operation["upsert_points"]["points"]:
                content.put(_id(raw["id"]), _point(raw), settled=settled)
        elif "delete_points" in operation:
            for id_ in operation["delete_points"]["ids"]:
                content.put(_id(id_), None, settled=settled)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"an operation in a form that isn't known ({error!r})") from error


def _id(raw: bytes | str) -> str:
    return str(uuid.UUID(bytes=raw) if isinstance(raw, bytes) else uuid.UUID(raw))


def _point(raw: Mapping[str, Any]) -> Point:
    vectors = {name: _vector(value) for name, value in raw["vector"].items()}
    payload = raw.get("payload")
    return Point(_id(raw["id"]), {} if payload is None else payload, vectors)


def _vector(raw: Any) -> Vector:
    if isinstance(raw, dict):
        return SparseVector(tuple(raw["indices"]), tuple(raw["values"]))
    return np.asarray(raw, dtype=np.float32)
