"""Tables on drawn pages: rules of every kind, none at all, and what only looks like a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from pdfs import BODY, chart, iou, line, mupdf, paragraph, ruled_table, save_pdf
from ragsight.chunks import BBox, Chunk
from ragsight.loaders.pdf import PdfLoader
from ragsight.loaders.pdf.page.page import Grid
from ragsight.loaders.pdf.tables.finder import _is_numbered_listing

Rows = Sequence[Sequence[str]]

PUMPS: Rows = (
    ("Pump", "Lift", "Power"),
    ("Small", "3.5", "200"),
    ("Large", "12", "950"),
    ("Huge", "31", "4000"),
)


def _set(page: Any, rows: Rows, xs: Sequence[float], top: float, step: float = 14) -> None:
    """Cells with their left edges at `xs`, the first row's base line below `top`."""
    for number, row in enumerate(rows):
        for x, text in zip(xs, row, strict=True):
            if text:
                line(page, (x, top + 10 + number * step), text)


def _rules(page: Any, left: float, right: float, ys: Sequence[float]) -> None:
    for y in ys:
        page.draw_line((left, y), (right, y), width=0.7)


def _tables(path: Path) -> list[Chunk]:
    return [chunk for chunk in PdfLoader(path).load() if chunk.kind == "table"]


def _box(chunk: Chunk) -> BBox:
    assert chunk.source.bbox is not None
    return chunk.source.bbox


def _cells(chunk: Chunk) -> list[list[str]]:
    cells: list[list[str]] = chunk.metadata["cells"]
    return cells


@pytest.mark.parametrize("above", [True, False], ids=["caption above", "caption below"])
def test_a_table_without_rules_is_found_beside_its_caption(tmp_path: Path, above: bool) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        line(page, (200, 240 if above else 318), "Table 1: Three pumps.")
        _set(page, PUMPS, (160, 270, 380), 245)
        paragraph(page, (60, 340, 530, 460))

    (table,) = _tables(save_pdf(tmp_path / "a.pdf", draw))
    assert _cells(table) == [list(row) for row in PUMPS]
    assert table.metadata["label"] == "Table 1"
    assert table.metadata["method"] == "text"


def test_rules_far_apart_bound_one_table(tmp_path: Path) -> None:
    rows = [("Part", "Price"), *((f"Seal {n}", f"{n}.50") for n in range(12))]

    def draw(page: Any) -> None:
        line(page, (160, 190), "Table 4: Prices.")
        _rules(page, 150, 450, (200, 217, 390))
        _set(page, rows, (160, 360), 202)
        paragraph(page, (60, 420, 530, 560))

    (table,) = _tables(save_pdf(tmp_path / "a.pdf", draw))
    assert iou(_box(table), (150, 200, 450, 390)) > 0.95
    assert _cells(table) == [list(row) for row in rows]


def test_three_rules_of_one_length_are_a_table_without_a_caption_too(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 180))
        _rules(page, 150, 450, (200, 217, 262))
        _set(page, PUMPS, (160, 270, 380), 202)
        paragraph(page, (60, 300, 530, 440))

    (table,) = _tables(save_pdf(tmp_path / "a.pdf", draw))
    assert _cells(table) == [list(row) for row in PUMPS]
    assert "caption" not in table.metadata


def test_rows_outside_the_only_rule_belong_to_the_table(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        _set(page, PUMPS, (160, 270, 380), 202)
        _rules(page, 150, 450, (215,))
        line(page, (200, 280), "Table 2: Three pumps.")
        paragraph(page, (60, 320, 530, 440))

    (table,) = _tables(save_pdf(tmp_path / "a.pdf", draw))
    assert _cells(table) == [list(row) for row in PUMPS]


def test_blocks_side_by_side_under_one_caption_are_one_table(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        for left in (120, 340):
            _rules(page, left, left + 130, (217, 245))
            _set(page, [row[:2] for row in PUMPS], (left + 5, left + 80), 202)
        line(page, (200, 290), "Table 3: Pumps of two makers.")
        paragraph(page, (60, 320, 530, 440))

    (table,) = _tables(save_pdf(tmp_path / "a.pdf", draw))
    assert [row[0] for row in _cells(table)] == ["Pump", "Small", "Large", "Huge"]
    assert len(_cells(table)[0]) == 4


def test_cells_of_several_lines_are_one_cell(tmp_path: Path) -> None:
    rows = [
        ("Option", "Meaning"),
        ("fast", "runs the pump at full speed until"),
        ("", "the tank is dry"),
        ("slow", "saves the seals"),
    ]

    def draw(page: Any) -> None:
        line(page, (160, 190), "Table 1: Options.")
        _rules(page, 150, 450, (200, 217, 258))
        _set(page, rows, (160, 240), 202, step=12)
        paragraph(page, (60, 300, 530, 440))

    (table,) = _tables(save_pdf(tmp_path / "a.pdf", draw))
    assert _cells(table)[1] == ["fast", "runs the pump at full speed until the tank is dry"]
    assert len(_cells(table)) == 3


def test_a_title_over_two_columns_leaves_them_two(tmp_path: Path) -> None:
    rows = [("Pump", "1", "2"), ("Small", "3", "4"), ("Large", "5", "6"), ("Huge", "7", "8")]

    def draw(page: Any) -> None:
        line(page, (160, 190), "Table 1: Lift.")
        _rules(page, 150, 450, (200, 217, 278))
        line(page, (262, 212), "Lift of both pumps together")
        _set(page, rows, (160, 270, 350), 218)

    (table,) = _tables(save_pdf(tmp_path / "a.pdf", draw))
    assert _cells(table)[1:] == [list(row) for row in rows]


def test_tables_whose_captions_are_all_below_keep_their_own(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        for number, top in ((1, 100), (2, 200), (3, 300)):
            _rules(page, 150, 450, (top, top + 17, top + 62))
            _set(page, [*PUMPS[:3], (f"Row {number}", "1", "2")], (160, 270, 380), top + 2)
            line(page, (200, top + 78), f"Table {number}: Pumps.")

    tables = _tables(save_pdf(tmp_path / "a.pdf", draw))
    named = {table.metadata["label"]: _cells(table)[-1][0] for table in tables}
    assert named == {"Table 1": "Row 1", "Table 2": "Row 2", "Table 3": "Row 3"}


def test_a_grid_keeps_its_empty_cells(tmp_path: Path) -> None:
    rows = [("Lift", "a", "b", "c"), ("Small", "", "", ""), ("", "1", "2", "3"), ("", "4", "", "6")]

    def draw(page: Any) -> None:
        line(page, (200, 240), "Table 1: Groups.")
        ruled_table(page, (100, 250, 480, 320), rows)
        paragraph(page, (60, 340, 530, 460))

    (table,) = _tables(save_pdf(tmp_path / "a.pdf", draw))
    assert _cells(table) == [list(row) for row in rows]


def test_two_columns_of_text_between_two_rules_are_no_table(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        _rules(page, 60, 535, (60, 420, 760))
        for left in (60, 305):
            paragraph(page, (left, 80, left + 230, 410), BODY * 3)
            paragraph(page, (left, 440, left + 230, 750), BODY * 3)

    assert not _tables(save_pdf(tmp_path / "a.pdf", draw))


def test_framed_code_and_charts_are_no_tables(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 180))
        for top in (200, 260):
            page.draw_rect((60, top, 530, top + 40), width=0.5)
            for step, text in ((14, "pump.start(speed=3, seals=True)"), (28, "pump.stop()")):
                page.insert_text((66, top + step), text, fontsize=9, fontname="cour")
        chart(page, (150, 360, 450, 500))
        line(page, (200, 535), "Figure 1: Water lifted on three days.")

    assert not _tables(save_pdf(tmp_path / "a.pdf", draw))


def test_numbered_lines_of_code_in_a_frame_are_no_table(tmp_path: Path) -> None:
    rows = [(str(n), f"pump.start(speed={n})") for n in range(1, 7)]

    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 180))
        _rules(page, 150, 450, (200, 230, 292))
        _set(page, rows, (160, 190), 202)
        paragraph(page, (60, 320, 530, 440))

    assert not _tables(save_pdf(tmp_path / "a.pdf", draw))


def test_numbers_of_any_length_in_a_first_column_make_no_trouble() -> None:
    rows = tuple((digits, "x") for digits in ("1" * 5_000, "2" * 5_000, "3" * 5_000))

    assert not _is_numbered_listing(Grid((0.0, 0.0, 10.0, 10.0), rows))


def test_fractions_in_text_are_neither_table_nor_figure(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 180))
        for x in (100, 180, 260, 340):
            line(page, (x, 214), "12 a")
            page.draw_line((x - 2, 217), (x + 22, 217), width=0.5)
            line(page, (x, 227), "b + c")
        paragraph(page, (60, 250, 530, 380))

    kinds = {chunk.kind for chunk in PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load()}
    assert kinds == {"text"}


def test_words_of_the_caption_are_in_no_cell(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        page.draw_rect((140, 180, 460, 300), width=0.5)
        line(page, (200, 200), "Table 1: Three pumps.")
        _rules(page, 150, 450, (210, 227, 272))
        _set(page, PUMPS, (160, 270, 380), 212)

    (table,) = _tables(save_pdf(tmp_path / "a.pdf", draw))
    assert all("Three" not in cell for row in _cells(table) for cell in row)


ORDER = [
    ("Item", "Quantity", "Price"),
    ("Brass hinge", "14", "2.75"),
    ("Oak board", "3", "31.00"),
    ("Glue", "", "8.40"),
]


def _each_cell(page: Any, draw_cell: Callable[[Any, Any], None], gap: float = 0) -> None:
    """A table of which each cell is drawn for itself."""
    for r, row in enumerate(ORDER):
        for c, text in enumerate(row):
            left, top = 90 + c * 120, 200 + r * 22
            draw_cell(page, mupdf.Rect(left, top, left + 120 - gap, top + 22 - gap))
            if text:
                line(page, (left + 6, top + 15), text, size=10)


def _framed(page: Any, cell: Any) -> None:
    page.draw_rect(cell, width=0.6)


def _edged(page: Any, cell: Any) -> None:
    """As browsers draw collapsed borders: each edge of each cell a thin rectangle."""
    for edge in (
        (cell.x0, cell.y0, cell.x1, cell.y0 + 0.75),
        (cell.x0, cell.y1, cell.x1, cell.y1 + 0.75),
        (cell.x0, cell.y0, cell.x0 + 0.75, cell.y1),
        (cell.x1, cell.y0, cell.x1 + 0.75, cell.y1),
    ):
        page.draw_rect(mupdf.Rect(edge), fill=(0, 0, 0), width=0)


@pytest.mark.parametrize("draw_cell", [_framed, _edged])
def test_a_table_drawn_cell_by_cell_has_its_columns(
    tmp_path: Path, draw_cell: Callable[[Any, Any], None]
) -> None:
    def draw(page: Any) -> None:
        line(page, (90, 180), "Ordered by: Tamsin Holt", size=10)
        _each_cell(page, draw_cell)
        line(page, (90, 330), "Please deliver before noon.", size=10)

    chunks = PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load()
    [table] = [chunk for chunk in chunks if chunk.kind == "table"]
    assert [tuple(row) for row in table.metadata["cells"]] == ORDER
    text = "\n".join(chunk.text for chunk in chunks if chunk.kind == "text")
    assert "Tamsin Holt" in text
    assert "before noon" in text
    assert not [chunk for chunk in chunks if chunk.kind == "figure"]


def test_bars_side_by_side_are_no_table(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        for number, value in enumerate((80, 120, 60, 140, 100)):
            bar = mupdf.Rect(100 + 40 * number, 400 - value, 140 + 40 * number, 400)
            page.draw_rect(bar, fill=(0.2, 0.4, 0.8))
            line(page, (112 + 40 * number, 414), f"Q{number}", size=9)

    chunks = PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load()
    assert [chunk.kind for chunk in chunks if chunk.kind == "table"] == []
