"""Pages from PyMuPDF: the only module that calls the library; `mupdf_*` read what it returns.

MuPDF isn't thread-safe, so all calls into it share one lock.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any

from PIL import Image

from ragsight.chunks import BBox
from ragsight.errors import (
    DocumentError,
    EmptyDocumentError,
    MissingExtraError,
    PasswordRequiredError,
    RagsightError,
    WrongPasswordError,
)
from ragsight.loaders.pdf.backends.checks import check_pdf
from ragsight.loaders.pdf.backends.mupdf.annotations import fields_of, notes_of
from ragsight.loaders.pdf.backends.mupdf.paths import DrawingCollector
from ragsight.loaders.pdf.backends.mupdf.pictures import picture_boxes
from ragsight.loaders.pdf.backends.mupdf.text import Turn, lines_of, placement, plain_label
from ragsight.loaders.pdf.page.page import Drawing, Line, Page
from ragsight.loaders.pdf.page.unreadable import UNKNOWN, is_unreadable, looks_like_words

MUPDF_LOCK = threading.RLock()
"""Held while the library works, by everything that calls it."""

MUPDF_ERRORS = (
    RuntimeError, ValueError, TypeError, LookupError, AttributeError, MemoryError, OSError,
)  # fmt: skip
"""What the library raises, its own `FzErrorBase` aside, for damaged input."""


_REOPEN_AFTER = 500
"""Pages read; with more, memory grows by 10 KB for each, with fewer, time goes into opening."""


@cache
def mupdf_library() -> Any:
    """The library, told to keep quiet.

    Raises:
        MissingExtraError: If it isn't installed.
    """
    try:
        import pymupdf
    except ModuleNotFoundError as error:
        if error.name != "pymupdf":
            raise
        raise MissingExtraError(
            "The package 'pymupdf' is not installed. Run: pip install 'pymupdf>=1.26,<3'",
            name=error.name,
        ) from error
    # What MuPDF has to say about a file goes to our errors, not to the user's terminal.
    library: Any = pymupdf
    library.TOOLS.mupdf_display_errors(False)
    library.TOOLS.mupdf_display_warnings(False)
    return library


class MuPdfFile:
    """An open PDF; pages are numbered from 1 and boxes have the page's rotation applied.

    Args:
        source: A path, or the file's bytes.
        name: How to name it in messages.
        password: Opens an encrypted file.

    Raises:
        SourceNotFoundError: If there is no such file.
        PasswordRequiredError: If it is encrypted and no password was given.
        WrongPasswordError: If the password doesn't open it.
        EmptyDocumentError: If it has no bytes or no pages.
        DocumentError: If it is no PDF or too damaged to open.

    Example:
        >>> with MuPdfFile(Path("manual.pdf"), "manual.pdf") as file:  # doctest: +SKIP
        ...     print(file.page(1).lines[0].text)
    """

    def __init__(self, source: Path | bytes, name: str, password: str | None = None) -> None:
        check_pdf(source, name)
        self.name = name
        self._source, self._password = source, password
        self._read = 0
        with self._errors("the file is damaged and can't be opened"):
            self._document = _opened(source)
        try:
            self._unlock(password)
            with self._errors("the list of pages is damaged"):
                self.page_count: int = self._document.page_count
                self.repaired = bool(self._document.is_repaired)
            if self.page_count < 1:
                raise EmptyDocumentError(
                    f"{name}: the file holds no pages; it may be cut short. Get it again."
                )
            self._forget_structure()
        except DocumentError:
            self.close()
            raise

    def __enter__(self) -> MuPdfFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        with MUPDF_LOCK:
            if not self._document.is_closed:
                self._document.close()

    def outline(self) -> list[tuple[int, str, int]]:
        """The bookmarks: level from 1, title, page; empty where they are absent or damaged."""
        try:
            with self._errors("the bookmarks are damaged"):
                return [(int(e[0]), str(e[1]), int(e[2])) for e in self._document.get_toc()]
        except DocumentError:
            return []

    def page(self, number: int) -> Page:
        """Read a page's text and pictures.

        Raises:
            DocumentError: If the page is damaged.
        """
        with self._errors(f"page {number} can't be read"):
            self._read += 1
            page = self._document[number - 1]
            turn, place = _placed(page)
            blocks = _blocks(page)
            return Page(
                number=number,
                width=float(page.rect.width),
                height=float(page.rect.height),
                lines=tuple(lines_of(blocks, turn, place)),
                pictures=tuple(picture_boxes(mupdf_library().mupdf, page)),
                label=plain_label(str(page.get_label())),
                rotated=page.rotation != 0,
                fields=fields_of(page, place),
                notes=notes_of(page, place),
            )

    def drawings(self, number: int) -> tuple[Drawing, ...]:
        """Read a page's painted paths, clipped.

        Raises:
            DocumentError: If the page is damaged.
        """
        with self._errors(f"the drawings of page {number} can't be read"):
            page = self._document[number - 1]
            _, place = _placed(page)
            collector = DrawingCollector(place)
            page.get_cdrawings(extended=True, callback=collector.add)
            return tuple(collector.drawings)

    def words(self, number: int) -> tuple[Line, ...]:
        """Read a page's words one by one, for what is set closer than lines are told apart.

        Raises:
            DocumentError: If the page is damaged.
        """
        with self._errors(f"the words of page {number} can't be read"):
            page = self._document[number - 1]
            _, place = _placed(page)
            return tuple(
                Line(str(word[4]), place(word[:4]), size=0.0)
                for word in page.get_text("words", flags=_text_flags())
            )

    def render(self, number: int, box: BBox, *, max_side: int, max_dpi: int) -> Image.Image:
        """Paint a region as it looks on the page: masks, colour spaces and labels included.

        Args:
            number: The page.
            box: The region in points.
            max_side: Longest side of the picture, in pixels.
            max_dpi: Highest resolution.

        Raises:
            DocumentError: If the region can't be painted.
        """
        with self._errors(f"a region of page {number} can't be painted"):
            library = mupdf_library()
            page = self._document[number - 1]
            clip = library.Rect(box) & page.rect
            scale = min(max_dpi / 72, (max_side - 1) / max(clip.width, clip.height, 1e-3))
            pixmap = page.get_pixmap(
                matrix=library.Matrix(scale, scale), clip=clip, colorspace=library.csRGB,
                alpha=False,
            )  # fmt: skip
            size = (pixmap.width, pixmap.height)
            return Image.frombytes("RGB", size, pixmap.samples_mv, "raw", "RGB", pixmap.stride)

    def trim_memory(self) -> None:
        """Empty MuPDF's cache of decoded images and fonts, which grows to 256 MB otherwise.

        Besides, MuPDF keeps every object of a file that it has read, about 10 KB a page; so the
        file is opened again after many pages.
        """
        with MUPDF_LOCK:
            mupdf_library().TOOLS.store_shrink(100)
        if self._read >= _REOPEN_AFTER and not self.repaired:
            self._read = 0
            self._reopen()

    def _reopen(self) -> None:
        """Open the file anew; if somebody moved or wrote it meanwhile, what is open stays."""
        try:
            again = MuPdfFile(self._source, self.name, self._password)
        except RagsightError:
            return
        if again.page_count != self.page_count or again.repaired:
            again.close()
            return
        self.close()
        self._document = again._document

    def _unlock(self, password: str | None) -> None:
        with MUPDF_LOCK:
            if not self._document.needs_pass:
                return
            if password is None:
                raise PasswordRequiredError(
                    f"{self.name}: the file is encrypted. Pass password=..."
                )
            if not self._document.authenticate(password):
                raise WrongPasswordError(f"{self.name}: the password doesn't open the file.")

    def _forget_structure(self) -> None:
        # Rendering follows the structure tree and never returns where the tree has a loop.
        try:
            with self._errors("the catalogue is damaged"):
                catalogue = self._document.pdf_catalog()
                if self._document.xref_get_key(catalogue, "StructTreeRoot")[0] != "null":
                    self._document.xref_set_key(catalogue, "StructTreeRoot", "null")
        except DocumentError:
            pass  # A file without a readable catalogue has no tree to follow either.

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        errors = (*MUPDF_ERRORS, mupdf_library().mupdf.FzErrorBase)
        with MUPDF_LOCK:
            try:
                yield
            except errors as error:
                reason = " ".join(str(error).split())[:200] or type(error).__name__
                raise DocumentError(f"{self.name}: {what} ({reason}).") from error


def _opened(source: Path | bytes) -> Any:
    if isinstance(source, bytes):
        return mupdf_library().open(stream=source, filetype="pdf")
    return mupdf_library().open(str(source), filetype="pdf")


def _placed(page: Any) -> tuple[Turn, Callable[[BBox], BBox]]:
    turn: Turn = tuple(page.rotation_matrix)
    return turn, placement(turn, (float(page.rect.width), float(page.rect.height)))


def _blocks(page: Any) -> list[dict[str, Any]]:
    """A page's text; glyphs of which nobody knows the letters, as long as they aren't many.

    Their numbers are often the codes of their letters. Where they aren't, the text is a cipher.
    """
    numbers = mupdf_library().TEXT_CID_FOR_UNKNOWN_UNICODE
    known: list[dict[str, Any]] = page.get_text("dict", flags=_text_flags() & ~numbers)["blocks"]
    text = _text_of(known)
    if UNKNOWN not in text:
        return known
    numbered: list[dict[str, Any]] = page.get_text("dict", flags=_text_flags())["blocks"]
    if not is_unreadable(text) or looks_like_words(_text_of(numbered)):
        return numbered
    return known


def _text_of(blocks: list[dict[str, Any]]) -> str:
    lines = (line for block in blocks for line in block.get("lines", ()))
    return "\n".join("".join(span["text"] for span in line["spans"]) for line in lines)


def _text_flags() -> int:
    # Without the flag for ligatures, they come as separate letters.
    library = mupdf_library()
    return int(library.TEXT_MEDIABOX_CLIP | library.TEXT_CID_FOR_UNKNOWN_UNICODE)
