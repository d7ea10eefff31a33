"""Nodes on their way into a store, with the vectors that they bring."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from llama_index.core.schema import BaseNode, MetadataMode

from llama_index_ragsight._convert import node_to_chunk
from llama_index_ragsight._spaces import as_vector, is_same, spaces_of
from ragsight import Chunk, MultimodalStore
from ragsight.encoders import FloatArray
from ragsight.errors import ErrorHandler, InputError
from ragsight.spaces import SpaceName
from ragsight.store import EncodedChunk


def encoded_nodes(
    store: MultimodalStore, nodes: Sequence[BaseNode], on_error: ErrorHandler
) -> list[EncodedChunk]:
    """The chunks of nodes, each with the vector that its node brings.

    A node's embedding is used for what it is of, as its length tells: for its text, or for its
    image.

    Args:
        store: Where they will go.
        nodes: The nodes. They stay as they are.
        on_error: Called with what costs one node or its image; if it returns, the rest is kept.

    Raises:
        InputError: If an embedding fits neither the texts nor the images of the store.
        EncoderError: If an encoder fails.
    """
    return list(_encoded(store, nodes, on_error))


def _encoded(
    store: MultimodalStore, nodes: Sequence[BaseNode], on_error: ErrorHandler
) -> Iterator[EncodedChunk]:
    for node in nodes:
        try:
            chunk = node_to_chunk(node, on_error=on_error)
        except InputError as error:
            on_error(error)
            continue
        if not chunk.text.strip() and chunk.image is None:
            on_error(InputError(f"Node {chunk.id}: no text and no usable image; left out."))
            continue
        yield EncodedChunk(chunk, _own_vectors(store, node, chunk))


def _own_vectors(
    store: MultimodalStore, node: BaseNode, chunk: Chunk
) -> dict[SpaceName, FloatArray]:
    """The vector that a node brings, by the space that it is of."""
    if node.embedding is None:
        return {}
    vector = as_vector(node.embedding)
    spaces = spaces_of(store, vector)
    if chunk.image is not None and "image" in spaces and not _is_of_text(store, node, vector):
        return {spaces["image"]: vector}
    if "text" in spaces and chunk.text.strip():
        return {spaces["text"]: vector}
    return {}


def _is_of_text(store: MultimodalStore, node: BaseNode, vector: FloatArray) -> bool:
    """Whether a vector that may be an image's is one of its caption.

    LlamaIndex's indexes embed every node by its text, images too, and an embedding doesn't say
    what it is of.
    """
    text = node.get_content(metadata_mode=MetadataMode.EMBED)
    encoders = (_text_vector, _image_space_vector)
    vectors = (encode(store, text) for encode in encoders)
    return any(other is not None and is_same(vector, other) for other in vectors)


def _text_vector(store: MultimodalStore, text: str) -> FloatArray | None:
    texts, images = store.profile.text_encoder, store.profile.encoder
    if store.text_encoder is None or texts is None or images is None:
        return None
    if texts.dimension != images.dimension:
        return None
    row: FloatArray = store.text_encoder.encode_documents([text])[0]
    return row


def _image_space_vector(store: MultimodalStore, text: str) -> FloatArray | None:
    if not store.has_encoder:
        return None
    row: FloatArray = store.encoder.encode_texts([text])[0]
    return row
