"""Pages whose letters nobody can read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pdfs import BODY, for_each_backend, heading, mupdf, paragraph, save_pdf
from ragsight.loaders.pdf import PdfLoader
from ragsight.loaders.pdf.page.page import Line, Page
from ragsight.loaders.pdf.page.unreadable import (
    is_unreadable,
    looks_like_words,
    without_unreadable_lines,
)

backend = for_each_backend(globals())


def _cipher(path: Path, draw: Any = None) -> Path:
    """A page in a font whose glyphs have numbers and no letters."""

    def page_of(page: Any) -> None:
        page.insert_font(fontname="F0", fontbuffer=mupdf.Font("tiro").buffer)
        box = mupdf.Rect(72, 100, 500, 300)
        assert page.insert_textbox(box, BODY, fontname="F0", fontsize=10) >= 0
        if draw is not None:
            draw(page)

    document = mupdf.open(save_pdf(path.with_suffix(".plain.pdf"), page_of))
    for font in document[0].get_fonts():
        if font[2] == "Type0":
            document.xref_set_key(font[0], "ToUnicode", "null")
    document.save(path)
    return path


def test_a_cipher_is_a_scan_and_said_to_be_one(tmp_path: Path) -> None:
    (chunk,) = PdfLoader(_cipher(tmp_path / "cipher.pdf")).load()
    assert chunk.kind == "page"
    assert chunk.image is not None
    assert chunk.text == ""
    warnings = " ".join(chunk.metadata["warnings"])
    assert "can't be read" in warnings
    assert "ocr='auto'" in warnings


def test_a_cipher_is_read_by_ocr(tmp_path: Path) -> None:
    loader = PdfLoader(_cipher(tmp_path / "cipher.pdf"), ocr=lambda _: "The pump lifts water.")
    (chunk,) = loader.load()
    assert chunk.text == "The pump lifts water."
    assert chunk.metadata["method"] == "scan"
    assert "ocr=" not in " ".join(chunk.metadata["warnings"])


def test_what_can_be_read_beside_a_cipher_stays(tmp_path: Path) -> None:
    path = _cipher(tmp_path / "c.pdf", lambda page: heading(page, (72, 80), "Pumps of Sorrel Bay"))
    texts = " ".join(chunk.text for chunk in PdfLoader(path).load())
    assert texts == "Pumps of Sorrel Bay"


def test_a_word_in_such_a_font_makes_no_scan(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        for top in (320, 420, 520, 620):
            paragraph(page, (72, top, 500, top + 90), BODY * 2)

    path = _cipher(tmp_path / "mostly.pdf", draw)
    chunks = PdfLoader(path).load()
    assert {chunk.kind for chunk in chunks} == {"text"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(cid:3)(cid:14)(cid:7)(cid:3)(cid:9)", True),
        ("\ue001\ue014\ue0a7\ue023 \ue001\ue014\ue0a7\ue023 \ue001\ue014\ue0a7\ue023", True),
        ("\uf0b7 grease the bearings\n\uf0b7 change the seals", False),
        ("\uf0b7", False),
        ("水泵 和 阀门", False),
    ],
)
def test_what_is_unreadable(text: str, expected: bool) -> None:
    assert is_unreadable(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Grease the bearings once a month.", True),
        ("7KH SXPS OLIWV ZDWHU IURP WKH ORZHU EDVLQ", False),
        ("7KHSXPSOLIWVZDWHU", False),
        ("", False),
    ],
)
def test_what_looks_like_words(text: str, expected: bool) -> None:
    assert looks_like_words(text) is expected


def test_lost_characters_are_counted() -> None:
    lines = (Line("(cid:3)(cid:4)", (0, 0, 9, 9), 9), Line("Pumps", (0, 10, 9, 19), 9))
    page = without_unreadable_lines(Page(1, 100, 100, lines))
    assert [line.text for line in page.lines] == ["Pumps"]
    assert page.unreadable == 14
