"""Read pages with a view of their neighbours, keeping few in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from ragsight.chunks import BBox
from ragsight.errors import DocumentError
from ragsight.loaders.pdf.backends.protocol import PageSource
from ragsight.loaders.pdf.captions.blocks import find_captions
from ragsight.loaders.pdf.captions.mentions import sentences_of
from ragsight.loaders.pdf.captions.patterns import parse_caption
from ragsight.loaders.pdf.page.fields import with_fields
from ragsight.loaders.pdf.page.notes import without_drawn_notes
from ragsight.loaders.pdf.page.page import Page
from ragsight.loaders.pdf.page.unreadable import without_unreadable_lines
from ragsight.loaders.pdf.text.blocks import blocks_of, body_size, size_counts
from ragsight.loaders.pdf.text.contents import contents_lines
from ragsight.loaders.pdf.text.furniture import (
    WINDOW,
    PageEdges,
    content_area,
    edges_of,
    furniture_lines,
    repeated_boxes,
)
from ragsight.loaders.pdf.text.leading import with_paragraph_blocks
from ragsight.loaders.pdf.text.paragraphs import joined_lines
from ragsight.loaders.pdf.text.whole_lines import with_whole_lines

_DIGEST_SIDE = 64
"""Pixels of the longer side in which repeated pictures are compared; with more, comparing takes
longer, with fewer, different screenshots look alike and are left out as decoration."""

_DIGEST_DPI = 36
"""The same in pixels an inch, which counts for pictures smaller than four by four centimetres."""


@dataclass(frozen=True)
class _Facts:
    """What a page's neighbours want to know of it, found out once."""

    sizes: dict[float, int]
    edges: PageEdges
    labels_figure: bool


def _facts_of(page: Page) -> _Facts:
    captions = (parse_caption(line.text) for line in page.lines)
    labels_figure = any(caption is not None and caption.kind == "figure" for caption in captions)
    return _Facts(size_counts(page.lines), edges_of(page), labels_figure)


class PageReader:
    """Pages of a file, and what can only be told from several.

    A page and its neighbours stay in memory, whatever the length of the document.

    Args:
        source: The open file.
        outline_titles: Plain titles in the bookmarks, by which contents are told from text.

    Example:
        >>> reader = PageReader(MuPdfFile(Path("manual.pdf"), "manual.pdf"))  # doctest: +SKIP
        >>> reader.page(1).number  # doctest: +SKIP
        1
    """

    def __init__(self, source: PageSource, outline_titles: Collection[str] = ()) -> None:
        self._source = source
        self._titles = outline_titles
        self._pages: dict[int, Page | DocumentError] = {}
        self._facts: dict[int, _Facts] = {}
        self._left_out: dict[int, tuple[frozenset[int], frozenset[int]]] = {}
        self._sentences: dict[int, list[str]] = {}
        self._digests: dict[tuple[int, BBox], str] = {}

    def page(self, number: int) -> Page:
        """A page.

        Raises:
            DocumentError: If it is damaged.
        """
        found = self._cached(number)
        if isinstance(found, DocumentError):
            raise found
        return found

    def neighbours(self, number: int) -> list[Page]:
        """The readable pages around a page."""
        first, last = max(1, number - WINDOW), min(self._source.page_count, number + WINDOW)
        pages = [self._cached(other) for other in range(first, last + 1) if other != number]
        return [page for page in pages if isinstance(page, Page)]

    def forget(self, number: int) -> None:
        """Let go of what no page from `number` on needs."""
        least = number - WINDOW
        self._pages = {n: page for n, page in self._pages.items() if n >= least}
        self._facts = {n: facts for n, facts in self._facts.items() if n >= least}
        self._left_out = {n: found for n, found in self._left_out.items() if n >= least}
        self._sentences = {n: found for n, found in self._sentences.items() if n >= least}
        self._digests = {key: value for key, value in self._digests.items() if key[0] >= least}

    def furniture(self, number: int) -> frozenset[int]:
        """Positions of a page's header and footer lines."""
        return self._no_text(number)[0]

    def contents(self, number: int) -> frozenset[int]:
        """Positions of a page's lines that belong to a table of contents or an index."""
        return self._no_text(number)[1]

    def _no_text(self, number: int) -> tuple[frozenset[int], frozenset[int]]:
        if number not in self._left_out:
            page = self.page(number)
            others = [self._known(other).edges for other in self.neighbours(number)]
            furniture = furniture_lines(page, others, self.body_size(number))
            lines = {n: line for n, line in enumerate(page.lines) if n not in furniture}
            self._left_out[number] = furniture, contents_lines(lines, self._titles)
        return self._left_out[number]

    def content(self, number: int, furniture: frozenset[int]) -> BBox:
        """A page between its header and footer."""
        return content_area(self.page(number), furniture)

    def body_size(self, number: int) -> float:
        """Font size of the text around a page."""
        around = (self.page(number), *self.neighbours(number))
        return body_size(self._known(page).sizes for page in around)

    def decoration(self, number: int) -> list[BBox]:
        """Pictures that are the same, at the same place, on several pages.

        Screenshots have one place and size too, so the pixels are compared.
        """
        found = []
        for box, pages in repeated_boxes(self.page(number), self.neighbours(number)):
            digest = self._digest(number, box)
            twins = sum(self._digest(other, box) == digest for other in pages)
            if digest and twins >= 2:
                found.append(box)
        return found

    def labels_figures(self, number: int) -> bool:
        """Whether a page or one near it has a figure's caption."""
        around = (self.page(number), *self.neighbours(number))
        return any(self._known(page).labels_figure for page in around)

    def sentences_around(self, number: int) -> list[str]:
        """Sentences of running text on a page and the pages before and after it."""
        pages = {page.number for page in self.neighbours(number)} | {number}
        return [
            sentence
            for other in (number, number - 1, number + 1)
            if other in pages
            for sentence in self._sentences_of(other)
        ]

    def _known(self, page: Page) -> _Facts:
        if page.number not in self._facts:
            self._facts[page.number] = _facts_of(page)
        return self._facts[page.number]

    def _cached(self, number: int) -> Page | DocumentError:
        if number not in self._pages:
            try:
                page = without_unreadable_lines(self._source.page(number))
                page = with_fields(without_drawn_notes(page))
                page = with_whole_lines(page)
                self._pages[number] = with_paragraph_blocks(page)
            except DocumentError as error:
                self._pages[number] = error
        return self._pages[number]

    def _sentences_of(self, number: int) -> list[str]:
        if number not in self._sentences:
            page = self.page(number)
            left_out = set(self.furniture(number) | self.contents(number))
            lines = {n: line for n, line in enumerate(page.lines) if n not in left_out}
            for block in find_captions(lines):
                left_out |= block.numbers
            rest = {n: line for n, line in lines.items() if n not in left_out}
            blocks = [block for block in blocks_of(rest) if len(block.text) >= 30]
            self._sentences[number] = sentences_of(joined_lines(block) for block in blocks)
        return self._sentences[number]

    def _digest(self, number: int, box: BBox) -> str:
        key = (number, box)
        if key not in self._digests:
            try:
                image = self._source.render(number, box, max_side=_DIGEST_SIDE, max_dpi=_DIGEST_DPI)
                self._digests[key] = hashlib.sha256(image.tobytes()).hexdigest()
            except DocumentError:
                self._digests[key] = ""
        return self._digests[key]
