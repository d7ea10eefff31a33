"""Check that what an index says fits together: halves, records, images. And make it fit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from ragsight.blobs import BlobStore
from ragsight.chunks import Chunk, ImageRef
from ragsight.encoders import Bm25Encoder
from ragsight.errors import InputError, StoreError
from ragsight.spaces import BM25, Collection
from ragsight.steps import run
from ragsight.store.engines.base import Payload, Point
from ragsight.store.engines.edge import EdgeEngine
from ragsight.store.halves import Halves, settled
from ragsight.store.payloads import belongs_to, from_payload, point_id, to_payload
from ragsight.store.records import SourceRecord, record_id
from ragsight.store.schema import COLLECTIONS, OWN_KEY, PAYLOAD_READ, RECORD_KIND

_PAGE = 256
_UNREADABLE = (StoreError, KeyError, TypeError, ValueError, AttributeError)
"""What reading a payload raises that isn't as it was written."""


@dataclass(slots=True)
class Findings:
    """What was found, and what follows from it.

    Attributes:
        problems: What is wrong, a sentence each.
        sources: Files to index again.
        lost: Ids of points that are no more, or can't be used.
        damaged_images: Digests of images whose bytes aren't what they were.
    """

    problems: list[str] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    lost: set[str] = field(default_factory=set)
    damaged_images: set[str] = field(default_factory=set)

    def add(self, problem: str, *sources: str) -> None:
        """Note a problem, and files that it concerns."""
        self.problems.append(problem)
        self.sources.update(filter(None, sources))


class Reconciliation:
    """One look through an open index.

    Args:
        engine: The open engine.
        blobs: Its images; None if they are elsewhere and aren't looked at.
        bm25: The encoder of its keyword vectors.
        findings: Where to note what is found.
        bare: By collection, points whose vectors are lost.
    """

    def __init__(
        self,
        engine: EdgeEngine,
        blobs: BlobStore | None,
        bm25: Bm25Encoder,
        findings: Findings,
        bare: Mapping[Collection, Iterable[str]],
    ) -> None:
        self._engine = engine
        self._blobs = blobs
        self._bm25 = bm25
        self._findings = findings
        self._bare = {collection: set(bare.get(collection, ())) for collection in COLLECTIONS}
        self._digests: dict[Collection, dict[str, bytes]] = {c: {} for c in COLLECTIONS}
        self._wanted: dict[str, set[Collection]] = {}
        self._halves: set[str] = set()
        self._unusable: dict[Collection, list[str]] = {c: [] for c in COLLECTIONS}
        self._images: dict[str, tuple[ImageRef, set[str]]] = {}
        self._records: dict[str, SourceRecord] = {}
        self._uris: dict[str, str] = {}

    @property
    def chunks(self) -> int:
        """How many whole chunks were found."""
        ids = self._digests["text"].keys() | self._digests["image"].keys()
        return len(ids) - len(self._records)

    @property
    def unfinished(self) -> set[str]:
        """Files that have chunks and no record."""
        return set(self._uris.values()) - {record.uri for record in self._records.values()}

    def look(self) -> None:
        """Read everything, and note what doesn't fit."""
        for collection in COLLECTIONS:
            for point in self._scroll(collection):
                self._note(collection, point)
        self._halves = self._half_ids()
        for id_ in sorted(self._halves):
            uri = self._uris.get(id_, "")
            self._findings.add(f"{uri}: the chunk {id_} stands half in the index", uri)
        self._check_records()
        self._check_images()

    def _scroll(self, collection: Collection) -> Iterator[Point]:
        offset: str | None = None
        while True:
            points, offset = run(
                self._engine.scroll(collection, filter=None, limit=_PAGE, offset=offset)
            )
            yield from points
            if offset is None:
                return

    def _note(self, collection: Collection, point: Point) -> None:
        try:
            if point.payload[OWN_KEY]["kind"] == RECORD_KIND:
                self._records[point.id] = record = SourceRecord.from_payload(point.payload)
                self._uris[point.id] = record.uri
            else:
                chunk = from_payload(point.payload)
                self._uris[point.id] = chunk.source.uri
                self._note_image(chunk)
            self._wanted.setdefault(point.id, set()).update(belongs_to(point.payload))
        except _UNREADABLE as error:
            self._unusable[collection].append(point.id)
            self._findings.add(f"the point {point.id} has a damaged payload ({error!r})")
            self._findings.lost.add(point.id)
        else:
            self._digests[collection][point.id] = _digest(point.payload)

    def _note_image(self, chunk: Chunk) -> None:
        if chunk.image is not None:
            _, uris = self._images.setdefault(chunk.image.sha256, (chunk.image, set()))
            uris.add(chunk.source.uri)

    def _half_ids(self) -> set[str]:
        """Chunks whose halves disagree, or lack one, or their vectors."""
        texts, images = (self._digests[collection] for collection in COLLECTIONS)
        halves = set().union(*self._bare.values()) & self._wanted.keys()
        for id_, wanted in self._wanted.items():
            present = {c for c in COLLECTIONS if id_ in self._digests[c]}
            if present != wanted or images.get(id_, texts.get(id_)) != texts.get(
                id_, images.get(id_)
            ):
                halves.add(id_)
        return halves

    def _check_records(self) -> None:
        present = self._digests["text"].keys() | self._digests["image"].keys()
        for record in self._records.values():
            missing = [id_ for id_ in record.chunk_ids if point_id(id_) not in present]
            if missing:
                self._findings.lost.update(missing)
                self._findings.add(
                    f"{record.uri}: {len(missing)} of its {len(record.chunk_ids)} chunks are "
                    "missing",
                    record.uri,
                )

    def _check_images(self) -> None:
        if self._blobs is None:
            return
        for digest, (ref, uris) in self._images.items():
            try:
                self._blobs.read(ref)
            except (InputError, StoreError) as error:
                self._findings.add(str(error), *uris)
                self._findings.damaged_images.add(digest)

    def mend(self) -> None:
        """Make whole what is half, take out what can't be used, and let files be indexed again."""
        for collection, ids in self._unusable.items():
            run(self._engine.write({}, {collection: ids}))
        halves = sorted(self._halves)
        for at in range(0, len(halves), _PAGE):
            self._mend_halves(halves[at : at + _PAGE])
        # Without its record a file counts as one that was never finished, and is indexed again.
        run(self._engine.delete([record_id(uri) for uri in sorted(self._findings.sources)]))

    def _mend_halves(self, ids: list[str]) -> None:
        points: dict[Collection, list[Point]] = {c: [] for c in COLLECTIONS}
        lost: dict[Collection, list[str]] = {c: [] for c in COLLECTIONS}
        for id_, halves in self._engine.halves(ids).items():
            mended = self._mended(halves, id_)
            for collection, half in zip(COLLECTIONS, mended, strict=True):
                if half is None:
                    lost[collection].append(id_)
                else:
                    points[collection].append(half)
            if not mended.present:
                self._findings.lost.add(id_)
        run(self._engine.write(points, lost))

    def _mended(self, halves: Halves, id: str) -> Halves:
        text, image = settled(halves)
        believed = text if text is not None else image
        if believed is None or believed.payload[OWN_KEY].get("kind") == RECORD_KIND:
            return Halves(text, None)
        chunk = from_payload(believed.payload)
        pictured = chunk.image is not None and image is not None and id not in self._bare["image"]
        if not pictured:
            chunk = replace(chunk, image=None)
        payload = to_payload(chunk)
        return Halves(
            self._text_half(chunk, payload, text) if chunk.text.strip() else None,
            Point(id, payload, image.vectors) if pictured and image is not None else None,
        )

    def _text_half(self, chunk: Chunk, payload: Payload, old: Point | None) -> Point:
        id_ = point_id(chunk.id)
        if old is not None and id_ not in self._bare["text"]:
            return Point(id_, payload, old.vectors)
        (words,) = self._bm25.encode_chunks([chunk])
        return Point(id_, payload, {BM25: words})


def _digest(payload: Payload) -> bytes:
    read = {key: payload.get(key) for key in PAYLOAD_READ}
    return hashlib.sha256(json.dumps(read, sort_keys=True).encode()).digest()[:16]
