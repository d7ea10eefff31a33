"""The slide loader."""

from __future__ import annotations

import hashlib
import re
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
    InputError,
    RagsightError,
    raise_error,
)
from ragsight.loaders.base import absolute, file_fingerprint, read_bytes
from ragsight.loaders.pdf.links import with_neighbours
from ragsight.loaders.slides.deck_pass import DeckPass
from ragsight.loaders.slides.kinds import DeckKind, has_suffix_of, kind_of
from ragsight.loaders.slides.options import SlideOptions, SlideSettings
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.painting import check_package, convert
from ragsight.loaders.slides.painting.renderers import find_renderer
from ragsight.loaders.slides.pdf_decks import PdfDeck

if TYPE_CHECKING:
    from typing_extensions import Unpack

LOADER_VERSION = 3
"""Raised whenever the same file and options would give other chunks."""


class SlideLoader:
    """Loads a deck of slides as people see them: one chunk a slide, with its picture.

    A slide's text holds its title, then all that stands on it in reading order: words, tables and
    the data of charts as Markdown, words of diagrams, alternative texts; then its footer and the
    speaker's notes. Charts, tables, diagrams and pictures become chunks of their own too; logos and
    pictures that were there before don't.

    PowerPoint's files (`.pptx`, `.pptm`, `.ppsx`, `.potx`) are read as they are. Older ones
    (`.ppt`) and OpenDocument (`.odp`, `.otp`) are converted by LibreOffice first. Pages of a PDF
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
            `include_hidden`, `notes`, `chart_data`, `figures`, `timeout`,
            `backend`.

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
        """Digest of the file's bytes, the loader's version, the options, and what paints slides.

        Where LibreOffice comes to a machine that had nothing to paint with, decks have changed.

        Raises:
            DocumentError: If the file can't be read.
        """
        wanted = None if self._wanted is None else tuple(sorted(self._wanted))
        identity = self._options.identity
        settings = ("SlideLoader", LOADER_VERSION, wanted, identity, self._renderer())
        return file_fingerprint(self._content, *settings)

    def _renderer(self) -> str:
        name = self._content if isinstance(self._content, Path) else Path("deck.pptx")
        if self._options.render == "off" or name.suffix.lower() == ".pdf":
            return ""
        renderer = find_renderer(name)
        return "" if renderer is None else renderer.name

    def lazy_load(self) -> Iterator[Chunk]:
        """Load slide by slide.

        Yields:
            A slide, then its charts, tables, diagrams and pictures in reading order.

        Raises:
            PasswordRequiredError: If the file is encrypted.
            EmptyDocumentError: If it has no bytes, no slides, or nothing on any of them.
            UnsupportedFormatError: If it is no deck; the message says what it is.
            DocumentError: If it is damaged or unsafe; if it has to be converted and can't be; or
                if it can't be painted or a slide is damaged, and `on_error` raises.
            ConfigurationError: If slides must be painted and nothing that can is installed.
        """
        with self._file() as (path, kind):
            for order, chunk in enumerate(with_neighbours(self._chunks(path, kind)), start=1):
                yield replace(chunk, metadata={**chunk.metadata, "order": order})

    def load(self) -> list[Chunk]:
        """All chunks at once; see `lazy_load`."""
        return list(self.lazy_load())

    @contextmanager
    def _file(self) -> Iterator[tuple[Path, DeckKind]]:
        """The deck as a file whose suffix says what it is, which programs go by."""
        if isinstance(self._content, Path):
            kind = kind_of(self._content)
            if has_suffix_of(self._content, kind):
                yield self._content, kind
                return
        with tempfile.TemporaryDirectory(prefix="ragsight-") as folder:
            path = Path(folder, "deck")
            content = self._content
            path.write_bytes(content if isinstance(content, bytes) else read_bytes(content))
            with self._named_as_given(path):
                kind = kind_of(path)
                yield path.rename(path.with_suffix(f".{kind}")), kind

    @contextmanager
    def _named_as_given(self, path: Path) -> Iterator[None]:
        """Messages name what the caller knows, and not a temporary file."""
        try:
            yield
        except InputError as error:
            self._name_as_given(error, path)
            raise

    def _name_as_given(self, error: RagsightError, path: Path) -> None:
        temporary = re.escape(str(path.with_suffix(""))) + r"(\.\w+)?"
        error.args = (re.sub(temporary, lambda _: self.uri, str(error)),)

    def _reporter(self, path: Path) -> ErrorHandler:
        if path == self._content:
            return self._on_error

        def report(error: RagsightError) -> None:
            self._name_as_given(error, path)
            self._on_error(error)

        return report

    def _chunks(self, path: Path, kind: DeckKind) -> Iterator[Chunk]:
        report = self._reporter(path)
        if kind == "pdf":
            deck = PdfDeck(path, self.uri, self._options, self._password, report)
            yield from deck.chunks(self._wanted)
            return
        readable = path if kind == "pptx" else self._converted(path)
        with closing(Package.open(readable, self.uri)) as package:
            run = DeckPass(package, self.uri, path, self._options, report)
            empty = True
            for chunk in run.chunks(self._wanted):
                empty = False
                yield chunk
            if empty and self._wanted is None and not run.problems:
                raise EmptyDocumentError(f"{self.uri}: there is nothing on any of the slides.")

    def _converted(self, path: Path) -> Path:
        if self._options.render == "off":
            raise DocumentError(
                f"{self.uri}: decks of this kind are read through LibreOffice, and render='off' "
                "keeps it from running. Save the deck as .pptx, or load it with render='auto'."
            )
        try:
            converted = convert(path, "pptx", timeout=self._options.timeout)
        except ConfigurationError as error:
            # Without LibreOffice this file can't be used, but others in the same run can.
            raise DocumentError(str(error)) from error
        check_package(converted)
        return converted
