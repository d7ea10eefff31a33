"""Collections that others made: which they are, and what their points mean."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ragsight.chunks import Chunk, ImageRef, Source
from ragsight.errors import InputError, StoreError
from ragsight.images import image_ref
from ragsight.store.payloads import NODE_KEY, from_payload
from ragsight.store.schema import METADATA_KEY, OWN_KEY, TEXT_KEY, Collection

_URI_KEYS = ("source", "file_path", "url", "file_name", "ref_doc_id")
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


def read_payload(point: str, payload: Mapping[str, Any]) -> Chunk:
    """Make a chunk of any payload: ours, langchain-qdrant's, LlamaIndex's, or one with a text.

    Args:
        point: Id of the point; a foreign chunk takes it for its own.
        payload: The payload.

    Raises:
        StoreError: If there is neither a text nor an image in it.
    """
    if OWN_KEY in payload:
        return from_payload(payload)
    text, metadata = _content(payload)
    image = _image(metadata, payload)
    if text is None and image is None:
        raise StoreError(
            f"The point {point} has no text that can be read: its keys are {sorted(payload)}, "
            f"and none is {', '.join(_TEXT_KEYS)} or {NODE_KEY}."
        )
    return Chunk(
        text=text if text is not None else "",
        image=image,
        source=_source(point, metadata, payload),
        kind="image" if not text else "text",
        metadata=metadata,
        id=point,
    )


def _content(payload: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    if NODE_KEY in payload:
        node = json.loads(payload[NODE_KEY])
        resource = node.get("text_resource")
        text = resource.get("text") if isinstance(resource, Mapping) else node.get("text")
        return text, dict(node.get("metadata", {})) | _node_image(node)
    metadata = payload.get(METADATA_KEY)
    text = next((payload[key] for key in _TEXT_KEYS if isinstance(payload.get(key), str)), None)
    if isinstance(metadata, Mapping):
        return text, dict(metadata)
    return text, {key: value for key, value in payload.items() if key not in _TEXT_KEYS}


def _node_image(node: Mapping[str, Any]) -> dict[str, Any]:
    resource = node.get("image_resource")
    parts = resource if isinstance(resource, Mapping) else {}
    path = node.get("image_path") or parts.get("path")
    url = node.get("image_url") or parts.get("url")
    return {key: str(v) for key, v in (("image_path", path), ("image_url", url)) if v}


def _image(metadata: Mapping[str, Any], payload: Mapping[str, Any]) -> ImageRef | None:
    """The image a foreign point names, if it is a file that is still there."""
    for key in _IMAGE_KEYS:
        place = metadata.get(key, payload.get(key))
        if isinstance(place, str) and place and not place.startswith(("http:", "https:", "data:")):
            try:
                return image_ref(place)
            except InputError:
                continue
    return None


def _source(point: str, metadata: Mapping[str, Any], payload: Mapping[str, Any]) -> Source:
    places = (metadata.get(key, payload.get(key)) for key in _URI_KEYS)
    uri = next((place for place in places if isinstance(place, str) and place), point)
    label = metadata.get("page_label")
    return Source(uri=uri, page=_page(metadata), page_label=None if label is None else str(label))


def _page(metadata: Mapping[str, Any]) -> int | None:
    page = metadata.get("page")
    if isinstance(page, bool) or not isinstance(page, int | float) or not math.isfinite(page):
        return None
    # LangChain's PDF loaders count pages from 0, and say so by counting all of them beside it.
    return int(page) + 1 if "total_pages" in metadata else max(1, int(page))
