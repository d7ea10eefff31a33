"""One pass over a deck: slide after slide."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from ragsight.chunks import Chunk
from ragsight.errors import DocumentError, EmptyDocumentError, ErrorHandler, RagsightError
from ragsight.loaders.slides.assembling import SlideChunks
from ragsight.loaders.slides.deck import Deck, SlideEntry, is_hidden, read_deck
from ragsight.loaders.slides.options import SlideOptions
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.painting import DeckFacts, SlideRenders, open_renders
from ragsight.loaders.slides.pictures import Repeats
from ragsight.loaders.slides.reading import SlideReader


class DeckPass:
    """Makes the chunks of one slide after the other.

    Args:
        package: The open file.
        uri: `Source.uri` of the chunks.
        painted: The file to paint, which is another one if the deck was converted.
        options: How chunks are made.
        on_error: Told of what costs a slide or a part of it.

    Attributes:
        deck: The slides.
        problems: How many there were.

    Raises:
        DocumentError: If the file is no deck, or its list of slides can't be read.
        EmptyDocumentError: If it has no slides.
    """

    def __init__(
        self,
        package: Package,
        uri: str,
        painted: Path,
        options: SlideOptions,
        on_error: ErrorHandler,
    ) -> None:
        self.problems = 0
        self.deck: Deck = read_deck(package, uri)
        if not self.deck.slides:
            raise EmptyDocumentError(f"{uri}: there are no slides in the deck.")
        self._package = package
        self._uri = uri
        self._painted = painted
        self._options = options
        self._handler = on_error
        numbers = {entry.part: entry.number for entry in self.deck.slides if entry.part}
        self._reader = SlideReader(package, uri, options, self.deck.size, numbers)

    def chunks(self, wanted: frozenset[int] | None) -> Iterator[Chunk]:
        """The chunks of the slides that are wanted, or of all."""
        with ExitStack() as stack:
            make = self._maker(stack)
            for entry in self.deck.slides:
                if wanted is None or entry.number in wanted:
                    yield from self._of(entry, make)

    def _of(self, entry: SlideEntry, make: SlideChunks) -> Iterator[Chunk]:
        try:
            slide = self._reader.read(entry, self._on_error)
        except DocumentError as error:
            self._on_error(error)
            return
        if self._options.include_hidden or not slide.hidden:
            yield from make.of(slide)

    def _on_error(self, error: RagsightError) -> None:
        self.problems += 1
        self._handler(error)

    def _maker(self, stack: ExitStack) -> SlideChunks:
        facts: dict[str, Any] = {"deck_title": self.deck.title} if self.deck.title else {}
        renders = self._renders()
        if renders is not None:
            stack.enter_context(renders)
        return SlideChunks(
            package=self._package,
            uri=self._uri,
            size=self.deck.size,
            options=self._options,
            repeats=Repeats(self._package, self.deck),
            renders=renders,
            on_error=self._on_error,
            facts=facts,
        )

    def _renders(self) -> SlideRenders | None:
        if self._options.render == "off":
            return None
        facts = DeckFacts(len(self.deck.slides), self._hidden(), self.deck.size)
        return open_renders(
            self._painted,
            facts,
            mode=self._options.render,
            timeout=self._options.timeout,
            backend=self._options.pdf_backend,
            on_error=self._on_error,
        )

    def _hidden(self) -> frozenset[int]:
        """Numbers of the hidden slides; one that can't be read counts as shown."""
        hidden = set()
        for entry in self.deck.slides:
            try:
                if entry.part and is_hidden(self._package.xml(entry.part)):
                    hidden.add(entry.number)
            except DocumentError:
                # It is reported when its turn comes.
                continue
        return frozenset(hidden)
