"""PDFium's fields of forms, and the notes of readers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ragsight.chunks import BBox
from ragsight.loaders.pdf.backends.pdfium.library import utf16_of
from ragsight.loaders.pdf.backends.pdfium.matrices import Matrix, moved_box
from ragsight.loaders.pdf.page.notes import HIDDEN, MARKING, NOTE_KINDS
from ragsight.loaders.pdf.page.page import FormField, Note

_PASSWORD = 1 << 13
"""The flag of text fields for passwords, whose values are shown as stars (PDF 1.7, table 228)."""

_MOST = 5000
"""Fields and notes of a page; files made to be slow have more."""


class FormEnvironment:
    """What the library wants for reading fields; no script of a file is run in it.

    Args:
        raw: The library.
        document: Its document; the environment must be closed before it.
    """

    def __init__(self, raw: Any, document: Any) -> None:
        self._raw = raw
        # The library keeps a pointer to it.
        self._settings = raw.FPDF_FORMFILLINFO(version=2)
        self.handle = raw.FPDFDOC_InitFormFillEnvironment(document, self._settings)

    def close(self) -> None:
        """Let go of it."""
        if self.handle:
            self._raw.FPDFDOC_ExitFormFillEnvironment(self.handle)
            self.handle = None


def _annotations(raw: Any, page: Any) -> Iterator[Any]:
    for number in range(min(_MOST, raw.FPDFPage_GetAnnotCount(page))):
        annotation = raw.FPDFPage_GetAnnot(page, number)
        if not annotation:
            continue
        try:
            yield annotation
        finally:
            raw.FPDFPage_CloseAnnot(annotation)


def has_fields(raw: Any, page: Any) -> bool:
    """Whether there is a field on a page."""
    kinds = (raw.FPDFAnnot_GetSubtype(annotation) for annotation in _annotations(raw, page))
    return any(kind == raw.FPDF_ANNOT_WIDGET for kind in kinds)


def fields_of(raw: Any, form: Any, page: Any, shown: Matrix) -> tuple[FormField, ...]:
    """A page's fields that can be seen.

    Args:
        raw: The library.
        form: The handle of a `FormEnvironment`.
        page: The library's page.
        shown: Takes the page's coordinates to those of the page as shown.
    """
    found = []
    for annotation in _annotations(raw, page):
        if raw.FPDFAnnot_GetSubtype(annotation) != raw.FPDF_ANNOT_WIDGET:
            continue
        box = _box(raw, annotation, shown)
        if box is None or raw.FPDFAnnot_GetFlags(annotation) & HIDDEN:
            continue
        kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
        name = utf16_of(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation)
        name = name or utf16_of(raw.FPDFAnnot_GetFormFieldName, form, annotation)
        if kind in {raw.FPDF_FORMFIELD_CHECKBOX, raw.FPDF_FORMFIELD_RADIOBUTTON}:
            found.append(FormField(box, name=name, checked=_is_on(raw, form, annotation)))
            continue
        is_choice = kind in {raw.FPDF_FORMFIELD_COMBOBOX, raw.FPDF_FORMFIELD_LISTBOX}
        is_text = kind == raw.FPDF_FORMFIELD_TEXTFIELD
        if is_choice or is_text:
            value = utf16_of(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
            flags = raw.FPDFAnnot_GetFormFieldFlags(form, annotation)
            is_secret = is_text and bool(flags & _PASSWORD)
            field = FormField(box, value, name, is_choice=is_choice, is_secret=is_secret)
            found.append(field)
    return tuple(found)


def notes_of(raw: Any, page: Any, shown: Matrix) -> tuple[Note, ...]:
    """What readers wrote onto a page.

    Args:
        raw: The library.
        page: The library's page.
        shown: Takes the page's coordinates to those of the page as shown.
    """
    names = {
        getattr(raw, f"FPDF_ANNOT_{name.upper()}"): name
        for name in NOTE_KINDS
        if hasattr(raw, f"FPDF_ANNOT_{name.upper()}")
    }
    found = []
    for annotation in _annotations(raw, page):
        name = names.get(raw.FPDFAnnot_GetSubtype(annotation))
        text = _string(raw, annotation, b"Contents").strip()
        box = _box(raw, annotation, shown)
        if name is None or not text or box is None or _string(raw, annotation, b"State"):
            continue
        # Some programs hide replies, since they show them with what they reply to.
        is_reply = raw.FPDFAnnot_HasKey(annotation, b"IRT")
        if raw.FPDFAnnot_GetFlags(annotation) & HIDDEN and not is_reply:
            continue
        marked = tuple(_marked(raw, annotation, shown)) if name in MARKING else ()
        author = _string(raw, annotation, b"T").strip()
        found.append(Note(box, NOTE_KINDS[name], text, author, marked))
    return tuple(found)


def _is_on(raw: Any, form: Any, annotation: Any) -> bool:
    # The library's own answer is no wherever a field's marks are objects of their own.
    state = _string(raw, annotation, b"AS")
    if state:
        return state != "Off"
    value = utf16_of(raw.FPDFAnnot_GetFormFieldValue, form, annotation)
    if raw.FPDFAnnot_GetFormFieldType(form, annotation) == raw.FPDF_FORMFIELD_RADIOBUTTON:
        return bool(value) and value == utf16_of(
            raw.FPDFAnnot_GetFormFieldExportValue, form, annotation
        )
    return value not in {"", "Off"}


def _string(raw: Any, annotation: Any, key: bytes) -> str:
    return utf16_of(raw.FPDFAnnot_GetStringValue, annotation, key).replace("\r\n", "\n")


def _box(raw: Any, annotation: Any, shown: Matrix) -> BBox | None:
    rect = raw.FS_RECTF()
    if not raw.FPDFAnnot_GetRect(annotation, rect):
        return None
    return moved_box(shown, (rect.left, rect.bottom, rect.right, rect.top))


def _marked(raw: Any, annotation: Any, shown: Matrix) -> Iterator[BBox]:
    quad = raw.FS_QUADPOINTSF()
    for number in range(min(_MOST, raw.FPDFAnnot_CountAttachmentPoints(annotation))):
        if raw.FPDFAnnot_GetAttachmentPoints(annotation, number, quad):
            xs = (quad.x1, quad.x2, quad.x3, quad.x4)
            ys = (quad.y1, quad.y2, quad.y3, quad.y4)
            yield moved_box(shown, (min(xs), min(ys), max(xs), max(ys)))
