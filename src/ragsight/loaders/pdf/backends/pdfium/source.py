"""Pages from PDFium: a `PageSource` under a permissive licence."""

from __future__ import annotations

import ctypes
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from ragsight.chunks import BBox
from ragsight.errors import DocumentError, EmptyDocumentError
from ragsight.loaders.pdf.backends.checks import check_pdf
from ragsight.loaders.pdf.backends.pdfium.annotations import (
    FormEnvironment,
    fields_of,
    has_fields,
    notes_of,
)
from ragsight.loaders.pdf.backends.pdfium.characters import CharacterReader
from ragsight.loaders.pdf.backends.pdfium.layers import hidden_objects, may_have_layers
from ragsight.loaders.pdf.backends.pdfium.library import PDFIUM_LOCK, pdfium_library, utf16_of
from ragsight.loaders.pdf.backends.pdfium.lines import Glyph, lines_of_glyphs, words_of_glyphs
from ragsight.loaders.pdf.backends.pdfium.matrices import Matrix, shown
from ragsight.loaders.pdf.backends.pdfium.objects import ObjectReader, TextPlace
from ragsight.loaders.pdf.backends.pdfium.opening import opened
from ragsight.loaders.pdf.backends.pdfium.outline import bookmarks
from ragsight.loaders.pdf.page.geometry import height, intersection, width
from ragsight.loaders.pdf.page.page import Drawing, FormField, Line, Note, Page
from ragsight.loaders.pdf.page.unreadable import is_unreadable, looks_like_words

_PAGES_AT_ONCE = 500
"""The library keeps all objects it has read of a file: about 35 KB a page."""

_LARGEST_PAGE = 100_000.0
"""Points: 35 metres. Beyond it, coordinates in single precision are too coarse to be of use."""


@dataclass(frozen=True, slots=True)
class _Held:
    """A loaded page.

    Attributes:
        number: From 1.
        raw: The library's page.
        shown: Takes its coordinates to those of the page as shown.
        box: The page as shown.
        rotated: Whether it is turned.
        fields: Of a form.
        notes: Of readers.
        hidden: Addresses of objects that a layer hides.
    """

    number: int
    raw: Any
    shown: Matrix
    box: BBox
    rotated: bool
    fields: tuple[FormField, ...] = ()
    notes: tuple[Note, ...] = ()
    hidden: frozenset[int] = frozenset()


class PdfiumFile:
    """An open PDF; pages are numbered from 1 and boxes have the page's rotation applied.

    Args:
        source: A path, or the file's bytes.
        name: How to name it in messages.
        password: Opens an encrypted file.

    Raises:
        MissingExtraError: If PDFium isn't installed.
        SourceNotFoundError: If there is no such file.
        PasswordRequiredError: If it is encrypted and no password was given.
        WrongPasswordError: If the password doesn't open it.
        EmptyDocumentError: If it has no bytes or no pages.
        DocumentError: If it is no PDF or too damaged to open.

    Example:
        >>> file = PdfiumFile(Path("manual.pdf"), "manual.pdf")  # doctest: +SKIP
        >>> file.page(1).lines[0].text  # doctest: +SKIP
        'Handbook of pumps'
    """

    def __init__(self, source: Path | bytes, name: str, password: str | None = None) -> None:
        check_pdf(source, name)
        self.name = name
        self._raw = pdfium_library()
        self._opening = source, name, password
        self._held: _Held | None = None
        self._form: FormEnvironment | None = None
        self._layered: bool | None = None
        self._loads = 0
        with PDFIUM_LOCK:
            # The library reads from these bytes as long as the file is open.
            self._document, self._source, self.repaired = opened(self._raw, source, name, password)
            self.page_count: int = self._raw.FPDF_GetPageCount(self._document)
        if self.page_count < 1:
            self.close()
            raise EmptyDocumentError(
                f"{name}: the file holds no pages; it may be cut short. Get it again."
            )

    def close(self) -> None:
        """Let go of the file."""
        with PDFIUM_LOCK:
            self._let_go()
            self._close_form()
            if self._document is not None:
                self._raw.FPDF_CloseDocument(self._document)
                self._document = None

    def outline(self) -> list[tuple[int, str, int]]:
        """The bookmarks: level from 1, title, page; empty where they are absent."""
        with PDFIUM_LOCK:
            return bookmarks(self._raw, self._document)

    def page(self, number: int) -> Page:
        """Read a page's text and pictures.

        Raises:
            DocumentError: If the page is damaged.
        """
        with self._loaded(number) as held:
            pictures, places = self._objects(held).pictures_and_text(held.raw)
            return Page(
                number=number,
                width=held.box[2],
                height=held.box[3],
                lines=tuple(lines_of_glyphs(self._glyphs(held, places), _cut_to(held.box))),
                pictures=tuple(pictures),
                label=utf16_of(self._raw.FPDF_GetPageLabel, self._document, number - 1),
                rotated=held.rotated,
                fields=held.fields,
                notes=held.notes,
            )

    def drawings(self, number: int) -> tuple[Drawing, ...]:
        """Read a page's painted paths, clipped.

        Raises:
            DocumentError: If the page is damaged.
        """
        with self._loaded(number) as held:
            return tuple(self._objects(held).drawings(held.raw))

    def words(self, number: int) -> tuple[Line, ...]:
        """Read a page's words one by one, for what is set closer than lines are told apart.

        Raises:
            DocumentError: If the page is damaged.
        """
        with self._loaded(number) as held:
            _, places = self._objects(held).pictures_and_text(held.raw)
            return tuple(words_of_glyphs(self._glyphs(held, places), _cut_to(held.box)))

    def render(self, number: int, box: BBox, *, max_side: int, max_dpi: int) -> Image.Image:
        """Paint a region as it looks on the page; see `PageSource`."""
        with self._loaded(number) as held:
            clip = intersection(box, held.box)
            wide, high = width(clip), height(clip)
            if not (wide > 0 and high > 0):
                raise DocumentError(f"{self.name}: a region lies outside page {number}.")
            scale = min(max_dpi / 72, (max_side - 1) / max(wide, high))
            return self._painted(held, clip, scale)

    def trim_memory(self) -> None:
        """Let go of the last page, and now and then of all that was read of the file."""
        with PDFIUM_LOCK:
            self._let_go()
            if self._loads >= _PAGES_AT_ONCE:
                self._open_anew()

    def _open_anew(self) -> None:
        self._loads = 0
        try:
            document, source, _ = opened(self._raw, *self._opening)
        except DocumentError:
            # The file is gone or damaged; what is open can still be read.
            return
        if self._raw.FPDF_GetPageCount(document) != self.page_count:
            # It is another file by now.
            self._raw.FPDF_CloseDocument(document)
            return
        self._close_form()
        self._raw.FPDF_CloseDocument(self._document)
        self._document, self._source = document, source

    def _close_form(self) -> None:
        if self._form is not None:
            self._form.close()
            self._form = None

    @contextmanager
    def _loaded(self, number: int) -> Iterator[_Held]:
        with PDFIUM_LOCK:
            if self._held is None or self._held.number != number:
                self._let_go()
                self._held = self._load(number)
            yield self._held

    def _let_go(self) -> None:
        if self._held is not None:
            self._raw.FPDF_ClosePage(self._held.raw)
            self._held = None

    def _load(self, number: int) -> _Held:
        raw = self._raw
        self._loads += 1
        page = raw.FPDF_LoadPage(self._document, number - 1)
        fields: tuple[FormField, ...] = ()
        notes: tuple[Note, ...] = ()
        if page and _has_notes(raw, page):
            fields, notes = self._annotations(page)
            # What notes and form fields show becomes part of the page, and is read with the rest.
            raw.FPDFPage_Flatten(page, raw.FLAT_NORMALDISPLAY)
            raw.FPDF_ClosePage(page)
            page = raw.FPDF_LoadPage(self._document, number - 1)
        if not page:
            raise DocumentError(f"{self.name}: page {number} can't be read; it is damaged.")
        box, turns = self._bounds(page)
        size = raw.FPDF_GetPageWidthF(page), raw.FPDF_GetPageHeightF(page)
        if not all(0 < side <= _LARGEST_PAGE for side in size):
            raw.FPDF_ClosePage(page)
            raise DocumentError(
                f"{self.name}: page {number} can't be read; it is {size[0]:g} x {size[1]:g} points "
                "large."
            )
        hidden: frozenset[int] = frozenset()
        if self._may_have_layers():
            hidden = hidden_objects(raw, page, size)
        turned, whole = turns % 4 != 0, (0.0, 0.0, *size)
        return _Held(number, page, shown(box, turns), whole, turned, fields, notes, hidden)

    def _may_have_layers(self) -> bool:
        if self._layered is None:
            self._layered = may_have_layers(self._source)
        return self._layered

    def _bounds(self, page: Any) -> tuple[BBox, int]:
        bounds = self._raw.FS_RECTF()
        self._raw.FPDF_GetPageBoundingBox(page, bounds)
        box = (bounds.left, bounds.bottom, bounds.right, bounds.top)
        return box, self._raw.FPDFPage_GetRotation(page)

    def _annotations(self, page: Any) -> tuple[tuple[FormField, ...], tuple[Note, ...]]:
        """Fields and notes, to be read before they become part of the page."""
        raw, place = self._raw, shown(*self._bounds(page))
        fields: tuple[FormField, ...] = ()
        if has_fields(raw, page):
            if self._form is None:
                self._form = FormEnvironment(raw, self._document)
            fields = fields_of(raw, self._form.handle, page, place)
        return fields, notes_of(raw, page, place)

    def _glyphs(self, held: _Held, places: Mapping[int, TextPlace]) -> list[Glyph]:
        text = self._raw.FPDFText_LoadPage(held.raw)
        if not text:
            raise DocumentError(f"{self.name}: the text of page {held.number} can't be read.")
        try:
            reader = CharacterReader(self._raw, held.shown)
            glyphs = list(reader.glyphs(text, places))
            if not reader.unknown:
                return glyphs
            # Their numbers are often the codes of their letters; else the text is a cipher.
            hiding = CharacterReader(self._raw, held.shown, hide_unknown=True)
            hidden = list(hiding.glyphs(text, places))
            words = "\n".join(line.text for line in lines_of_glyphs(glyphs, _cut_to(held.box)))
            is_cipher = is_unreadable("".join(glyph.text for glyph in hidden))
            return hidden if is_cipher and not looks_like_words(words) else glyphs
        finally:
            self._raw.FPDFText_ClosePage(text)

    def _objects(self, held: _Held) -> ObjectReader:
        return ObjectReader(self._raw, held.shown, held.box, held.hidden)

    def _painted(self, held: _Held, clip: BBox, scale: float) -> Image.Image:
        raw = self._raw
        wide = max(1, math.ceil(width(clip) * scale))
        high = max(1, math.ceil(height(clip) * scale))
        bitmap = raw.FPDFBitmap_CreateEx(wide, high, raw.FPDFBitmap_BGRx, None, 0)
        if not bitmap:
            raise DocumentError(f"{self.name}: a region of page {held.number} can't be painted.")
        try:
            raw.FPDFBitmap_FillRect(bitmap, 0, 0, wide, high, 0xFFFFFFFF)
            raw.FPDF_RenderPageBitmap(
                bitmap, held.raw, -round(clip[0] * scale), -round(clip[1] * scale),
                round(held.box[2] * scale), round(held.box[3] * scale), 0,
                raw.FPDF_ANNOT | raw.FPDF_RENDER_LIMITEDIMAGECACHE,
            )  # fmt: skip
            stride = raw.FPDFBitmap_GetStride(bitmap)
            data = ctypes.string_at(raw.FPDFBitmap_GetBuffer(bitmap), stride * high)
        finally:
            raw.FPDFBitmap_Destroy(bitmap)
        return Image.frombytes("RGB", (wide, high), data, "raw", "BGRX", stride)


def _has_notes(raw: Any, page: Any) -> bool:
    """Whether something is painted on the page that is no link."""
    silent = {raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP}
    for number in range(raw.FPDFPage_GetAnnotCount(page)):
        note = raw.FPDFPage_GetAnnot(page, number)
        if not note:
            continue
        kind = raw.FPDFAnnot_GetSubtype(note)
        raw.FPDFPage_CloseAnnot(note)
        if kind not in silent:
            return True
    return False


def _cut_to(page: BBox) -> Any:
    return lambda box: intersection(box, page)
