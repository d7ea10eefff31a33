"""Documents without pages as a row of blocks, and the chunks of it.

A reader of a format finds headings, words, tables and figures; what becomes of them is the same for
all of them: passages by section, tables in pieces that keep their header, figures with their words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, TypeAlias

from ragsight.chunks import Chunk, ChunkKind, ImageRef, Source
from ragsight.loaders.chunking import ChunkingOptions, split_paragraphs
from ragsight.loaders.pdf.captions.patterns import parse_caption
from ragsight.loaders.pdf.links import Linker, with_neighbours
from ragsight.loaders.pdf.tables.grids import to_markdown

_LEAST_SIDE = 48
"""Pixels of a picture's shorter side; smaller ones are icons and bullets, unless words say more."""

_MOST_LEVELS = 9
"""Levels of headings in Word; HTML has six."""

_BATCH = 50
"""Chunks that stand for a page where links are made, which reach some pages ahead."""

MOST_CELLS = 200_000
"""Cells of one table; a few lines can claim billions by cells that span others."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading: its level, from 1 (a title above all of them has 0), and its words."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph, a list, lines of code, a note."""

    text: str


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: its cells, row by row, the header first, and its caption."""

    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture, chart or diagram.

    Attributes:
        caption: The caption printed with it.
        alternative: What is to be seen, for those who don't see it.
        words: The words and numbers inside, where they are known.
        picture: Gives the picture; None where there is none, or once it has been reported.
    """

    caption: str = ""
    alternative: str = ""
    words: str = ""
    picture: Callable[[], ImageRef | None] = field(default=lambda: None)


Block: TypeAlias = Heading | Words | Grid | Figure


def block_chunks(
    blocks: Iterable[Block],
    uri: str,
    chunking: ChunkingOptions,
    facts: Mapping[str, Any] | None = None,
    above: tuple[str, ...] = (),
) -> Iterator[Chunk]:
    """The chunks of a document, in order, each with the ids of those before and after.

    Args:
        blocks: Its blocks in reading order.
        uri: `Source.uri` of the chunks.
        chunking: How long passages and pieces of tables are.
        facts: Metadata of all chunks.
        above: Headings above all of them.
    """
    maker = _Maker(uri, chunking, dict(facts if facts is not None else {}), above)
    linked = _linked(maker.of(blocks))
    for order, chunk in enumerate(with_neighbours(linked), start=1):
        yield replace(chunk, metadata={**chunk.metadata, "order": order})


def _linked(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Tie figures and tables to the passages that name them, as far as some hundred chunks away."""
    linker = Linker()
    while batch := list(islice(chunks, _BATCH)):
        yield from linker.add(batch)
    yield from linker.rest()


class _Maker:
    def __init__(
        self, uri: str, chunking: ChunkingOptions, facts: dict[str, Any], above: tuple[str, ...]
    ) -> None:
        self._uri = uri
        self._chunking = chunking
        self._facts = facts
        self._above = above
        self._path: dict[int, str] = {}
        self._has_body = True
        self._waiting: list[str] = []
        self._figures: list[Figure] = []
        self._counts: dict[str, int] = {}
        self._seen: set[tuple[str, str]] = set()

    def of(self, blocks: Iterable[Block]) -> Iterator[Chunk]:
        for block in blocks:
            if isinstance(block, Heading):
                yield from self._end_passage()
                yield from self._bare_heading(block.level)
                self._open(block)
                continue
            self._has_body = True
            if isinstance(block, Words):
                self._waiting.append(block.text)
            elif isinstance(block, Figure):
                # A figure between two paragraphs doesn't cut the passage in two.
                self._figures.append(block)
            else:
                yield from self._end_passage()
                yield from self._table(block)
        yield from self._end_passage()
        yield from self._bare_heading(-1)

    def _open(self, heading: Heading) -> None:
        level = min(max(heading.level, 0), _MOST_LEVELS)
        self._path = {depth: text for depth, text in self._path.items() if depth < level}
        self._path[level] = heading.text
        self._has_body = False

    def _bare_heading(self, next_level: int) -> Iterator[Chunk]:
        """A heading over nothing is a passage, or no passage would be found by its words."""
        if not self._has_body and self._path and next_level <= max(self._path):
            *above, title = self._section()
            yield self._chunk("text", title, section=tuple(above))

    def _section(self) -> tuple[str, ...]:
        return (*self._above, *self._path.values())

    def _end_passage(self) -> Iterator[Chunk]:
        for passage in split_paragraphs(self._waiting, self._chunking):
            yield self._chunk("text", passage.text)
        self._waiting = []
        for figure in self._figures:
            yield from self._figure(figure)
        self._figures = []

    def _table(self, grid: Grid) -> Iterator[Chunk]:
        facts = _named(grid.caption)
        for rows in table_pieces(grid.rows, self._chunking):
            text = "\n\n".join(filter(None, [grid.caption, to_markdown(rows)]))
            yield self._chunk("table", text, facts=facts | {"cells": [list(row) for row in rows]})

    def _figure(self, figure: Figure) -> Iterator[Chunk]:
        text = "\n\n".join(dict.fromkeys(filter(None, [figure.caption, figure.alternative])))
        image = figure.picture()
        if image is not None and (self._repeats(image, text) or _is_icon(image, text)):
            return
        facts = _named(figure.caption if figure.caption else text)
        if image is None:
            text = "\n\n".join(filter(None, [text, figure.words]))
        elif figure.words:
            facts["inner_text"] = figure.words
        if text or image is not None:
            yield self._chunk("figure", text, image, facts=facts)

    def _repeats(self, image: ImageRef, text: str) -> bool:
        key = image.sha256, text
        repeats = key in self._seen
        self._seen.add(key)
        return repeats

    def _chunk(
        self,
        kind: ChunkKind,
        text: str,
        image: ImageRef | None = None,
        *,
        section: tuple[str, ...] | None = None,
        facts: dict[str, Any] | None = None,
    ) -> Chunk:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        place = Source(
            uri=self._uri,
            section=section if section is not None else self._section(),
            part=f"{kind} {self._counts[kind]}",
        )
        metadata = {**self._facts, **(facts if facts is not None else {})}
        return Chunk(text=text, image=image, source=place, kind=kind, metadata=metadata)


def _named(caption: str) -> dict[str, Any]:
    if not caption:
        return {}
    parsed = parse_caption(caption)
    return {"caption": caption} | ({"label": parsed.label} if parsed is not None else {})


def _is_icon(image: ImageRef, text: str) -> bool:
    return not text and min(image.width, image.height) < _LEAST_SIDE


def table_pieces(
    rows: tuple[tuple[str, ...], ...], chunking: ChunkingOptions
) -> Iterator[tuple[tuple[str, ...], ...]]:
    """A table in pieces that passages hold, each with the header; a row is never cut."""
    header, *others = rows
    head = chunking.measure(to_markdown([header]))
    piece: list[tuple[str, ...]] = []
    length = head
    for row in others:
        # Measured row by row: all of a long table anew for each row takes the square of the time.
        own = chunking.measure(to_markdown([row]).partition("\n")[0]) + 1
        if piece and length + own > chunking.size:
            yield (header, *piece)
            piece, length = [], head
        piece.append(row)
        length += own
    yield (header, *piece)


def whole_rows(rows: Iterable[Iterable[str]]) -> tuple[tuple[str, ...], ...]:
    """Rows of equal length, empty ones left out; of a table without end, the first cells."""
    found: list[tuple[str, ...]] = []
    width = cells = 0
    for row in rows:
        kept = tuple(" ".join(cell.split()) for cell in row)[:MOST_CELLS]
        if any(kept):
            width = max(width, len(kept))
            cells = width * (len(found) + 1)
            if cells > MOST_CELLS:
                break
            found.append(kept)
    return tuple((*row, *("",) * (width - len(row))) for row in found)
