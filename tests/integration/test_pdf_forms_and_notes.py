"""Forms that somebody filled in, and what readers wrote onto pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pdfs import for_each_backend, heading, line, mupdf, paragraph, ruled_table, save_pdf
from ragsight.chunks import Chunk
from ragsight.loaders.pdf.loader import PdfLoader

use_each_backend = for_each_backend(globals())

_TYPES = {"text": 7, "check": 2, "choice": 3}


def _field(
    page: Any, kind: str, box: tuple[float, ...], name: str, value: Any, **more: Any
) -> None:
    widget = mupdf.Widget()
    widget.field_type = _TYPES[kind]
    widget.field_name = name
    widget.rect = mupdf.Rect(box)
    for key, what in more.items():
        setattr(widget, key, what)
    widget.field_value = value
    page.add_widget(widget)


def _application(page: Any) -> None:
    heading(page, (72, 80), "Application for a mooring")
    line(page, (72, 120), "Name of owner:", 11)
    _field(page, "text", (200, 106, 400, 126), "Text1", "Wilhelmina Dorne", text_fontsize=14)
    line(page, (72, 150), "Harbour", 11)
    _field(
        page, "choice", (200, 136, 400, 156), "Combo2", "Skagen", choice_values=["Skagen", "Fanoe"]
    )
    line(page, (95, 180), "Has a motor", 11)
    _field(page, "check", (72, 170, 84, 182), "Check3", True)
    line(page, (95, 200), "Has a mast", 11)
    _field(page, "check", (72, 190, 84, 202), "Check4", False)
    line(page, (72, 225), "Remarks", 11)
    _field(page, "text", (72, 230, 400, 260), "f1_05", "")
    _field(page, "text", (72, 280, 400, 300), "home_town", "Odense")
    paragraph(page, (72, 330, 500, 400))


def _texts(path: Path) -> str:
    return "\n".join(chunk.text for chunk in PdfLoader(path).load())


def _expect_application(text: str) -> None:
    lines = text.splitlines()
    assert "Name of owner: Wilhelmina Dorne" in lines
    assert "Harbour: Skagen" in lines
    assert "Has a motor: yes" in lines
    assert "Has a mast: no" in lines
    assert "Remarks" in lines
    assert "home town: Odense" in lines
    assert text.count("Wilhelmina") == 1


def test_fields_are_labels_with_values_and_no_headings(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "form.pdf", _application)
    _expect_application(_texts(path))
    sections = {chunk.source.section for chunk in PdfLoader(path).load()}
    assert sections == {("Application for a mooring",)}


def test_values_without_appearances_are_read(tmp_path: Path) -> None:
    document = mupdf.open(save_pdf(tmp_path / "form.pdf", _application))
    for widget in document[0].widgets():
        document.xref_set_key(widget.xref, "AP", "null")
    document.save(tmp_path / "bare.pdf")
    _expect_application(_texts(tmp_path / "bare.pdf"))


def test_a_hidden_field_and_a_password_are_not_read(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (72, 72, 500, 150))
        _field(page, "text", (72, 200, 300, 220), "Hidden", "Xenotime")
        _field(page, "text", (72, 240, 300, 260), "Password", "hunter2", field_flags=1 << 13)

    document = mupdf.open(save_pdf(tmp_path / "form.pdf", draw))
    hidden = next(document[0].widgets())
    document.xref_set_key(hidden.xref, "F", "2")
    document.save(tmp_path / "hidden.pdf")
    text = _texts(tmp_path / "hidden.pdf")
    assert "Xenotime" not in text
    assert "hunter2" not in text


def test_fields_inside_a_table_are_in_its_cells(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        rows = [["Part", "Weight"], ["Anchor", ""], ["Chain", ""], ["Rope", "4 kg"]]
        ruled_table(page, (72, 200, 372, 320), rows)
        _field(page, "text", (230, 235, 360, 255), "w1", "31 kg")
        _field(page, "text", (230, 265, 360, 285), "w2", "58 kg")
        paragraph(page, (72, 72, 500, 150))

    document = mupdf.open(save_pdf(tmp_path / "form.pdf", draw))
    for widget in document[0].widgets():
        document.xref_set_key(widget.xref, "AP", "null")
    document.save(tmp_path / "bare.pdf")
    for name in ("form.pdf", "bare.pdf"):
        (table,) = (c for c in PdfLoader(tmp_path / name).load() if c.kind == "table")
        assert table.metadata["cells"][1:3] == [["Anchor", "31 kg"], ["Chain", "58 kg"]]


def _annotated(page: Any) -> None:
    heading(page, (72, 80), "Review of the moorings")
    line(page, (72, 120), "The pontoon costs nine hundred crowns a year.", 11)
    paragraph(page, (72, 150, 500, 220))
    marked = page.add_highlight_annot(page.search_for("nine hundred crowns"))
    marked.set_info(title="Ada Brown", content="Should be eight hundred.")
    marked.update()
    sticky = page.add_text_annot((520, 150), "Ask the harbour master.")
    sticky.set_info(title="Bo Lind")
    sticky.update()
    free = page.add_freetext_annot(mupdf.Rect(72, 300, 300, 330), "Budget is Quixotic", fontsize=11)
    free.set_info(title="Cy Moss")
    free.update()
    empty = page.add_underline_annot(page.search_for("pontoon"))
    empty.update()


def _notes(path: Path) -> list[Chunk]:
    return [c for c in PdfLoader(path).load() if c.metadata.get("role") == "note"]


def test_notes_say_who_wrote_them_where(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "review.pdf", _annotated)
    notes = {chunk.metadata["note"]: chunk for chunk in _notes(path)}
    assert {kind: chunk.text for kind, chunk in notes.items()} == {
        "highlight": 'Highlight by Ada Brown on "nine hundred crowns": Should be eight hundred.',
        "note": "Note by Bo Lind: Ask the harbour master.",
        "free text": "Free text by Cy Moss: Budget is Quixotic",
    }
    assert notes["note"].metadata["author"] == "Bo Lind"
    assert notes["note"].source.section == ("Review of the moorings",)
    box = notes["note"].source.bbox
    assert box is not None
    assert 500 < box[0] < 540
    assert _texts(path).count("Quixotic") == 1


def test_notes_stand_where_they_show_on_turned_pages(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        _annotated(page)
        page.set_rotation(90)

    (note,) = (
        chunk
        for chunk in _notes(save_pdf(tmp_path / "turned.pdf", draw))
        if chunk.metadata["note"] == "note"
    )
    assert note.source.bbox is not None
    # The top of the page as written is its right side as shown.
    assert note.source.bbox[0] == pytest.approx(842 - 150, abs=25)
    assert note.source.bbox[1] == pytest.approx(520, abs=25)


def test_a_hidden_note_is_left_out_but_not_a_reply(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (72, 72, 500, 150))
        for words in ("First words.", "Second words.", "Third words."):
            page.add_text_annot((300, 300), words)

    document = mupdf.open(save_pdf(tmp_path / "notes.pdf", draw))
    first, hidden, reply = (note.xref for note in document[0].annots())
    document.xref_set_key(hidden, "F", "2")
    document.xref_set_key(reply, "F", "2")
    document.xref_set_key(reply, "IRT", f"{first} 0 R")
    document.save(tmp_path / "hidden.pdf")
    texts = [note.text for note in _notes(tmp_path / "hidden.pdf")]
    assert texts == ["Note: First words.", "Note: Third words."]
