"""What nodes have and chunks have no field for, kept in a chunk's metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from llama_index.core.schema import (
    BaseNode,
    IndexNode,
    NodeRelationship,
    ObjectType,
    RelatedNodeInfo,
    RelatedNodeType,
)

from ragsight import Chunk

NODE_KEY = "llama_index"
"""The metadata key of a chunk that holds what was only in its node."""

DOCUMENT_FIELD = f"{NODE_KEY}.ref_doc_id"
"""Where the index keeps the id of a node's document, if that isn't the chunk's file."""

Relationships = dict[NodeRelationship, RelatedNodeType]

_LINKS = {
    "page_id": NodeRelationship.PARENT,
    "previous": NodeRelationship.PREVIOUS,
    "next": NodeRelationship.NEXT,
}
"""What the loaders' metadata say of a chunk's place among the others."""

_HIDDEN = ("excluded_embed_metadata_keys", "excluded_llm_metadata_keys")


def relationships_of(chunk: Chunk) -> Relationships:
    """How a chunk stands to others: its file, its page, what comes before and after it."""
    found: Relationships = {}
    if chunk.source.uri != chunk.id:  # a node that came from nowhere is its own source
        found[NodeRelationship.SOURCE] = RelatedNodeInfo(
            node_id=chunk.source.uri, node_type=ObjectType.DOCUMENT
        )
    for key, relationship in _LINKS.items():
        id_ = chunk.metadata.get(key)
        if isinstance(id_, str) and id_ and id_ != chunk.id:
            found[relationship] = RelatedNodeInfo(node_id=id_)
    return found


def only_in_node(
    node: BaseNode, chunk: Chunk, hidden: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    """What a node has that its chunk wouldn't give again.

    Args:
        node: The node.
        chunk: The chunk that was made of it.
        hidden: The metadata keys that any chunk's node hides, by field.

    Returns:
        JSON-ready values; empty if there is nothing. Related nodes are kept by id, type and hash:
        their metadata are their own.
    """
    kept: dict[str, Any] = {}
    derived = relationships_of(chunk)
    document = node.ref_doc_id
    if document is not None and document != chunk.source.uri:
        kept["ref_doc_id"] = document
    # In lists inside lists, which get no index: nobody filters by them.
    if related := [
        [relationship.value, _dump(info)]
        for relationship, info in node.relationships.items()
        if _ids(info) != _ids(derived.get(relationship, ()))
    ]:
        kept["relationships"] = related
    for field in _HIDDEN:
        if keys := [key for key in getattr(node, field) if key not in hidden[field]]:
            kept[field] = [keys]
    if isinstance(node, IndexNode):
        kept["index_id"] = node.index_id
    return kept


def kept_fields(chunk: Chunk) -> Mapping[str, Any]:
    """What `only_in_node` found in the node that a chunk was made of."""
    kept = chunk.metadata.get(NODE_KEY)
    return kept if isinstance(kept, Mapping) else {}


def restored_relationships(chunk: Chunk) -> Relationships:
    """A chunk's relationships, with those of the node that it was made of."""
    found = relationships_of(chunk)
    for name, info in kept_fields(chunk).get("relationships", ()):
        found[NodeRelationship(name)] = _load(info)
    return found


def restored_hidden(chunk: Chunk, hidden: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """The metadata keys that a chunk's node hides, by field."""
    kept = kept_fields(chunk)
    return {
        field: [*hidden[field], *(key for keys in kept.get(field, ()) for key in keys)]
        for field in _HIDDEN
    }


def _ids(info: RelatedNodeType | tuple[()]) -> list[str]:
    several = info if isinstance(info, list | tuple) else [info]
    return [one.node_id for one in several]


def _dump(info: RelatedNodeType) -> Any:
    if isinstance(info, list):
        return [_dump(one) for one in info]
    return info.model_dump(mode="json", include={"node_id", "node_type", "hash"})


def _load(info: Any) -> RelatedNodeType:
    if isinstance(info, list):
        return [RelatedNodeInfo.model_validate(one) for one in info]
    return RelatedNodeInfo.model_validate(info)
