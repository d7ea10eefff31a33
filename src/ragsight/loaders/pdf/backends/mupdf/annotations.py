"""PyMuPDF's fields of forms, and the notes of readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import union
from ragsight.loaders.pdf.page.notes import HIDDEN, MARKING, NOTE_KINDS
from ragsight.loaders.pdf.page.page import FormField, Note

_CHECK_BOX, _COMBO_BOX, _LIST_BOX, _RADIO_BUTTON, _TEXT = 2, 3, 4, 5, 7
"""The library's numbers of field types; push buttons and signatures have no value."""

_PASSWORD = 1 << 13
"""The flag of text fields for passwords, whose values are shown as stars (PDF 1.7, table 228)."""

_MOST = 5000
"""Fields and notes of a page; files made to be slow have more."""


def fields_of(page: Any, place: Callable[[BBox], BBox]) -> tuple[FormField, ...]:
    """A page's fields that can be seen.

    Args:
        page: The library's page.
        place: Turns a box as the page is turned, and cuts it to the page.
    """
    return tuple(_fields(page, place))


def _fields(page: Any, place: Callable[[BBox], BBox]) -> Iterator[FormField]:
    if page.first_widget is None:
        return
    for number, widget in enumerate(page.widgets()):
        if number >= _MOST:
            return
        kind, box = widget.field_type, place(tuple(widget.rect))
        if _annotation_flags(page, widget.xref) & HIDDEN:
            continue
        name = str(widget.field_label or widget.field_name or "")
        if kind in {_CHECK_BOX, _RADIO_BUTTON}:
            yield FormField(box, name=name, checked=_is_on(page.parent, widget))
        elif kind in {_COMBO_BOX, _LIST_BOX}:
            value = widget.field_value
            chosen = ", ".join(map(str, value)) if isinstance(value, list | tuple) else value
            yield FormField(box, str(chosen or ""), name, is_choice=True)
        elif kind == _TEXT:
            is_secret = bool(widget.field_flags & _PASSWORD)
            yield FormField(box, str(widget.field_value or ""), name, is_secret=is_secret)


def _is_on(document: Any, widget: Any) -> bool:
    kind, state = document.xref_get_key(widget.xref, "AS")
    if kind == "name":
        return bool(state.lstrip("/") != "Off")
    value = widget.field_value
    return value not in (None, False, "", "Off", "No", "False")


def _annotation_flags(page: Any, xref: int) -> int:
    kind, value = page.parent.xref_get_key(xref, "F")
    return int(value) if kind == "int" else 0


def notes_of(page: Any, place: Callable[[BBox], BBox]) -> tuple[Note, ...]:
    """What readers wrote onto a page.

    Args:
        page: The library's page.
        place: Turns a box as the page is turned, and cuts it to the page.
    """
    return tuple(_notes(page, place))


def _notes(page: Any, place: Callable[[BBox], BBox]) -> Iterator[Note]:
    if page.first_annot is None:
        return
    for number, note in enumerate(page.annots()):
        if number >= _MOST:
            return
        kind = NOTE_KINDS.get(str(note.type[1]))
        info = note.info
        text = str(info.get("content") or "").strip()
        if kind is None or not text:
            continue
        document = page.parent
        is_reply = document.xref_get_key(note.xref, "IRT")[0] != "null"
        is_state = document.xref_get_key(note.xref, "State")[0] != "null"
        # Some programs hide replies, since they show them with what they reply to.
        if is_state or (note.flags & HIDDEN and not is_reply):
            continue
        corners = list(note.vertices or ()) if str(note.type[1]) in MARKING else []
        marked = tuple(
            place(union((x, y, x, y) for x, y in corners[start : start + 4]))
            for start in range(0, len(corners) - 3, 4)
        )
        author = str(info.get("title") or "").strip()
        yield Note(place(tuple(note.rect)), kind, text, author, marked)
