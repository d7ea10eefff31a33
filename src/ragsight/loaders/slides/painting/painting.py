"""A deck's PDF, painted once and kept."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ragsight.errors import DocumentError, RenderError
from ragsight.loaders.base import file_fingerprint
from ragsight.loaders.pdf.backends.protocol import PageSource
from ragsight.loaders.pdf.backends.registry import BackendName, open_pdf
from ragsight.loaders.slides.painting.cache import RenderCache, Shelf

_FORMAT = 1
"""Raised whenever what is kept would be made differently."""

_PDF = "deck"


class PdfFacts(NamedTuple):
    """What is known of a PDF without opening it.

    Attributes:
        pages: Their number.
        size: Width and height of the first one in points.
    """

    pages: int
    size: tuple[float, float]


@dataclass(slots=True)
class PaintedDeck:
    """A deck and the PDF of it, where there is one.

    Args:
        path: The deck.
        shelf: Where the PDF is kept; None for nowhere.
        backend: The library that reads it.

    Attributes:
        data: The PDF's bytes, while they are in hand.
        facts: What is known of the PDF; None if there is none yet.
    """

    path: Path
    shelf: Shelf | None
    backend: BackendName
    data: bytes | None = None
    facts: PdfFacts | None = None

    def __post_init__(self) -> None:
        kept = None if self.shelf is None else self.shelf.facts(_PDF)
        self.facts = None if kept is None else _parsed(kept)

    def accept(self, data: bytes) -> None:
        """Take a PDF that was just made, and keep it.

        Raises:
            RenderError: If it can't be opened.
        """
        try:
            with closing(self._opened(data)) as file:
                page = file.page(1)
                facts = PdfFacts(file.page_count, (page.width, page.height))
        except DocumentError as error:
            raise RenderError(
                f"{self.path}: the renderer made a damaged PDF of it ({error})."
            ) from error
        self.data, self.facts = data, facts
        if self.shelf is not None:
            size = "x".join(f"{side * 1000:.0f}" for side in facts.size)
            self.shelf.put(_PDF, f"{facts.pages}-{size}", ".pdf", data)

    def source(self) -> PageSource | None:
        """The PDF, opened; None if there is none, or if it is damaged."""
        if self.data is None and self.shelf is not None:
            kept = self.shelf.get(_PDF)
            self.data = None if kept is None else kept.data
        return None if self.data is None else self._opened(self.data)

    def _opened(self, data: bytes) -> PageSource:
        return open_pdf(data, str(self.path), None, self.backend)


def shelf_of(path: Path, cache: RenderCache | None, identity: str) -> Shelf | None:
    """Where what is made of a file is kept.

    Args:
        path: The file; its bytes count, not its name.
        cache: The cache; None for none.
        identity: What else decides on the result.

    Raises:
        DocumentError: If the file can't be read.
    """
    if cache is None:
        return None
    return cache.shelf(file_fingerprint(path, "render", _FORMAT, identity))


def _parsed(facts: str) -> PdfFacts:
    pages, _, size = facts.partition("-")
    width, _, height = size.partition("x")
    return PdfFacts(int(pages), (int(width) / 1000, int(height) / 1000))
