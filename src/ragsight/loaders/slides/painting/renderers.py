"""The programs that turn a deck into a PDF, and which of them is at hand."""

from __future__ import annotations

import hashlib
import importlib.util
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from ragsight.errors import RenderError
from ragsight.loaders.slides.painting.batches import Result, converted, copied, last_words
from ragsight.loaders.slides.painting.fonts import fonts_identity
from ragsight.loaders.slides.painting.soffice import VARIABLE, Soffice, find_soffice
from ragsight.processes import python_command, run_program

_log = logging.getLogger(__name__)

NO_RENDERER = (
    "Slides are loaded without their pictures, since nothing that paints them is installed. "
    "Install LibreOffice (Debian and Ubuntu: apt install libreoffice-impress-nogui; macOS: brew "
    "install --cask libreoffice; others: libreoffice.org), or run pip install 'ragsight[slides]' "
    "for a renderer that is smaller and less exact. "
    f"{VARIABLE}=/path/to/soffice names one in another place."
)

_PDF_MARK = b"%PDF-"


class Renderer(Protocol):
    """Paints decks.

    Attributes:
        name: `libreoffice` or `office2pdf`.
        drops_hidden: Whether hidden slides get no page.
    """

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def drops_hidden(self) -> bool:
        """Whether hidden slides get no page."""
        ...

    @property
    def identity(self) -> str:
        """Digest of all that decides what a deck looks like."""
        ...

    def pdfs(self, paths: Iterable[Path], *, timeout: float) -> Iterator[tuple[Path, Result]]:
        """Paint decks.

        Args:
            paths: The decks.
            timeout: Seconds for each.

        Yields:
            Each path once, in no order, with its PDF or what went wrong.
        """
        ...


@dataclass(frozen=True, slots=True)
class LibreOfficeRenderer:
    """LibreOffice, many decks to a process."""

    soffice: Soffice
    name: str = "libreoffice"
    drops_hidden: bool = False

    @property
    def identity(self) -> str:
        """Digest of the version and the fonts."""
        return _digest(self.name, self.soffice.identity, fonts_identity())

    def pdfs(self, paths: Iterable[Path], *, timeout: float) -> Iterator[tuple[Path, Result]]:
        """Paint decks; see `Renderer`."""
        return converted(self.soffice, paths, "pdf", timeout=timeout)


@dataclass(frozen=True, slots=True)
class Office2pdfRenderer:
    """The package office2pdf-python, in a process for each deck: it takes gigabytes for some."""

    name: str = "office2pdf"
    drops_hidden: bool = True

    @property
    def identity(self) -> str:
        """Digest of the version and the fonts."""
        return _digest(self.name, version("office2pdf-python"), fonts_identity())

    def pdfs(self, paths: Iterable[Path], *, timeout: float) -> Iterator[tuple[Path, Result]]:
        """Paint decks; see `Renderer`."""
        for path in paths:
            yield path, self._pdf(path, timeout)

    @staticmethod
    def _pdf(path: Path, timeout: float) -> Result:
        with TemporaryDirectory(prefix="ragsight-office-", ignore_cleanup_errors=True) as name:
            folder = Path(name)
            deck = copied(path, folder / "deck.pptx")
            if isinstance(deck, RenderError):
                return deck
            result = folder / "deck.pdf"
            command = python_command("office2pdf.cli", str(deck), str(result))
            finished = run_program(command, log=folder / "log.txt", timeout=timeout)
            data = result.read_bytes() if result.is_file() else b""
        if finished.code == 0 and data.startswith(_PDF_MARK):
            return data
        if finished.code is None:
            return RenderError(
                f"{path}: office2pdf took longer than {timeout:g} seconds and was stopped. Raise "
                "timeout=... if the deck is good."
            )
        return RenderError(
            f"{path}: office2pdf can't paint it ({last_words(finished)}). Install LibreOffice, "
            "which knows more kinds of decks."
        )


def find_renderer(path: Path) -> Renderer | None:
    """What can paint a deck on this machine; None if nothing can.

    Raises:
        ConfigurationError: If the environment names a LibreOffice that isn't there.
    """
    soffice = find_soffice()
    if soffice is not None:
        return LibreOfficeRenderer(soffice)
    is_installed = importlib.util.find_spec("office2pdf") is not None
    return Office2pdfRenderer() if is_installed and path.suffix.lower() == ".pptx" else None


@cache
def warn_of_no_renderer() -> None:
    """Say how to get a renderer, once in a process."""
    _log.warning(NO_RENDERER)


def _digest(*parts: str) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()
