"""The slide loader."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ragsight.chunks import Chunk
from ragsight.errors import (
    ConfigurationError,
    DocumentError,
    EmptyDocumentError,
    ErrorHandler,
    raise_error,
)
from ragsight.loaders.base import absolute, file_fingerprint
from ragsight.loaders.pdf.links import with_neighbours
from ragsight.loaders.slides.kinds import kind_of
from ragsight.loaders.slides.options import SlideOptions, SlideSettings
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.pdf_decks import PdfDeck
from ragsight.loaders.slides.run import Run

if TYPE_CHECKING:
    from typing_extensions import Unpack

LOADER_VERSION = 1
"""Raised whenever the same file and options would give other chunks."""


class SlideLoader:
    """Loads a deck of slides as people see them: one chunk a slide, with its picture.

    A slide's text holds its title, then all that stands on it in reading order: words, tables and
    the data of charts as Markdown, words of diagrams, alternative texts; then its footer and the
    speaker's notes. Charts, tables, diagrams and pictures become chunks of their own too; logos and
    pictures that were there before don't.

    PowerPoint's files (`.pptx`, `.pptm`, `.ppsx`, `.potx`) are read as they are. Pages of a PDF
    that are wider than high are taken for slides.

    Slides are numbered from 1, hidden ones counted, as PowerPoint does. Chunks know of each other
    by id: `previous` and `next`, and `page_id`, the slide that a chart or picture stands on.

    Args:
        path: A file, or a file's bytes.
        slides: Numbers of the slides to load, from 1; all if None. Numbers past the end are
            ignored.
        password: Opens an encrypted PDF. Encrypted decks of PowerPoint aren't opened.
        on_error: Called with a problem that costs a slide or a picture only; loading goes on if it
            returns.
        options: How chunks are made.
        **settings: Fields of `SlideOptions` that differ from `options`: `render`,
            `include_hidden`, `notes`, `chart_data`, `figures`, `timeout`.

    Raises:
        SourceNotFoundError: If there is no such file.
        ConfigurationError: If a number is below 1, or a setting makes no sense.

    Example:
        >>> for chunk in SlideLoader("deck.pptx").lazy_load():  # doctest: +SKIP
        ...     print(chunk.kind, chunk.source, chunk.metadata.get("title"))
    """

    def __init__(
        self,
        path: str | Path | bytes,
        *,
        slides: Iterable[int] | None = None,
        password: str | None = None,
        on_error: ErrorHandler = raise_error,
        options: SlideOptions | None = None,
        **settings: Unpack[SlideSettings],
    ) -> None:
        self._content = path if isinstance(path, bytes) else absolute(path)
        self._wanted = None if slides is None else frozenset(slides)
        if self._wanted and min(self._wanted) < 1:
            raise ConfigurationError(f"slides={sorted(self._wanted)}: slide numbers start at 1.")
        self._password = password
        self._options = replace(options if options is not None else SlideOptions(), **settings)
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
        wanted = None if self._wanted is None else tuple(sorted(self._wanted))
        settings = ("SlideLoader", LOADER_VERSION, wanted, self._options.identity)
        return file_fingerprint(self._content, *settings)

    def lazy_load(self) -> Iterator[Chunk]:
        """Load slide by slide.

        Yields:
            A slide, then its charts, tables, diagrams and pictures in reading order.

        Raises:
            PasswordRequiredError: If the file is encrypted.
            EmptyDocumentError: If it has no bytes, no slides, or nothing on any of them.
            DocumentError: If it is no deck, damaged or unsafe; if it has to be converted or
                painted and can't be; or if a slide is damaged and `on_error` raises.
        """
        with self._file() as path:
            for order, chunk in enumerate(with_neighbours(self._chunks(path)), start=1):
                yield replace(chunk, metadata={**chunk.metadata, "order": order})

    def load(self) -> list[Chunk]:
        """All chunks at once; see `lazy_load`."""
        return list(self.lazy_load())

    @contextmanager
    def _file(self) -> Iterator[Path]:
        if isinstance(self._content, Path):
            yield self._content
            return
        # The archive is read in place and programs are handed a path, so bytes become a file.
        with tempfile.TemporaryDirectory(prefix="ragsight-") as folder:
            path = Path(folder, "deck")
            path.write_bytes(self._content)
            yield path

    def _chunks(self, path: Path) -> Iterator[Chunk]:
        kind = kind_of(path, self.uri)
        if kind == "pdf":
            deck = PdfDeck(path, self.uri, self._options, self._password, self._on_error)
            yield from deck.chunks(self._wanted)
            return
        if kind == "other":
            raise DocumentError(
                f"{self.uri}: decks of this kind aren't read. Save it as .pptx or as PDF."
            )
        with closing(Package.open(path, self.uri)) as package:
            run = Run(package, self.uri, path, self._options, self._on_error)
            empty = True
            for chunk in run.chunks(self._wanted):
                empty = False
                yield chunk
            if empty and self._wanted is None and not run.problems:
                raise EmptyDocumentError(f"{self.uri}: there is nothing on any of the slides.")
