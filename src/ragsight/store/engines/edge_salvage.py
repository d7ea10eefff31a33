"""Read what can be read of an embedded shard, damaged or not, in a process of its own.

What the engine does with damaged files can end its process, so the doctor lets another one try
it. The shard itself isn't written to: what has to be taken out of the way is taken out of a copy.
"""

from __future__ import annotations

import json
import shutil
import sys
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import qdrant_edge as edge

from ragsight.chunks import NAMESPACE, Chunk, Source
from ragsight.store.engines.base import Point
from ragsight.store.engines.edge_optimizer import INDEX_TYPES
from ragsight.store.engines.edge_points import edge_config, edge_point, indexing, point_of
from ragsight.store.engines.edge_wal import WalContent, read_wal
from ragsight.store.odd_parts import odd_files
from ragsight.store.payloads import point_id, to_payload
from ragsight.store.records import record_id
from ragsight.store.schema import INDEXED_KEYS, OWN_KEY, RECORD_KIND
from ragsight.store.sparse_files import copy_file, copy_tree

PAGE = 256
_TRIAL_VALUES = {
    str(INDEX_TYPES["integer"]): 1,
    str(INDEX_TYPES["float"]): 0.5,
    str(INDEX_TYPES["datetime"]): "2026-01-02T03:04:05Z",
}
"""By type of an index, what it takes."""

DEEPEST = 100
"""Levels of a payload that are written anew; from about 120 the engine can't read back."""


@dataclass(slots=True)
class Salvage:
    """What became of a shard's points.

    Attributes:
        points: How many were read, and written anew if that was asked for.
        bare: Ids of those among them whose vectors can't be read.
        lost: By id, what can't be read: the source if it is known, else nothing, and why.
        problems: What else is wrong with the shard.
    """

    points: int = 0
    bare: list[str] = field(default_factory=list)
    lost: dict[str, tuple[str, str]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def examine(shard_path: Path, *, try_writing: bool = False) -> Salvage:
    """Open a shard as it is, and read every point.

    Args:
        shard_path: The shard.
        try_writing: Write a point and remove it, for what is written to may be damaged as well.
    """
    found = Salvage(problems=list(odd_files(shard_path)))
    if found.problems:
        return found  # The engine would wait for ever.
    shard = _attempt(lambda: edge.EdgeShard.load(str(shard_path)), found.problems)
    if shard is not None:
        points = [point for point in _points(shard, found) if point is not None]
        ids = {point.id for point in points}
        found.points = len(ids)
        found.problems += [_STRAYED.format(point.id) for point in points if _strayed_from(point)]
        if try_writing:
            _attempt(lambda: _try_writing(shard), found.problems)
        _attempt(shard.close, found.problems)
        _check_log(read_wal(shard_path / "wal"), ids | found.lost.keys(), found)
    return found


def _try_writing(shard: edge.EdgeShard) -> None:
    """Write a point that has something at each indexed key, and remove it."""
    payload: dict[str, Any] = to_payload(Chunk(text="trial", source=Source(uri="trial")))
    for key, info in shard.info().payload_schema.items():
        *above, last = key.split(".")
        place = payload
        for part in above:
            place = place.setdefault(part, {})
        if isinstance(place, dict):
            place.setdefault(last, _TRIAL_VALUES.get(str(info.data_type), "trial"))
    id_ = str(uuid.uuid5(NAMESPACE, "trial"))
    shard.update(edge.UpdateOperation.upsert_points([edge_point(Point(id_, payload))]))
    shard.update(edge.UpdateOperation.delete_points([id_]))
    shard.flush()


def _check_log(log: WalContent, ids: set[str], found: Salvage) -> None:
    """Look for points that were written and aren't there."""
    found.problems += log.problems
    last = log.settled | log.unsettled
    if missing := [id_ for id_, point in last.items() if point is not None and id_ not in ids]:
        found.problems.append(f"{len(missing)} points that its log knows are missing")


def rebuild(shard_path: Path, scratch: Path | None, target: edge.EdgeShard) -> Salvage:
    """Write what can be read of a shard into a new one.

    Args:
        shard_path: The damaged shard.
        scratch: Where a copy of it may be made; removed at the end. None to read the write-ahead
            log only, where reading the rest ended the process.
        target: The new shard.
    """
    found = Salvage()
    log = read_wal(shard_path / "wal")
    found.problems += log.problems
    writer = _Writer(target, found)
    taken: set[str] = set()
    strays: list[Point] = []
    shard = None if scratch is None else _opened(shard_path, scratch, found)
    if scratch is not None and shard is not None:
        for point in _points(shard, found):
            if point is None:
                continue
            if found.bare[-1:] == [point.id] and log.settled.get(point.id) is not None:
                found.bare.pop()  # The log has it with its vectors.
                continue
            if _strayed_from(point):
                found.problems.append(_STRAYED.format(point.id))
                strays.append(point)
                continue
            taken.add(point.id)
            if point.id not in log.unsettled:
                writer.add(point)
        _attempt(shard.close, found.problems)
        shutil.rmtree(scratch, ignore_errors=True)
    logged = list(_from_log(log, taken))
    for point in (*logged, *_at_home([*strays, *logged], taken, log)):
        if not _strayed_from(point):
            writer.add(point)
    writer.flush()
    return found


def _at_home(points: Iterable[Point], taken: set[str], log: WalContent) -> Iterator[Point]:
    """Points whose ids were damaged, under their own ids, where nothing stands there.

    What stands at its own place is the chunk, and what the log has deleted is gone.
    """
    there = taken | log.settled.keys() | log.unsettled.keys()
    for point in points:
        right = _strayed_from(point)
        if right is not None and right not in there:
            there.add(right)
            yield Point(right, point.payload, point.vectors)


def _from_log(log: WalContent, taken: set[str]) -> Iterator[Point]:
    """Points that only the log holds, or holds in a later state."""
    for id_, point in log.settled.items():
        if point is not None and id_ not in taken and id_ not in log.unsettled:
            yield point
    yield from (point for point in log.unsettled.values() if point is not None)


def _opened(shard_path: Path, scratch: Path, found: Salvage) -> edge.EdgeShard | None:
    """A copy of the shard, without what keeps it from being opened."""
    segments = shard_path / "segments"
    names = sorted(p.name for p in segments.iterdir()) if segments.is_dir() else []
    for leave_out in ((), ("payload_index",)):
        shard = _opened_with(shard_path, names, scratch, leave_out, [])
        if shard is not None:
            return shard
    whole = []
    for name in names:
        left: list[str] = []
        alone = _opened_with(shard_path, [name], scratch, ("payload_index",), left)
        if alone is not None:
            alone.close()
            whole.append(name)
        else:
            found.problems += [f"{segments / name}: {problem}" for problem in left]
    if not whole:
        return None
    return _opened_with(shard_path, whole, scratch, ("payload_index",), found.problems)


def _opened_with(
    shard_path: Path,
    segments: Sequence[str],
    scratch: Path,
    leave_out: Sequence[str],
    problems: list[str],
) -> edge.EdgeShard | None:
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    # The log is left out: it is read by itself, and an entry that can't be read stops the engine.
    try:
        copy_file(shard_path / "edge_config.json", scratch / "edge_config.json")
        for name in segments:
            copy_tree(shard_path / "segments" / name, scratch / "segments" / name, leave_out)
    except OSError as error:
        problems.append(str(error))
        return None
    shard: edge.EdgeShard | None = _attempt(lambda: edge.EdgeShard.load(str(scratch)), problems)
    return shard


def _points(shard: edge.EdgeShard, found: Salvage) -> Iterator[Point | None]:
    """All points that can be read."""
    offset: Any = None
    while True:
        request = edge.ScrollRequest(limit=PAGE, offset=offset, with_payload=False)
        page = _attempt(lambda request=request: shard.scroll(request), found.problems)
        if page is None:
            return
        records, offset = page
        yield from _read(shard, [str(record.id) for record in records], found)
        if offset is None:
            return


def _read(shard: edge.EdgeShard, ids: list[str], found: Salvage) -> Iterator[Point | None]:
    """Points by id; where some can't be read, the others are."""
    why: list[str] = []
    records = _attempt(lambda: shard.retrieve(list(ids), with_payload=True, with_vector=True), why)
    if records is not None:
        for point in map(point_of, records):
            if _lacks_vectors(point):
                found.bare.append(point.id)
            yield point
    elif len(ids) > 1:
        half = len(ids) // 2
        yield from _read(shard, ids[:half], found)
        yield from _read(shard, ids[half:], found)
    elif ids:
        bare = _attempt(lambda: shard.retrieve(list(ids), with_payload=True, with_vector=False), [])
        if bare:
            found.bare.append(ids[0])
            yield point_of(bare[0])
        else:
            found.lost[ids[0]] = ("", why[0])


def _lacks_vectors(point: Point) -> bool:
    """Whether the engine gave a chunk without any: it makes a lost file anew, and empty."""
    own = point.payload.get(OWN_KEY)
    is_record = isinstance(own, Mapping) and own.get("kind") == RECORD_KIND
    return not point.vectors and not is_record


_STRAYED = "the point {} stands under an id that isn't its chunk's"


def _strayed_from(point: Point) -> str | None:
    """The id that a point should have, where it has another: its id was damaged."""
    own = point.payload.get(OWN_KEY)
    if not isinstance(own, Mapping):
        return None
    if own.get("kind") == RECORD_KIND:
        source = own.get("source")
        uri = source.get("uri") if isinstance(source, Mapping) else None
        right = record_id(uri) if isinstance(uri, str) else point.id
    else:
        right = point_id(own["id"]) if isinstance(own.get("id"), str) else point.id
    return None if right == point.id else right


def _attempt(action: Any, problems: list[str]) -> Any:
    """Call the engine; what it raises, panics too, is noted."""
    try:
        return action()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - a panic is no Exception
        problems.append(str(error))
        return None


class _Writer:
    """Writes points in batches; what the new shard refuses is noted."""

    def __init__(self, target: edge.EdgeShard, found: Salvage) -> None:
        self._target = target
        self._found = found
        self._batch: list[Point] = []

    def add(self, point: Point) -> None:
        if is_deeper(point.payload, DEEPEST):
            self._lose(point, f"its metadata is nested more than {DEEPEST} levels deep")
            return
        self._found.lost.pop(point.id, None)
        self._batch.append(point)
        if len(self._batch) >= PAGE:
            self.flush()

    def flush(self) -> None:
        batch, self._batch = self._batch, []
        self._write(batch)

    def _write(self, points: Sequence[Point]) -> None:
        if not points:
            return
        why: list[str] = []
        if _attempt(lambda: self._upsert(points), why):
            self._found.points += len(points)
        elif len(points) == 1:
            self._lose(points[0], why[0])
        else:
            half = len(points) // 2
            self._write(points[:half])
            self._write(points[half:])

    def _upsert(self, points: Sequence[Point]) -> bool:
        self._target.update(edge.UpdateOperation.upsert_points([edge_point(p) for p in points]))
        return True

    def _lose(self, point: Point, why: str) -> None:
        own = point.payload.get(OWN_KEY)
        source = own.get("source") if isinstance(own, Mapping) else None
        uri = source.get("uri") if isinstance(source, Mapping) else None
        self._found.lost[point.id] = (uri if isinstance(uri, str) else "", why)


def is_deeper(value: Any, levels: int) -> bool:
    """Whether lists and maps lie more than so many levels deep in each other."""
    layer = [value]
    for _ in range(levels + 1):
        layer = [
            member
            for container in layer
            if isinstance(container, dict | list)
            for member in (container.values() if isinstance(container, dict) else container)
        ]
        if not layer:
            return False
    return True


def _main(task: Path, answer: Path) -> None:
    """Do what a task asks for, and write down what came of it."""
    order = json.loads(task.read_bytes())
    shard = Path(order["shard"])
    if order["target"] is None:
        found = examine(shard, try_writing=order["try_writing"])
    else:
        path = Path(order["target"])
        path.mkdir(parents=True)
        target = edge.EdgeShard.create(
            str(path), edge_config(order["collection"], order["profile"])
        )
        for key, kind in INDEXED_KEYS.items():
            target.update(indexing(key, kind))
        found = rebuild(shard, None if order["log_only"] else Path(order["scratch"]), target)
        target.flush()
        target.close()
    answer.write_text(json.dumps(asdict(found)), encoding="utf-8")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]))
