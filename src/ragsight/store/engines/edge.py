"""The embedded engine: two qdrant-edge shards in one folder, no server.

Together with its filters this is the one module that knows qdrant-edge, whose interface still
moves between releases. Its calls hold the interpreter's lock, so a lock around them costs nothing.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from pathlib import Path

import qdrant_edge as edge
from qdrant_client import models

from ragsight.errors import StoreError, StoreLockedError
from ragsight.files import read_regular
from ragsight.spaces import Collection
from ragsight.steps import in_one_step
from ragsight.store.engines.base import (
    Payload,
    Point,
    ScoredPoint,
    VectorSearch,
    converted,
    ranked,
)
from ragsight.store.engines.disk_space import (
    RESERVE,
    TO_OPEN,
    TO_REMOVE,
    check_space,
    room_to_optimize,
    room_to_write,
)
from ragsight.store.engines.edge_filters import edge_filter
from ragsight.store.engines.edge_optimizer import INDEX_TYPES, run_optimizer
from ragsight.store.engines.edge_points import (
    edge_config,
    edge_point,
    edge_vector,
    found_of,
    indexing,
    point_of,
)
from ragsight.store.engines.ownership import (
    HOLDER_FILE,
    OwnerLock,
    forget_holder,
    holder_of,
    note_holder,
)
from ragsight.store.halves import Halves, settled
from ragsight.store.journal import JOURNAL_FILE, UNDO, Intent, Journal
from ragsight.store.migrations import profile_problem
from ragsight.store.odd_parts import odd_in_index
from ragsight.store.read_only import IndexCopy, can_only_be_read
from ragsight.store.schema import COLLECTIONS, INDEXED_KEYS, PAYLOAD_READ, IndexKind
from ragsight.store.sealing import SEAL_FILE, Seal
from ragsight.store.swapping import SWAP_FILE, finish_swap

SEARCH_WIDTH = 256
"""Wider than the engine's own 128; see `HNSW`."""

PROFILE_FILE = "ragsight.json"
PROFILE_COPY = "made-with.json"
"""The profile once more: without it nobody knows what an index was made with."""

OWN_FILES = tuple(
    f"{name}{part}"
    for name in (PROFILE_FILE, PROFILE_COPY, JOURNAL_FILE, SEAL_FILE, SWAP_FILE, HOLDER_FILE)
    for part in ("", ".part")
)
"""Files beside the shards, and what each is written as before it takes its place."""

_REFUSALS = (OSError, ValueError, TypeError, OverflowError)
"""What is raised for a disk, and for values that the engine doesn't take."""

_DAMAGE = re.compile(
    r"\bWAL\b|failed to load segment|already contains seg|parse version|out of bounds"
    r"|Failed to de(?:code|serialize|compress)|Gridstore|not readable",
    re.IGNORECASE,
)
"""What the engine says of files that aren't as it wrote them."""

INDEX_NOW = 20_000
"""Points up to which a new key of the payload is indexed at once: it takes 3 ms for a thousand
points, and holds the interpreter. Above, `optimize` does it."""


class EdgeEngine:
    """Qdrant's engine in this process, on a folder that one process opens at a time.

    Args:
        folder: The index's folder.
    """

    is_remote = False
    parallel = 1

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        self._shards: dict[Collection, edge.EdgeShard] = {}
        self._lock = OwnerLock(str(self._folder), self._shards.values)
        self._journal = Journal(self._folder)
        self._seal = Seal(self._folder)
        self._copy: IndexCopy | None = None
        self._is_parked = False
        self._deferred: dict[Collection, dict[str, IndexKind]] = {c: {} for c in COLLECTIONS}

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._folder)

    @property
    def holder(self) -> str:
        """The folder, whatever folder is the current one."""
        return str(self._folder.absolute())

    @in_one_step
    def true_holder(self) -> str:
        """The folder, links followed."""
        return str(self._folder.resolve())

    def check_process(self) -> None:
        """A fork of the process that opened the folder can't use it; see `OwnerLock`."""
        self._lock.check()

    def has(self, collection: Collection) -> bool:
        """Both are always there."""
        return collection in COLLECTIONS

    @in_one_step
    def read_profile(self) -> Payload | None:
        """Read the profile file; None where there is none."""
        return self._profile()

    def _profile(self) -> Payload | None:
        finish_swap(self._folder)
        try:
            profile = json.loads(read_regular(self._folder / PROFILE_FILE))
        except (FileNotFoundError, NotADirectoryError) as error:
            if any((self._folder / collection).exists() for collection in COLLECTIONS):
                raise self._damaged(f"{PROFILE_FILE} is missing") from error
            return None
        except (OSError, ValueError, RecursionError) as error:
            raise self._damaged(f"{PROFILE_FILE} can't be read ({error})") from error
        if problem := profile_problem(profile):
            raise self._damaged(f"{PROFILE_FILE} is no profile ({problem})")
        return dict(profile)

    def _check_regular(self) -> None:
        if (what := odd_in_index(self._folder, OWN_FILES)) is not None:
            raise self._damaged(what)

    def _damaged(self, what: str) -> StoreError:
        return StoreError(
            f"{self._folder}: the index is damaged: {what}. "
            f"Run: ragsight doctor {self._folder} --repair"
        )

    @in_one_step
    def create(self, profile: Payload) -> None:
        """Make the folder, its profile and both shards."""
        self._check_regular()
        check_space(self._folder, RESERVE + TO_OPEN, "make an index")
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            write_json(self._folder / PROFILE_FILE, profile)
        except OSError as error:
            raise StoreError(
                f"{self._folder}: the index can't be made there ({error}). Choose another folder."
            ) from error
        self._open_shards()

    @in_one_step
    def write_profile(self, profile: Payload) -> None:
        """Replace the profile file."""
        try:
            write_json(self._folder / PROFILE_FILE, profile)
            write_json(self._folder / PROFILE_COPY, profile)
        except OSError as error:
            raise StoreError(
                f"{self._folder / PROFILE_FILE}: it can't be written ({error})."
            ) from error

    @in_one_step
    def start(self) -> None:
        """Open both shards; one that a crash kept from being made is made now."""
        self._open_shards()

    def _open_shards(self) -> None:
        self._check_regular()
        profile = self._profile()
        if profile is None:
            raise StoreError(f"{self._folder}: there is no index here.")
        if can_only_be_read(self._folder):
            self._copy = IndexCopy(self._folder)
        else:
            check_space(self._folder, TO_OPEN, "open the index")
        try:
            for collection in COLLECTIONS:
                self._shards[collection] = self._open_shard(collection, profile)
            self._check_counts()
            self._recover()
        except BaseException:
            with suppress(StoreError):
                self._release()
            raise
        if self._copy is None:
            note_holder(self._folder)
            self._keep_profile(profile)

    def _keep_profile(self, profile: Payload) -> None:
        copy = self._folder / PROFILE_COPY
        if not copy.exists():
            # An index without it is no worse than before.
            with suppress(OSError):
                write_json(copy, profile)

    def _check_counts(self) -> None:
        for collection, count in self._seal.missing(self._counts()).items():
            raise self._damaged(f"{count} points of {collection} are gone since it was closed")

    def _counts(self) -> dict[Collection, int]:
        counts: dict[Collection, int] = {}
        for collection in COLLECTIONS:
            with self._shard(collection) as shard:
                counts[collection] = shard.count(edge.CountRequest(exact=True))
        return counts

    def _open_shard(self, collection: Collection, profile: Payload) -> edge.EdgeShard:
        path = (self._folder if self._copy is None else self._copy.folder) / collection
        with self._guard():
            if (path / "edge_config.json").exists():
                self._check_parts(path)
                shard = edge.EdgeShard.load(str(path))
            else:
                self._check_new(collection)
                path.mkdir(parents=True, exist_ok=True)
                shard = edge.EdgeShard.create(str(path), edge_config(collection, profile))
            # Asked of the shard, for a crash may have come between its making and its indexes.
            for key in INDEXED_KEYS.keys() - shard.info().payload_schema.keys():
                shard.update(indexing(key, INDEXED_KEYS[key]))
        return shard

    def _check_parts(self, shard: Path) -> None:
        """See that there is what the engine would make anew, and empty, without a word."""
        for part in ("wal", "segments"):
            if not (shard / part).is_dir() or not any((shard / part).iterdir()):
                raise self._damaged(f"{shard / part} is missing")

    def _check_new(self, collection: Collection) -> None:
        """See that a shard is new, and not lost: the text one is made first, both while empty."""
        other = self._shards.get("text")
        if collection == "text":
            is_lost = (self._folder / "image").exists()
        else:
            is_lost = other is not None and other.count(edge.CountRequest(exact=True)) > 0
        if is_lost:
            raise self._damaged(f"{self._folder / collection} is missing")

    @in_one_step
    def write(
        self,
        points: Mapping[Collection, Sequence[Point]],
        lost: Mapping[Collection, Sequence[str]] | None = None,
    ) -> None:
        """Write and remove points through the write-ahead logs; a crash leaves no chunk half."""
        self._check_writable()
        given = converted(points, edge_point, self.place)
        new = [point for members in points.values() for point in members]
        with self._lock:
            # Inside, so that two threads don't reckon with the same room.
            check_space(self._folder, room_to_write(new), f"write {len(new)} points")
            gone = {
                c: self._present(c, ids) for c, ids in (lost if lost is not None else {}).items()
            }
            with self._journal.noted(self._intents(points, gone)):
                for collection, members in given.items():
                    self._upsert(collection, members)
                for collection, ids in gone.items():
                    self.remove(collection, sorted(ids))

    def _intents(
        self, points: Mapping[Collection, Sequence[Point]], gone: Mapping[Collection, Set[str]]
    ) -> dict[str, Intent]:
        """What the journal says of the points that are written to, or removed from, both shards."""
        texts = {point.id: point for point in points.get("text", ())}
        images = {point.id: point for point in points.get("image", ())}
        between = (texts.keys() & images.keys()).union(*gone.values())
        if any(gone.values()):
            # With those that go come those that take their place.
            between |= texts.keys() | images.keys()
        present = set().union(
            *(self._present(collection, sorted(between)) for collection in COLLECTIONS)
        )
        return {
            id_: Halves(texts.get(id_), images.get(id_)) if id_ in present else UNDO
            for id_ in between
        }

    def _present(self, collection: Collection, ids: Sequence[str]) -> set[str]:
        if not ids:
            return set()
        with self._shard(collection) as shard:
            records = shard.retrieve(list(ids), with_payload=False, with_vector=False)
        return {str(record.id) for record in records}

    def _upsert(self, collection: Collection, points: Sequence[edge.Point]) -> None:
        if points:
            self._update(collection, edge.UpdateOperation.upsert_points(list(points)))

    def remove(self, collection: Collection, ids: Sequence[str]) -> None:
        """Remove points from one shard."""
        if ids:
            self._update(collection, edge.UpdateOperation.delete_points(list(ids)))

    @in_one_step
    def delete(self, ids: Sequence[str]) -> None:
        """Remove points."""
        self._delete(ids)

    @in_one_step
    def delete_matching(self, filter: models.Filter) -> None:
        """Remove the points that match."""
        with self._lock:
            self._delete(
                [id_ for collection in COLLECTIONS for id_ in self._ids(collection, filter)]
            )

    def _delete(self, ids: Sequence[str]) -> None:
        self._check_writable()
        check_space(self._folder, TO_REMOVE, "note what is removed")
        with self._lock, self._journal.noted(dict.fromkeys(ids, Halves(None, None))):
            for collection in COLLECTIONS:
                self.remove(collection, ids)

    def _ids(self, collection: Collection, filter: models.Filter) -> list[str]:
        request = edge.ScrollRequest(limit=2**31, filter=edge_filter(filter), with_payload=False)
        with self._shard(collection) as shard:
            records, _ = shard.scroll(request)
        return [str(record.id) for record in records]

    def _update(self, collection: Collection, operation: edge.UpdateOperation) -> None:
        if self._copy is None:
            self._seal.lift()
        with self._shard(collection) as shard:
            shard.update(operation)

    def _check_writable(self) -> None:
        if self._copy is not None:
            raise StoreError(
                f"{self._folder}: the index can only be read; nothing can be written to it. "
                "Copy it to a folder that can be written to."
            )

    def _recover(self) -> None:
        """Finish or undo what a crash left between the two shards."""
        intents = self._journal.read()
        if not intents:
            return
        undone = [id_ for id_, intent in intents.items() if intent is UNDO]
        ends = dict(intents) | {id_: _end(halves) for id_, halves in self.halves(undone).items()}
        for number, collection in enumerate(COLLECTIONS):
            halves = {id_: end[number] for id_, end in ends.items() if end is not None}
            given = [edge_point(half) for half in halves.values() if half is not None]
            self._upsert(collection, given)
            self.remove(collection, [id_ for id_, half in halves.items() if half is None])
        if self._copy is None:
            self._journal.clear()

    def halves(self, ids: Sequence[str]) -> dict[str, Halves]:
        """What stands under these ids, with its vectors."""
        found: dict[Collection, dict[str, Point]] = {}
        for collection in COLLECTIONS:
            with self._shard(collection) as shard:
                records = shard.retrieve(list(ids), with_payload=True, with_vector=True)
            found[collection] = {point.id: point for point in map(point_of, records)}
        return {id_: Halves(*(found[c].get(id_) for c in COLLECTIONS)) for id_ in ids}

    @in_one_step
    def search(
        self, collection: Collection, searches: Sequence[VectorSearch]
    ) -> list[list[ScoredPoint]]:
        """Run the rankings as one planned batch."""
        requests = [
            edge.QueryRequest(
                limit=search.limit,
                query=edge.Query.Nearest(edge_vector(search.vector), using=search.using),
                filter=edge_filter(search.filter),
                score_threshold=search.threshold,
                with_payload=PAYLOAD_READ if search.with_payload else False,
                params=edge.SearchParams(hnsw_ef=max(SEARCH_WIDTH, search.limit)),
            )
            for search in searches
        ]
        with self._shard(collection) as shard:
            results = shard.query_batch(edge.QueryBatchRequest(requests))
        return [ranked([found_of(point) for point in points]) for points in results]

    @in_one_step
    def retrieve(
        self, collection: Collection, ids: Sequence[str], *, vectors: Sequence[str] = ()
    ) -> list[Point]:
        """Read points by id."""
        with self._shard(collection) as shard:
            records = shard.retrieve(
                list(ids), with_payload=PAYLOAD_READ, with_vector=list(vectors)
            )
        return [point_of(record) for record in records]

    @in_one_step
    def scroll(
        self,
        collection: Collection,
        *,
        filter: models.Filter | None,
        limit: int,
        offset: str | None = None,
        vectors: bool = False,
    ) -> tuple[list[Point], str | None]:
        """Read a page of points."""
        request = edge.ScrollRequest(
            limit=limit,
            offset=None if offset is None else uuid.UUID(offset),
            filter=edge_filter(filter),
            with_payload=PAYLOAD_READ,
            with_vector=vectors,
        )
        with self._shard(collection) as shard:
            records, following = shard.scroll(request)
        points = [point_of(record) for record in records]
        return points, None if following is None else str(following)

    @in_one_step
    def count(self, collection: Collection, filter: models.Filter | None = None) -> int:
        """Count points exactly."""
        request = edge.CountRequest(exact=True, filter=edge_filter(filter))
        with self._shard(collection) as shard:
            return shard.count(request)

    @in_one_step
    def payload_indexes(self, collection: Collection) -> dict[str, IndexKind]:
        """Read which keys have an index."""
        with self._shard(collection) as shard:
            schema = shard.info().payload_schema
        kinds = {str(kind): name for name, kind in INDEX_TYPES.items()}
        known = {key: kinds.get(str(info.data_type), "keyword") for key, info in schema.items()}
        return known | self._deferred[collection]

    @in_one_step
    def index_payload(self, collection: Collection, keys: Mapping[str, IndexKind]) -> None:
        """Index keys of the payload; of a large shard when it is optimised."""
        with self._shard(collection) as shard:
            if shard.info().points_count > INDEX_NOW:
                self._deferred[collection].update(keys)
                return
            known = shard.info().payload_schema
            for key, kind in keys.items():
                if key in known:
                    shard.update(edge.UpdateOperation.delete_field_index(key))
                shard.update(indexing(key, kind))

    @in_one_step
    def optimize(self) -> None:
        """Build HNSW graphs in a process of their own, which has the index until it is done.

        The engine would hold this interpreter for as long as it takes. Other threads that need
        the index wait, others go on.
        """
        with self._lock:
            for collection in COLLECTIONS:
                with self._shard(collection):
                    pass  # Says so if the index is closed.
            self._check_writable()
            check_space(self._folder, room_to_optimize(self._folder), "optimise the index")
            try:
                self.close()
                run_optimizer(self._folder, self._deferred)
                self._deferred = {collection: {} for collection in COLLECTIONS}
            finally:
                # Where it can't be opened now, on a full disk say, the next call opens it.
                with suppress(StoreError):
                    self._unpark()

    def _unpark(self) -> None:
        self._is_parked = False
        try:
            self._open_shards()
        except BaseException:
            self._is_parked = True
            raise

    def close(self) -> None:
        """Flush and release the folder, and note how much is in it; a fork's copy is left alone."""
        if self._lock.is_foreign:
            return
        with self._lock:
            self._is_parked = False
            if self._shards and self._copy is None:
                forget_holder(self._folder)
            counts: dict[Collection, int] = {}
            if len(self._shards) == len(COLLECTIONS):
                # An index that can't be counted is closed all the same.
                with suppress(StoreError):
                    counts = self._counts()
            is_copy = self._copy is not None
            self._release()
            if counts and not is_copy:
                self._seal.put(counts)

    def _release(self) -> None:
        failed: list[StoreError] = []
        with self._lock:
            while self._shards:
                _, shard = self._shards.popitem()
                # A shard that can't be flushed is given up all the same, and so is the other one.
                for action in (shard.flush, shard.close):
                    try:
                        with self._guard():
                            action()
                    except StoreError as error:
                        failed.append(error)
            if self._copy is not None:
                self._copy.remove()
                self._copy = None
        if failed:
            raise failed[0]

    async def aclose(self) -> None:
        """Flush and release the folder, which takes a moment with a large index."""
        await asyncio.to_thread(self.close)

    @contextmanager
    def _shard(self, collection: Collection) -> Iterator[edge.EdgeShard]:
        with self._lock:
            if self._is_parked:
                self._unpark()
            if collection not in self._shards:
                raise StoreError(f"{self._folder}: the index is closed. Open it again.")
            with self._guard():
                yield self._shards[collection]

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except _REFUSALS as error:
            raise _mapped(error, self._folder) from error
        except Exception as error:
            # The engine raises bare Exception for what goes wrong in it; others are bugs.
            if type(error) is not Exception:
                raise
            raise _mapped(error, self._folder) from error
        except BaseException as error:
            # A panic of the engine isn't an Exception, and its class can't be imported.
            if type(error).__name__ != "PanicException":
                raise
            raise _mapped(error, self._folder) from error


def _end(halves: Halves) -> Halves:
    """What points that were being made come to: both halves, or none."""
    return Halves(None, None) if halves.missing else settled(halves)


def write_json(path: Path, data: Payload) -> None:
    """Write a file so that it is there whole or not at all.

    Raises:
        OSError: If it can't be written.
    """
    temporary = path.with_name(f"{path.name}.part")
    temporary.write_text(json.dumps(data, indent=2), encoding="utf-8")
    temporary.replace(path)


def _mapped(error: BaseException, folder: Path) -> StoreError:
    text = str(error)
    if "WouldBlock" in text:
        return StoreLockedError(
            f"{folder}: the index is open already, in {holder_of(folder)}. Close it there, or use "
            "a Qdrant server for several processes."
        )
    if type(error).__name__ == "PanicException" or _DAMAGE.search(text):
        return StoreError(
            f"{folder}: the index is damaged ({text}). Run: ragsight doctor {folder} --repair"
        )
    return StoreError(f"{folder}: the engine refused ({text}).")
