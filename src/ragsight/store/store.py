"""The store: chunks in, rankings out, on any engine."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import numpy as np

from ragsight.blobs import BlobStore, GarbageReport
from ragsight.chunks import Chunk
from ragsight.encoders import (
    Bm25Encoder,
    EncoderSpec,
    FloatArray,
    ImageTextEncoder,
    SpaceEncoder,
    TextEncoder,
    Vector,
)
from ragsight.errors import RagsightError
from ragsight.spaces import CLIP, Collection, SpaceName
from ragsight.steps import Steps, arun, run
from ragsight.store.admission import leaves_out
from ragsight.store.attached import ForeignCollections
from ragsight.store.encoding import ChunkErrorHandler
from ragsight.store.engines.base import ScoredPoint, VectorSearch
from ragsight.store.filters import FilterLike, parse_filter
from ragsight.store.given_vectors import EncodedChunk
from ragsight.store.locations import (
    Location,
    StoreOptions,
    open_engine,
    stored_profile,
)
from ragsight.store.opening import Opening, arun_or_close, run_or_close
from ragsight.store.operations import Counts, OnceEach, Operations
from ragsight.store.records import SourceRecord
from ragsight.store.schema import COLLECTIONS, IndexManifest
from ragsight.store.search_limits import run_search
from ragsight.store.transfer import TransferReport, export_index

T = TypeVar("T")


class MultimodalStore:
    """A text and an image collection in Qdrant, with the image bytes beside them.

    Open one with `MultimodalStore.open`; use it as a context manager, or call `close`. Methods
    that begin with `a` do the same without blocking the event loop.

    Example:
        >>> from ragsight import Chunk, ClipEncoder, Source
        >>> encoder = ClipEncoder("ragsight-demo")
        >>> with MultimodalStore.open(":memory:", encoder=encoder) as store:
        ...     store.upsert([Chunk(text="Red shoes", source=Source(uri="shop.csv"))])
        ...     store.counts().texts
        1
        1
    """

    def __init__(self, operations: Operations) -> None:
        self.operations = operations

    def __repr__(self) -> str:
        return f"MultimodalStore({self.place!r}, encoder={self.profile.encoder})"

    @classmethod
    def open(
        cls,
        location: Location,
        *,
        encoder: ImageTextEncoder | None = None,
        text_encoder: TextEncoder | None = None,
        encoders: Mapping[SpaceName, SpaceEncoder] | None = None,
        create: bool = True,
        blobs: str | Path | BlobStore | None = None,
        name: str = "ragsight",
        options: StoreOptions | None = None,
        **client: Any,
    ) -> MultimodalStore:
        """Open an index, and make it if there is none.

        Args:
            location: A folder (the embedded engine), `:memory:`, `http(s)://host:6333` (a Qdrant
                server, 1.16 or later), or a `QdrantClient` or `AsyncQdrantClient`, which stays
                open on `close`.
            encoder: Encodes images and the texts that search them. Without one the index can be
                read and searched by keyword.
            text_encoder: Encodes texts for dense text retrieval, if wanted.
            encoders: Encoders of further vector spaces by name; see `ragsight.spaces`.
            create: Make the index if there is none.
            blobs: Where image bytes go: a folder or fsspec URL. By default inside an index
                folder, in memory beside a client, in `default_blob_folder()` beside a server.
                A place that several indexes may share has a part for each; an index remembers it.
            name: Prefix of the collections on a server.
            options: Language of BM25, collections, retries.
            **client: Arguments of `QdrantClient` with a URL: `api_key`, `timeout` (30 seconds
                unless given), `prefer_grpc`, ...

        Raises:
            StoreNotFoundError: If there is no index and none may be made.
            StoreLockedError: If the folder is open elsewhere.
            EncoderMismatchError: If it was made with another encoder.
            ConfigurationError: If options of a server are given with a folder.
            StoreError: If the engine refuses.
        """
        opening = Opening(location, encoder, text_encoder, create, blobs, encoders)
        engine, program = opening.open(name, options, client)
        return cls(run_or_close(engine, program))

    @classmethod
    async def aopen(
        cls,
        location: Location,
        *,
        encoder: ImageTextEncoder | None = None,
        text_encoder: TextEncoder | None = None,
        encoders: Mapping[SpaceName, SpaceEncoder] | None = None,
        create: bool = True,
        blobs: str | Path | BlobStore | None = None,
        name: str = "ragsight",
        options: StoreOptions | None = None,
        **client: Any,
    ) -> MultimodalStore:
        """Open an index without blocking the event loop; see `open`."""
        opening = Opening(location, encoder, text_encoder, create, blobs, encoders)
        engine, program = opening.open(name, options, client)
        return cls(await arun_or_close(engine, program))

    @classmethod
    def attach(
        cls,
        location: Location,
        collections: ForeignCollections,
        *,
        encoder: ImageTextEncoder | None = None,
        text_encoder: TextEncoder | None = None,
        blobs: str | Path | BlobStore | None = None,
        options: StoreOptions | None = None,
        **client: Any,
    ) -> MultimodalStore:
        """Read collections that another application made, such as LangChain or LlamaIndex.

        Args:
            location: The server's URL, or a client.
            collections: Which collections, and which of their vectors.
            encoder: What the image vectors were made with.
            text_encoder: What the text vectors were made with.
            blobs: Where images of ours are, if the points show any.
            options: Language of BM25, retries.
            **client: As for `open`.

        Raises:
            EncoderMismatchError: If an encoder's vectors have another dimension.
            StoreError: If a collection or vector isn't there, or the engine refuses.
        """
        opening = Opening(location, encoder, text_encoder, False, blobs)
        engine, program = opening.attach(collections, options, client)
        return cls(run_or_close(engine, program))

    @classmethod
    async def aattach(
        cls,
        location: Location,
        collections: ForeignCollections,
        *,
        encoder: ImageTextEncoder | None = None,
        text_encoder: TextEncoder | None = None,
        blobs: str | Path | BlobStore | None = None,
        options: StoreOptions | None = None,
        **client: Any,
    ) -> MultimodalStore:
        """Read foreign collections without blocking the event loop; see `attach`."""
        opening = Opening(location, encoder, text_encoder, False, blobs)
        engine, program = opening.attach(collections, options, client)
        return cls(await arun_or_close(engine, program))

    @classmethod
    def restore(
        cls,
        folder: str | Path,
        location: Location,
        *,
        encoder: ImageTextEncoder | None = None,
        text_encoder: TextEncoder | None = None,
        encoders: Mapping[SpaceName, SpaceEncoder] | None = None,
        blobs: str | Path | BlobStore | None = None,
        name: str = "ragsight",
        options: StoreOptions | None = None,
        **client: Any,
    ) -> MultimodalStore:
        """Make an index of what `export` wrote: in a folder, on a server, anywhere.

        Nothing is encoded anew, so no encoder is needed. Into an index that is there already,
        made with the same encoders, the exported chunks are added.

        Args:
            folder: The export.
            location: Where the index shall be; as for `open`.
            encoder: As for `open`.
            text_encoder: As for `open`.
            encoders: As for `open`.
            blobs: As for `open`.
            name: As for `open`.
            options: As for `open`; the language is that of the export.
            **client: As for `open`.

        Returns:
            The open store.

        Raises:
            EncoderMismatchError: If there is an index made with other encoders.
            MetadataError: If a chunk of the export can't be kept; those before it are.
            StoreError: If the export is damaged, or the engine refuses.
        """
        opening = Opening(location, encoder, text_encoder, True, blobs, encoders)
        engine, program = opening.restore(Path(folder), name, options, client)
        return cls(run_or_close(engine, program))

    @classmethod
    def profile_at(
        cls, location: Location, *, name: str = "ragsight", **client: Any
    ) -> IndexManifest | None:
        """What an index was made with, without opening it; None where there is none.

        Args:
            location: As for `open`.
            name: Prefix of the collections on a server.
            **client: As for `open`.

        Raises:
            StoreError: If there is something, but it can't be read.
        """
        engine = open_engine(location, name=name, options=StoreOptions(), client=client)
        try:
            return run(stored_profile(engine))
        finally:
            engine.close()

    def __enter__(self) -> MultimodalStore:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> MultimodalStore:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def place(self) -> str:
        """Where the index is, for messages."""
        return self.operations.engine.place

    @property
    def profile(self) -> IndexManifest:
        """What the index was made with."""
        return self.operations.profile

    @property
    def blobs(self) -> BlobStore:
        """Where the images are."""
        return self.operations.blobs

    @property
    def bm25(self) -> Bm25Encoder:
        """The encoder of keyword vectors."""
        return self.operations.bm25

    @property
    def encoder(self) -> ImageTextEncoder:
        """The image encoder.

        Raises:
            ConfigurationError: If the store was opened without one.
        """
        return self.operations.encoder

    @property
    def has_encoder(self) -> bool:
        """Whether images can be searched and written."""
        return self.operations.image_encoder is not None

    @property
    def text_encoder(self) -> TextEncoder | None:
        """The encoder of dense text vectors, if there is one."""
        return self.operations.text_encoder

    @property
    def spaces(self) -> dict[SpaceName, EncoderSpec | None]:
        """The vector spaces that can be searched, each with what its vectors are made with."""
        indexed = self.profile.spaces
        return {
            name: indexed[name].encoder if name in indexed else None
            for name in self.operations.layout.targets
        }

    @property
    def encoders(self) -> Mapping[SpaceName, SpaceEncoder]:
        """The encoders that the store was opened with, by vector space, and that of BM25."""
        return self.operations.encoders

    def run(self, program: Steps[T]) -> T:
        """Run a program of `operations` in this thread."""
        return run(program)

    async def arun(self, program: Steps[T]) -> T:
        """Run a program of `operations` without blocking the event loop."""
        return await arun(program)

    async def asearch(self, program: Steps[T]) -> T:
        """Run a program of `operations` that only reads: in its turn, and off the event loop."""
        return await run_search(self.operations.engine, program)

    def upsert(
        self,
        chunks: Iterable[Chunk | EncodedChunk],
        *,
        on_error: ChunkErrorHandler | None = None,
    ) -> int:
        """Encode and write chunks; one with an id that is here already replaces it.

        Args:
            chunks: Any number; they are taken in batches of 64, on a server of 256. What metadata
                may hold: `ragsight.metadata.json_metadata`.
            on_error: Called with a chunk that can't be kept, or whose image can't be used, and the
                reason; if it returns, all else is written, of the latter the text too. Without it
                the error is raised: a list is checked before any of it is encoded or written, what
                comes bit by bit batch by batch.

        Returns:
            How many chunks were written.

        Raises:
            StoreError: If the engine refuses, or the collections aren't ours.
            EncoderError: If the encoder fails.
            MetadataError: If a chunk can't be kept and there is no `on_error`.
            InputError: If an image can't be used and there is no `on_error`.
        """
        return self.run(self.operations.upsert(chunks, on_error))

    async def aupsert(
        self,
        chunks: Iterable[Chunk | EncodedChunk],
        *,
        on_error: ChunkErrorHandler | None = None,
    ) -> int:
        """Encode and write chunks; `on_error` is called in another thread. See `upsert`."""
        return await self.arun(self.operations.upsert(chunks, on_error))

    def replace(
        self, uri: str, chunks: Iterable[Chunk], *, on_error: ChunkErrorHandler | None = None
    ) -> int:
        """Write a source's chunks, and remove those of its earlier state that are no more.

        Args:
            uri: The source, as the chunks name it.
            chunks: All that it has now.
            on_error: As for `upsert`.

        Returns:
            How many chunks were removed.

        Raises:
            StoreError: If the engine refuses.
            EncoderError: If the encoder fails.
            MetadataError: If a chunk can't be kept and there is no `on_error`.
            InputError: If an image can't be used and there is no `on_error`.
        """
        kept: list[str] = []
        self.upsert(_noting(chunks, kept), on_error=_forgetting(kept, on_error))
        return self.run(self.operations.finish_source(SourceRecord(uri, "", tuple(kept))))

    async def areplace(
        self, uri: str, chunks: Iterable[Chunk], *, on_error: ChunkErrorHandler | None = None
    ) -> int:
        """Replace a source's chunks without blocking the event loop; see `replace`."""
        kept: list[str] = []
        await self.aupsert(_noting(chunks, kept), on_error=_forgetting(kept, on_error))
        return await self.arun(self.operations.finish_source(SourceRecord(uri, "", tuple(kept))))

    def delete(
        self,
        ids: Iterable[str] | None = None,
        *,
        source: str | None = None,
        filter: FilterLike = None,
    ) -> None:
        """Remove chunks by id, by source, or by filter; ids that aren't here are ignored.

        Raises:
            ConfigurationError: If a filter is empty: it would remove everything.
            QueryError: If a filter makes no sense.
            StoreError: If the engine refuses, or the collections aren't ours.
        """
        self.run(self._deleting(ids, source, filter))

    async def adelete(
        self,
        ids: Iterable[str] | None = None,
        *,
        source: str | None = None,
        filter: FilterLike = None,
    ) -> None:
        """Remove chunks without blocking the event loop; see `delete`."""
        await self.arun(self._deleting(ids, source, filter))

    def _deleting(
        self, ids: Iterable[str] | None, source: str | None, filter: FilterLike
    ) -> Steps[None]:
        if ids is not None:
            yield from self.operations.delete(ids)
        if source is not None:
            yield from self.operations.delete_source(source)
        if filter is not None:
            yield from self.operations.delete_where(filter)

    def delete_source(self, uri: str) -> int:
        """Remove all chunks of a source file, and the record of it.

        Returns:
            How many chunks were removed.
        """
        return self.run(self.operations.delete_source(uri))

    async def adelete_source(self, uri: str) -> int:
        """Remove a source without blocking the event loop; see `delete_source`."""
        return await self.arun(self.operations.delete_source(uri))

    def clear(self) -> None:
        """Remove all chunks and all records of sources; the index stays, with its encoders.

        Raises:
            StoreError: If the engine refuses, or the collections aren't ours.
        """
        self.run(self.operations.clear())

    async def aclear(self) -> None:
        """Remove all chunks without blocking the event loop; see `clear`."""
        await self.arun(self.operations.clear())

    def get(self, ids: Iterable[str]) -> list[Chunk]:
        """Read chunks by id, in the order asked for; ids that aren't here are left out."""
        return self.run(self.operations.get(list(ids)))

    async def aget(self, ids: Iterable[str]) -> list[Chunk]:
        """Read chunks without blocking the event loop; see `get`."""
        return await self.arun(self.operations.get(list(ids)))

    def scroll(self, filter: FilterLike = None) -> Iterator[Chunk]:
        """Go through all chunks that match, each once, a page at a time."""
        parsed = parse_filter(filter, fields=self.operations.layout.fields)
        once = OnceEach()
        for collection in self._collections():
            offset: str | None = None
            while True:
                chunks, offset = self.run(self.operations.page(collection, parsed, offset))
                yield from once.new(collection, chunks)
                if offset is None:
                    break

    async def ascroll(self, filter: FilterLike = None) -> AsyncIterator[Chunk]:
        """Go through all chunks that match without blocking the event loop; see `scroll`."""
        parsed = parse_filter(filter, fields=self.operations.layout.fields)
        once = OnceEach()
        for collection in self._collections():
            offset: str | None = None
            while True:
                chunks, offset = await self.arun(self.operations.page(collection, parsed, offset))
                for chunk in once.new(collection, chunks):
                    yield chunk
                if offset is None:
                    break

    def _collections(self) -> list[Collection]:
        return [c for c in COLLECTIONS if self.operations.engine.has(c)]

    def counts(self, filter: FilterLike = None) -> Counts:
        """Count exactly what matches, and all finished sources."""
        return self.run(self.operations.counts(filter))

    async def acounts(self, filter: FilterLike = None) -> Counts:
        """Count without blocking the event loop; see `counts`."""
        return await self.arun(self.operations.counts(filter))

    def search(
        self, collection: Collection, searches: Sequence[VectorSearch]
    ) -> list[list[ScoredPoint]]:
        """Run vector searches on one collection; the retriever is the comfortable way."""
        return self.run(self.operations.search({collection: searches}))[collection]

    def vectors(self, chunk_id: str) -> dict[SpaceName, Vector]:
        """The stored vectors of a chunk by vector space, those that it has."""
        id_ = self.operations.layout.point_id(chunk_id)
        kinds = list(self.operations.layout.targets)
        points = self.run(self.operations.points([id_], vectors=kinds))
        return dict(points[id_].vectors) if id_ in points else {}

    def image_vector(self, chunk_id: str) -> FloatArray | None:
        """The stored image vector of a chunk, if it has one: `(dimension,)`."""
        vector = self.vectors(chunk_id).get(CLIP)
        return vector if isinstance(vector, np.ndarray) else None

    def resolve(self, chunk: Chunk) -> Chunk:
        """Point a chunk's image at bytes that can be opened from anywhere."""
        if chunk.image is None:
            return chunk
        return replace(chunk, image=self.blobs.locate(chunk.image))

    def source_record(self, uri: str) -> SourceRecord | None:
        """The record of a source that was indexed to its end."""
        return self.run(self.operations.source_record(uri))

    def source_records(self) -> Iterator[SourceRecord]:
        """All sources that were indexed to their end."""
        offset: str | None = None
        while True:
            records, offset = self.run(self.operations.records_page(offset))
            yield from records
            if offset is None:
                return

    def finish_source(self, record: SourceRecord) -> int:
        """Record a source as done, and remove chunks it no longer has.

        Returns:
            How many stale chunks were removed.
        """
        return self.run(self.operations.finish_source(record))

    def collect_garbage(self, *, grace_seconds: float = 3600.0) -> GarbageReport:
        """Remove images that no chunk of this index shows any more; other indexes keep theirs.

        Args:
            grace_seconds: Leave younger ones: another process may be about to write their chunks.

        Returns:
            What was removed.

        Raises:
            StoreError: If the engine or the blob store refuses; if other indexes may show the same
                images: a copy of an index, or one that an earlier release made in a shared store.
        """
        return self.run(self.operations.collect_garbage(grace_seconds))

    def export(self, folder: str | Path) -> TransferReport:
        """Write all chunks, vectors, images and records into a new folder.

        Args:
            folder: Where to; it must be empty, or not there yet.

        Returns:
            How much was exported.

        Raises:
            StoreError: If the folder can't be used, or the engine refuses.
        """
        return self.run(export_index(self.operations, Path(folder)))

    async def aexport(self, folder: str | Path) -> TransferReport:
        """Export without blocking the event loop; see `export`."""
        return await self.arun(export_index(self.operations, Path(folder)))

    def optimize(self) -> None:
        """Build the search graphs of the embedded engine, in a process of their own.

        Worth it from some 50,000 points, after a large ingest. Searches and writes of this index
        wait until it is done; until it is done once, search is exact, and slower with each point.

        Raises:
            StoreError: If there isn't enough disk space or memory.
        """
        self.run(self.operations.engine.optimize())

    async def aoptimize(self) -> None:
        """Build the search graphs without blocking the event loop; see `optimize`."""
        await self.arun(self.operations.engine.optimize())

    def close(self) -> None:
        """Release the index; a second call does nothing."""
        self.operations.engine.close()

    async def aclose(self) -> None:
        """Release the index, connections of the async methods too."""
        await self.operations.engine.aclose()


def _noting(chunks: Iterable[Chunk], ids: list[str]) -> Iterable[Chunk]:
    if isinstance(chunks, list | tuple):
        ids.extend(chunk.id for chunk in chunks)
        return chunks
    return _noted(chunks, ids)


def _noted(chunks: Iterable[Chunk], ids: list[str]) -> Iterator[Chunk]:
    for chunk in chunks:
        ids.append(chunk.id)
        yield chunk


def _forgetting(ids: list[str], on_error: ChunkErrorHandler | None) -> ChunkErrorHandler | None:
    """The handler, with the ids of chunks that aren't written taken out of the list."""
    if on_error is None:
        return None

    def forget(chunk: Chunk, error: RagsightError) -> None:
        on_error(chunk, error)
        if leaves_out(chunk, error):
            ids.remove(chunk.id)

    return forget
