"""Documents and images on their way into a store."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Any, Protocol

from langchain_core.documents import Document

from langchain_ragsight._convert import content_id, document_to_chunk
from ragsight import Chunk, ImageRef, Source, image_ref
from ragsight.chunks import NAMESPACE
from ragsight.errors import ErrorHandler, InputError, MetadataError, RagsightError
from ragsight.images import ImageSource
from ragsight.metadata import json_value, json_where_possible
from ragsight.store import leaves_out


class Item(Protocol):
    """What becomes a chunk."""

    def chunk(self, id_: str | None, *, with_image: bool) -> Chunk:
        """The chunk, with an id of its own or one made of its content."""
        ...


@dataclass(frozen=True, slots=True)
class DocumentItem:
    """A document, which may name its image in its metadata."""

    document: Document
    image_key: str | None

    def chunk(self, id_: str | None, *, with_image: bool) -> Chunk:
        """The chunk of the document."""
        named = self.document if id_ is None else self.document.model_copy(update={"id": id_})
        if with_image:
            return document_to_chunk(named, image_key=self.image_key)
        return document_to_chunk(_without_value(named, self.image_key))


@dataclass(frozen=True, slots=True)
class ImageItem:
    """An image with a caption and metadata."""

    source: ImageSource
    caption: str
    metadata: Mapping[str, Any]

    def chunk(self, id_: str | None, *, with_image: bool) -> Chunk:
        """The chunk of the image."""
        image = image_ref(self.source) if with_image else None
        metadata = json_where_possible(self.metadata)
        known = id_ if id_ is not None else content_id(self.caption, self.metadata, image)
        named = isinstance(self.source, str | Path | ImageRef) and image is not None
        place = metadata.get("source") or (image.uri if named and image is not None else known)
        return Chunk(
            text=self.caption,
            image=image,
            source=Source(uri=str(place)),
            kind="image",
            metadata=metadata,
            id=known,
        )


def _without_value(document: Document, key: str | None) -> Document:
    """The document without an image that can't be used, if no store could keep its value."""
    try:
        json_value(document.metadata.get(key) if key is not None else None)
    except MetadataError:
        kept = {name: value for name, value in document.metadata.items() if name != key}
        return document.model_copy(update={"metadata": kept})
    return document


class Incoming:
    """Makes chunks of items, one by one, and notes what became of them.

    Args:
        items: The items.
        ids: An id for each; None where one shall be made of the content.
        on_error: Called with what can't be used; the rest goes on if it returns.
    """

    def __init__(
        self, items: Sequence[Item], ids: Sequence[str | None], on_error: ErrorHandler | None
    ) -> None:
        self._items = items
        self._ids = ids
        self._on_error = on_error
        self._written: list[str] = []
        self._lost: set[str] = set()
        self._times: dict[str, int] = {}

    @property
    def ids(self) -> list[str]:
        """Ids of the chunks that were written, in the order of the items."""
        return [id_ for id_ in self._written if id_ not in self._lost]

    def chunks(self) -> Iterator[Chunk]:
        """The chunks; images are opened as they are asked for.

        Raises:
            InputError: If an item can't be used and there is no `on_error`.
        """
        for item, id_ in zip(self._items, self._ids, strict=True):
            chunk = self._chunk(item, id_)
            if chunk is not None:
                self._written.append(chunk.id)
                yield chunk

    def skip(self, chunk: Chunk, error: RagsightError) -> None:
        """Take notice of what the store can't use: an image, whose text is written, or a chunk."""
        if self._on_error is None:
            raise error
        if leaves_out(chunk, error):
            self._lost.add(chunk.id)
        self._on_error(error)

    def _chunk(self, item: Item, id_: str | None) -> Chunk | None:
        try:
            return _checked(self._apart(item, id_, with_image=True))
        except InputError as error:
            if self._on_error is None:
                raise
            self._on_error(error)
        # An image that can't be used must not cost the words.
        words = self._apart(item, id_, with_image=False)
        return words if words.text.strip() else None

    def _apart(self, item: Item, id_: str | None, *, with_image: bool) -> Chunk:
        chunk = item.chunk(id_, with_image=with_image)
        if id_ is not None:
            return chunk
        # Equal items of one call are as many chunks, and the same ones when it is made again.
        times = self._times[chunk.id] = self._times.get(chunk.id, 0) + 1
        if times == 1:
            return chunk
        again = str(uuid.uuid5(NAMESPACE, f"{chunk.id} {times}"))
        return item.chunk(again, with_image=with_image)


def document_items(
    documents: Iterable[Document], ids: Sequence[str | None] | None, image_key: str | None
) -> tuple[list[DocumentItem], list[str | None]]:
    """Documents as items, with the ids that were given or that they have.

    Raises:
        InputError: If there isn't one id for each document.
    """
    kept = list(documents)
    given = one_each("ids", ids, len(kept))
    known = [_id(id_) or document.id or None for document, id_ in zip(kept, given, strict=True)]
    return [DocumentItem(document, image_key) for document in kept], known


def image_items(
    images: Iterable[ImageSource],
    captions: Sequence[str] | None,
    metadatas: Sequence[Mapping[str, Any]] | None,
) -> list[ImageItem]:
    """Images as items.

    Raises:
        InputError: If there isn't one caption or metadata for each image.
    """
    kept = list(images)
    words = one_each("captions", captions, len(kept))
    facts = one_each("metadatas", metadatas, len(kept))
    return [
        ImageItem(image, caption or "", metadata or {})
        for image, caption, metadata in zip(kept, words, facts, strict=True)
    ]


def text_documents(
    texts: Iterable[str], metadatas: Sequence[Mapping[str, Any]] | None
) -> list[Document]:
    """Texts as documents.

    Raises:
        InputError: If there isn't one metadata for each text.
    """
    kept = list(texts)
    facts = one_each("metadatas", metadatas, len(kept))
    return [
        Document(page_content=text, metadata=dict(metadata or {}))
        for text, metadata in zip(kept, facts, strict=True)
    ]


def one_each(name: str, values: Sequence[Any] | None, count: int) -> Iterable[Any]:
    """The values, or so many times None.

    Raises:
        InputError: If there are more or fewer values.
    """
    if values is None:
        return repeat(None, count)
    if len(values) != count:
        raise InputError(f"There are {len(values)} {name} for {count} items. Give one for each.")
    return values


def _id(given: Any) -> str | None:
    """An id as a `Document` takes it, which makes text of numbers."""
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


def _checked(chunk: Chunk) -> Chunk:
    if chunk.image is None and not chunk.text.strip():
        raise InputError(
            f"Document {chunk.id!r} has neither text nor an image: nothing could find it. Leave "
            "it out, or pass on_error= to have such documents passed over."
        )
    return chunk
