"""One card for each hit: all that a page shows of it, ready to be put into a template."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ragsight.answer import Answer
from ragsight.chunks import STRUCTURAL_KEYS, Chunk
from ragsight.gallery.pictures import PagePicture, Pictures
from ragsight.gallery.places import Place, place_of
from ragsight.gallery.why import Reason, explain
from ragsight.retrieval import Channel, Hit

EXCERPT_LENGTH = 1200
_SHOWN_METADATA = 6
_LONGEST_FACT = 60
_LONGEST_NAME = 300
_NAMES = ("label", "name", "title")
SHOWN_ELSEWHERE = STRUCTURAL_KEYS | {
    *_NAMES, "caption", "description", "inner_text", "method", "order",
}  # fmt: skip
"""Metadata keys that are no facts: they are shown in places of their own, or not at all."""


@dataclass(frozen=True, slots=True)
class Card:
    """What is shown of a chunk.

    Attributes:
        anchor: Its id in the document.
        chunk: The chunk.
        number: Its rank among the hits; None for a source that no hit stands for.
        title: Its label, name or nearest heading.
        source: File and page.
        section: Headings above it.
        text: The beginning of its text.
        facts: Metadata worth showing.
        image: Address of its picture.
        place: Where on its page it stands.
        page: The page's picture.
        score: Its score, shortened; empty if it has none.
        reranked: The reranker's score, shortened; empty if there was none.
        why: One line that explains the ranking.
        reasons: The same in parts.
        cited: Its number in an answer's `[n]`; None if the model didn't get it.
        is_cited: Whether the answer cites it.
        dropped: Why the model didn't get it, or not all of it.
    """

    anchor: str
    chunk: Chunk
    number: int | None
    title: str
    source: str
    section: str
    text: str
    facts: tuple[tuple[str, str], ...]
    image: str | None
    place: Place | None
    page: PagePicture | None
    score: str = ""
    reranked: str = ""
    why: str = ""
    reasons: tuple[Reason, ...] = ()
    cited: int | None = None
    is_cited: bool = False
    dropped: str = ""


def cards_of(
    hits: Sequence[Hit],
    pictures: Pictures,
    *,
    prefix: str,
    answer: Answer | None = None,
    weights: Mapping[Channel, float] | None = None,
) -> list[Card]:
    """Make the cards of a result; sources of the answer that are no hits come last.

    Args:
        hits: The result.
        pictures: Gives the addresses of pictures.
        prefix: Begins the cards' ids.
        answer: The answer that was given from the hits.
        weights: By channel, where they are known.
    """
    roles = _Roles(answer, prefix)
    explained = explain(hits, weights)
    cards = [
        _card(
            hit.chunk,
            pictures,
            roles,
            number=number,
            score=f"{hit.score:.4f}",
            reranked="" if hit.reranked is None else f"{hit.reranked:.3g}",
            why=hit.why,
            reasons=reasons,
        )
        for number, (hit, reasons) in enumerate(zip(hits, explained, strict=True), start=1)
    ]
    shown = {hit.chunk.id for hit in hits}
    rest = [chunk for chunk in roles.sources if chunk.id not in shown]
    return cards + [_card(chunk, pictures, roles, number=None) for chunk in rest]


class _Roles:
    """What became of chunks in an answer."""

    def __init__(self, answer: Answer | None, prefix: str) -> None:
        self._prefix = prefix
        self._unnumbered = 0
        self.sources: Sequence[Chunk] = answer.sources if answer is not None else ()
        self._numbers = {chunk.id: n for n, chunk in enumerate(self.sources, start=1)}
        citations = answer.citations if answer is not None else ()
        self._cited = {citation.chunk.id for citation in citations}
        dropped = answer.dropped if answer is not None else ()
        self._dropped = {entry.chunk.id: f"{entry.part}: {entry.reason}" for entry in dropped}

    def anchor(self, id_: str) -> str:
        """The id of a card: that of its source, where it is one."""
        if (number := self._numbers.get(id_)) is not None:
            return f"{self._prefix}-{number}"
        self._unnumbered += 1
        return f"{self._prefix}-hit-{self._unnumbered}"

    def of(self, id_: str) -> tuple[int | None, bool, str]:
        """Number in the answer, whether it is cited, why it was dropped."""
        return self._numbers.get(id_), id_ in self._cited, self._dropped.get(id_, "")


def _card(
    chunk: Chunk,
    pictures: Pictures,
    roles: _Roles,
    *,
    number: int | None,
    score: str = "",
    reranked: str = "",
    why: str = "",
    reasons: tuple[Reason, ...] = (),
) -> Card:
    place = place_of(chunk)
    cited, is_cited, dropped = roles.of(chunk.id)
    return Card(
        anchor=roles.anchor(chunk.id),
        chunk=chunk,
        number=number,
        title=heading(chunk),
        source=str(chunk.source),
        section=" > ".join(chunk.source.section),
        text=_excerpt(chunk.text.removeprefix(str(chunk.metadata.get("name", ""))).strip()),
        facts=tuple(_facts(chunk)),
        image=pictures.image(chunk),
        place=place,
        page=None if place is None else pictures.page(chunk, place),
        score=score,
        reranked=reranked,
        why=why,
        reasons=reasons,
        cited=cited,
        is_cited=is_cited,
        dropped=dropped,
    )


def heading(chunk: Chunk) -> str:
    """A chunk's label, name or title, else the nearest heading, else what it is."""
    for key in _NAMES:
        if value := chunk.metadata.get(key):
            return str(value)[:_LONGEST_NAME]
    name = chunk.source.section[-1] if chunk.source.section else chunk.kind.capitalize()
    return name[:_LONGEST_NAME]


def _facts(chunk: Chunk) -> Iterable[tuple[str, str]]:
    plain = [
        (key, str(value))
        for key, value in chunk.metadata.items()
        if isinstance(value, str | int | float) and key not in SHOWN_ELSEWHERE
    ]
    short = [fact for fact in plain if max(map(len, fact)) <= _LONGEST_FACT]
    return short[:_SHOWN_METADATA]


def _excerpt(text: str) -> str:
    return text if len(text) <= EXCERPT_LENGTH else f"{text[:EXCERPT_LENGTH].rstrip()}…"
