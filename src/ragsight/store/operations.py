"""What the store does, as programs: the blocking and the async store run the same ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, TypeVar, cast

from ragsight.blobs import BlobStore, GarbageReport
from ragsight.chunks import Chunk, chunk_id
from ragsight.encoders import Bm25Encoder, ImageTextEncoder, SpaceEncoder, TextEncoder, Vector
from ragsight.errors import ConfigurationError, InputError, MetadataError, StoreError
from ragsight.spaces import BM25, CLIP, DENSE, Collection, SpaceName
from ragsight.steps import InThread, Parallel, Steps
from ragsight.store.admission import admitted
from ragsight.store.attached import read_payload
from ragsight.store.encoding import ChunkEncoder, ChunkErrorHandler, PointsByCollection
from ragsight.store.engines.base import Engine, Point, ScoredPoint, UnfitPointsError, VectorSearch
from ragsight.store.filters import FilterLike, parse_filter, without_records
from ragsight.store.given_vectors import EncodedChunk, parted
from ragsight.store.indexing import new_indexes
from ragsight.store.layout import Layout, VectorKind
from ragsight.store.payloads import point_id
from ragsight.store.picture_places import check_sole_owner
from ragsight.store.records import SourceRecord, record_id
from ragsight.store.schema import COLLECTIONS, METADATA_KEY, RECORD_KIND, IndexKind, IndexManifest

if TYPE_CHECKING:
    from qdrant_client import models

BATCH_SIZE = 64
"""Chunks that are encoded and written together: an interrupted run loses at most these."""

PAGE_SIZE = 256
"""Points that are read at once when going through all of them."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How much an index holds.

    Attributes:
        texts: Chunks in the text collection.
        images: Chunks in the image collection; a chunk with both counts in both.
        sources: Finished source files.
    """

    texts: int
    images: int
    sources: int


T = TypeVar("T")


class Operations:
    """The operations of one open index.

    Args:
        engine: Where the points are.
        profile: What the index was made with.
        blobs: Where the images are.
        layout: How the collections are read.
        encoders: What encodes, by vector space; that of BM25 comes by itself.
        index_metadata: Index metadata keys as they turn up.
        owns_blobs: Whether no other index can have images in `blobs`, although the profile names
            no part of it.
    """

    def __init__(
        self,
        engine: Engine,
        profile: IndexManifest,
        blobs: BlobStore,
        *,
        layout: Layout,
        encoders: Mapping[SpaceName, SpaceEncoder],
        index_metadata: bool,
        owns_blobs: bool = False,
    ) -> None:
        self.engine = engine
        self.profile = profile
        self.blobs = blobs
        self.layout = layout
        self.bm25 = Bm25Encoder(profile.language, analyzer=profile.analyzer)
        self.encoders: Mapping[SpaceName, SpaceEncoder] = {BM25: self.bm25, **encoders}
        self._chunks = ChunkEncoder(profile, self.encoders, blobs, engine.place)
        self._index_metadata = index_metadata
        self._owns_blobs = owns_blobs
        self._indexed: dict[Collection, dict[str, IndexKind]] = {}

    @property
    def image_encoder(self) -> ImageTextEncoder | None:
        """The image encoder, if there is one."""
        return cast("ImageTextEncoder | None", self.encoders.get(CLIP))

    @property
    def text_encoder(self) -> TextEncoder | None:
        """The encoder of dense text vectors, if there is one."""
        return cast("TextEncoder | None", self.encoders.get(DENSE))

    @property
    def encoder(self) -> ImageTextEncoder:
        """The image encoder.

        Raises:
            ConfigurationError: If the store was opened without one.
        """
        return cast("ImageTextEncoder", self.encoder_of(CLIP))

    def encoder_of(self, space: SpaceName) -> SpaceEncoder:
        """The encoder of a space.

        Raises:
            ConfigurationError: If the store was opened without it.
        """
        return self._chunks.encoder_of(space)

    # Writing

    def upsert(
        self, chunks: Iterable[Chunk | EncodedChunk], on_error: ChunkErrorHandler | None
    ) -> Steps[int]:
        """Encode and write chunks; on a server, as many batches at once as it may have."""
        self._check_writable()
        if isinstance(chunks, list | tuple):
            # All are checked before the first is encoded: a call that fails has written nothing.
            kept = yield from InThread(self._admitted, chunks, on_error)
            return (yield from self._upsert_each(iter(kept), on_error))
        return (yield from self._upsert_each(iter(chunks), on_error, check=True))

    def _admitted(
        self, chunks: Iterable[Chunk | EncodedChunk], on_error: ChunkErrorHandler | None
    ) -> list[Chunk | EncodedChunk]:
        """The chunks that can be kept, as they are kept, each with its vectors checked."""
        kept: list[Chunk | EncodedChunk] = []
        for item in chunks:
            chunk = item.chunk if isinstance(item, EncodedChunk) else item
            try:
                plain = admitted(chunk)
                encoded = replace(item, chunk=plain) if isinstance(item, EncodedChunk) else plain
                parted([encoded], self.profile, self.engine.place)
            except InputError as error:
                if on_error is None:
                    raise
                on_error(chunk, error)
            else:
                kept.append(encoded)
        return kept

    def _upsert_each(
        self,
        chunks: Iterator[Chunk | EncodedChunk],
        on_error: ChunkErrorHandler | None,
        *,
        check: bool = False,
    ) -> Steps[int]:
        size = BATCH_SIZE * (4 if self.engine.is_remote else 1)
        written = 0
        while batch := (yield from InThread(lambda: list(islice(chunks, size)))):
            checked = (yield from InThread(self._admitted, batch, on_error)) if check else batch
            plain, given = yield from InThread(parted, checked, self.profile, self.engine.place)
            # Of chunks with one id the last counts, in one batch as in several.
            kept = list({chunk.id: chunk for chunk in plain}.values())
            points = yield from InThread(self._chunks.points, kept, on_error, given)
            written += yield from self._write_fit(points, kept, on_error)
        return written

    def _write_fit(
        self, points: PointsByCollection, chunks: list[Chunk], on_error: ChunkErrorHandler | None
    ) -> Steps[int]:
        """Write points; one that the engine doesn't take, whatever it is, costs no other."""
        try:
            yield from self.write(points, _lost_halves(chunks, points))
        except UnfitPointsError as error:
            if on_error is None:
                raise
            unfit = error.ids
            for chunk in chunks:
                if point_id(chunk.id) in unfit:
                    on_error(chunk, MetadataError(f"Chunk {chunk.id!a}: {error}"))
            points = {c: [p for p in points[c] if p.id not in unfit] for c in points}
            chunks = [chunk for chunk in chunks if point_id(chunk.id) not in unfit]
            yield from self.write(points, _lost_halves(chunks, points))
        return len({point.id for members in points.values() for point in members})

    def write(
        self, points: PointsByCollection, lost: Mapping[Collection, Sequence[str]] | None = None
    ) -> Steps[None]:
        """Write points, after the indexes of metadata keys that are new; see `Engine.write`."""
        self._check_writable()
        for collection, members in points.items():
            if self._index_metadata:
                yield from self._index_new_keys(collection, members)
        yield from self.engine.write(points, lost)

    def _check_writable(self) -> None:
        # In a fork the threads of an encoder are gone as well: it must not get as far as encoding.
        self.engine.check_process()
        if not self.layout.is_own:
            raise StoreError(
                f"{self.engine.place}: these collections belong to another application and are "
                "only read. Write to an index of your own, made with MultimodalStore.open."
            )

    def _index_new_keys(self, collection: Collection, points: Sequence[Point]) -> Steps[None]:
        if collection not in self._indexed:
            self._indexed[collection] = yield from self.engine.payload_indexes(collection)
        known = self._indexed[collection]
        new = new_indexes(known, (point.payload[METADATA_KEY] for point in points))
        if new:
            yield from self.engine.index_payload(collection, new)
            known.update(new)

    def delete(self, ids: Iterable[str]) -> Steps[None]:
        """Remove chunks by id."""
        self._check_writable()
        yield from self.engine.delete([point_id(id_) for id_ in ids])

    def delete_where(self, filter: FilterLike) -> Steps[int]:
        """Remove the chunks that match, and count them."""
        self._check_writable()
        parsed = parse_filter(filter, fields=self.layout.fields)
        if parsed is None:
            raise ConfigurationError(
                f"{self.engine.place}: an empty filter would delete every chunk. Name what to "
                "delete, or delete the index."
            )
        matching = without_records(parsed)
        removed = len((yield from self._matching_ids(matching)))
        if removed:
            yield from self.engine.delete_matching(matching)
        return removed

    def delete_source(self, uri: str) -> Steps[int]:
        """Remove all chunks of a source file, and the record of it."""
        # The record first: left behind by a crash, it would say that all is there.
        yield from self.engine.delete([record_id(uri)])
        return (yield from self.delete_where({"source": uri}))

    def finish_source(self, record: SourceRecord) -> Steps[int]:
        """Record a source as done, and remove chunks it no longer has."""
        self._check_writable()
        current = {point_id(id_) for id_ in record.chunk_ids}
        filter_ = without_records(parse_filter({"source": record.uri}))
        stale = (yield from self._matching_ids(filter_)) - current
        # At once: a record of an earlier state must not outlive that state's chunks.
        lost: dict[Collection, list[str]] = dict.fromkeys(COLLECTIONS, sorted(stale))
        yield from self.engine.write({"text": [record.to_point()]}, lost)
        return len(stale)

    def clear(self) -> Steps[None]:
        """Remove all chunks, and the records of sources, which would pass for indexed."""
        self._check_writable()
        while records := (yield from self.records_page(None))[0]:
            for record in records:
                yield from self.delete_source(record.uri)
        yield from self.delete_where({"id": {"exists": True}})

    def _matching_ids(self, filter: models.Filter) -> Steps[set[str]]:
        ids: set[str] = set()
        for collection in COLLECTIONS:
            offset: str | None = None
            while True:
                points, offset = yield from self.engine.scroll(
                    collection, filter=filter, limit=PAGE_SIZE, offset=offset
                )
                ids.update(point.id for point in points)
                if offset is None:
                    break
        return ids

    def collect_garbage(self, grace_seconds: float) -> Steps[GarbageReport]:
        """Remove images that no chunk shows."""
        self._check_writable()
        if not self._owns_blobs:
            place = self.profile.pictures
            holders = {self.engine.holder}
            if place is not None and place.holder not in holders:
                holders.add((yield from self.engine.true_holder()))
            check_sole_owner(place, holders, index=self.engine.place, url=self.blobs.url)
        referenced: set[str] = set()
        for collection in COLLECTIONS:
            offset: str | None = None
            while True:
                chunks, offset = yield from self.page(collection, None, offset)
                referenced.update(c.image.sha256 for c in chunks if c.image is not None)
                if offset is None:
                    break
        report: GarbageReport = yield from InThread(
            self.blobs.collect_garbage, referenced, grace_seconds=grace_seconds
        )
        return report

    # Reading

    def get(self, ids: Sequence[str]) -> Steps[list[Chunk]]:
        """Read chunks by id, in the order asked for."""
        wanted = {self.layout.point_id(id_): id_ for id_ in ids}
        points = yield from self.points(list(wanted))
        chunks = {wanted[id_]: self.chunk(point.id, point.payload) for id_, point in points.items()}
        return [chunks[id_] for id_ in ids if id_ in chunks]

    def points(
        self, ids: Sequence[str], *, vectors: Sequence[VectorKind] = ()
    ) -> Steps[dict[str, Point]]:
        """Points by id, with their vectors by kind, put together from both collections."""
        collections = [c for c in COLLECTIONS if self.engine.has(c)]
        names: dict[Collection, dict[str, VectorKind]] = {c: {} for c in collections}
        for kind in vectors:
            if kind in self.layout.targets:
                collection, name = self.layout.targets[kind]
                names[collection][name] = kind
        if not vectors and not self.engine.is_remote:
            return (yield from self._payloads(ids))
        answers = yield from self._parallel(
            [self.engine.retrieve(c, ids, vectors=list(names[c])) for c in collections]
        )
        found: dict[str, Point] = {}
        for collection, points in zip(collections, answers, strict=True):
            for point in points:
                kinds = names[collection]
                named: dict[str, Vector] = {
                    kinds[n]: vector for n, vector in point.vectors.items() if n in kinds
                }
                vectors_so_far = dict(found[point.id].vectors) if point.id in found else {}
                vectors_so_far.update(named)
                found[point.id] = Point(point.id, point.payload, vectors_so_far)
        return found

    def _payloads(self, ids: Sequence[str]) -> Steps[dict[str, Point]]:
        """Points by id, each read once: where calls are cheap, payloads are what costs."""
        found: dict[str, Point] = {}
        for collection in COLLECTIONS:
            missing = [id_ for id_ in ids if id_ not in found]
            if missing:
                points = yield from self.engine.retrieve(collection, missing)
                found.update((point.id, point) for point in points)
        return found

    def page(
        self, collection: Collection, filter: models.Filter | None, offset: str | None
    ) -> Steps[tuple[list[Chunk], str | None]]:
        """A page of a collection's chunks, and where the next one starts."""
        points, following = yield from self.engine.scroll(
            collection, filter=without_records(filter), limit=PAGE_SIZE, offset=offset
        )
        return [self.chunk(point.id, point.payload) for point in points], following

    def counts(self, filter: FilterLike) -> Steps[Counts]:
        """Count exactly what matches."""
        parsed = without_records(parse_filter(filter, fields=self.layout.fields))
        records = parse_filter({"kind": RECORD_KIND})
        texts, images, sources = yield from self._parallel(
            [
                self._count("text", parsed),
                self._count("image", parsed),
                self._count("text", records),
            ]
        )
        return Counts(texts, images, sources)

    def _count(self, collection: Collection, filter: models.Filter | None) -> Steps[int]:
        if not self.engine.has(collection):
            return 0
        return (yield from self.engine.count(collection, filter))

    def search(
        self, searches: Mapping[Collection, Sequence[VectorSearch]]
    ) -> Steps[dict[Collection, list[list[ScoredPoint]]]]:
        """Run vector searches: one request for each collection, both at once on a server."""
        answers = yield from self._parallel([self.engine.search(c, s) for c, s in searches.items()])
        return dict(zip(searches, answers, strict=True))

    def _parallel(self, calls: Sequence[Steps[T]]) -> Steps[list[T]]:
        return (yield from Parallel(calls, at_once=self.engine.parallel))

    def source_record(self, uri: str) -> Steps[SourceRecord | None]:
        """The record of a source that was indexed to its end."""
        points = yield from self.engine.retrieve("text", [record_id(uri)])
        return SourceRecord.from_payload(points[0].payload) if points else None

    def records_page(self, offset: str | None) -> Steps[tuple[list[SourceRecord], str | None]]:
        """A page of the records of sources."""
        points, following = yield from self.engine.scroll(
            "text", filter=parse_filter({"kind": RECORD_KIND}), limit=PAGE_SIZE, offset=offset
        )
        return [SourceRecord.from_payload(point.payload) for point in points], following

    def chunk(self, point: str, payload: Mapping[str, object]) -> Chunk:
        """The chunk of a point, its image where it can be opened from anywhere."""
        return read_payload(point, payload, locate=self.blobs.locate)


class OnceEach:
    """Lets each chunk of a scroll through both collections pass once."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def new(self, collection: Collection, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """The chunks that haven't come before."""
        for chunk in chunks:
            # Only ids of chunks with both text and image come twice; only those are kept.
            if collection == "text" and chunk.image is not None:
                self._seen.add(chunk.id)
            if collection == "text" or chunk.id not in self._seen:
                yield chunk


def _lost_halves(batch: Sequence[Chunk], points: PointsByCollection) -> dict[Collection, list[str]]:
    """Points that an earlier chunk with the same id may have where the new one has none.

    An id that is made of the content can't lose its text or its image, unless the image can't be
    used any more.
    """
    pictured = {point.id for point in points["image"]}
    changeable = [
        point_id(chunk.id)
        for chunk in batch
        if chunk.id != chunk_id(chunk)
        or (chunk.image is not None and point_id(chunk.id) not in pictured)
    ]
    lost: dict[Collection, list[str]] = {}
    for collection, members in points.items():
        written = {point.id for point in members}
        if missing := [id_ for id_ in changeable if id_ not in written]:
            lost[collection] = missing
    return lost
