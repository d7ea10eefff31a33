"""Turns the story into flowables: numbering, captions, rows, columns, tables and contents."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    CondPageBreak,
    Flowable,
    KeepTogether,
    PageBreak,
    Paragraph,
    Spacer,
    Table,
)

from tools.demo.handbook import catalogue, prose_flight, prose_worlds
from tools.demo.handbook.contents import contents, cover_art
from tools.demo.handbook.gallery import ART
from tools.demo.handbook.layout import (
    COLUMN_GAP,
    COLUMN_WIDTH,
    TITLE,
    ArtFlowable,
    MarkedParagraph,
    Prose,
    Recorder,
)
from tools.demo.handbook.story import (
    Columns,
    Figure,
    FigureRow,
    Heading,
    Part,
    TableHere,
    Terms,
    figure_keys,
    flat,
    table_keys,
)
from tools.demo.handbook.styles import STYLES
from tools.demo.handbook.tables import table

PARTS: tuple[Part, ...] = (
    *prose_worlds.FAMILY,
    *prose_worlds.PLANETS,
    *prose_worlds.ORBITS,
    *prose_worlds.SUNLIGHT,
    *prose_flight.MOON,
    *prose_flight.SMALL_BODIES,
    *prose_flight.FLIGHT,
    *prose_flight.GLOSSARY,
)
FIGURE_LABELS = {key: f"Figure {n}" for n, key in enumerate(figure_keys(PARTS), start=1)}
TABLE_LABELS = {key: f"Table {n}" for n, key in enumerate(table_keys(PARTS), start=1)}
BELOW_FIGURE = 12.0
PADDINGS = ("LEFTPADDING", "RIGHTPADDING", "TOPPADDING", "BOTTOMPADDING")
HEADING_ROOM = {1: 120, 2: 90}
"""Points that must be left on a page for a heading of each level to stand there."""
HEADINGS = tuple(part for part in flat(PARTS) if isinstance(part, Heading))


def figure_caption(key: str) -> str:
    """The caption as printed, label first."""
    return f"{FIGURE_LABELS[key]}: {catalogue.FIGURES[key].caption}"


def table_caption(key: str) -> str:
    """The caption as printed, label first."""
    return f"{TABLE_LABELS[key]}: {catalogue.TABLES[key]}"


def with_labels(text: str) -> str:
    """Replace `{fig:key}` and `{tab:key}` by the printed labels; KeyError on an unknown key."""
    labels = {"fig": FIGURE_LABELS, "tab": TABLE_LABELS}
    return re.sub(r"\{(fig|tab):([a-z-]+)\}", lambda m: labels[m[1]][m[2]], text)


def handbook(recorder: Recorder, pages: Mapping[str, int]) -> list[Flowable]:
    """All flowables of the handbook, cover matter first."""
    front: list[Flowable] = [
        cover_art(),
        Paragraph(TITLE, STYLES["title"]),
        Paragraph("Planets, orbits, the Moon, and how to travel between them", STYLES["subtitle"]),
        contents(HEADINGS, pages),
        PageBreak(),
    ]
    return front + Composer(recorder).compose(PARTS)


class Composer:
    """Makes flowables of parts, noting places with one recorder.

    Example:
        >>> len(Composer(Recorder()).compose(["A paragraph."]))
        1
    """

    def __init__(self, recorder: Recorder, body_style: str = "body") -> None:
        self.recorder, self.body_style = recorder, body_style

    def compose(self, parts: Sequence[Part]) -> list[Flowable]:
        """The flowables of these parts, in order."""
        return [flowable for part in parts for flowable in self._one(part)]

    def _one(self, part: Part) -> list[Flowable]:
        if isinstance(part, str):
            return [Prose.by(self.recorder, with_labels(part), self.body_style)]
        makers: dict[type, Callable[..., list[Flowable]]] = {
            Heading: self._heading,
            Figure: self._figure,
            FigureRow: self._row,
            TableHere: self._table,
            Terms: self._terms,
            Columns: self._columns,
        }
        return makers[type(part)](part)

    def _heading(self, heading: Heading) -> list[Flowable]:
        def bookmark(canvas: Canvas) -> None:
            canvas.bookmarkPage(heading.number)
            title = f"{heading.number} {heading.title}"
            canvas.addOutlineEntry(title, heading.number, heading.level - 1)

        style = "chapter" if heading.level == 1 else "section"
        text = f"{heading.number}&nbsp;&nbsp;{heading.title}"
        key = f"section:{heading.number}"
        marked = MarkedParagraph(text, style, key, self.recorder, bookmark)
        if self.body_style == "column":
            return [marked]
        return [CondPageBreak(HEADING_ROOM[heading.level]), marked]

    def _captioned(self, key: str, style: str = "caption") -> list[Flowable]:
        text = _bold_label(figure_caption(key))
        caption = MarkedParagraph(text, style, f"figure-caption:{key}", self.recorder)
        return [ArtFlowable(key, ART[key](), self.recorder), Spacer(1, 6), caption]

    def _figure(self, figure: Figure) -> list[Flowable]:
        parts = [Spacer(1, 5), *self._captioned(figure.key)]
        # A table cell never breaks, and KeepTogether in one claims unlimited height.
        return parts if self.body_style == "column" else [KeepTogether(parts)]

    def _row(self, row: FigureRow) -> list[Flowable]:
        left, right = (self._captioned(key, "row-caption") for key in (row.left, row.right))
        art, captions = [left[0], "", right[0]], [left[2], "", right[2]]
        grid = _side_by_side([art, captions])
        grid.spaceAfter = BELOW_FIGURE
        grid.setStyle([("TOPPADDING", (0, 1), (-1, 1), 6), ("VALIGN", (0, 0), (-1, 0), "MIDDLE")])
        return [KeepTogether([Spacer(1, 5), grid])]

    def _table(self, place: TableHere) -> list[Flowable]:
        text = _bold_label(table_caption(place.key))
        key = f"table-caption:{place.key}"
        caption = MarkedParagraph(text, "table-caption", key, self.recorder)
        grid = table(place.key, self.recorder)
        grid.spaceAfter = BELOW_FIGURE
        return [KeepTogether([Spacer(1, 4), caption, grid])]

    def _terms(self, terms: Terms) -> list[Flowable]:
        entries = (f"<b>{term}.</b> {text}" for term, text in terms.entries)
        return [Prose.by(self.recorder, entry, "term") for entry in entries]

    def _columns(self, columns: Columns) -> list[Flowable]:
        column = Composer(self.recorder, "column")
        left, right = column.compose(columns.left), column.compose(columns.right)
        return [_side_by_side([[left, "", right]])]


def _side_by_side(rows: list[list[Any]]) -> Table:
    """A borderless grid of two columns with the gutter between them."""
    grid = Table(rows, colWidths=[COLUMN_WIDTH, COLUMN_GAP, COLUMN_WIDTH])
    flush = [(side, (0, 0), (-1, -1), 0) for side in PADDINGS]
    grid.setStyle([*flush, ("VALIGN", (0, 0), (-1, -1), "TOP")])
    return grid


def _bold_label(caption: str) -> str:
    name, text = caption.split(": ", 1)
    return f"<b>{name}:</b> {text}"
