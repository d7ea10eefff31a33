"""Where LangChain's `Document` and ragsight's `Chunk` meet, and nowhere else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from langchain_core.documents import Document

from ragsight import BlobStore, Chunk, Hit, Source
from ragsight.errors import ConfigurationError, InputError

OWN_KEY = "ragsight"
"""The metadata key that holds what a chunk has and a `Document` has no field for."""

_SHADOWED = "shadowed"
"""Holds the user's own value of `OWN_KEY`, where there is one."""


def chunk_to_document(chunk: Chunk, *, image_store: BlobStore | None = None) -> Document:
    """Turn a chunk into a document that can be turned back.

    `page_content` is the chunk's text and `id` its id. The metadata is the chunk's own, with
    `source` (the URI) and `page` (from 1) where it has no such keys, and everything else under
    the key `ragsight`: JSON-ready, the image by reference.

    Args:
        chunk: The chunk.
        image_store: Keeps the image's bytes where they are nowhere but in memory.

    Returns:
        The document.

    Raises:
        ConfigurationError: If the image's bytes are in memory only and there is no `image_store`.
        StoreError: If the image can't be stored.

    Example:
        >>> from ragsight import Chunk, Source
        >>> document = chunk_to_document(Chunk(text="Red.", source=Source(uri="shop.csv")))
        >>> document.page_content, document.metadata["source"]
        ('Red.', 'shop.csv')
    """
    return _document(_with_kept_image(chunk, image_store), {})


def hit_to_document(hit: Hit) -> Document:
    """Turn a hit into a document; `metadata["ragsight"]` has its score and channels too.

    Args:
        hit: What a ragsight retriever returned.

    Returns:
        The document; see `chunk_to_document`.
    """
    scored = hit.to_dict()
    return _document(hit.chunk, {"score": scored["score"], "channels": scored["channels"]})


def document_to_chunk(document: Document) -> Chunk:
    """Turn a document into a chunk.

    A document that `chunk_to_document` made gives the same chunk again. One whose text was changed
    since, by a text splitter for example, gives a chunk of that text with an id of its own. Any
    other document gives a chunk of text, its source taken from `source` and `page`.

    Args:
        document: The document.

    Returns:
        The chunk. Its id is the document's, where it has one.

    Raises:
        InputError: If the metadata under the key `ragsight` was damaged.
    """
    own = document.metadata.get(OWN_KEY)
    if not isinstance(own, Mapping) or not {"kind", "source", "text_sha256"} <= own.keys():
        return _foreign_chunk(document)
    unchanged = own["text_sha256"] == _digest(document.page_content)
    try:
        return Chunk.from_dict(
            {
                "id": document.id or (own["id"] if unchanged else ""),
                "kind": own["kind"],
                "text": document.page_content,
                "image": own.get("image"),
                "source": own["source"],
                "metadata": _users_metadata(document.metadata, own),
            }
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"Document {document.id!r}: its metadata[{OWN_KEY!r}] is damaged ({error!r}). Take "
            "the key out to use the document as plain text."
        ) from error


def _document(chunk: Chunk, extra: Mapping[str, Any]) -> Document:
    fields = chunk.to_dict()
    users = deepcopy(dict(chunk.metadata))
    friendly = _friendly(chunk.source)
    added = sorted(friendly.keys() - users.keys())
    own = {
        "id": chunk.id,
        "kind": chunk.kind,
        "source": fields["source"],
        "image": fields["image"],
        "text_sha256": _digest(chunk.text),
        "added": added,
        **extra,
    }
    if OWN_KEY in users:
        own[_SHADOWED] = users.pop(OWN_KEY)
    metadata = {**users, **{key: friendly[key] for key in added}, OWN_KEY: own}
    return Document(page_content=chunk.text, id=chunk.id, metadata=metadata)


def _friendly(source: Source) -> dict[str, Any]:
    """What LangChain users look for in the metadata of a document."""
    page = {} if source.page is None else {"page": source.page}
    return {"source": source.uri, **page}


def _users_metadata(metadata: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    ours = {key: own["source"].get("uri" if key == "source" else key) for key in own["added"]}
    # A value that was changed since is the user's now.
    users = {
        key: deepcopy(value)
        for key, value in metadata.items()
        if key != OWN_KEY and not (key in ours and ours[key] == value)
    }
    if _SHADOWED in own:
        users[OWN_KEY] = deepcopy(own[_SHADOWED])
    return users


def _with_kept_image(chunk: Chunk, image_store: BlobStore | None) -> Chunk:
    # An image file stays where it is: only bytes that are nowhere else need a place.
    if chunk.image is None or chunk.image.data is None:
        return chunk
    if image_store is None:
        raise ConfigurationError(
            f"{chunk.title}: its image is in memory only and a Document can't hold it. "
            "Pass image_store=."
        )
    return replace(chunk, image=image_store.locate(image_store.keep(chunk.image)))


def _foreign_chunk(document: Document) -> Chunk:
    metadata = json.loads(json.dumps(document.metadata, default=_plain))
    label = metadata.get("page_label")
    source = Source(
        uri=str(metadata.get("source") or document.id or "document"),
        page=_foreign_page(metadata),
        page_label=label if isinstance(label, str) else None,
    )
    return Chunk(text=document.page_content, source=source, metadata=metadata, id=document.id or "")


def _foreign_page(metadata: Mapping[str, Any]) -> int | None:
    page = metadata.get("page")
    if not isinstance(page, int) or isinstance(page, bool):
        return None
    # LangChain's PDF loaders count from 0, and are known by giving the number of pages too.
    first = 0 if "total_pages" in metadata else 1
    return page - first + 1 if page >= first else None


def _plain(value: object) -> str:
    return f"<{len(value)} bytes>" if isinstance(value, bytes | bytearray) else str(value)


def _digest(text: str) -> str:
    # Lone surrogates come out of broken PDF fonts; they must not stop a conversion.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
