"""Where LlamaIndex's nodes and ragsight's chunks meet, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from llama_index.core.schema import (
    BaseNode,
    Document,
    ImageDocument,
    IndexNode,
    MediaResource,
    MetadataMode,
    Node,
    NodeRelationship,
    NodeWithScore,
    TextNode,
)

from llama_index_ragsight._fields import (
    NODE_KEY,
    kept_fields,
    only_in_node,
    restored_hidden,
    restored_relationships,
)
from llama_index_ragsight._images import OWN_KEY, image_bytes, node_image, to_resource
from llama_index_ragsight._nodes import MultimodalNode
from ragsight import BlobStore, Chunk, Hit, ImageRef, Source, image_ref
from ragsight.errors import ErrorHandler, InputError, raise_error
from ragsight.metadata import json_where_possible

NOT_FOR_MODELS = (
    OWN_KEY, "page", "order", "method", "warnings", "page_id", "previous", "next", "mentions",
    "mentioned_in", "speaker_notes", "hyperlinks",
)  # fmt: skip
"""Metadata that says nothing to a language model, or says it twice."""

NOT_EMBEDDED = (*NOT_FOR_MODELS, "file_path", "page_label")
"""Metadata that would fill an encoder's short context with the place instead of the content."""

_HIDDEN = {
    "excluded_embed_metadata_keys": NOT_EMBEDDED,
    "excluded_llm_metadata_keys": NOT_FOR_MODELS,
}

_SHADOWED = "shadowed"
"""Holds the user's own value of `OWN_KEY`, where there is one."""


class ImageChunkDocument(ImageDocument):
    """A document with text and image, as splitters and `from_documents` want it.

    Vector stores and caches know no `ImageDocument` and would give it back as text. This one is
    written as a `Node`, and comes back as one: with its text and its image.
    """

    @classmethod
    def class_name(cls) -> str:
        """Name under which it is written."""
        return Node.class_name()

    @classmethod
    def get_type(cls) -> str:
        """Type under which it is written."""
        return Node.get_type()


def chunk_to_node(
    chunk: Chunk, *, image_store: BlobStore | None = None
) -> MultimodalNode | TextNode:
    """Turn a chunk into a node that can be turned back.

    A chunk with an image becomes a `MultimodalNode`, whose `get_content_blocks` gives both caption
    and image; one without becomes a `TextNode`. The node's id is the chunk's. Its source document
    is the file, its parent the page, where that is a chunk too, and its neighbours those that the
    loader found. Its metadata is the chunk's own, with `file_path`, `page_label` and `page` where
    it has no such keys, and everything else under the key `ragsight`. An image without words gets
    its title as text, so that it has something to show and to be hashed by.

    Args:
        chunk: The chunk.
        image_store: Keeps the image's bytes where they are nowhere but in memory. Without it the
            node holds them, and loses them when it is written to a store or cache.

    Returns:
        The node.

    Raises:
        StoreError: If the image can't be stored.

    Example:
        >>> from ragsight import Chunk, Source
        >>> node = chunk_to_node(Chunk(text="Red.", source=Source(uri="shop.csv")))
        >>> node.get_content(), node.ref_doc_id
        ('Red.', 'shop.csv')
    """
    chunk = _with_kept_image(chunk, image_store)
    fields = _fields(chunk)
    if chunk.image is not None:
        return MultimodalNode(**fields, **_resources(chunk))
    index_id = kept_fields(chunk).get("index_id")
    if index_id is not None:
        return IndexNode(text=chunk.text, index_id=index_id, **fields)
    return TextNode(text=chunk.text, **fields)


def chunk_to_document(chunk: Chunk, *, image_store: BlobStore | None = None) -> Document:
    """Turn a chunk into a document, which is what LlamaIndex's readers return.

    See `chunk_to_node`; a document has no source document, it is one.

    Args:
        chunk: The chunk.
        image_store: Keeps the image's bytes where they are nowhere but in memory.

    Returns:
        The document; with an image, one that splitters turn into image nodes.

    Raises:
        StoreError: If the image can't be stored.
    """
    chunk = _with_kept_image(chunk, image_store)
    kind = Document if chunk.image is None else ImageChunkDocument
    document = kind(**_fields(chunk), **_resources(chunk))
    document.relationships.pop(NodeRelationship.SOURCE, None)
    return document


def hit_to_node(hit: Hit) -> NodeWithScore:
    """Turn a hit into a node with its fused score.

    Args:
        hit: What a ragsight retriever returned.

    Returns:
        The node; `metadata["ragsight"]` has the score of each channel and `why` in one line.
    """
    node = chunk_to_node(hit.chunk)
    channels = hit.to_dict()["channels"]
    node.metadata[OWN_KEY] |= {"score": hit.score, "why": hit.why, "channels": channels}
    return NodeWithScore(node=node, score=hit.score)


def node_to_chunk(node: BaseNode, *, on_error: ErrorHandler = raise_error) -> Chunk:
    """Turn a node into a chunk.

    A node that `chunk_to_node` made gives the same chunk again, also after it was written to a
    store and read back. Any other node gives a chunk of its text and image, its source taken from
    `file_path`, or else from its source document.

    Args:
        node: The node.
        on_error: Called if a foreign node's image can't be used; if it returns, the chunk has
            none.

    Returns:
        The chunk, under the node's id.

    Raises:
        InputError: If the metadata under the key `ragsight` is damaged.
        ImageError: If a foreign node's image can't be used and `on_error` raises.
    """
    own = node.metadata.get(OWN_KEY)
    if isinstance(own, Mapping) and {"kind", "source"} <= own.keys():
        chunk = _own_chunk(node, own)
    else:
        chunk = _foreign_chunk(node, on_error)
    kept = only_in_node(node, chunk, _HIDDEN)
    return replace(chunk, metadata={**chunk.metadata, NODE_KEY: kept}) if kept else chunk


def _own_chunk(node: BaseNode, own: Mapping[str, Any]) -> Chunk:
    try:
        return Chunk(
            id=node.node_id,
            kind=own["kind"],
            text=_own_text(node, own),
            image=_own_image(node, own),
            source=Source.from_dict(own["source"]),
            metadata=_own_metadata(node.metadata, own),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InputError(
            f"Node {node.node_id}: its metadata[{OWN_KEY!r}] is damaged ({error!r}). Take the key "
            "out to use the node for its text and image alone."
        ) from error


def _fields(chunk: Chunk) -> dict[str, Any]:
    return {
        "id_": chunk.id,
        "metadata": _metadata(chunk),
        "relationships": restored_relationships(chunk),
        **restored_hidden(chunk, _HIDDEN),
    }


def _resources(chunk: Chunk) -> dict[str, Any]:
    # A document without text resource shows its metadata to no one, and hashes like any other.
    resources = {"text_resource": MediaResource(text=_stand_in(chunk) or chunk.text)}
    if chunk.image is not None:
        resources["image_resource"] = to_resource(chunk.image)
    return resources


def _stand_in(chunk: Chunk) -> str:
    """What an image without words is shown as; providers refuse empty texts."""
    return chunk.title if chunk.image is not None and not chunk.text.strip() else ""


def _metadata(chunk: Chunk) -> dict[str, Any]:
    users = deepcopy(dict(chunk.metadata))
    if kept_fields(chunk):
        del users[NODE_KEY]
    friendly = _friendly(chunk.source)
    added = sorted(friendly.keys() - users.keys())
    own: dict[str, Any] = {
        "kind": chunk.kind,
        "source": chunk.source.to_dict(),
        "added": added,
    }
    if chunk.image is not None:
        own["image"] = chunk.image.to_dict()
    if stand_in := _stand_in(chunk):
        own |= {"stand_in": stand_in, "text": chunk.text}
    if OWN_KEY in users:
        own[_SHADOWED] = users.pop(OWN_KEY)
    return {**{key: friendly[key] for key in added}, **users, OWN_KEY: own}


def _friendly(source: Source) -> dict[str, Any]:
    """What LlamaIndex users look for in the metadata of a node."""
    friendly: dict[str, Any] = {"file_path": source.uri}
    if source.page is not None:
        friendly["page"] = source.page
    if source.page_label is not None or source.page is not None:
        label = source.page_label
        friendly["page_label"] = label if label is not None else str(source.page)
    return friendly


def _own_metadata(metadata: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    friendly = _friendly(Source.from_dict(own["source"]))
    ours = {key: friendly.get(key) for key in own["added"]}
    # A value that was changed since is the user's now.
    users = {
        key: deepcopy(value)
        for key, value in metadata.items()
        if key != OWN_KEY and not (key in ours and ours[key] == value)
    }
    if _SHADOWED in own:
        users[OWN_KEY] = deepcopy(own[_SHADOWED])
    return users


def _own_text(node: BaseNode, own: Mapping[str, Any]) -> str:
    text = _text(node)
    return own["text"] if "stand_in" in own and text == own["stand_in"] else text


def _own_image(node: BaseNode, own: Mapping[str, Any]) -> ImageRef | None:
    if "image" not in own:
        return None
    return replace(ImageRef.from_dict(own["image"]), data=image_bytes(node))


def _text(node: BaseNode) -> str:
    return node.get_content(metadata_mode=MetadataMode.NONE)


def _with_kept_image(chunk: Chunk, image_store: BlobStore | None) -> Chunk:
    # An image file stays where it is: only bytes that are nowhere else need a place.
    if image_store is None or chunk.image is None or chunk.image.data is None:
        return chunk
    return replace(chunk, image=image_store.locate(image_store.keep(chunk.image)))


def _foreign_chunk(node: BaseNode, on_error: ErrorHandler) -> Chunk:
    image: ImageRef | None = None
    try:
        found = node_image(node)
        image = None if found is None else image_ref(found)
    except InputError as error:
        on_error(error)
    return Chunk(
        id=node.node_id,
        text=_text(node),
        image=image,
        source=_foreign_source(node),
        kind="text" if image is None else "image",
        metadata=json_where_possible(node.metadata),
    )


def _foreign_source(node: BaseNode) -> Source:
    metadata = node.metadata
    label = metadata.get("page_label")
    page = str(metadata.get("page", label))
    return Source(
        uri=str(metadata.get("file_path") or node.ref_doc_id or node.node_id),
        page=int(page) if page.isdecimal() and int(page) > 0 else None,
        page_label=label if isinstance(label, str) and label != page else None,
    )
