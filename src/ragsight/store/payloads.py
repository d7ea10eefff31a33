"""How a chunk stands in a payload: for ourselves, for LangChain's and LlamaIndex's stores."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ragsight.characters import encodable
from ragsight.chunks import NAMESPACE, Chunk, ImageRef, Source
from ragsight.errors import StoreError
from ragsight.spaces import Collection
from ragsight.store.numbers import is_exact, leaves, restore_floats
from ragsight.store.schema import FLAGS_KEY, METADATA_KEY, OWN_KEY, RECORD_KIND, TEXT_KEY

NODE_KEY = "_node_content"
"""Where LlamaIndex's vector stores keep a node as JSON."""

_SOURCE = "source"

_FLOATS = "floats"
"""Where floats stand a second time, as text, that an engine may give back as their neighbours."""

_DOCUMENT_NODE_TYPE = "4"
_SOURCE_RELATIONSHIP = "1"


def point_id(chunk_id: str) -> str:
    """Qdrant takes UUIDs only: keep one, derive one from any other id."""
    try:
        return str(uuid.UUID(chunk_id))
    except ValueError:
        return str(uuid.uuid5(NAMESPACE, encodable(chunk_id)))


def to_payload(chunk: Chunk) -> dict[str, Any]:
    """The payload of a chunk.

    Text and metadata stand where langchain-qdrant looks for them (`page_content`, `metadata`) and
    where llama-index-vector-stores-qdrant does (`_node_content`, and metadata keys at the top,
    which its filters name); what is ours alone stands under one key.
    """
    metadata = dict(chunk.metadata)
    own: dict[str, Any] = {
        "id": chunk.id,
        "kind": chunk.kind,
        "source": chunk.source.to_dict(),
    }
    if chunk.image is not None:
        own["image"] = chunk.image.to_dict()
    values = list(leaves({METADATA_KEY: metadata, _SOURCE: own[_SOURCE]}))
    if flags := [flag(_dotted(path), value) for path, value in values if isinstance(value, bool)]:
        own[FLAGS_KEY.rpartition(".")[2]] = flags
    if floats := [
        [*path, repr(value)]
        for path, value in values
        if isinstance(value, float) and not is_exact(value)
    ]:
        own[_FLOATS] = floats
    return {
        **metadata,
        **node_fields(chunk.source.uri, point_id(chunk.id), chunk.text, metadata),
        TEXT_KEY: chunk.text,
        METADATA_KEY: metadata,
        OWN_KEY: own,
    }


def node_fields(document: str, id: str, text: str, metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What LlamaIndex's vector store looks for in a point.

    Args:
        document: The source; deleting it there by `ref_doc_id` deletes this point.
        id: Id of the point.
        text: Its text.
        metadata: What is shown of it.
    """
    node = {
        "id_": id,
        "metadata": metadata,
        "relationships": {
            _SOURCE_RELATIONSHIP: {"node_id": document, "node_type": _DOCUMENT_NODE_TYPE}
        },
        "text": text,
        "class_name": "TextNode",
    }
    return {
        NODE_KEY: json.dumps(node, ensure_ascii=False),
        "_node_type": "TextNode",
        "document_id": document,
        "doc_id": document,
        "ref_doc_id": document,
    }


def from_payload(
    payload: Mapping[str, Any], *, locate: Callable[[ImageRef], ImageRef] | None = None
) -> Chunk:
    """Read what `to_payload` wrote.

    Args:
        payload: The payload.
        locate: Points the reference of an image at bytes that can be opened.

    Raises:
        StoreError: If the payload was written by something else.
    """
    try:
        own = payload[OWN_KEY]
        parts = {METADATA_KEY: payload[METADATA_KEY], _SOURCE: own[_SOURCE]}
        restore_floats(parts, own.get(_FLOATS, ()))
        image = None if "image" not in own else ImageRef.from_dict(own["image"])
        return Chunk(
            text=payload[TEXT_KEY],
            image=image if image is None or locate is None else locate(image),
            source=Source.from_dict(own["source"]),
            kind=own["kind"],
            metadata=payload[METADATA_KEY],
            id=own["id"],
        )
    except (KeyError, TypeError) as error:
        raise StoreError(
            f"a point of the index has a payload that ragsight didn't write ({error!r}); "
            f"its keys are {sorted(payload)}."
        ) from error


def belongs_to(payload: Mapping[str, Any]) -> set[Collection]:
    """The collections in which a chunk with this payload stands once it is written."""
    own = payload.get(OWN_KEY, {})
    collections: set[Collection] = set()
    if payload.get(TEXT_KEY, "").strip() or own.get("kind") == RECORD_KIND:
        collections.add("text")
    if "image" in own:
        collections.add("image")
    return collections


def flag(key: str, value: bool) -> str:
    """The word that stands for a boolean at a key of the payload."""
    return f"{key}={str(value).lower()}"


def _dotted(path: Sequence[Any]) -> str:
    return ".".join(part for part in path if isinstance(part, str))
