"""The PDF loader."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ragsight.chunks import Chunk
from ragsight.errors import (
    ConfigurationError,
    DocumentError,
    EmptyDocumentError,
    ErrorHandler,
    RagsightError,
    raise_error,
)
from ragsight.loaders.base import absolute, file_fingerprint
from ragsight.loaders.chunking import split_text
from ragsight.loaders.pdf.analysis import (
    Analysis,
    DocumentHabits,
    PageInput,
    analyse,
    is_scan,
    is_slide,
)
from ragsight.loaders.pdf.assembling import ChunkMaker, section_at
from ragsight.loaders.pdf.headings import HeadingPath, Outline, outline_of
from ragsight.loaders.pdf.marks import background
from ragsight.loaders.pdf.options import PdfOptions
from ragsight.loaders.pdf.page import Line, Page
from ragsight.loaders.pdf.paragraphs import Section, sections_of
from ragsight.loaders.pdf.reader import PageReader
from ragsight.loaders.pdf.source import PdfFile

LOADER_VERSION = 1
"""Raised whenever the same file and options would give other chunks."""

_TRIM_EVERY = 50
_REPAIRED = "The file was damaged and has been repaired; parts of it may be missing."


class PdfLoader:
    """Loads a PDF: passages by section, figures with captions, tables, pictures of pages.

    Figures are rendered as they look on the page, whether they are bitmaps, drawings or both, with
    their labels and without their captions. Headers, footers and page numbers are left out.
    Memory doesn't grow with the number of pages.

    Args:
        path: A file, or a file's bytes.
        password: Opens an encrypted file.
        pages: Numbers of the pages to load, from 1; all if None. Numbers past the end are ignored.
        figures: Whether figures, tables and pictures of pages become chunks; if not, captions and
            cells stay in the text.
        options: How chunks are made.
        on_error: Called with a problem that costs a page or a picture only; loading goes on if it
            returns.

    Raises:
        SourceNotFoundError: If there is no such file.
        ConfigurationError: If a page number is below 1.

    Example:
        >>> for chunk in PdfLoader("manual.pdf").lazy_load():  # doctest: +SKIP
        ...     print(chunk.kind, chunk.source, chunk.metadata.get("label"))
    """

    def __init__(
        self,
        path: str | Path | bytes,
        *,
        password: str | None = None,
        pages: Iterable[int] | None = None,
        figures: bool = True,
        options: PdfOptions | None = None,
        on_error: ErrorHandler = raise_error,
    ) -> None:
        self._content = path if isinstance(path, bytes) else absolute(path)
        self._password = password
        self._pages = None if pages is None else tuple(sorted(set(pages)))
        if self._pages and self._pages[0] < 1:
            raise ConfigurationError(f"pages={self._pages}: page numbers start at 1.")
        self._figures = figures
        self._options = options if options is not None else PdfOptions()
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
        settings = ("PdfLoader", LOADER_VERSION, self._pages, self._figures, self._options)
        return file_fingerprint(self._content, *settings)

    def lazy_load(self) -> Iterator[Chunk]:
        """Load page by page.

        Yields:
            A page's passages, then its tables and figures from top to bottom.

        Raises:
            PasswordRequiredError: If the file is encrypted and no password was given.
            WrongPasswordError: If the password doesn't open it.
            EmptyDocumentError: If it has no bytes, no pages, or nothing on any of them.
            DocumentError: If it is no PDF or damaged, or if a page is and `on_error` raises.
        """
        uri = self.uri
        with PdfFile(self._content, uri, self._password) as file:
            run = _Run(file, uri, self._figures, self._options, self._on_error)
            order = 0
            for number in self._selected(file.page_count):
                for chunk in run.chunks(number):
                    order += 1
                    yield _finished(chunk, order, file.repaired)
            if order == 0 and self._pages is None and not run.problems:
                raise EmptyDocumentError(
                    f"{uri}: there is nothing on the pages; the file may be cut short."
                )

    def load(self) -> list[Chunk]:
        """All chunks at once; see `lazy_load`."""
        return list(self.lazy_load())

    def _selected(self, count: int) -> Sequence[int]:
        if self._pages is None:
            return range(1, count + 1)
        return [number for number in self._pages if number <= count]


class _Run:
    """One pass over a file."""

    def __init__(
        self,
        file: PdfFile,
        uri: str,
        figures: bool,
        options: PdfOptions,
        on_error: ErrorHandler,
    ) -> None:
        self._file = file
        self._uri = uri
        self._figures = figures
        self._options = options
        self._handler = on_error
        self.problems = 0
        self._reader = PageReader(file)
        self._habits = DocumentHabits()
        self._path = HeadingPath()
        self._outline: Outline = outline_of(file.outline())
        self._read = 0

    def _on_error(self, error: RagsightError) -> None:
        self.problems += 1
        self._handler(error)

    def chunks(self, number: int) -> Iterator[Chunk]:
        """The chunks of one page; a page that can't be read is reported."""
        try:
            page = self._reader.page(number)
            analysis = self._analysed(page)
        except DocumentError as error:
            self._on_error(error)
            return
        sections = sections_of(
            page, analysis.text, self._path, self._habits.body_size, self._outline
        )
        sentences = self._reader.sentences_around(number) if self._has_parts(analysis) else []
        make = ChunkMaker(self._file, page, self._uri, self._options, self._on_error, sentences)
        if self._is_picture(page, analysis):
            yield from self._page_chunks(page, sections, make)
        else:
            yield from make.passages(sections)
        yield from self._parts(analysis, sections, make)
        self._tidy(number)

    def _analysed(self, page: Page) -> Analysis:
        furniture = self._reader.furniture(page.number)
        self._habits.body_size = self._reader.body_size(page.number)
        if not self._figures:
            text = {n: line for n, line in enumerate(page.lines) if n not in furniture}
            return Analysis((), (), text)
        given = PageInput(
            page=page,
            drawings=self._file.drawings(page.number),
            furniture=furniture,
            content=self._reader.content(page.number, furniture),
            dropped=self._reader.decoration(page.number),
            labels_figures=self._reader.labels_figures(page.number),
            words=(lambda: self._file.words(page.number)) if self._options.tables else None,
        )
        return analyse(given, self._habits)

    def _is_picture(self, page: Page, analysis: Analysis) -> bool:
        if not (self._figures and self._options.page_images):
            return False
        if any(figure.caption is not None for figure in analysis.figures):
            return False
        return is_scan(page) or background(page) is not None or self._is_slide(page)

    def _is_slide(self, page: Page) -> bool:
        return is_slide(page, page.lines)

    def _page_chunks(
        self, page: Page, sections: Sequence[Section], make: ChunkMaker
    ) -> Iterator[Chunk]:
        """The page's picture with its first passage as text, and the passages after it."""
        words = "\n\n".join(_with_title(section) for section in sections).strip()
        passages = split_text(words, self._options.chunking)
        method = "scan" if is_scan(page) else "slide" if self._is_slide(page) else "page"
        chunk = make.whole_page(passages[0] if passages else "", sections[-1].path, method)
        if chunk is None:
            yield from make.passages(sections)
            return
        yield chunk
        lines: list[Line] = [line for section in sections for line in section.lines]
        rest = Section(sections[-1].path, passages[1:], lines)
        if rest.paragraphs:
            yield from make.passages([rest])

    def _parts(
        self, analysis: Analysis, sections: Sequence[Section], make: ChunkMaker
    ) -> Iterator[Chunk]:
        for number, table in enumerate(analysis.tables, start=1):
            caption = None if table.caption is None else table.caption.caption
            section = section_at(table.bbox, caption, sections)
            yield make.table(table, section, f"table {number}")
        is_picture = self._is_picture(make.page, analysis)
        for number, figure in enumerate(analysis.figures, start=1):
            if is_picture and figure.caption is None:
                continue
            caption = None if figure.caption is None else figure.caption.caption
            section = section_at(make.figure_box(figure), caption, sections)
            chunk = make.figure(figure, section, f"figure {number}")
            if chunk is not None:
                yield chunk

    @staticmethod
    def _has_parts(analysis: Analysis) -> bool:
        return any(figure.caption is not None for figure in analysis.figures) or any(
            table.caption is not None for table in analysis.tables
        )

    def _tidy(self, number: int) -> None:
        self._reader.forget(number + 1)
        self._read += 1
        if self._read % _TRIM_EVERY == 0:
            self._file.trim_memory()


def _with_title(section: Section) -> str:
    has_heading = section.heading is not None and section.path
    return f"{section.path[-1]}\n\n{section.text}" if has_heading else section.text


def _finished(chunk: Chunk, order: int, repaired: bool) -> Chunk:
    metadata = dict(chunk.metadata) | {"order": order}
    if repaired:
        metadata["warnings"] = [_REPAIRED]
    return replace(chunk, metadata=metadata)
