"""Text of PDFs as offices make them: nothing of it is lost, paragraphs stay whole."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from pdfs import for_each_backend, heading, line, mupdf, paragraph, save_pdf
from ragsight import Chunk, ClipEncoder, MultimodalRetriever, MultimodalStore, ingest
from ragsight.loaders.pdf import PdfLoader

backend = for_each_backend(globals())

FIRST = (
    "The archive keeps letters of nine families, and each letter bears the stamp of the office "
    "that took it in. Clerks entered its number in a ledger, so that a lost page could be missed. "
    "When the river rose in spring, the ledgers were carried to the upper floor."
)
SECOND = (
    "A second room holds maps. They were drawn by surveyors who walked the valley with chains and "
    "poles, and their corrections stand in red beside the older lines, which nobody scraped away."
)


def _texts(path: Path) -> list[Chunk]:
    return [chunk for chunk in PdfLoader(path).load() if chunk.kind == "text"]


def _spaced(page: Any, top: float, text: str, leading: float, width: int = 62) -> float:
    """Write a paragraph line by line; where the next line would stand."""
    for row in textwrap.wrap(text, width):
        line(page, (72, top), row, size=11)
        top += leading * 11
    return top


@pytest.mark.parametrize("leading", [1.2, 1.5, 1.7, 2.0, 2.4])
def test_paragraphs_are_whole_at_any_leading(tmp_path: Path, leading: float) -> None:
    def draw(page: Any) -> None:
        top = _spaced(page, 90, FIRST, leading)
        _spaced(page, top + 14, SECOND, leading)

    [chunk] = _texts(save_pdf(tmp_path / "a.pdf", draw))
    assert chunk.text == f"{FIRST}\n\n{SECOND}"


def test_a_word_broken_in_widely_set_text_is_made_whole(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        rows = (
            "The bridge was closed while the second construc-",
            "tion company repaired what the first one had lef-",
            "tover, and the ferry carried all who had to cross.",
        )
        for number, row in enumerate(rows):
            line(page, (72, 90 + 22 * number), row, size=11)

    [chunk] = _texts(save_pdf(tmp_path / "a.pdf", draw))
    assert "second construction company" in chunk.text


def test_items_of_a_widely_set_list_stay_apart(tmp_path: Path) -> None:
    items = ["1. Lamp oil", "2. Two coils of rope", "3. Flour", "4. A spare wheel"]

    def draw(page: Any) -> None:
        for number, item in enumerate(items):
            line(page, (72, 90 + 24 * number), item, size=11)

    [chunk] = _texts(save_pdf(tmp_path / "a.pdf", draw))
    assert chunk.text.split("\n\n") == items


def test_a_page_that_is_shown_turned_is_read_as_it_is_shown(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        page.set_rotation(90)
        top = 90.0
        for row in textwrap.wrap(FIRST, 62):
            at = page.derotation_matrix
            page.insert_text(mupdf.Point(72, top) * at, row, fontsize=11, rotate=90)
            top += 14

    [chunk] = _texts(save_pdf(tmp_path / "a.pdf", draw))
    assert chunk.text == FIRST


def test_lines_at_the_edge_that_differ_in_numbers_are_kept(tmp_path: Path) -> None:
    totals = ["88.20", "1,204.00", "15.75", "330.10"]

    def draw(page: Any) -> None:
        number = page.number
        line(page, (72, 50), f"Invoice no. {2207 + number}", size=10)
        line(page, (420, 50), "Hollow & Sons", size=10)
        paragraph(page, (72, 120, 520, 300))
        line(page, (72, 800), f"Total due {totals[number]} EUR", size=10)
        line(page, (500, 820), f"Page {number + 1} of 4", size=9)

    text = "\n".join(chunk.text for chunk in _texts(save_pdf(tmp_path / "a.pdf", draw, pages=4)))
    assert all(f"Invoice no. {2207 + number}" in text for number in range(4))
    assert all(f"Total due {total} EUR" in text for total in totals)
    assert "Page 2 of 4" not in text
    assert "Hollow" not in text


def test_a_running_header_that_counts_the_pages_goes(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        line(page, (72, 40), f"Water Works Report 2031 | {page.number + 11}", size=9)
        paragraph(page, (72, 120, 520, 300), size=11)

    text = "\n".join(chunk.text for chunk in _texts(save_pdf(tmp_path / "a.pdf", draw, pages=4)))
    assert "Water Works Report" not in text


def test_a_heading_with_nothing_under_it_is_a_passage(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        heading(page, (72, 90), "Opening hours of the Quillmere office")
        heading(page, (72, 130), "Fees")
        paragraph(page, (72, 150, 520, 300))

    chunks = _texts(save_pdf(tmp_path / "a.pdf", draw))
    assert chunks[0].text == "Opening hours of the Quillmere office"
    assert chunks[1].source.section == ("Fees",)


def test_a_heading_finds_its_section(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        heading(page, (72, 90), "Sarnholt pumps")
        paragraph(page, (72, 110, 520, 260), SECOND)
        heading(page, (72, 300), "Trelleck valves")
        paragraph(page, (72, 320, 520, 470), FIRST)

    path = save_pdf(tmp_path / "a.pdf", draw)
    with MultimodalStore.open(":memory:", encoder=ClipEncoder("ragsight-demo")) as store:
        ingest(path, store)
        hits = MultimodalRetriever(store, k=1).retrieve("Trelleck")
    assert hits[0].chunk.text.startswith("The archive keeps letters")


@pytest.mark.parametrize(
    ("rows", "whole"),
    [
        (["All rooms have e-", "mail and a telephone."], "All rooms have e-mail and a telephone."),
        (["They sold T-", "shirts at the gate."], "They sold T-shirts at the gate."),
        (["A recom-", "mendation follows."], "A recommendation follows."),
        (["河水在春天上涨的时", "候账簿被搬到楼上。"], "河水在春天上涨的时候账簿被搬到楼上。"),
        (["봄에 강물이", "불어났다."], "봄에 강물이 불어났다."),
    ],
)
def test_lines_are_joined_as_their_script_and_their_hyphens_ask(
    rows: list[str], whole: str
) -> None:
    from ragsight.loaders.pdf.page.page import Line
    from ragsight.loaders.pdf.text.blocks import Block
    from ragsight.loaders.pdf.text.paragraphs import joined_lines

    lines = tuple(Line(row, (50, 50 + 14 * n, 300, 62 + 14 * n), 11) for n, row in enumerate(rows))
    assert joined_lines(Block(lines, tuple(range(len(lines))))) == whole


@pytest.mark.parametrize("turns", [90, 270])
@pytest.mark.parametrize("rotation", [0, 90])
def test_turned_text_is_read_in_paragraphs(tmp_path: Path, turns: int, rotation: int) -> None:
    rows = ("The pump lifts water from the lower", "basin to the", "upper one all night.")
    more = ("Bearings are greased", "once a month by hand.")

    def draw(page: Any) -> None:
        step = 1 if turns == 90 else -1
        start = 100 if turns == 90 else 400
        for number, row in enumerate((*rows, "", *more)):
            at = (start + step * 15 * number, 700 if turns == 90 else 100)
            page.insert_text(at, row, fontsize=11, rotate=turns)
        page.set_rotation(rotation)

    text = "\n\n".join(chunk.text for chunk in _texts(save_pdf(tmp_path / "a.pdf", draw)))
    assert text.split("\n\n") == [" ".join(rows), " ".join(more)]
