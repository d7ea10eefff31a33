"""The images of nodes: LlamaIndex has several ways to hold one."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

from llama_index.core.bridge.pydantic import AnyUrl
from llama_index.core.schema import BaseNode, ImageNode, ImageType, MediaResource, Node

from ragsight import ImageRef
from ragsight.errors import ImageError
from ragsight.images import describe_image

NodeT = TypeVar("NodeT", bound=BaseNode)

DIGEST_KEY = "image_sha256"
"""The metadata key that `with_image_digests` writes."""

OWN_KEY = "ragsight"
"""The metadata key that holds what a chunk has and a node has no field for."""


def to_resource(ref: ImageRef) -> MediaResource:
    """Name an image to LlamaIndex, with the media type that its bytes have."""
    if ref.data is not None:
        return MediaResource(data=base64.b64encode(ref.data), mimetype=ref.mime)
    if "://" in ref.uri:
        return MediaResource(url=AnyUrl(ref.uri), mimetype=ref.mime)
    return MediaResource(path=Path(ref.uri), mimetype=ref.mime)


def node_image(node: BaseNode) -> str | bytes | None:
    """Find a node's image.

    Args:
        node: Any node; one that ragsight made tells even where its class has no image.

    Returns:
        The encoded bytes, or the path or URL, or None if there is no image.

    Raises:
        ImageError: If the node holds an image that isn't base64.
    """
    data = image_bytes(node)
    if data is not None:
        return data
    _, path, url = _places(node)
    if path or url:
        return str(path or url)
    own = node.metadata.get(OWN_KEY)
    image = own.get("image") if isinstance(own, dict) else None
    return image["uri"] if isinstance(image, dict) and "uri" in image else None


def image_bytes(node: BaseNode) -> bytes | None:
    """The encoded bytes of a node's image, where the node itself holds them.

    Raises:
        ImageError: If what it holds isn't base64.
    """
    data, _, _ = _places(node)
    if not data:
        return None
    try:
        return base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ImageError(f"Node {node.node_id}: its image isn't base64 ({error}).") from error


def _places(node: BaseNode) -> tuple[Any, Any, Any]:
    """Base64 data, path and URL of a node's image."""
    if isinstance(node, ImageNode):
        return node.image, node.image_path, node.image_url
    resource = node.image_resource if isinstance(node, Node) else None
    if resource is None:
        return None, None, None
    return resource.data, resource.path, resource.url


def image_name(image: ImageType) -> str:
    """Name an image for events and logs: its path, its URL without secrets, or its digest."""
    if isinstance(image, BytesIO):
        return f"sha256:{hashlib.sha256(image.getvalue()).hexdigest()}"
    return describe_image(image)


def images_digest(nodes: Iterable[BaseNode]) -> str | None:
    """What tells the images of nodes from other ones: a digest of all of them, in order.

    Args:
        nodes: Any nodes.

    Returns:
        The digest, or None if no node has an image.
    """
    digests = [_image_digest(node) for node in nodes]
    if not any(digests):
        return None
    return hashlib.sha256(" ".join(digest or "-" for digest in digests).encode()).hexdigest()


def with_image_digests(nodes: Iterable[NodeT]) -> list[NodeT]:
    """Mark nodes with a digest of their image, for pipelines with a cache.

    LlamaIndex's cache and its document store tell nodes apart by text and metadata, so that two
    images without words, or one before and after it was changed, are the same to them. What
    ragsight's readers read is marked already.

    Args:
        nodes: Nodes or documents. Those with an image get `image_sha256` in their metadata, where
            neither embedding nor language models see it. Where they have no text at all, as
            documents may, LlamaIndex overlooks the metadata: these get the text `image`.

    Returns:
        The same nodes.

    Raises:
        ImageError: If a node holds an image that isn't base64.

    Example:
        >>> node = ImageNode(image=base64.b64encode(b"...").decode())
        >>> [marked] = with_image_digests([node])
        >>> marked.metadata["image_sha256"][:8]
        'ab5df625'
    """
    marked = list(nodes)
    for node in marked:
        digest = _image_digest(node)
        if digest is not None:
            node.metadata[DIGEST_KEY] = digest
            if isinstance(node, Node) and node.text_resource is None:
                node.text_resource = MediaResource(text="image")
            for excluded in (node.excluded_embed_metadata_keys, node.excluded_llm_metadata_keys):
                if DIGEST_KEY not in excluded:
                    excluded.append(DIGEST_KEY)
    return marked


def _image_digest(node: BaseNode) -> str | None:
    """Digest of an image's bytes; of its address where it isn't on this machine."""
    image = node_image(node)
    if image is None:
        return None
    data = image if isinstance(image, bytes) else _file_bytes(image)
    return hashlib.sha256(data).hexdigest()


def _file_bytes(place: str) -> bytes:
    # A long address, such as a data URI, is no name a file system takes: an OSError as well.
    # Of a pipe there is no end.
    try:
        if Path(place).is_file():
            return Path(place).read_bytes()
    except (OSError, ValueError):
        pass
    return place.encode("utf-8", "surrogatepass")
