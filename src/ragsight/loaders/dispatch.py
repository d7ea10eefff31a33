"""Find files, and the loader for each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from ragsight.chunks import Chunk
from ragsight.errors import (
    DocumentError,
    ErrorHandler,
    InputError,
    RagsightError,
    UnsupportedFormatError,
    raise_error,
)
from ragsight.files import open_regular
from ragsight.loaders.base import Loader, absolute
from ragsight.loaders.catalog import CATALOG_SUFFIXES, CatalogLoader
from ragsight.loaders.images import IMAGE_SUFFIXES, ImageLoader
from ragsight.loaders.pdf import PdfLoader
from ragsight.loaders.settings import LoadOptions, LoadSettings
from ragsight.loaders.slides import SLIDE_SUFFIXES, SlideLoader, paint_ahead
from ragsight.loaders.text import TEXT_SUFFIXES, TextLoader

if TYPE_CHECKING:
    from typing_extensions import Unpack

PDF_SUFFIXES = frozenset({".pdf"})
SUFFIXES = PDF_SUFFIXES | SLIDE_SUFFIXES | IMAGE_SUFFIXES | CATALOG_SUFFIXES | TEXT_SUFFIXES

INDEX_MARK = "ragsight.json"
"""A folder with this file is an index: its images are copies, and never to be indexed again."""

_PDF_MARK = b"%PDF-"
_MARK_WITHIN = 1024
"""Readers accept a PDF whose mark stands within its first 1,024 bytes (PDF 1.7, appendix H)."""


def load(
    path: str | Path, *, on_error: ErrorHandler = raise_error, **settings: Unpack[LoadSettings]
) -> Iterator[Chunk]:
    """Load a file, or all files of known kinds below a folder.

    Args:
        path: A PDF, deck of slides, image, catalogue (CSV, JSONL), text file, or folder.
        on_error: Called with what can't be loaded; the rest goes on if it returns.
        **settings: Fields of `LoadOptions`: `pdf`, `slides`, `chunking`, `password`,
            `image_root`.

    Returns:
        The chunks, file by file.

    Raises:
        InputError: If there is nothing to load, or a file is bad and `on_error` raises.

    Example:
        >>> chunks = load("manuals", pdf=PdfOptions(ocr="auto"))  # doctest: +SKIP
    """
    options = LoadOptions(**settings)
    return _loaded(discover([Path(path)], image_root=options.image_root), on_error, options)


def _loaded(files: Iterable[Path], on_error: ErrorHandler, options: LoadOptions) -> Iterator[Chunk]:
    named = list(files)
    paint_ahead(named, options.slide_options)
    for file in named:
        try:
            yield from _chosen(file, on_error, options).lazy_load()
        except InputError as error:
            on_error(error)


def loader_for(
    path: str | Path, *, on_error: ErrorHandler = raise_error, **settings: Unpack[LoadSettings]
) -> Loader:
    """Choose the loader for a file, by its suffix, and for a PDF by its content.

    A deck that was saved as PDF is loaded as a PDF, which keeps a picture of pages that look like
    slides and cites pages, as PDF readers count them. `SlideLoader` loads it as slides.

    Args:
        path: The file.
        on_error: Called with a problem that costs a page, an image or a row only.
        **settings: Fields of `LoadOptions`; those of other kinds are passed over.

    Raises:
        SourceNotFoundError: If there is no such file.
        UnsupportedFormatError: If no loader knows this kind.
        DocumentError: If it can't be read.
    """
    return _chosen(path, on_error, LoadOptions(**settings))


def _chosen(path: str | Path, on_error: ErrorHandler, options: LoadOptions) -> Loader:
    file = absolute(path)
    suffix = file.suffix.lower()
    if suffix in PDF_SUFFIXES or (suffix not in SUFFIXES and _is_pdf(file)):
        return PdfLoader(
            file, password=options.password, on_error=on_error, options=options.pdf_options
        )
    if suffix in SLIDE_SUFFIXES:
        return SlideLoader(file, on_error=on_error, options=options.slide_options)
    if suffix in IMAGE_SUFFIXES:
        return ImageLoader(file, on_error=on_error)
    if suffix in CATALOG_SUFFIXES:
        return CatalogLoader(file, image_root=options.image_root, on_error=on_error)
    if suffix in TEXT_SUFFIXES:
        return TextLoader(
            file, chunking=options.chunking, image_root=options.image_root, on_error=on_error
        )
    raise UnsupportedFormatError(
        f"{file}: no loader knows this kind of file. Known are {', '.join(sorted(SUFFIXES))}."
    )


def _is_pdf(file: Path) -> bool:
    try:
        with open_regular(file) as opened:
            return _PDF_MARK in opened.read(_MARK_WITHIN)
    except OSError as error:
        raise DocumentError(f"{file}: the file can't be read ({error}).") from error


def discover(paths: Iterable[Path], *, image_root: str | Path | None = None) -> list[Path]:
    """List the files to load: those named, and those of known kinds in the folders named.

    Hidden files and folders and indexes of ragsight are passed over, and so are images and captions
    that belong to a catalogue or an image found in the same run.

    Args:
        paths: Files and folders.
        image_root: As in `LoadOptions`: where the catalogues' pictures are.

    Returns:
        Absolute paths, each once; the order named, sorted within a folder.

    Raises:
        SourceNotFoundError: If a path doesn't exist.
        InputError: If there is no file of a known kind.
    """
    named = [absolute(path) for path in paths]
    found: dict[Path, bool] = {}
    for root in named:
        if root.is_dir():
            for file in _files_below(root):
                found.setdefault(file, False)
        else:
            found[root] = True
    if not found:
        folders = ", ".join(map(str, named))
        raise InputError(
            f"{folders}: there is nothing to index here. Known kinds are "
            f"{', '.join(sorted(SUFFIXES))}."
        )
    belonging = _belonging(found, image_root)
    return [file for file, is_named in found.items() if is_named or file not in belonging]


def _files_below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for root, folders, names in os.walk(folder):
        if INDEX_MARK in names:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [
            Path(root, name)
            for name in names
            if not name.startswith(".") and Path(name).suffix.lower() in SUFFIXES
        ]
    return sorted(found)


def _belonging(files: Iterable[Path], image_root: str | Path | None) -> set[Path]:
    """Files that are part of another one: a catalogue's pictures, an image's caption."""
    parts: set[Path] = set()
    for file in files:
        if file.suffix.lower() in CATALOG_SUFFIXES:
            parts.update(_pictures(file, image_root))
        elif file.suffix.lower() in TEXT_SUFFIXES:
            parts.update(_pictures_of_text(file, image_root))
        elif file.suffix.lower() in IMAGE_SUFFIXES:
            parts.add(file.with_suffix(".txt"))
    return parts


def _pictures(catalogue: Path, image_root: str | Path | None) -> set[Path]:
    try:
        return set(CatalogLoader(catalogue, image_root=image_root).image_paths())
    except RagsightError:
        # What is wrong with the catalogue is reported when it is loaded.
        return set()


def _pictures_of_text(file: Path, image_root: str | Path | None) -> set[Path]:
    try:
        return set(TextLoader(file, image_root=image_root).image_paths())
    except RagsightError:
        return set()
