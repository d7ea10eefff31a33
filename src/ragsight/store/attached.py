"""Collections that others made: which they are, and what their points mean."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ragsight.chunks import Chunk, ImageRef, Source
from ragsight.errors import InputError, StoreError
from ragsight.images import image_ref
from ragsight.spaces import Collection
from ragsight.store.payloads import NODE_KEY, from_payload
from ragsight.store.schema import METADATA_KEY, OWN_KEY, TEXT_KEY

_URI_KEYS = ("source", "file_path", "url", "file_name", "image_path", "image_url", "ref_doc_id")
_NO_URI = "None"
"""What LlamaIndex writes where a node has no document."""
_TEXT_KEYS = (TEXT_KEY, "text", "content", "document")
_IMAGE_KEYS = ("image_path", "image_url", "image")


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignCollections:
    """Which collections of another application to read, and which of their vectors.

    Attributes:
        text: Collection with texts.
        image: Collection with vectors of images.
        dense: Name of the dense vector of texts; by default the only one there is.
        bm25: Name of the sparse vector, if it holds Qdrant's BM25 (`Qdrant/bm25`); others, such
            as SPLADE's, can't be asked with our queries.
        clip: Name of the vector of images; by default the only one there is.

    Example:
        >>> ForeignCollections(text="manuals", bm25="sparse").names
        {'text': 'manuals'}
    """

    text: str | None = None
    image: str | None = None
    dense: str | None = None
    bm25: str | None = None
    clip: str | None = None

    @property
    def names(self) -> dict[Collection, str]:
        """The collections that there are."""
        named: dict[Collection, str | None] = {"text": self.text, "image": self.image}
        return {collection: name for collection, name in named.items() if name is not None}


def read_payload(
    point: str,
    payload: Mapping[str, Any],
    *,
    locate: Callable[[ImageRef], ImageRef] | None = None,
) -> Chunk:
    """Make a chunk of any payload: ours, langchain-qdrant's, LlamaIndex's, or one with a text.

    Args:
        point: Id of the point; a foreign chunk takes it for its own.
        payload: The payload.
        locate: Points the reference of an image of ours at bytes that can be opened.

    Raises:
        StoreError: If there is neither a text nor the name of an image in it.
    """
    if OWN_KEY in payload:
        return from_payload(payload, locate=locate)
    text, metadata = _content(payload)
    places = [metadata.get(key, payload.get(key)) for key in _IMAGE_KEYS]
    images = [place for place in places if isinstance(place, str) and place]
    if text is None and not images:
        raise StoreError(
            f"The point {point} has no text that can be read: its keys are {sorted(payload)}, "
            f"and none is {', '.join(_TEXT_KEYS)} or {NODE_KEY}."
        )
    return Chunk(
        text=text if text is not None else "",
        image=_image(images),
        source=_source(point, metadata, payload),
        kind="image" if images or not text else "text",
        metadata=metadata,
        id=point,
    )


def _content(payload: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    if (node := _node(payload)) is not None:
        resource = _mapping(node.get("text_resource"))
        text = resource.get("text", node.get("text"))
        written = text if isinstance(text, str) else None
        return written, dict(_mapping(node.get("metadata"))) | _node_image(node)
    metadata = payload.get(METADATA_KEY)
    text = next((payload[key] for key in _TEXT_KEYS if isinstance(payload.get(key), str)), None)
    if isinstance(metadata, Mapping):
        return text, dict(metadata)
    return text, {key: value for key, value in payload.items() if key not in _TEXT_KEYS}


def _node(payload: Mapping[str, Any]) -> Mapping[str, Any] | None:
    try:
        node = json.loads(payload.get(NODE_KEY, ""))
    except (ValueError, TypeError):
        return None
    return node if isinstance(node, Mapping) else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _node_image(node: Mapping[str, Any]) -> dict[str, Any]:
    parts = _mapping(node.get("image_resource"))
    path = node.get("image_path") or parts.get("path")
    url = node.get("image_url") or parts.get("url")
    return {key: str(v) for key, v in (("image_path", path), ("image_url", url)) if v}


def _image(places: Sequence[str]) -> ImageRef | None:
    """The image a foreign point names, if it is a file that is still there."""
    for place in places:
        if not place.startswith(("http:", "https:", "data:")):
            try:
                return image_ref(place)
            except InputError:
                continue
    return None


def _source(point: str, metadata: Mapping[str, Any], payload: Mapping[str, Any]) -> Source:
    places = (metadata.get(key, payload.get(key)) for key in _URI_KEYS)
    named = (place for place in places if isinstance(place, str) and place not in {"", _NO_URI})
    uri = next(named, point)
    label = metadata.get("page_label")
    return Source(uri=uri, page=_page(metadata), page_label=None if label is None else str(label))


def _page(metadata: Mapping[str, Any]) -> int | None:
    page = metadata.get("page")
    if isinstance(page, bool) or not isinstance(page, int | float) or not math.isfinite(page):
        return None
    # LangChain's PDF loaders count pages from 0, and say so by counting all of them beside it.
    return max(1, int(page) + ("total_pages" in metadata))
