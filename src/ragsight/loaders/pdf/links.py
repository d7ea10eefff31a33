"""Tie chunks of one document together: figures to the passages that speak of them, and back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from ragsight.chunks import Chunk
from ragsight.loaders.pdf.captions.patterns import Mention, mentions_in, parse_caption, plain_number

LOOKAHEAD = 4
"""Pages by which chunks are held back, so that links can point that far forward."""

_MOST_LINKS = 50
"""Places kept of one number; with more, memory grows in files that number each article anew, with
fewer, the last mentions of a figure alone are linked."""

Key = tuple[str, str]
"""Kind and plain number of a figure or table."""


@dataclass
class Linker:
    """Adds links to the metadata of chunks while they stream past.

    A passage gets `mentioned_labels`, the figures and tables it names, and `mentions`, the ids of
    their chunks; a figure or table gets `mentioned_in`, the ids of the passages that name it. Where
    several figures bear one number, the nearest is meant.

    What is guaranteed: a link is there if its other end stands on an earlier page, however far
    back, or at most `LOOKAHEAD` pages ahead. Of what comes later, only the label is known.

    Memory holds the chunks of `LOOKAHEAD` pages, and for the rest of the document one id for each
    label and mention.
    """

    _pages: deque[list[Chunk]] = field(default_factory=deque)
    _shown: dict[Key, list[tuple[int, str]]] = field(default_factory=dict)
    _named: dict[Key, list[tuple[int, str, str]]] = field(default_factory=dict)
    _mentions: dict[str, list[Mention]] = field(default_factory=dict)

    def add(self, chunks: Iterable[Chunk]) -> Iterator[Chunk]:
        """Take a page's chunks; gives those of the page that is far enough behind."""
        page: list[Chunk] = []
        self._pages.append(page)
        for chunk in chunks:
            self._note(chunk)
            page.append(chunk)
        if len(self._pages) > LOOKAHEAD:
            yield from self._linked(self._pages.popleft())

    def rest(self) -> Iterator[Chunk]:
        """The chunks that are still held back."""
        while self._pages:
            yield from self._linked(self._pages.popleft())

    def _note(self, chunk: Chunk) -> None:
        place = (chunk.source.page or 0, chunk.id)
        if (key := _key_of(chunk)) is not None:
            _keep(self._shown.setdefault(key, []), place)
        elif chunk.kind in {"text", "page"}:
            mentions = mentions_in(chunk.text)
            if mentions:
                self._mentions[chunk.id] = mentions
            for mention in mentions:
                for number in dict.fromkeys((mention.number, _whole(mention.number))):
                    named = self._named.setdefault((mention.kind, number), [])
                    _keep(named, (*place, mention.number))

    def _linked(self, chunks: Sequence[Chunk]) -> Iterator[Chunk]:
        for chunk in chunks:
            links = self._links(chunk)
            yield replace(chunk, metadata={**chunk.metadata, **links}) if links else chunk
            self._mentions.pop(chunk.id, None)

    def _links(self, chunk: Chunk) -> dict[str, Any]:
        page = chunk.source.page or 0
        if (key := _key_of(chunk)) is not None:
            named = [
                name
                for where, name, number in self._named.get(key, ())
                if self._meant(key[0], number) == key and self._nearest(key, where) == chunk.id
            ]
            return {"mentioned_in": list(dict.fromkeys(named))} if named else {}
        mentions = self._mentions.get(chunk.id)
        if not mentions:
            return {}
        links: dict[str, Any] = {"mentioned_labels": [mention.label for mention in mentions]}
        ids = [self._nearest(self._meant(m.kind, m.number), page) for m in mentions]
        if found := list(dict.fromkeys(filter(None, ids))):
            links["mentions"] = found
        return links

    def _meant(self, kind: str, number: str) -> Key:
        """`Figure 3a` is Figure 3, unless a figure is labelled so."""
        whole = (kind, _whole(number))
        return (
            whole if (kind, number) not in self._shown and whole in self._shown else (kind, number)
        )

    def _nearest(self, key: Key, page: int) -> str | None:
        shown = self._shown.get(key)
        return min(shown, key=lambda item: abs(item[0] - page))[1] if shown else None


def with_neighbours(chunks: Iterable[Chunk]) -> Iterator[Chunk]:
    """Add `previous` and `next`, the ids of the chunks before and after in reading order."""
    before: Chunk | None = None
    held: Chunk | None = None
    try:
        for chunk in chunks:
            if held is not None:
                yield _between(held, before, chunk)
            before, held = held, chunk
    except Exception:
        # What was loaded before the problem isn't lost by it.
        if held is not None:
            yield _between(held, before, None)
        raise
    if held is not None:
        yield _between(held, before, None)


def _between(chunk: Chunk, before: Chunk | None, after: Chunk | None) -> Chunk:
    links = {name: other.id for name, other in (("previous", before), ("next", after)) if other}
    return replace(chunk, metadata={**chunk.metadata, **links}) if links else chunk


def _key_of(chunk: Chunk) -> Key | None:
    text = chunk.metadata.get("caption")
    caption = parse_caption(text) if isinstance(text, str) else None
    return None if caption is None else (caption.kind, plain_number(caption.number))


def _whole(number: str) -> str:
    return number.rstrip("abcdefghijklmnopqrstuvwxyz")


PlaceT = TypeVar("PlaceT", bound=tuple[Any, ...])


def _keep(places: list[PlaceT], place: PlaceT) -> None:
    if place not in places:
        places.append(place)
    if len(places) > _MOST_LINKS:
        # Articles number their figures anew; the ones long past aren't meant any more.
        del places[0]
