"""Notes of readers as text: what they say, who says it, and of which words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ragsight.loaders.pdf.page.page import Line, Note, Page

HIDDEN = 2 | 32
"""Flags of what isn't shown on the screen (PDF 1.7, table 165)."""

NOTE_KINDS = {
    "Text": "note",
    "FreeText": "free text",
    "Highlight": "highlight",
    "Underline": "underline",
    "Squiggly": "squiggly underline",
    "StrikeOut": "strikeout",
    "Caret": "insertion",
    "Stamp": "stamp",
    "Ink": "drawing",
    "Line": "line",
    "Square": "rectangle",
    "Circle": "circle",
    "Polygon": "polygon",
    "PolyLine": "line",
    "FileAttachment": "attached file",
}
"""What kinds of annotations are called; those without a name here hold no words of readers."""

MARKING = frozenset({"Highlight", "Underline", "Squiggly", "StrikeOut"})
"""Annotations that mark words."""


def without_drawn_notes(page: Page) -> Page:
    """The page without the lines in which free text is painted: it comes as a note, with who."""
    drawn = [note for note in page.notes if note.kind == "free text"]
    if not drawn:
        return page
    lines = tuple(line for line in page.lines if not any(_paints(note, line) for note in drawn))
    return replace(page, lines=lines)


def _paints(note: Note, line: Line) -> bool:
    x, y = (line.bbox[0] + line.bbox[2]) / 2, (line.bbox[1] + line.bbox[3]) / 2
    left, top, right, bottom = note.bbox
    return left <= x <= right and top <= y <= bottom and _plain(line.text) in _plain(note.text)


def note_text(note: Note, words: Iterable[Line]) -> str:
    """A note as it is searched and shown to a model.

    Args:
        note: The note.
        words: Of the page, for those that it marks.

    Example:
        >>> note_text(Note((0, 0, 9, 9), "note", "Check the sum.", "Ada"), ())
        'Note by Ada: Check the sum.'
    """
    who = f" by {note.author}" if note.author else ""
    marked = " ".join(word.text for word in words if _marks(note, word))
    on = f' on "{marked}"' if marked else ""
    text = "\n".join(line.strip() for line in note.text.splitlines() if line.strip())
    return f"{note.kind.capitalize()}{who}{on}: {text}"


def _marks(note: Note, word: Line) -> bool:
    x, y = (word.bbox[0] + word.bbox[2]) / 2, (word.bbox[1] + word.bbox[3]) / 2
    return any(b[0] - 1 <= x <= b[2] + 1 and b[1] - 1 <= y <= b[3] + 1 for b in note.marked)


def _plain(text: str) -> str:
    return "".join(text.split()).casefold()
