"""The store: chunks in, rankings out, on any engine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from qdrant_client import models

from ragsight.blobs import BlobStore
from ragsight.chunks import Chunk
from ragsight.encoders import Bm25Encoder, FloatArray, ImageTextEncoder, TextEncoder
from ragsight.errors import ConfigurationError, RagsightError
from ragsight.store.engine import Engine, Found, Payloads, Point, Vector, VectorSearch
from ragsight.store.filters import FilterLike, parse_filter, without_records
from ragsight.store.opening import Location, open_blobs, open_engine, open_profile
from ragsight.store.records import SourceRecord, record_id
from ragsight.store.schema import (
    BM25,
    CLIP,
    COLLECTIONS,
    DENSE,
    RECORD_KIND,
    Collection,
    Profile,
    from_payload,
    point_id,
    to_payload,
)

ChunkErrorHandler = Callable[[Chunk, RagsightError], None]
"""Called with a chunk whose image can't be used, and why; it may raise to stop."""

BATCH_SIZE = 64
"""Chunks that are encoded and written together: an interrupted run loses at most these."""


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


class MultimodalStore:
    """A text and an image collection in Qdrant, with the image bytes beside them.

    Open one with `MultimodalStore.open`; use it as a context manager, or call `close`.

    Example:
        >>> from ragsight import Chunk, ClipEncoder, Source
        >>> encoder = ClipEncoder("ragsight-demo")
        >>> with MultimodalStore.open(":memory:", encoder=encoder) as store:
        ...     store.upsert([Chunk(text="Red shoes", source=Source(uri="shop.csv"))])
        ...     store.counts().texts
        1
        1
    """

    def __init__(
        self,
        engine: Engine,
        profile: Profile,
        blobs: BlobStore,
        *,
        encoder: ImageTextEncoder | None = None,
        text_encoder: TextEncoder | None = None,
    ) -> None:
        self._engine = engine
        self.profile = profile
        self.blobs = blobs
        self._encoder = encoder
        self._text_encoder = text_encoder
        self.bm25 = Bm25Encoder(profile.language)

    @classmethod
    def open(
        cls,
        location: Location,
        *,
        encoder: ImageTextEncoder | None = None,
        text_encoder: TextEncoder | None = None,
        create: bool = True,
        blobs: str | Path | BlobStore | None = None,
        name: str = "ragsight",
        **options: Any,
    ) -> MultimodalStore:
        """Open an index, and make it if there is none.

        Args:
            location: A folder (the embedded engine), `:memory:`, `http(s)://host:6333` (a Qdrant
                server, 1.16 or later), or a `QdrantClient`, which stays open on `close`.
            encoder: Encodes images and the texts that search them. Without one the index can be
                read and searched by keyword.
            text_encoder: Encodes texts for dense text retrieval, if wanted.
            create: Make the index if there is none.
            blobs: Where image bytes go: a folder or fsspec URL. By default inside an index
                folder, in memory beside a client, in
                `default_blob_folder()` beside a server.
            name: Prefix of the collections on a server.
            **options: `api_key` and `language` (of BM25, for a new index); others are passed to
                `QdrantClient`.

        Raises:
            StoreNotFoundError: If there is no index and none may be made.
            StoreLockedError: If the folder is open elsewhere.
            EncoderMismatchError: If it was made with another encoder.
            StoreError: If the engine refuses.
        """
        language = options.pop("language", "english")
        api_key = options.pop("api_key", None)
        engine = open_engine(location, name=name, api_key=api_key, **options)
        try:
            profile = open_profile(
                engine,
                encoder=encoder,
                text_encoder=text_encoder,
                language=language,
                create=create,
            )
        except BaseException:
            engine.close()
            raise
        return cls(
            engine,
            profile,
            open_blobs(location, blobs),
            encoder=encoder,
            text_encoder=text_encoder,
        )

    @classmethod
    def profile_at(
        cls, location: Location, *, name: str = "ragsight", **options: Any
    ) -> Profile | None:
        """What an index was made with, without opening it; None where there is none.

        Args:
            location: As for `open`.
            name: Prefix of the collections on a server.
            **options: As for `open`.

        Raises:
            StoreError: If there is something, but it can't be read.
        """
        api_key = options.pop("api_key", None)
        engine = open_engine(location, name=name, api_key=api_key, **options)
        try:
            stored = engine.read_profile()
            return None if stored is None else Profile.from_dict(stored, place=engine.place)
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

    @property
    def place(self) -> str:
        """Where the index is, for messages."""
        return self._engine.place

    @property
    def encoder(self) -> ImageTextEncoder:
        """The image encoder.

        Raises:
            ConfigurationError: If the store was opened without one.
        """
        if self._encoder is None:
            raise ConfigurationError(
                f"{self.place}: this needs the encoder {self.profile.encoder}. "
                "Pass encoder= to MultimodalStore.open."
            )
        return self._encoder

    @property
    def has_encoder(self) -> bool:
        """Whether images can be searched and written."""
        return self._encoder is not None

    @property
    def text_encoder(self) -> TextEncoder | None:
        """The encoder of dense text vectors, if there is one."""
        return self._text_encoder

    def upsert(self, chunks: Iterable[Chunk], *, on_error: ChunkErrorHandler | None = None) -> int:
        """Encode and write chunks; one with an id that is here already replaces it.

        Args:
            chunks: Any number; they are taken in batches.
            on_error: Called with a chunk whose image can't be used, and the reason; if it
                returns, the chunk's text is written all the same. Without it the error is raised.

        Returns:
            How many chunks were written.

        Raises:
            StoreError: If the engine refuses.
            EncoderError: If the encoder fails.
            InputError: If an image can't be used and there is no `on_error`.
        """
        written = 0
        iterator = iter(chunks)
        while batch := list(islice(iterator, BATCH_SIZE)):
            written += self._upsert_batch(batch, on_error)
        return written

    def _upsert_batch(self, batch: Sequence[Chunk], on_error: ChunkErrorHandler | None) -> int:
        kept, pixels = self._encode_images(batch, on_error)
        texts = [chunk for chunk in kept if chunk.text.strip()]
        images = [chunk for chunk in kept if chunk.id in pixels]
        vectors: dict[Collection, dict[str, dict[str, Vector]]] = {
            "text": self._encode_texts(texts),
            "image": {id_: {CLIP: vector} for id_, vector in pixels.items()},
        }
        members: dict[Collection, list[Chunk]] = {"text": texts, "image": images}
        for collection in COLLECTIONS:
            points = [
                Point(point_id(chunk.id), to_payload(chunk), vectors[collection][chunk.id])
                for chunk in members[collection]
            ]
            self._engine.upsert(collection, points)
        return len({chunk.id for chunk in (*texts, *images)})

    def _encode_images(
        self, batch: Sequence[Chunk], on_error: ChunkErrorHandler | None
    ) -> tuple[list[Chunk], dict[str, FloatArray]]:
        """Keep and encode what images can be; give back the chunks as they are to be stored."""
        with_image = [chunk for chunk in batch if chunk.image is not None]
        broken: set[int] = set()

        def skip(index: int, error: RagsightError) -> None:
            if on_error is None:
                raise error
            broken.add(index)
            on_error(with_image[index], error)

        rows: Iterable[FloatArray] = ()
        if with_image:
            images = [chunk.image for chunk in with_image if chunk.image is not None]
            rows = self.encoder.encode_images(images, on_skip=skip)
        usable = [chunk for i, chunk in enumerate(with_image) if i not in broken]
        vectors = {chunk.id: row for chunk, row in zip(usable, rows, strict=True)}
        return [self._stored(chunk, chunk.id in vectors) for chunk in batch], vectors

    def _stored(self, chunk: Chunk, image_is_usable: bool) -> Chunk:
        if chunk.image is None:
            return chunk
        return replace(chunk, image=self.blobs.keep(chunk.image) if image_is_usable else None)

    def _encode_texts(self, chunks: Sequence[Chunk]) -> dict[str, dict[str, Vector]]:
        texts = [chunk.text for chunk in chunks]
        vectors: dict[str, dict[str, Vector]] = {
            chunk.id: {BM25: sparse}
            for chunk, sparse in zip(chunks, self.bm25.encode_documents(texts), strict=True)
        }
        if self._text_encoder is not None and texts:
            rows = self._text_encoder.encode_documents(texts)
            for chunk, row in zip(chunks, rows, strict=True):
                vectors[chunk.id][DENSE] = row
        return vectors

    def delete(self, ids: Iterable[str]) -> None:
        """Remove chunks by id; ids that aren't here are ignored."""
        points = [point_id(id_) for id_ in ids]
        for collection in COLLECTIONS:
            self._engine.delete(collection, points)

    def delete_source(self, uri: str) -> int:
        """Remove all chunks of a source file, and the record of it.

        Returns:
            How many chunks were removed.
        """
        ids = [chunk.id for chunk in self.scroll({"source": uri})]
        self.delete(ids)
        self._engine.delete("text", [record_id(uri)])
        return len(ids)

    def get(self, ids: Iterable[str]) -> list[Chunk]:
        """Read chunks by id, in the order asked for; ids that aren't here are left out."""
        wanted = list(ids)
        found: dict[str, Chunk] = {}
        for collection in COLLECTIONS:
            missing = [id_ for id_ in wanted if id_ not in found]
            if missing:
                payloads = self._engine.retrieve(collection, [point_id(id_) for id_ in missing])
                chunks = [self.resolve(from_payload(payload)) for payload in payloads]
                found.update((chunk.id, chunk) for chunk in chunks)
        return [found[id_] for id_ in wanted if id_ in found]

    def scroll(self, filter: FilterLike = None) -> Iterator[Chunk]:
        """Go through all chunks that match, each once, a page at a time."""
        parsed = without_records(parse_filter(filter))
        # Ids of chunks with both text and image come twice; only those are remembered.
        seen: set[str] = set()
        for collection in COLLECTIONS:
            for page in self._payload_pages(collection, parsed):
                for chunk in map(from_payload, page):
                    if collection == "text" and chunk.image is not None:
                        seen.add(chunk.id)
                    if collection == "text" or chunk.id not in seen:
                        yield self.resolve(chunk)

    def _payload_pages(
        self, collection: Collection, filter: models.Filter | None
    ) -> Iterator[Payloads]:
        offset: str | None = None
        while True:
            payloads, offset = self._engine.scroll(
                collection, filter=filter, limit=256, offset=offset
            )
            yield payloads
            if offset is None:
                return

    def counts(self, filter: FilterLike = None) -> Counts:
        """Count exactly what matches; without a filter also the finished sources."""
        parsed = without_records(parse_filter(filter))
        texts = self._engine.count("text", parsed)
        everything = self._engine.count("text")
        return Counts(
            texts=texts,
            images=self._engine.count("image", parsed),
            sources=everything - self._engine.count("text", without_records(None)),
        )

    def search(self, collection: Collection, searches: Sequence[VectorSearch]) -> list[list[Found]]:
        """Run vector searches on one collection; the retriever is the comfortable way."""
        return self._engine.search(collection, searches)

    def image_vector(self, chunk_id: str) -> FloatArray | None:
        """The stored image vector of a chunk, if it has one: `(dimension,)`."""
        return self._engine.vector("image", point_id(chunk_id), CLIP)

    def resolve(self, chunk: Chunk) -> Chunk:
        """Point a chunk's image at bytes that can be opened from anywhere."""
        if chunk.image is None:
            return chunk
        return replace(chunk, image=self.blobs.locate(chunk.image))

    def source_record(self, uri: str) -> SourceRecord | None:
        """The record of a source that was indexed to its end."""
        payloads = self._engine.retrieve("text", [record_id(uri)])
        return SourceRecord.from_payload(payloads[0]) if payloads else None

    def source_records(self) -> Iterator[SourceRecord]:
        """All sources that were indexed to their end."""
        records = parse_filter({"kind": RECORD_KIND})
        for page in self._payload_pages("text", records):
            yield from map(SourceRecord.from_payload, page)

    def finish_source(self, record: SourceRecord) -> int:
        """Record a source as done, and remove chunks it no longer has.

        Returns:
            How many stale chunks were removed.
        """
        current = set(record.chunk_ids)
        stale = [c.id for c in self.scroll({"source": record.uri}) if c.id not in current]
        self.delete(stale)
        self._engine.upsert("text", [record.to_point()])
        return len(stale)

    def optimize(self) -> None:
        """Build the search graphs of the embedded engine; blocks, so not in a serving process."""
        self._engine.optimize()

    def close(self) -> None:
        """Release the index; a second call does nothing."""
        self._engine.close()
