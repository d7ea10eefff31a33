"""Where LangChain's `Document` and ragsight's `Chunk` meet, and nowhere else."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.documents import Document

from langchain_ragsight._flat import unpacked
from ragsight import BlobStore, Chunk, Hit, ImageRef, Source, image_ref
from ragsight.chunks import NAMESPACE
from ragsight.errors import ConfigurationError, InputError
from ragsight.metadata import json_where_possible

OWN_KEY = "ragsight"
"""The metadata key that holds what a chunk has and a `Document` has no field for."""

IMAGE_KEY = "image"
"""The metadata key under which a document of any other making may name its image."""

RELEVANCE_KEY = "relevance_score"
"""Where LangChain's rerankers put their scores."""

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
    reranked = {} if hit.reranked is None else {"reranked": hit.reranked}
    found = {"score": scored["score"], "channels": scored["channels"], **reranked}
    return _document(hit.chunk, found)


def stored_document(chunk: Chunk) -> Document:
    """Turn a chunk into the document that a vector store was given.

    The key `ragsight` is there only where the chunk says more than text, id and metadata do: a
    document of any other making comes back with exactly the metadata it had, one with an image
    also with the reference to it.
    """
    metadata = deepcopy(dict(chunk.metadata))
    plain = Document(page_content=chunk.text, id=chunk.id, metadata=metadata)
    return plain if document_to_chunk(plain) == chunk else chunk_to_document(chunk)


def document_to_chunk(document: Document, *, image_key: str | None = None) -> Chunk:
    """Turn a document into a chunk.

    A document that `chunk_to_document` made gives the same chunk again. One whose text was changed
    since, by a text splitter for example, gives a chunk of that text with an id of its own. Any
    other document gives a chunk of its text, its source taken from `source` and `page`.

    Args:
        document: The document, its metadata as it was or made flat by `flatten_document`.
        image_key: The metadata key under which a document of any other making names its image: a
            path, a URL, or a reference (`ImageRef.to_dict()`). By default no such key is read:
            metadata may come from anyone.

    Returns:
        The chunk. Its id is the document's, where it has one; otherwise equal documents have
        equal ids.

    Raises:
        InputError: If the metadata under the key `ragsight` was damaged, or what stands under
            `image_key` is no image.
    """
    document = unpacked(document, OWN_KEY)
    own = document.metadata.get(OWN_KEY)
    if not isinstance(own, Mapping) or not {"kind", "source", "text_sha256"} <= own.keys():
        return _foreign_chunk(document, image_key)
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


def document_to_hit(document: Document, place: int) -> Hit:
    """Turn a document into a hit, with the score that it has or one that says its place, from 1."""
    score = document_score(document)
    return Hit(document_to_chunk(document), score if score is not None else 1.0 / place)


def document_score(document: Document) -> float | None:
    """What a search or a reranker said of a document; None where nothing did."""
    document = unpacked(document, OWN_KEY)
    own = document.metadata.get(OWN_KEY)
    scores = [own.get("score")] if isinstance(own, Mapping) else []
    scores.append(document.metadata.get(RELEVANCE_KEY))
    return next((float(s) for s in scores if isinstance(s, int | float)), None)


def scored_document(document: Document, hit: Hit) -> Document:
    """The document with what a reranker said of it; it itself where none did."""
    if hit.reranked is None:
        return document
    document = unpacked(document, OWN_KEY)
    own = document.metadata.get(OWN_KEY)
    if isinstance(own, Mapping):
        said: dict[str, Any] = {
            OWN_KEY: {**own, "score": hit.score, "reranked": hit.reranked},
        }
    else:
        said = {RELEVANCE_KEY: hit.reranked}
    return document.model_copy(update={"metadata": {**document.metadata, **said}})


def document_without_image(document: Document) -> Document:
    """The document with its words only."""
    document = unpacked(document, OWN_KEY)
    own = {**document.metadata[OWN_KEY], "image": None}
    return document.model_copy(update={"metadata": {**document.metadata, OWN_KEY: own}})


def _document(chunk: Chunk, extra: Mapping[str, Any]) -> Document:
    fields = chunk.to_dict()
    users = deepcopy(dict(chunk.metadata))
    friendly = _friendly(chunk)
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


def _friendly(chunk: Chunk) -> dict[str, Any]:
    """What LangChain users look for in the metadata of a document."""
    source = chunk.source
    page = {} if source.page is None else {"page": source.page}
    # A document that names no source is its own, which its id says already.
    return page if source.uri == chunk.id else {"source": source.uri, **page}


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


def _foreign_chunk(document: Document, image_key: str | None) -> Chunk:
    metadata = json_where_possible(document.metadata)
    image = None if image_key is None else _named_image(document, image_key)
    id_ = document.id or content_id(document.page_content, document.metadata, image)
    label = metadata.get("page_label")
    source = Source(
        uri=str(metadata.get("source") or id_),
        page=_foreign_page(metadata),
        page_label=label if isinstance(label, str) else None,
    )
    return Chunk(
        text=document.page_content,
        image=image,
        source=source,
        kind="text" if image is None else "image",
        metadata=metadata,
        id=id_,
    )


def content_id(text: str, metadata: Mapping[str, Any], image: ImageRef | None) -> str:
    """An id that equal content has again."""
    # The metadata counts: a document without an id has nothing else that says which one it is.
    try:
        said = json.loads(json.dumps(metadata, default=_plain))
    except (TypeError, ValueError, RecursionError):
        # No store takes it; what only reads the document needs some id.
        said = {}
    content = [text, said, None if image is None else image.sha256]
    return str(uuid.uuid5(NAMESPACE, json.dumps(content, sort_keys=True)))


def _named_image(document: Document, key: str) -> ImageRef | None:
    value = document.metadata.get(key)
    if value is None or value == "":
        return None
    if isinstance(value, Mapping):
        try:
            return ImageRef.from_dict(value)
        except (KeyError, TypeError, ValueError) as error:
            raise _no_image(document, key, "a dictionary that is no image reference") from error
    if not isinstance(value, str | Path):
        raise _no_image(document, key, f"a value of type {type(value).__name__}")
    if str(value).startswith("data:"):
        raise _no_image(document, key, "the image itself, as a data: URI")
    return image_ref(value)


def _no_image(document: Document, key: str, what: str) -> InputError:
    name = document.id or document.page_content[:40]
    return InputError(
        f"Document {name!r}: metadata[{key!r}] is {what}; it must be a path, a URL or an image "
        "reference. Add images that are in memory with MultimodalVectorStore.add_images, or name "
        "another image_key."
    )


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
