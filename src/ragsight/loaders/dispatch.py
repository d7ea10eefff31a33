"""Find files, and the loader for each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ragsight.chunks import Chunk
from ragsight.errors import (
    ErrorHandler,
    InputError,
    UnsupportedFormatError,
    raise_error,
)
from ragsight.loaders.base import Loader, absolute
from ragsight.loaders.formats import (
    format_of,
    known_suffixes,
    prepare_files,
    sniffed_format,
)
from ragsight.loaders.settings import LoadOptions, LoadSettings

if TYPE_CHECKING:
    from typing_extensions import Unpack

INDEX_MARK = "ragsight.json"
"""A folder with this file is an index: its images are copies, and never to be indexed again."""


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
    prepare_files(named, options, lambda _file: None)
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
    kind = sniffed_format(file)
    if kind is None:
        raise UnsupportedFormatError(
            f"{file}: no loader knows this kind of file. Known are {known_suffixes()}."
        )
    return kind.make(file, on_error, options)


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """What was found to be loaded.

    Attributes:
        files: Absolute paths, each once; the order named, sorted within a folder.
        passed_over: How many files of kinds that nothing reads lie in the folders, by suffix.
    """

    files: list[Path]
    passed_over: dict[str, int]


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
    return find_files(paths, image_root=image_root).files


def find_files(paths: Iterable[Path], *, image_root: str | Path | None = None) -> FoundFiles:
    """List the files to load as `discover` does, and count those that nothing reads.

    Raises:
        SourceNotFoundError: If a path doesn't exist.
        InputError: If there is no file of a known kind.
    """
    named = [absolute(path) for path in paths]
    found: dict[Path, bool] = {}
    unknown: dict[Path, str] = {}
    for root in named:
        if not root.is_dir():
            found[root] = True
            continue
        for file in _files_below(root):
            if format_of(file) is not None:
                found.setdefault(file, False)
            else:
                suffix = file.suffix.lower()
                unknown[file] = suffix if suffix else "without a suffix"
    if not found:
        folders = ", ".join(map(str, named))
        raise InputError(
            f"{folders}: there is nothing to index here. Known kinds are {known_suffixes()}."
        )
    belonging = _belonging(found, LoadOptions(image_root=image_root))
    files = [file for file, is_named in found.items() if is_named or file not in belonging]
    counts = Counter(suffix for file, suffix in unknown.items() if file not in found)
    return FoundFiles(files, dict(counts.most_common()))


def _files_below(folder: Path) -> list[Path]:
    found: list[Path] = []
    for root, folders, names in os.walk(folder):
        if INDEX_MARK in names:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(root, name) for name in names if not name.startswith(".")]
    return sorted(found)


def _belonging(files: Iterable[Path], options: LoadOptions) -> set[Path]:
    """Files that are part of another one: a catalogue's pictures, an image's caption."""
    parts: set[Path] = set()
    for file in files:
        kind = format_of(file)
        if kind is not None and kind.parts is not None:
            parts.update(kind.parts(file, options))
    return parts
