"""The one table of what can be read: a new kind of file is a loader in a file and a row here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ragsight.errors import DocumentError, ErrorHandler, RagsightError
from ragsight.files import open_regular
from ragsight.loaders.base import Loader
from ragsight.loaders.catalog import CATALOG_SUFFIXES, CatalogLoader
from ragsight.loaders.html import HTML_SUFFIXES, HtmlLoader
from ragsight.loaders.images import IMAGE_SUFFIXES, ImageLoader
from ragsight.loaders.inspected import InspectedPage, pages_of
from ragsight.loaders.pdf import PdfLoader
from ragsight.loaders.settings import LoadOptions
from ragsight.loaders.slides import SLIDE_SUFFIXES, SlideLoader, paint_ahead
from ragsight.loaders.svg import SVG_SUFFIXES, SvgLoader
from ragsight.loaders.text import TEXT_SUFFIXES, TextLoader
from ragsight.loaders.word import WORD_SUFFIXES, WordLoader

_HEAD = 1024
"""Bytes: readers accept a PDF whose mark stands within its first 1,024 (PDF 1.7, appendix H)."""


@dataclass(frozen=True, slots=True)
class Inspecting:
    """What an inspection asks of a format.

    Attributes:
        pages: Numbers of the pages, from 1; all if None.
        limit: So many pages at most are looked at.
        image_side: Longest side of a page's picture, in pixels.
        on_error: Told of what goes wrong beside a page.
    """

    pages: Sequence[int] | None
    limit: int
    image_side: int
    on_error: ErrorHandler


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A kind of file that can be read.

    Attributes:
        name: What such files are called, in the plural.
        suffixes: Their suffixes, in small letters, with the dot.
        make: Makes the loader of a file; told of what costs a part of it.
        sniff: Whether the first 1,024 bytes of a file with no known suffix are of this kind.
        prepare: Does ahead what costs less for many files together; told of each that is done.
        parts: Files that belong to a file of this kind, and aren't loaded by themselves.
        inspect: Shows the pages and says how many more there are; None for kinds without pages.

    Example:
        >>> row = FileFormat("notes", frozenset({".note"}), make_loader)  # doctest: +SKIP
    """

    name: str
    suffixes: frozenset[str]
    make: Callable[[Path, ErrorHandler, LoadOptions], Loader]
    sniff: Callable[[bytes], bool] | None = None
    prepare: Callable[[Sequence[Path], LoadOptions, Callable[[Path], None]], None] | None = None
    parts: Callable[[Path, LoadOptions], Iterable[Path]] | None = None
    inspect: (
        Callable[[Path, LoadOptions, Inspecting], tuple[Iterator[InspectedPage], int]] | None
    ) = None


def _pdf(path: Path, on_error: ErrorHandler, options: LoadOptions) -> Loader:
    return PdfLoader(
        path, password=options.password, on_error=on_error, options=options.pdf_options
    )


def _pdf_pages(
    path: Path, options: LoadOptions, asked: Inspecting
) -> tuple[Iterator[InspectedPage], int]:
    whole = PdfLoader(path, password=options.password, options=options.pdf_options)
    count = whole.page_count()
    wanted = asked.pages if asked.pages is not None else range(1, count + 1)
    numbers = [number for number in wanted if number <= count]
    loader = PdfLoader(
        path,
        password=options.password,
        pages=numbers[: asked.limit],
        options=options.pdf_options,
    )
    return loader.inspect(image_side=asked.image_side), max(0, len(numbers) - asked.limit)


def _deck(path: Path, on_error: ErrorHandler, options: LoadOptions) -> Loader:
    return SlideLoader(path, on_error=on_error, options=options.slide_options)


def _slides(
    path: Path, options: LoadOptions, asked: Inspecting
) -> tuple[Iterator[InspectedPage], int]:
    deck = SlideLoader(
        path, slides=asked.pages, options=options.slide_options, on_error=asked.on_error
    )
    return pages_of(deck.lazy_load()), 0


def _paint(
    decks: Sequence[Path], options: LoadOptions, on_progress: Callable[[Path], None]
) -> None:
    paint_ahead(decks, options.slide_options, on_progress)


def _pictures(catalogue: Path, options: LoadOptions) -> Iterable[Path]:
    try:
        return set(CatalogLoader(catalogue, image_root=options.image_root).image_paths())
    except RagsightError:
        # What is wrong with the catalogue is reported when it is loaded.
        return ()


def _pictures_of_page(file: Path, options: LoadOptions) -> Iterable[Path]:
    try:
        return set(HtmlLoader(file, image_root=options.image_root).image_paths())
    except RagsightError:
        return ()


def _is_html(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _pictures_of_text(file: Path, options: LoadOptions) -> Iterable[Path]:
    try:
        return set(TextLoader(file, image_root=options.image_root).image_paths())
    except RagsightError:
        return ()


FORMATS: tuple[FileFormat, ...] = (
    FileFormat(
        "PDFs",
        frozenset({".pdf"}),
        _pdf,
        sniff=lambda head: b"%PDF-" in head,
        inspect=_pdf_pages,
    ),
    FileFormat("decks of slides", SLIDE_SUFFIXES, _deck, prepare=_paint, inspect=_slides),
    FileFormat(
        "Word documents",
        WORD_SUFFIXES,
        lambda path, on_error, options: WordLoader(
            path, chunking=options.chunking, on_error=on_error
        ),
    ),
    FileFormat(
        "pages of HTML",
        HTML_SUFFIXES,
        lambda path, on_error, options: HtmlLoader(
            path, chunking=options.chunking, image_root=options.image_root, on_error=on_error
        ),
        sniff=_is_html,
        parts=_pictures_of_page,
    ),
    FileFormat(
        "images",
        IMAGE_SUFFIXES,
        lambda path, on_error, _options: ImageLoader(path, on_error=on_error),
        parts=lambda path, _options: (path.with_suffix(".txt"),),
    ),
    FileFormat(
        "drawings (SVG)",
        SVG_SUFFIXES,
        lambda path, on_error, _options: SvgLoader(path, on_error=on_error),
        parts=lambda path, _options: (path.with_suffix(".txt"),),
    ),
    FileFormat(
        "catalogues (CSV, JSONL)",
        CATALOG_SUFFIXES,
        lambda path, on_error, options: CatalogLoader(
            path, image_root=options.image_root, on_error=on_error
        ),
        parts=_pictures,
    ),
    FileFormat(
        "text files",
        TEXT_SUFFIXES,
        lambda path, on_error, options: TextLoader(
            path, chunking=options.chunking, image_root=options.image_root, on_error=on_error
        ),
        parts=_pictures_of_text,
    ),
)
"""What can be read. Everything that asks for kinds of files goes through this table."""


def known_suffixes() -> str:
    """All suffixes, for messages."""
    return ", ".join(sorted({suffix for kind in FORMATS for suffix in kind.suffixes}))


def known_kinds(kinds: Iterable[FileFormat] | None = None) -> str:
    """What can be read, in words: all of it, or some kinds."""
    *others, last = [kind.name for kind in (kinds if kinds is not None else FORMATS)]
    return f"{', '.join(others)} and {last}" if others else last


def format_of(path: Path) -> FileFormat | None:
    """The format that a file's suffix names; None if none does."""
    suffix = path.suffix.lower()
    return next((kind for kind in FORMATS if suffix in kind.suffixes), None)


def sniffed_format(path: Path) -> FileFormat | None:
    """The format of a file by its suffix, or else by its first bytes.

    Raises:
        DocumentError: If it can't be read.
    """
    named = format_of(path)
    if named is not None:
        return named
    try:
        with open_regular(path) as opened:
            head = opened.read(_HEAD)
    except OSError as error:
        raise DocumentError(f"{path}: the file can't be read ({error}).") from error
    return next((kind for kind in FORMATS if kind.sniff is not None and kind.sniff(head)), None)


def prepare_files(
    files: Iterable[Path], options: LoadOptions, on_progress: Callable[[Path], None]
) -> None:
    """Do ahead what costs less for many files together, format by format."""
    named = list(files)
    for kind in FORMATS:
        if kind.prepare is not None:
            own = [file for file in named if format_of(file) == kind]
            if own:
                kind.prepare(own, options, on_progress)
