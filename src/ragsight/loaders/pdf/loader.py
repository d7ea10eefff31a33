"""The PDF loader."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ragsight.chunks import Chunk
from ragsight.errors import (
    ConfigurationError,
    EmptyDocumentError,
    ErrorHandler,
    raise_error,
)
from ragsight.loaders.base import absolute, file_fingerprint
from ragsight.loaders.inspected import InspectedPage
from ragsight.loaders.pdf.backends.protocol import PageSource
from ragsight.loaders.pdf.backends.registry import open_pdf
from ragsight.loaders.pdf.document_pass import DocumentPass
from ragsight.loaders.pdf.inspecting import inspected_pages
from ragsight.loaders.pdf.isolation.isolated import IsolatedPdf
from ragsight.loaders.pdf.isolation.limited import LimitedSource
from ragsight.loaders.pdf.links import Linker, with_neighbours
from ragsight.loaders.pdf.options import PdfOptions, PdfSettings

if TYPE_CHECKING:
    from typing_extensions import Unpack

LOADER_VERSION = 5
"""Raised whenever the same file and options would give other chunks."""


class PdfLoader:
    """Loads a PDF: passages by section, figures with captions, tables, pictures of pages.

    Figures are rendered as they look on the page, whether they are bitmaps, drawings or both, with
    their labels and without their captions. Headers, footers, page numbers and tables of contents
    are left out. Memory doesn't grow with the number of pages.

    Chunks come in reading order and know of each other by id: `previous` and `next`; `page_id`, the
    picture of their page, where there is one; `mentions` of a passage, the figures and tables that
    it names; `mentioned_in` of a figure or table, the passages that name it. The last two reach any
    distance back and four pages ahead, since pages are loaded one by one; `mentioned_labels` has
    the labels a passage names, wherever they are.

    Args:
        path: A file, or a file's bytes.
        password: Opens an encrypted file.
        pages: Numbers of the pages to load, from 1; all if None. Numbers past the end are ignored.
        on_error: Called with a problem that costs a page or a picture only; loading goes on if it
            returns.
        options: How chunks are made.
        **settings: Fields of `PdfOptions` that differ from `options`: `figures`, `tables`,
            `figure_images`, `page_images`, `contents`, `chunking`, `ocr`, `ocr_language`,
            `page_timeout`, `isolate`, `image_side`, `max_dpi`, `backend`.

    Raises:
        SourceNotFoundError: If there is no such file.
        ConfigurationError: If a page number is below 1, or a setting makes no sense.

    Example:
        >>> for chunk in PdfLoader("manual.pdf", page_images="all").lazy_load():  # doctest: +SKIP
        ...     print(chunk.kind, chunk.source, chunk.metadata.get("label"))
    """

    def __init__(
        self,
        path: str | Path | bytes,
        *,
        password: str | None = None,
        pages: Iterable[int] | None = None,
        on_error: ErrorHandler = raise_error,
        options: PdfOptions | None = None,
        **settings: Unpack[PdfSettings],
    ) -> None:
        self._content = path if isinstance(path, bytes) else absolute(path)
        self._password = password
        self._pages = None if pages is None else tuple(sorted(set(pages)))
        if self._pages and self._pages[0] < 1:
            raise ConfigurationError(f"pages={self._pages}: page numbers start at 1.")
        self._options = replace(options if options is not None else PdfOptions(), **settings)
        self._on_error = on_error

    @property
    def uri(self) -> str:
        """The file's absolute path; of bytes, `bytes:` and their SHA-256."""
        if isinstance(self._content, bytes):
            return f"bytes:{hashlib.sha256(self._content).hexdigest()}"
        return str(self._content)

    def fingerprint(self) -> str:
        """Digest of the file's bytes, the loader's version and the options.

        Raises:
            DocumentError: If the file can't be read.
        """
        settings = ("PdfLoader", LOADER_VERSION, self._pages, self._options.identity)
        return file_fingerprint(self._content, *settings)

    def lazy_load(self) -> Iterator[Chunk]:
        """Load page by page.

        Yields:
            A page's passages, figures and tables in reading order.

        Raises:
            MissingExtraError: If the library that is to read it isn't installed.
            PasswordRequiredError: If the file is encrypted and no password was given.
            WrongPasswordError: If the password doesn't open it.
            EmptyDocumentError: If it has no bytes, no pages, or nothing on any of them.
            DocumentError: If it is no PDF or damaged, or if a page is and `on_error` raises.
        """
        with closing(self._opened()) as source:
            run = DocumentPass(source, self.uri, self._options, self._on_error)
            order = 0
            for chunk in with_neighbours(self._linked(run, self._selected(source.page_count))):
                order += 1
                yield replace(chunk, metadata={**chunk.metadata, "order": order})
            if order == 0 and self._pages is None and not run.problems:
                raise EmptyDocumentError(f"{self.uri}: {_what_is_missing(run)}")

    def inspect(self, *, image_side: int = 1100) -> Iterator[InspectedPage]:
        """Show page by page how the file looks, what is loaded of it and what is left out.

        What goes wrong on a page is told with the page, and not to `on_error`. Chunks have no links
        to each other. `ragsight.write_inspection` makes an HTML page of it.

        Args:
            image_side: Longest side of a page's picture, in pixels.

        Yields:
            The pages.

        Raises:
            DocumentError: If the file can't be opened, as `lazy_load` says.
        """
        with closing(self._opened()) as source:
            numbers = self._selected(source.page_count)
            yield from inspected_pages(source, self.uri, self._options, numbers, image_side)

    def page_count(self) -> int:
        """How many pages the file has.

        Raises:
            DocumentError: If the file can't be opened, as `lazy_load` says.
        """
        with closing(self._opened()) as source:
            return source.page_count

    def _opened(self) -> LimitedSource:
        options = self._options
        opened: PageSource
        if options.isolate:
            opened = IsolatedPdf(self._content, self.uri, self._password, options.backend)
        else:
            opened = open_pdf(self._content, self.uri, self._password, options.backend)
        return LimitedSource(opened, self._options.page_timeout)

    @staticmethod
    def _linked(run: DocumentPass, numbers: Iterable[int]) -> Iterator[Chunk]:
        linker = Linker()
        try:
            for number in numbers:
                yield from linker.add(run.chunks(number))
        except Exception:
            # What was loaded before the problem isn't lost by it.
            yield from linker.rest()
            raise
        yield from linker.rest()

    def load(self) -> list[Chunk]:
        """All chunks at once; see `lazy_load`."""
        return list(self.lazy_load())

    def _selected(self, count: int) -> Sequence[int]:
        if self._pages is None:
            return range(1, count + 1)
        return [number for number in self._pages if number <= count]


def _what_is_missing(run: DocumentPass) -> str:
    if run.dropped:
        return "there are only tables of contents on the pages. Pass contents='mark' to keep them."
    return "there is nothing on the pages; the file may be cut short."
