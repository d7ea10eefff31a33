from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pdfs import heading, line, paragraph, save_pdf
from ragsight.errors import EmptyDocumentError
from ragsight.loaders.pdf import PdfLoader
from ragsight.loaders.pdf.page.page import Line
from ragsight.loaders.pdf.text.contents import contents_lines

TITLES = ("Pumps", "Seals", "Valves", "Pipes", "Tanks", "Drains")


def _lines(*rows: Sequence[tuple[str, float]]) -> dict[int, Line]:
    """Rows of texts, each with its right edge."""
    found = [
        Line(text, (right - 5.0 * len(text), 100 + 14.0 * y, right, 112 + 14.0 * y), 10.0)
        for y, row in enumerate(rows)
        for text, right in row
    ]
    return dict(enumerate(found))


def _numbered(numbers: Sequence[object], leader: str = " . . . . . . ") -> dict[int, Line]:
    pairs = zip(TITLES, numbers, strict=False)
    return _lines(*([(f"{title}{leader}{number}", 500.0)] for title, number in pairs))


def test_titles_with_dots_and_rising_numbers_are_contents() -> None:
    assert contents_lines(_numbered([1, 3, 3, 8, 12, 40])) == frozenset(range(6))
    assert contents_lines(_numbered(["iv", "v", 1, 8, 12, 40], "....")) == frozenset(range(6))


def test_the_parts_of_an_entry_may_come_as_lines_of_their_own() -> None:
    rows = [
        [(title, 100.0), (". . . . . .", 400.0), (str(number), 500.0)]
        for title, number in zip(TITLES, (1, 3, 3, 8, 12, 40), strict=True)
    ]
    assert contents_lines(_lines(*rows)) == frozenset(range(18))


def test_an_index_in_columns_is_found_by_its_alphabet() -> None:
    words = ("axle", "bearing", "coil", "drain", "elbow", "flange", "gasket", "hinge")
    rows = [
        [(f"{a} ...... 9", 250.0), (f"{b} ...... 4, 17", 500.0)]
        for a, b in zip(words[:4], words[4:], strict=True)
    ]
    assert contents_lines(_lines(*rows)) == frozenset(range(8))


def test_wrapped_titles_and_the_heading_go_with_the_entries() -> None:
    rows: list[list[tuple[str, float]]] = [[("A manual", 200.0)], [("Contents", 200.0)]]
    for number, title in enumerate(TITLES):
        rows.append([(f"{title} ..... {number + 2}", 500.0)])
        if number == 2:
            rows.append([("A title that is too long for one row", 300.0)])
    assert contents_lines(_lines(*rows)) == frozenset(range(1, 9))


def test_numbered_titles_need_no_dots() -> None:
    rows = [
        [(f"{number}.1 {title}", 200.0), (str(page), 500.0)]
        for number, (title, page) in enumerate(zip(TITLES, (1, 3, 3, 8, 9, 9), strict=True), 1)
    ]
    assert len(contents_lines(_lines(*rows))) == 12


def test_titles_known_from_the_bookmarks_need_no_dots_either() -> None:
    rows = [[(title, 200.0), (str(n), 500.0)] for n, title in enumerate(TITLES)]
    assert contents_lines(_lines(*rows)) == frozenset()
    assert len(contents_lines(_lines(*rows), {title.lower() for title in TITLES})) == 12


@pytest.mark.parametrize("prices", [(9, 3, 12, 4, 7, 2), ("9.50", "3.00", "12.00", "4", "7", "2")])
def test_a_price_list_with_dots_stays_text(prices: Sequence[object]) -> None:
    assert contents_lines(_numbered(prices)) == frozenset()


def test_a_table_of_values_is_no_table_of_contents() -> None:
    rows = [[(title, 200.0), (str(3 * n), 500.0)] for n, title in enumerate(TITLES)]
    assert contents_lines(_lines(*rows)) == frozenset()


@given(st.lists(st.lists(st.tuples(st.text(max_size=20), st.floats(0, 600)), max_size=4)))
def test_any_page_is_read_without_an_error(rows: list[list[tuple[str, float]]]) -> None:
    lines = _lines(*rows)
    assert contents_lines(lines) <= set(lines)


def _manual(path: Path, only_contents: bool = False) -> Path:
    pages = iter([True, only_contents])

    def draw(page: Any) -> None:
        if next(pages):
            heading(page, (60, 80), "Contents")
            for number, title in enumerate(TITLES):
                line(page, (60, 120 + 16 * number), f"{title} . . . . . . . . {number + 2}")
            return
        heading(page, (60, 80), "Pumps")
        paragraph(page, (60, 110, 530, 300))

    return save_pdf(path, draw, pages=2)


def test_contents_are_left_out_and_the_sections_stay(tmp_path: Path) -> None:
    (chunk,) = PdfLoader(_manual(tmp_path / "a.pdf")).load()
    assert chunk.source.page == 2
    assert chunk.source.section == ("Pumps",)


def test_contents_can_be_kept_and_say_what_they_are(tmp_path: Path) -> None:
    marked, text = PdfLoader(_manual(tmp_path / "a.pdf"), contents="mark").load()
    assert marked.metadata["role"] == "contents"
    assert "Seals . . . . . . . . 3" in marked.text
    assert "role" not in text.metadata


def test_a_file_of_contents_only_says_why_nothing_is_loaded(tmp_path: Path) -> None:
    with pytest.raises(EmptyDocumentError, match="contents='mark'"):
        PdfLoader(_manual(tmp_path / "a.pdf", only_contents=True)).load()
