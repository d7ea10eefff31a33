from __future__ import annotations

import base64
import io
import json
import re
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pdfs import BACKENDS, chart, heading, line, mupdf, paragraph, photo, picture, save_pdf
from ragsight import PdfOptions, TextLoader, render_inspection, write_inspection
from ragsight.cli.inspecting import page_numbers
from ragsight.errors import (
    ConfigurationError,
    InputError,
    PasswordRequiredError,
    RagsightError,
    UnsupportedFormatError,
)
from ragsight.loaders import PdfLoader

HOSTILE = "Figure 1: <script>alert(1)</script> \"'><img src=x onerror=y> & {{ 7 * 7 }}"


class _Seen(HTMLParser):
    """The tags and attributes of a page, and its words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    def of_class(self, name: str, tag: str = "a") -> list[dict[str, str | None]]:
        return [attrs for kind, attrs in self.tags if kind == tag and attrs.get("class") == name]


def _manual(path: Path, pages: int = 1, caption: str = "Figure 1: Water by day.") -> Path:
    def draw(page: Any) -> None:
        line(page, (60, 40), "Handbook of pumps")
        heading(page, (60, 80), f"{page.number + 1} Pumps")
        paragraph(page, (60, 100, 530, 220), f"Sheet {page.number + 1}. See Figure 1.")
        chart(page, (150, 250, 450, 400))
        line(page, (200, 435), caption)
        picture(page, (500, 760, 515, 775), photo((60, 60)))
        line(page, (290, 815), f"- {page.number + 1} -")

    return save_pdf(path, draw, pages=pages)


@pytest.mark.parametrize("backend", BACKENDS)
def test_each_page_shows_its_chunks_where_they_stand(tmp_path: Path, backend: Any) -> None:
    path = _manual(tmp_path / "a.pdf", pages=3)
    options = PdfOptions(backend=backend)
    seen = _Seen(render_inspection(path, pdf=options))
    chunks = PdfLoader(path, options=options).load()
    figures = [chunk for chunk in chunks if chunk.kind == "figure"]
    assert len(seen.of_class("figure")) == len(figures) == 3
    assert len(seen.of_class("text")) == 3
    assert len(seen.of_class("caption", "rect")) == 3
    boxes = [attrs for tag, attrs in seen.tags if tag == "rect" and "class" not in attrs]
    assert figures[0].source.bbox is not None
    assert str(figures[0].source.bbox[0]) in {attrs["x"] for attrs in boxes}
    assert "Figure 1: Water by day." in " ".join(seen.words)


def test_the_picture_is_the_page(tmp_path: Path) -> None:
    seen = _Seen(render_inspection(_manual(tmp_path / "a.pdf")))
    (shown,) = [attrs["src"] for tag, attrs in seen.tags if tag == "img"]
    assert shown is not None
    data = base64.b64decode(shown.removeprefix("data:image/jpeg;base64,"))
    with Image.open(io.BytesIO(data)) as image:
        assert 1090 <= image.height <= 1100
        assert image.width / image.height == pytest.approx(595 / 842, abs=0.01)


def test_what_is_left_out_is_told_with_its_reason(tmp_path: Path) -> None:
    pages = list(PdfLoader(_manual(tmp_path / "a.pdf", pages=4)).inspect())
    reasons = {(item.reason, item.text) for item in pages[1].left_out}
    assert ("header or footer", "Handbook of pumps") in reasons
    assert ("header or footer", "- 2 -") in reasons
    assert {reason for reason, text in reasons if not text} <= {"repeated picture", "small picture"}
    assert any(not text for _, text in reasons)
    html = render_inspection(tmp_path / "a.pdf")
    assert "Left out, header or footer (2): Handbook of pumps · - 2 -" in html


def test_chunks_of_an_inspection_are_those_that_are_loaded(tmp_path: Path) -> None:
    path = _manual(tmp_path / "a.pdf", pages=3)
    inspected = [chunk for page in PdfLoader(path).inspect() for chunk in page.chunks]
    loaded = PdfLoader(path).load()
    assert [chunk.id for chunk in inspected] == [chunk.id for chunk in loaded]
    assert [c.metadata["order"] for c in inspected] == [c.metadata["order"] for c in loaded]


def test_hostile_words_stay_words(tmp_path: Path) -> None:
    path = tmp_path / 'a <b>&".pdf'
    html = render_inspection(_manual(path, caption=HOSTILE))
    seen = _Seen(html)
    tags = {tag for tag, _ in seen.tags}
    assert tags.isdisjoint({"script", "iframe", "object", "link", "b", "style "})
    assert not any(name.startswith("on") for _, attrs in seen.tags for name in attrs)
    assert HOSTILE in "".join(seen.words)
    assert "49" not in html.partition("alert(1)")[2][:200]
    policy = next(attrs for _, attrs in seen.tags if "http-equiv" in attrs)
    assert policy["content"] == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    addresses = [
        attrs[key] or "" for _, attrs in seen.tags for key in ("src", "href") if key in attrs
    ]
    assert all(address.startswith(("#", "data:image/jpeg;base64,")) for address in addresses)
    assert not re.search(r"https?://", html)


def test_links_between_boxes_and_texts_lead_somewhere(tmp_path: Path) -> None:
    seen = _Seen(render_inspection(_manual(tmp_path / "a.pdf", pages=3)))
    ids = [attrs["id"] for _, attrs in seen.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    targets = [attrs["href"] for tag, attrs in seen.tags if tag == "a"]
    assert targets
    assert {str(target).removeprefix("#") for target in targets} <= set(ids)
    labels = {attrs["for"] for tag, attrs in seen.tags if tag == "label"}
    assert labels == {attrs["id"] for tag, attrs in seen.tags if tag == "input"}


def test_a_long_file_is_cut_and_says_so(tmp_path: Path) -> None:
    path = _manual(tmp_path / "a.pdf", pages=7)
    found = write_inspection(tmp_path / "out" / "a.html", path, limit=3)
    assert (found.shown, found.more) == (3, 4)
    assert "4 more pages not shown" in found.path.read_text("utf-8")
    assert found.kinds == {"text": 3, "figure": 3}


def test_only_the_pages_asked_for_are_shown(tmp_path: Path) -> None:
    path = _manual(tmp_path / "a.pdf", pages=6)
    seen = _Seen(render_inspection(path, pages=[5, 2, 99]))
    sections = [attrs["id"] for tag, attrs in seen.tags if tag == "section"]
    assert sections == ["page-2", "page-5"]
    with pytest.raises(InputError, match="none of the pages"):
        render_inspection(path, pages=[99])


@pytest.mark.parametrize("arguments", [{"pages": [0]}, {"limit": 0}])
def test_numbers_below_one_are_refused(tmp_path: Path, arguments: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError):
        render_inspection(_manual(tmp_path / "a.pdf"), **arguments)


def test_a_bad_page_costs_only_itself(tmp_path: Path) -> None:
    with mupdf.open(_manual(tmp_path / "a.pdf", pages=2)) as document:
        root = int(document.xref_get_key(document.pdf_catalog(), "Pages")[1].split()[0])
        document.xref_set_key(root, "Count", "3")
        document.save(tmp_path / "bad.pdf")
    found = write_inspection(tmp_path / "bad.html", tmp_path / "bad.pdf")
    assert found.shown == 3
    assert len(found.problems) == 1
    assert "page 3" in found.problems[0]
    assert found.kinds["figure"] == 2


def test_a_password_opens_the_file(tmp_path: Path) -> None:
    path = save_pdf(
        tmp_path / "a.pdf",
        partial(paragraph, box=(60, 60, 530, 400)),
        encryption=mupdf.PDF_ENCRYPT_AES_256,
        user_pw="sesame",
        owner_pw="owner",
    )
    with pytest.raises(PasswordRequiredError):
        render_inspection(path)
    assert "The pump lifts water" in render_inspection(path, password="sesame")


def test_a_deck_is_shown_slide_by_slide(tmp_path: Path) -> None:
    pptx = pytest.importorskip("pptx")
    deck = pptx.Presentation()
    for number in range(3):
        slide = deck.slides.add_slide(deck.slide_layouts[5])
        slide.shapes.title.text = f"Pumps <{number}>"
    deck.save(tmp_path / "deck.pptx")
    html = render_inspection(tmp_path / "deck.pptx", limit=2)
    seen = _Seen(html)
    assert [attrs["id"] for tag, attrs in seen.tags if tag == "section"] == ["page-1", "page-2"]
    assert "Pumps <1>" in "".join(seen.words)
    assert "More pages follow" in html


def test_other_kinds_of_files_have_no_pages(tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_text("# Pumps\nOil them.")
    assert TextLoader(tmp_path / "notes.md").load()
    with pytest.raises(UnsupportedFormatError, match="only PDFs and decks"):
        render_inspection(tmp_path / "notes.md")


def test_an_inspection_is_told_as_json(tmp_path: Path) -> None:
    found = write_inspection(tmp_path / "a.html", _manual(tmp_path / "a.pdf"))
    assert json.loads(json.dumps(found.to_dict()))["kinds"]["figure"] == 1


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(RagsightError, match="can't be written"):
        write_inspection(tmp_path / "file" / "a.html", _manual(tmp_path / "a.pdf"))


@pytest.mark.parametrize(
    ("text", "numbers"), [("3", [3]), ("1-3,8", [1, 2, 3, 8]), (" 2 , 1-2", [1, 2])]
)
def test_page_numbers_are_read_as_people_write_them(text: str, numbers: list[int]) -> None:
    assert page_numbers(text) == numbers
    assert page_numbers("12-")[:2] == [12, 13]


@pytest.mark.parametrize("text", ["", "a", "0", "5-2", "1,,2", "-3", "1-2-3", "99999999"])
def test_page_numbers_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="1-5,8"):
        page_numbers(text)
