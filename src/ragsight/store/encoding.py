"""From chunks to points: what each vector space that takes a chunk makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ragsight.blobs import BlobStore
from ragsight.chunks import Chunk
from ragsight.encoders import Bm25Encoder, SpaceEncoder, Vector, encode_for_index
from ragsight.errors import ConfigurationError, InputError, RagsightError
from ragsight.spaces import CLIP, Collection, SpaceName, VectorSpace
from ragsight.store.engines.base import Point
from ragsight.store.payloads import point_id, to_payload
from ragsight.store.schema import COLLECTIONS, IndexManifest

ChunkErrorHandler = Callable[[Chunk, RagsightError], None]
"""Called with a chunk that can't be kept, or whose image can't be used, and why; it may raise to
stop. `leaves_out` tells which of the two it is."""

PointsByCollection = dict[Collection, list[Point]]


@dataclass(slots=True)
class _Item:
    """A chunk on its way, with the vectors that it has so far."""

    chunk: Chunk
    vectors: dict[SpaceName, Vector] = field(default_factory=dict)

    def has(self, collection: Collection) -> bool:
        """Whether it has this half."""
        if collection == "image":
            return self.chunk.image is not None
        return bool(self.chunk.text.strip())

    def part(self, collection: Collection) -> Any:
        """What an encoder is given of it."""
        return self.chunk.image if collection == "image" else self.chunk.indexed_text


class ChunkEncoder:
    """Makes points of chunks.

    Args:
        profile: Which spaces the index has.
        encoders: What encodes, by space.
        blobs: Where images are kept.
        place: Where the index is, for messages.
    """

    def __init__(
        self,
        profile: IndexManifest,
        encoders: Mapping[SpaceName, SpaceEncoder],
        blobs: BlobStore,
        place: str,
    ) -> None:
        self._spaces = profile.spaces
        self._encoders = encoders
        self._blobs = blobs
        self._place = place

    def encoder_of(self, space: SpaceName) -> SpaceEncoder:
        """The encoder of a space.

        Raises:
            ConfigurationError: If there is none.
        """
        if space not in self._encoders:
            indexed = self._spaces.get(space)
            named = "" if indexed is None or indexed.encoder is None else f" {indexed.encoder}"
            argument = "encoder=" if space == CLIP else f"encoders={{{space!r}: ...}}"
            raise ConfigurationError(
                f"{self._place}: this needs the encoder{named}. "
                f"Pass {argument} to MultimodalStore.open."
            )
        return self._encoders[space]

    def points(
        self,
        chunks: Sequence[Chunk],
        on_error: ChunkErrorHandler | None,
        given: Mapping[str, Mapping[SpaceName, Vector]] | None = None,
    ) -> PointsByCollection:
        """Encode chunks, and keep their images.

        Args:
            chunks: No two with one id.
            given: Vectors that there are already, by chunk id and space.
            on_error: Called with a chunk whose image can't be used; it loses its image.

        Raises:
            ConfigurationError: If there is an image, and no encoder for the index's images.
            InputError: If an image can't be used, and there is no `on_error`.
            EncoderError: If an encoder fails.
        """
        known = given if given is not None else {}
        items = [_Item(chunk, dict(known.get(chunk.id, {}))) for chunk in chunks]
        for space in self._of("image"):
            self._encode_images(space, items, on_error)
        for item in items:
            self._keep_image(item, on_error)
        for space in self._of("text"):
            if space.name in self._encoders:
                self._encode(space, self._bare(space, items))
        return {c: [self._point(c, item) for item in items if item.has(c)] for c in COLLECTIONS}

    def _keep_image(self, item: _Item, on_error: ChunkErrorHandler | None) -> None:
        """Store an image; one that came with its vector is looked at here for the first time."""
        if item.chunk.image is None:
            return
        try:
            image = self._blobs.keep(item.chunk.image)
        except InputError as error:
            if on_error is None:
                raise
            on_error(item.chunk, error)
            item.chunk = replace(item.chunk, image=None)
        else:
            item.chunk = replace(item.chunk, image=image)

    def _of(self, collection: Collection) -> Iterator[VectorSpace]:
        return (i.space for i in self._spaces.values() if i.space.collection == collection)

    def _bare(self, space: VectorSpace, items: Sequence[_Item]) -> list[_Item]:
        """Those that the space takes, and that have no vector of it."""
        return [
            item
            for item in items
            if item.has(space.collection)
            and space.takes(item.chunk.kind)
            and space.name not in item.vectors
        ]

    def _encode_images(
        self, space: VectorSpace, items: Sequence[_Item], on_error: ChunkErrorHandler | None
    ) -> None:
        bare = self._bare(space, items)
        broken: list[_Item] = []

        def skip(index: int, error: RagsightError) -> None:
            if on_error is None:
                raise error
            broken.append(bare[index])
            on_error(bare[index].chunk, error)

        parts = [item.part("image") for item in bare]
        rows = encode_for_index(self.encoder_of(space.name), space, parts, skip) if bare else ()
        for item in broken:
            # An image that one encoder can't use is none for the others either.
            item.chunk = replace(item.chunk, image=None)
        usable = [item for item in bare if item.chunk.image is not None]
        for item, row in zip(usable, rows, strict=True):
            item.vectors[space.name] = row

    def _encode(self, space: VectorSpace, items: Sequence[_Item]) -> None:
        encoder = self.encoder_of(space.name)
        rows: Sequence[Vector] = ()
        if isinstance(encoder, Bm25Encoder):
            rows = encoder.encode_chunks([item.chunk for item in items])
        elif items:
            rows = encode_for_index(encoder, space, [item.part("text") for item in items])
        for item, row in zip(items, rows, strict=True):
            item.vectors[space.name] = row

    def _point(self, collection: Collection, item: _Item) -> Point:
        names = [space.name for space in self._of(collection)]
        vectors = {name: item.vectors[name] for name in names if name in item.vectors}
        return Point(point_id(item.chunk.id), to_payload(item.chunk), vectors)
