"""Metadata for stores that hold only strings, numbers and booleans."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from langchain_core.documents import Document

_NESTED = "nested"
"""Holds the values that a flat store can't."""

_MARK = "text_sha256"
"""What `chunk_to_document` always writes."""


def flatten_document(document: Document) -> Document:
    """Make a document's metadata flat, for stores such as Chroma that hold no nested values.

    What isn't a string, number or boolean is kept as JSON under the key `ragsight`, so that the
    image of a document found in such a store is known again: `document_to_chunk`,
    `VisionSynthesizer`, `multimodal_prompt` and `images_of` read both forms.

    Args:
        document: The document; it stays as it is.

    Returns:
        A copy with flat metadata.

    Example:
        >>> flatten_document(Document("Red.", metadata={"price": 3, "sizes": [1, 2]})).metadata
        {'price': 3, 'ragsight': '{"nested": {"sizes": [1, 2]}}'}
    """
    own = document.metadata.get("ragsight")
    packed = dict(own) if isinstance(own, Mapping) and _MARK in own else {}
    flat: dict[str, Any] = {}
    nested: dict[str, Any] = {}
    for key, value in document.metadata.items():
        if key != "ragsight" or not packed:
            (flat if _is_flat(value) else nested)[key] = value
    if nested:
        if "ragsight" in flat:
            nested["ragsight"] = flat.pop("ragsight")
        packed[_NESTED] = nested
    if packed:
        flat["ragsight"] = json.dumps(packed, default=str)
    return document.model_copy(update={"metadata": flat})


def unpacked(document: Document, key: str) -> Document:
    """Undo `flatten_document`; any other document is returned as it is."""
    own = document.metadata.get(key)
    fields = _parsed(own) if isinstance(own, str) else None
    if fields is None:
        return document
    nested = fields.pop(_NESTED, {})
    users = {name: value for name, value in document.metadata.items() if name != key}
    return document.model_copy(
        update={"metadata": {**users, **({key: fields} if fields else {}), **nested}}
    )


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    is_ours = isinstance(fields, dict) and (_NESTED in fields or _MARK in fields)
    return fields if is_ours else None


def _is_flat(value: object) -> bool:
    return isinstance(value, str | int | float)
