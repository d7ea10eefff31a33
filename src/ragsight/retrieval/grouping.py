"""Keep a few hits of each group, so that one document doesn't fill the whole result. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import TypeAlias

from ragsight.chunks import Chunk
from ragsight.errors import QueryError
from ragsight.retrieval.hits import Hit

GroupKey: TypeAlias = str | Callable[[Chunk], Hashable]
"""`source`, `page` (of a source), a metadata key, or a function of the chunk.

A metadata key that is itself called `source` or `page` is reached by a function.
"""


def group_hits(hits: Sequence[Hit], key: GroupKey, *, size: int) -> list[Hit]:
    """Keep the first hits of each group.

    Args:
        hits: Best first.
        key: What a group is. Chunks without it (no page number, no such metadata, or a function
            that returns `None`) are each a group of their own.
        size: How many hits of a group are kept at the most.

    Returns:
        The kept hits, still best first.

    Raises:
        QueryError: If the size is below 1, or a function returns what can't be hashed.

    Example:
        >>> from ragsight.chunks import Source
        >>> hits = [
        ...     Hit(Chunk(text=text, source=Source(uri=uri)), score)
        ...     for text, uri, score in [("a", "x.pdf", 3), ("b", "x.pdf", 2), ("c", "y.pdf", 1)]
        ... ]
        >>> [hit.chunk.text for hit in group_hits(hits, "source", size=1)]
        ['a', 'c']
    """
    if size < 1:
        raise QueryError(f"The size of a group is {size}; it must be 1 or more.")
    group_of = _group_function(key)
    taken: Counter[Hashable] = Counter()
    kept: list[Hit] = []
    for hit in hits:
        group = group_of(hit.chunk)
        if group is not None:
            if _count(taken, group) >= size:
                continue
            taken[group] += 1
        kept.append(hit)
    return kept


def _group_function(key: GroupKey) -> Callable[[Chunk], Hashable]:
    if not isinstance(key, str):
        return key
    if key == "source":
        return lambda chunk: chunk.source.uri
    if key == "page":
        return _page
    return lambda chunk: _metadata_value(chunk, key)


def _page(chunk: Chunk) -> Hashable:
    return None if chunk.source.page is None else (chunk.source.uri, chunk.source.page)


def _metadata_value(chunk: Chunk, key: str) -> Hashable:
    value = chunk.metadata.get(key)
    # As JSON, since lists can't be hashed, and 1 and True would be one group.
    return None if value is None else json.dumps(value, sort_keys=True, default=str)


def _count(taken: Counter[Hashable], group: Hashable) -> int:
    try:
        return taken[group]
    except TypeError as error:
        raise QueryError(
            f"The group of a hit is a {type(group).__name__}, which can't be compared. Return a "
            "string, a number or a tuple of them."
        ) from error
