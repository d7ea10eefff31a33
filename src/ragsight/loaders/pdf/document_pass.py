"""One pass over a PDF: page after page, with what was learned on the pages before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from PIL import Image

from ragsight.chunks import BBox, Chunk
from ragsight.errors import DocumentError, ErrorHandler, RagsightError
from ragsight.loaders.chunking import split_paragraphs
from ragsight.loaders.pdf.analysis import analyse
from ragsight.loaders.pdf.assembling import ChunkMaker
from ragsight.loaders.pdf.figures.whole_pages import kept_whole, without_shown_figures
from ragsight.loaders.pdf.isolation.limited import LimitedSource
from ragsight.loaders.pdf.ocr.reading import are_placed, ocr_reader
from ragsight.loaders.pdf.options import PdfOptions
from ragsight.loaders.pdf.page.fields import with_field_words
from ragsight.loaders.pdf.page.geometry import area
from ragsight.loaders.pdf.page.kinds import page_kind
from ragsight.loaders.pdf.page.notes import note_text
from ragsight.loaders.pdf.page.page import Drawing, Line, Page
from ragsight.loaders.pdf.page.reader import PageReader
from ragsight.loaders.pdf.page_chunks import PageChunks
from ragsight.loaders.pdf.page_input import DocumentHabits, PageInput
from ragsight.loaders.pdf.parts import Analysis, Figure, Table
from ragsight.loaders.pdf.text.blocks import body_size, rows_of, size_counts
from ragsight.loaders.pdf.text.headings import HeadingPath, Outline, outline_of
from ragsight.loaders.pdf.text.paragraphs import Section, section_at, sections_of

_TRIM_EVERY = 10
"""Pages after which the library's caches are emptied; with more, memory grows, with fewer, fonts
are read again and again."""

_PICTURED = 0.05
"""Share of the page under pictures from which on they are emptied at once; with more, decoded
pictures pile up."""

_OCR_SIDE, _OCR_DPI = 3300, 300
"""Pixels of the longer side and pixels an inch of a page to be read; with less, small print is
misread, with more, reading takes longer and more memory."""

_LOOK_SIDE, _LOOK_DPI = 1200, 50
"""The same for looking where ink is on a scan; with less, thin lines vanish, with more, scans take
longer."""

_REPAIRED = "The file was damaged and has been repaired; parts of it may be missing."
_UNREADABLE = (
    "{} characters of the page's text can't be read, since their font doesn't say which letters "
    "they are; the page is treated as a scan."
)
_NOT_READ = "Pass ocr='auto' to read its picture, or ocr=... your own function."
_NO_DRAWINGS = "The page's drawings couldn't be read; figures and tables may be missing."


class DocumentPass:
    """Makes the chunks of one page after the other.

    Args:
        source: The open file.
        uri: `Source.uri` of the chunks.
        options: How chunks are made.
        on_error: Told of what costs a page or a part of it.

    Attributes:
        problems: How many there were.
        dropped: Whether tables of contents were left out.
    """

    def __init__(
        self, source: LimitedSource, uri: str, options: PdfOptions, on_error: ErrorHandler
    ) -> None:
        self.problems = 0
        self.dropped = False
        self._source = source
        self._uri = uri
        self._options = options
        self._handler = on_error
        self._outline: Outline = outline_of(source.outline())
        self._reader = PageReader(source, {title for _, title in self._outline})
        self._habits = DocumentHabits()
        self._path = HeadingPath()
        self._ocr = ocr_reader(options.ocr, options.ocr_language, options.backend)
        self._read = 0

    def chunks(self, number: int) -> Iterator[Chunk]:
        """The chunks of one page, in reading order; a page that can't be read is reported.

        Where the page itself is kept as a picture, its chunk comes first, and the others bear its
        id as `page_id`.
        """
        try:
            page = self._reader.page(number)
        except DocumentError as error:
            self._on_error(error)
            return
        page_id = None
        for chunk in self._of_page(page):
            if page_id is not None:
                yield replace(chunk, metadata={**chunk.metadata, "page_id": page_id})
            else:
                yield chunk
            page_id = chunk.id if chunk.kind == "page" else page_id
        self._tidy(page)

    @property
    def reader(self) -> PageReader:
        """Reads the pages; the one that was asked for last and its neighbours are at hand."""
        return self._reader

    def _on_error(self, error: RagsightError) -> None:
        self.problems += 1
        self._handler(error)

    def _of_page(self, page: Page) -> Iterator[Chunk]:
        warnings = [_REPAIRED] if self._source.repaired else []
        kind = page_kind(page)
        is_read = kind == "scan" and self._ocr.engine is not None
        if is_read:
            page = self._recognised(page)
        analysis = self._of_ocr(page) if is_read else self._analysed(page, warnings)
        whole = kept_whole(kind, analysis, self._options)
        if whole is not None:
            analysis = without_shown_figures(analysis, page, whole)
        size = self._habits.body_size
        sections = sections_of(page, analysis, self._path, size, self._outline)
        if page.unreadable:
            warnings.append(_UNREADABLE.format(page.unreadable))
            warnings.append("" if is_read or not self._ocr.hint else _NOT_READ)
        elif kind == "scan" and not analysis.text:
            warnings.append(self._ocr.hint)
        make = ChunkMaker(
            self._source, page, self._uri, self._options, self._on_error, self._ocr,
            self._sentences(page.number, analysis), [warning for warning in warnings if warning],
            "ocr" if is_read else "text",
        )  # fmt: skip
        yield from PageChunks(make, sections, analysis, whole).all()
        yield from self._notes(page, make, sections)
        if not is_read:
            yield from self._contents(page, make)

    def _recognised(self, page: Page) -> Page:
        """A scan with its words as lines."""
        try:
            image = self._source.render(
                page.number, page.bbox, max_side=_OCR_SIDE, max_dpi=_OCR_DPI
            )
            return self._ocr.page(page, image)
        except DocumentError as error:
            self._on_error(error)
            return page

    def _of_ocr(self, page: Page) -> Analysis:
        """Figures and tables too, where the engine says where the words stand."""
        self._habits.body_size = body_size([size_counts(page.lines)])
        if not self._options.figures or not are_placed(page.lines, page):
            return Analysis((), (), dict(enumerate(page.lines)))
        given = PageInput(
            page=page,
            drawings=(),
            furniture=frozenset(),
            content=page.bbox,
            dropped=(),
            labels_figures=False,
            words=(lambda: page.lines) if self._options.tables == "auto" else None,
            paint=partial(self._painted, page.number),
        )
        return analyse(given, self._habits)

    def _analysed(self, page: Page, warnings: list[str]) -> Analysis:
        number = page.number
        furniture = self._reader.furniture(number)
        left_out = furniture | self._reader.contents(number)
        self._habits.body_size = self._reader.body_size(number)
        if not self._options.figures:
            return Analysis((), (), _lines_without(page, left_out))
        given = PageInput(
            page=page,
            drawings=self._drawings(number, warnings),
            furniture=left_out,
            content=self._reader.content(number, furniture),
            dropped=self._reader.decoration(number),
            labels_figures=self._reader.labels_figures(number),
            words=self._words(number) if self._options.tables == "auto" else None,
            paint=partial(self._painted, number),
        )
        return analyse(given, self._habits)

    def _drawings(self, number: int, warnings: list[str]) -> Sequence[Drawing]:
        try:
            return self._source.drawings(number)
        except DocumentError as error:
            self._on_error(error)
            warnings.append(_NO_DRAWINGS)
            return ()

    def _painted(self, number: int, box: BBox) -> Image.Image | None:
        try:
            return self._source.render(number, box, max_side=_LOOK_SIDE, max_dpi=_LOOK_DPI)
        except DocumentError as error:
            self._on_error(error)
            return None

    def _words(self, number: int) -> Callable[[], Sequence[Line]]:
        def words() -> Sequence[Line]:
            try:
                return with_field_words(self._source.words(number), self._reader.page(number))
            except DocumentError as error:
                self._on_error(error)
                return ()

        return words

    def _sentences(self, number: int, analysis: Analysis) -> list[str]:
        parts: list[Figure | Table] = [*analysis.figures, *analysis.tables]
        if all(part.caption is None for part in parts):
            return []
        return self._reader.sentences_around(number)

    def _notes(self, page: Page, make: ChunkMaker, sections: Sequence[Section]) -> Iterator[Chunk]:
        """What readers wrote onto the page, each with who and where."""
        words = self._words(page.number)() if any(note.marked for note in page.notes) else ()
        for number, note in enumerate(page.notes, start=1):
            path = section_at(note.bbox, sections)
            chunk = make.text(note_text(note, words), note.bbox, path, f"note {number}")
            facts = {"method": "text", "role": "note", "note": note.kind}
            if note.author:
                facts["author"] = note.author
            yield replace(chunk, metadata={**chunk.metadata, **facts})

    def _contents(self, page: Page, make: ChunkMaker) -> Iterator[Chunk]:
        listed = self._reader.contents(page.number)
        if self._options.contents == "drop" or not listed:
            self.dropped |= bool(listed)
            return
        rows = rows_of(page.lines[number] for number in sorted(listed))
        lines = [" ".join(line.text.strip() for line in row) for row in rows]
        for number, passage in enumerate(split_paragraphs(lines, self._options.chunking), start=1):
            chunk = make.text(passage.text, None, (), f"contents {number}")
            yield replace(chunk, metadata={**chunk.metadata, "role": "contents"})

    def _tidy(self, page: Page) -> None:
        self._reader.forget(page.number + 1)
        self._source.forget(page.number + 1)
        self._read += 1
        # Pictures are small in the file and large when decoded.
        pictured = sum(map(area, page.pictures)) > _PICTURED * area(page.bbox)
        if pictured or self._read % _TRIM_EVERY == 0:
            self._source.trim_memory()


def _lines_without(page: Page, left_out: frozenset[int]) -> dict[int, Line]:
    return {number: line for number, line in enumerate(page.lines) if number not in left_out}
