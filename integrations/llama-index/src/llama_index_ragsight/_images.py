"""The images of nodes: LlamaIndex has several ways to hold one."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Any

from llama_index.core.bridge.pydantic import AnyUrl
from llama_index.core.schema import BaseNode, ImageNode, MediaResource, Node

from ragsight import ImageRef
from ragsight.errors import ImageError

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
