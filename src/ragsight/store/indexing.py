"""Which metadata keys to index, so that filters on them needn't read every payload."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from ragsight.chunks import STRUCTURAL_KEYS
from ragsight.store.paths import path_part
from ragsight.store.schema import METADATA_KEY, IndexKind

MOST_KEYS = 64
"""Metadata keys that get an index; further ones are filtered by reading payloads."""

LONGEST_WORD = 200
"""Longer texts are prose, which nobody filters by equality."""


def index_kinds(metadata: Mapping[str, Any]) -> dict[str, IndexKind]:
    """The payload keys of a chunk's metadata that are worth an index, and of which kind.

    Numbers are indexed as floats, whole ones too: an index of integers would miss the next
    price that has cents. Booleans stand as words under a key that is indexed anyway.

    Example:
        >>> index_kinds({"price": 20, "made": "2026-01-05", "size": {"label": "XL"}})
        {'metadata.price': 'float', 'metadata.made': 'datetime', 'metadata.size.label': 'keyword'}
    """
    return new_indexes({}, [metadata])


def new_indexes(
    known: Mapping[str, IndexKind], metadata: Iterable[Mapping[str, Any]]
) -> dict[str, IndexKind]:
    """The indexes that chunks call for beyond those there are.

    An index of dates hides numbers under the same key from ranges, and the other way round. A key
    that has both gets one of words, which hides nothing: ranges then read the payloads.

    Args:
        known: Kinds of the indexes that there are.
        metadata: Metadata of the chunks that are about to be written.

    Returns:
        Indexes to make, or to make anew with another kind.
    """
    new: dict[str, IndexKind] = {}
    for item in metadata:
        filterable = {key: value for key, value in item.items() if key not in STRUCTURAL_KEYS}
        for key, kind in _kinds(METADATA_KEY, filterable):
            present = new.get(key, known.get(key))
            if present is None:
                if len(known.keys() | new.keys()) < MOST_KEYS:
                    new[key] = kind
            elif {present, kind} == {"float", "datetime"}:
                new[key] = "keyword"
    return new


def _kinds(path: str, value: Any) -> Iterator[tuple[str, IndexKind]]:
    if isinstance(value, Mapping):
        for key, part in value.items():
            if _is_plain(key):
                yield from _kinds(f"{path}.{path_part(key)}", part)
    elif isinstance(value, list | tuple):
        for part in value:
            if (kind := _kind(part)) is not None:
                yield path, kind
    elif (kind := _kind(value)) is not None:
        yield path, kind


def _kind(value: Any) -> IndexKind | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return "float"
    if not isinstance(value, str) or len(value) > LONGEST_WORD:
        return None
    return "datetime" if _is_date(value) else "keyword"


def _is_plain(key: str) -> bool:
    # Dots and brackets mean something else in the path of a payload key; quotes and backslashes
    # can't stand in one.
    return bool(key) and not set(key) & set('."[]\\')


def _is_date(value: str) -> bool:
    if len(value) < len("2026-01-01") or not value[:4].isdigit():
        return False
    try:
        datetime.fromisoformat(value.replace("Z", "+00:00"))
    except ValueError:
        return False
    return True
