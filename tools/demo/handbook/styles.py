"""Paragraph styles of the handbook."""

from __future__ import annotations

from reportlab.lib.enums import TA_CENTER, TA_JUSTIFY
from reportlab.lib.styles import ParagraphStyle

from tools.demo.handbook import palette

_BODY = ParagraphStyle(
    "body",
    fontName=palette.SERIF,
    fontSize=10.3,
    leading=13.9,
    textColor=palette.INK,
    alignment=TA_JUSTIFY,
    spaceAfter=7,
    allowWidows=0,
    allowOrphans=0,
)
_CAPTION = ParagraphStyle(
    "caption",
    fontName=palette.SANS,
    fontSize=8.4,
    leading=11,
    textColor=palette.INK,
    alignment=TA_CENTER,
    spaceAfter=12,
)
_CHAPTER = ParagraphStyle(
    "chapter",
    fontName=palette.SANS_BOLD,
    fontSize=17,
    leading=21,
    textColor=palette.ACCENT,
    spaceBefore=16,
    spaceAfter=7,
)

STYLES: dict[str, ParagraphStyle] = {
    "body": _BODY,
    "column": ParagraphStyle("column", parent=_BODY, fontSize=10, leading=13.2, alignment=0),
    "term": ParagraphStyle(
        "term", parent=_BODY, fontSize=9.6, leading=12.4, alignment=0, spaceAfter=4
    ),
    "caption": _CAPTION,
    "row-caption": ParagraphStyle("row-caption", parent=_CAPTION, spaceAfter=0),
    "table-caption": ParagraphStyle("table-caption", parent=_CAPTION, spaceAfter=5),
    "chapter": _CHAPTER,
    "section": ParagraphStyle(
        "section", parent=_CHAPTER, fontSize=12.2, leading=15, spaceBefore=8, spaceAfter=4
    ),
    "title": ParagraphStyle(
        "title",
        parent=_CHAPTER,
        fontSize=24,
        leading=30,
        alignment=TA_CENTER,
        spaceBefore=0,
        spaceAfter=6,
    ),
    "subtitle": ParagraphStyle(
        "subtitle",
        fontName=palette.SANS,
        fontSize=11.5,
        leading=16,
        textColor=palette.SOFT,
        alignment=TA_CENTER,
        spaceAfter=14,
    ),
}
