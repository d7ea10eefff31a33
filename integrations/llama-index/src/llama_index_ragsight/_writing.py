"""Nodes on their way into a store, with the vectors that they bring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from llama_index.core.schema import BaseNode, MetadataMode

from llama_index_ragsight._convert import node_to_chunk
from llama_index_ragsight._spaces import as_vector, is_same, spaces_of
from ragsight import Chunk, MultimodalStore
from ragsight.encoders import FloatArray, Vector
from ragsight.errors import ErrorHandler, InputError, RagsightError
from ragsight.spaces import BM25, CLIP, DENSE, Collection
from ragsight.store import Program, Work, admitted
from ragsight.store.encoding import PointsByCollection
from ragsight.store.engines.base import Point
from ragsight.store.operations import BATCH_SIZE
from ragsight.store.payloads import point_id, to_payload
from ragsight.store.schema import COLLECTIONS


@dataclass(slots=True)
class _Item:
    """A node's chunk, with the vectors of it that are known.

    Attributes:
        chunk: The chunk.
        embedding: What the node brought.
        embedded_text: What an embedding of texts was given.
        dense: The vector of its text.
        clip: The vector of its image.
    """

    chunk: Chunk
    embedding: FloatArray | None
    embedded_text: str
    dense: FloatArray | None = None
    clip: FloatArray | None = None


def write_nodes(
    store: MultimodalStore, nodes: Sequence[BaseNode], on_error: ErrorHandler
) -> Program[None]:
    """Write nodes: texts into the one collection, images into the other, under one id.

    A node's embedding is used for what it is of, as its length tells: for its text, or for its
    image. What it brings no vector for, the store's own encoders encode. Words always get the
    vectors of keyword search too.

    Args:
        store: Where.
        nodes: The nodes. They stay as they are.
        on_error: Called with what costs one node or its image; if it returns, the rest is written.

    Raises:
        InputError: If an embedding fits neither the texts nor the images of the store.
        EncoderError: If an encoder fails.
        StoreError: If the engine refuses.
    """
    for start in range(0, len(nodes), BATCH_SIZE):
        batch = nodes[start : start + BATCH_SIZE]
        points = yield Work(partial(_Batch(store, on_error).points, batch))
        yield from _delete_left_over(store, points)
        yield from store.operations.write(points)


class _Batch:
    """Makes points of nodes that are written together."""

    def __init__(self, store: MultimodalStore, on_error: ErrorHandler) -> None:
        self._store = store
        self._operations = store.operations
        self._on_error = on_error

    def points(self, nodes: Sequence[BaseNode]) -> PointsByCollection:
        # Of nodes with one id the last one stays, as if they had come one after the other.
        items = list({item.chunk.id: item for item in self._items(nodes)}.values())
        for item in items:
            self._assign_embedding(item)
        self._encode_images([i for i in items if i.chunk.image is not None and i.clip is None])
        for item in items:
            self._keep_image(item)
        return self._points(items)

    def _items(self, nodes: Sequence[BaseNode]) -> Iterator[_Item]:
        for node in nodes:
            try:
                chunk = admitted(node_to_chunk(node, on_error=self._on_error))
            except InputError as error:
                self._on_error(error)
                continue
            given = None if node.embedding is None else as_vector(node.embedding)
            yield _Item(chunk, given, node.get_content(metadata_mode=MetadataMode.EMBED))

    def _assign_embedding(self, item: _Item) -> None:
        if item.embedding is None:
            return
        spaces = spaces_of(self._store, item.embedding)
        if item.chunk.image is not None and "image" in spaces and not self._is_of_text(item):
            item.clip = item.embedding
        elif "text" in spaces:
            item.dense = item.embedding

    def _is_of_text(self, item: _Item) -> bool:
        """Whether a vector that may be an image's is one of its caption.

        LlamaIndex's indexes embed every node by its text, images too, and an embedding doesn't say
        what it is of.
        """
        assert item.embedding is not None
        text = item.embedded_text
        encoders = (self._text_vector, self._clip_vector)
        vectors = (encode(text) for encode in encoders)
        return any(vector is not None and is_same(item.embedding, vector) for vector in vectors)

    def _text_vector(self, text: str) -> FloatArray | None:
        encoder, spec = self._store.text_encoder, self._store.profile.text_encoder
        if encoder is None or spec is None or spec.dimension != self._image_dimension:
            return None
        row: FloatArray = encoder.encode_documents([text])[0]
        return row

    def _clip_vector(self, text: str) -> FloatArray | None:
        if not self._store.has_encoder:
            return None
        row: FloatArray = self._store.encoder.encode_texts([text])[0]
        return row

    @property
    def _image_dimension(self) -> int | None:
        spec = self._store.profile.encoder
        return None if spec is None else spec.dimension

    def _encode_images(self, items: Sequence[_Item]) -> None:
        if not items:
            return
        broken: set[int] = set()

        def skip(index: int, error: RagsightError) -> None:
            broken.add(index)
            self._on_error(error)

        images = [item.chunk.image for item in items if item.chunk.image is not None]
        rows = iter(self._operations.encoder.encode_images(images, on_skip=skip))
        for index, item in enumerate(items):
            if index not in broken:
                item.clip = next(rows)

    def _keep_image(self, item: _Item) -> None:
        image = item.chunk.image
        kept = None
        if image is not None and item.clip is not None:
            try:
                kept = self._operations.blobs.keep(image)
            except InputError as error:
                self._on_error(error)
        item.chunk = replace(item.chunk, image=kept)

    def _points(self, items: Sequence[_Item]) -> PointsByCollection:
        texts = [item for item in items if item.chunk.text.strip()]
        images = [item for item in items if item.chunk.image is not None]
        for item in items:
            if not item.chunk.text.strip() and item.chunk.image is None:
                self._on_error(
                    InputError(f"Node {item.chunk.id}: no text and no usable image; left out.")
                )
        points: PointsByCollection = {
            "text": [
                _point(item.chunk, vectors)
                for item, vectors in zip(texts, self._text_vectors(texts), strict=True)
            ],
            "image": [
                _point(item.chunk, {CLIP: item.clip}) for item in images if item.clip is not None
            ],
        }
        return points

    def _text_vectors(self, items: Sequence[_Item]) -> list[dict[str, Vector]]:
        words = self._operations.bm25.encode_documents([item.chunk.indexed_text for item in items])
        encoder = self._store.text_encoder
        bare = [item for item in items if item.dense is None]
        if encoder is not None and bare:
            rows = encoder.encode_documents([item.chunk.indexed_text for item in bare])
            for item, row in zip(bare, rows, strict=True):
                item.dense = row
        return [
            {BM25: sparse} if item.dense is None else {BM25: sparse, DENSE: item.dense}
            for item, sparse in zip(items, words, strict=True)
        ]


def _point(chunk: Chunk, vectors: dict[str, Vector]) -> Point:
    return Point(point_id(chunk.id), to_payload(chunk), vectors)


def _delete_left_over(store: MultimodalStore, points: PointsByCollection) -> Program[None]:
    """Remove nodes that lost their text or their image: half of them would stay as it was."""
    engine = store.operations.engine
    ids = {c: {point.id for point in points[c]} for c in COLLECTIONS}
    left: set[str] = set()
    others: dict[Collection, Collection] = {"text": "image", "image": "text"}
    for collection, other in others.items():
        halves = sorted(ids[other] - ids[collection])
        if halves:
            found = yield from engine.retrieve(collection, halves)
            left.update(point.id for point in found)
    if left:
        yield from engine.delete(sorted(left))
