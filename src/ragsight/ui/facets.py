"""What can be filtered by: gathered from the chunks themselves."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import aclosing
from dataclasses import dataclass
from math import isfinite
from typing import TypeAlias

from ragsight.chunks import Chunk
from ragsight.gallery.cards import SHOWN_ELSEWHERE
from ragsight.store import MultimodalStore

Value: TypeAlias = str | bool

MOST_CHUNKS = 20_000
"""How many chunks are looked at: the page shall not wait for millions."""

MOST_VALUES = 15
MOST_SOURCES = 30
_LONGEST_VALUE = 60
_KEY = re.compile(r"[^.\"\[\]]{1,60}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A field with few values.

    Attributes:
        key: The filter's key.
        name: What to call it.
        values: Each value, what to call it and how many chunks have it, the most frequent first.
    """

    key: str
    name: str
    values: tuple[tuple[Value, str, int], ...]


@dataclass(frozen=True, slots=True)
class Range:
    """A field of numbers.

    Attributes:
        key: The filter's key.
        name: What to call it.
        low: The least value.
        high: The greatest.
    """

    key: str
    name: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Facets:
    """All that can be filtered by.

    Attributes:
        choices: Fields with few values.
        ranges: Fields of numbers.
        chunks: How many chunks were looked at.
        complete: Whether those were all.
    """

    choices: tuple[Choice, ...]
    ranges: tuple[Range, ...]
    chunks: int
    complete: bool = True


def facets_of(chunks: Iterable[Chunk], *, complete: bool = True) -> Facets:
    """Gather facets from chunks.

    A field of words is one if it has from two to fifteen values; one with more, such as a name,
    is for the search box.

    Example:
        >>> from ragsight import Source
        >>> row = Source(uri="shop.csv")
        >>> facts = [{"colour": "red", "price": 5}, {"colour": "blue", "price": 9.5}]
        >>> facets = facets_of([Chunk(text="a", source=row, metadata=fact) for fact in facts])
        >>> facets.choices[0].name, facets.ranges[0].high
        ('colour', 9.5)
    """
    gathered = _Gathered()
    for chunk in chunks:
        gathered.add(chunk)
    return gathered.facets(complete)


async def stored_facets(store: MultimodalStore, *, most: int = MOST_CHUNKS) -> Facets:
    """Gather facets from a store's chunks, without blocking the event loop.

    Args:
        store: The store.
        most: How many chunks are looked at.
    """
    gathered = _Gathered()
    async with aclosing(store.ascroll()) as chunks:  # type: ignore[type-var]
        async for chunk in chunks:
            if gathered.chunks >= most:
                return gathered.facets(complete=False)
            gathered.add(chunk)
    return gathered.facets(complete=True)


class _Gathered:
    def __init__(self) -> None:
        self.chunks = 0
        self._kinds: Counter[Value] = Counter()
        self._sources: Counter[Value] = Counter()
        self._words: dict[str, Counter[Value]] = {}
        self._numbers: dict[str, tuple[float, float]] = {}

    def add(self, chunk: Chunk) -> None:
        self.chunks += 1
        self._kinds[chunk.kind] += 1
        self._sources[chunk.source.uri] += 1
        for key, value in chunk.metadata.items():
            if key in SHOWN_ELSEWHERE or not _KEY.fullmatch(key):
                continue
            if isinstance(value, str | bool):
                self._add_word(key, value)
            elif isinstance(value, int | float) and isfinite(value):
                low, high = self._numbers.get(key, (value, value))
                self._numbers[key] = (min(low, value), max(high, value))

    def _add_word(self, key: str, value: Value) -> None:
        counted = self._words.setdefault(key, Counter())
        # One more than are shown tells that there are too many; a name has thousands.
        if value in counted or len(counted) <= MOST_VALUES:
            counted[value] += 1

    def facets(self, complete: bool) -> Facets:
        choices = [_choice("kind", "what it is", self._kinds)]
        if 1 < len(self._sources) <= MOST_SOURCES:
            choices.append(_choice("source", "where it is from", self._sources))
        choices += [
            _choice(f"metadata.{key}", key, counted)
            for key, counted in sorted(self._words.items())
            if len(counted) <= MOST_VALUES and all(len(str(v)) <= _LONGEST_VALUE for v in counted)
        ]
        ranges = [
            Range(f"metadata.{key}", key, low, high)
            for key, (low, high) in sorted(self._numbers.items())
            if low < high
        ]
        several = tuple(choice for choice in choices if len(choice.values) > 1)
        return Facets(several, tuple(ranges), self.chunks, complete)


def _choice(key: str, name: str, counted: Counter[Value]) -> Choice:
    shown = sorted(counted.items(), key=lambda item: (-item[1], str(item[0])))
    return Choice(key, name, tuple((value, _name(key, value), count) for value, count in shown))


def _name(key: str, value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if key != "source":
        return value
    return value.rstrip("/").replace("\\", "/").rpartition("/")[2] or value
