"""Rules that find a page's parts, each on boxes written down here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from ragsight.chunks import BBox
from ragsight.loaders.pdf.captions.blocks import find_captions
from ragsight.loaders.pdf.captions.zones import zone_beside
from ragsight.loaders.pdf.figures.marks import figure_marks
from ragsight.loaders.pdf.figures.scans import inked_region, text_area
from ragsight.loaders.pdf.page.kinds import is_scan
from ragsight.loaders.pdf.page.page import Drawing, Line, Page
from ragsight.loaders.pdf.tables.areas import TableSpace, captioned_areas, rule_stacks
from ragsight.loaders.pdf.tables.cells import Cell, cells_of, column_spans, ruled_grid
from ragsight.loaders.pdf.text.whole_lines import with_whole_lines


def _line(text: str, left: float, top: float, block: int = 0, right: float = 0.0) -> Line:
    end = right if right else left + 5.0 * len(text)
    return Line(text, (left, top, end, top + 10), 10.0, block=block)


def _page(*lines: Line, pictures: tuple[BBox, ...] = ()) -> Page:
    return Page(number=1, width=595, height=842, lines=lines, pictures=pictures)


def _texts(page: Page) -> list[str]:
    return [line.text for line in with_whole_lines(page).lines]


def test_a_line_cut_at_a_wide_space_is_made_whole() -> None:
    pieces = _line("at the end.", 60, 60), _line("Then", 123, 60), _line("it rains", 152, 60)
    assert _texts(_page(*pieces)) == ["at the end. Then it rains"]


def test_a_stretched_line_is_whole_where_the_paragraph_runs_through_below_it() -> None:
    first = _line("Figure 1:", 60, 60), _line("Gravity", 135, 60), _line("here", 200, 60)
    below = _line("that was measured in the west of the country", 60, 72)
    assert _texts(_page(*first, below)) == ["Figure 1: Gravity here", below.text]


def test_cells_stay_apart() -> None:
    rows = [_line(text, left, top) for top in (60, 72) for text, left in (("Lift", 60), ("3", 100))]
    assert _texts(_page(*rows)) == ["Lift", "3", "Lift", "3"]


def test_lines_of_two_blocks_or_rows_or_sizes_stay_apart() -> None:
    one = _line("one", 60, 60)
    others = (
        _line("other block", 78, 60, block=1),
        _line("other row", 78, 75),
        Line("other size", (78, 60, 130, 75), 14.0),
    )
    for other in others:
        assert _texts(_page(one, other)) == ["one", other.text]


def test_words_on_a_scan_are_joined_across_wider_spaces() -> None:
    words = _line("Figure", 60, 60), _line("8:", 110, 60)
    assert _texts(_page(*words)) == ["Figure", "8:"]
    assert _texts(_page(*words, pictures=((0, 0, 595, 842),))) == ["Figure 8:"]


def test_a_label_set_far_from_its_caption_opens_it() -> None:
    lines = {
        0: _line("FIG. 1.", 60, 300, block=4),
        1: _line("The pump of the lower basin, seen", 120, 300, block=4),
        2: _line("from above, with its valve.", 60, 311, block=4),
    }
    (caption,) = find_captions(lines)
    assert caption.caption.text == (
        "FIG. 1. The pump of the lower basin, seen from above, with its valve."
    )


def test_cells_below_a_caption_are_not_its_words() -> None:
    cells = [
        _line(text, left, 312 + 12 * n, block=5 + n)
        for n in range(3)
        for text, left in (("Small", 20), ("3.5", 80), ("200", 300))
    ]
    lines = dict(enumerate([_line("Table 1: Three pumps of a kind.", 60, 300), *cells]))
    (caption,) = find_captions(lines)
    assert caption.caption.text == "Table 1: Three pumps of a kind."


CAPTION = (200.0, 300.0, 390.0, 312.0)


def test_the_zone_of_a_caption_ends_at_text() -> None:
    text, heading = (60.0, 100.0, 530.0, 200.0), (60.0, 500.0, 180.0, 520.0)
    zone = zone_beside(CAPTION, [CAPTION], [text, heading, CAPTION], 595, below=False)
    assert zone == (0.0, 200.0, 595, 300.0)
    # A heading far below stands under the whole figure, though only its left part is above it.
    zone = zone_beside(CAPTION, [CAPTION], [text, heading, CAPTION], 595, below=True)
    assert zone == (0.0, 312.0, 595, 500.0)


def test_the_zone_of_a_caption_keeps_to_its_column() -> None:
    beside = (400.0, 310.0, 560.0, 700.0)
    zone = zone_beside(CAPTION, [CAPTION], [beside], 595, below=True)
    assert zone == (0.0, 312.0, 400.0, float("inf"))


def test_captions_side_by_side_share_the_room_between_them() -> None:
    left, right = (60.0, 300.0, 200.0, 312.0), (320.0, 300.0, 460.0, 312.0)
    assert zone_beside(left, [left, right], [left, right], 595, below=False)[2] == 260.0
    assert zone_beside(right, [left, right], [left, right], 595, below=False)[0] == 260.0


def _space(lines: list[Line], drawn: list[BBox], prose: frozenset[int] = frozenset()) -> TableSpace:
    boxes = [line.bbox for n, line in enumerate(lines) if n in prose]
    return TableSpace(dict(enumerate(lines)), prose, drawn, [CAPTION], boxes)


def _rows(top: float, count: int = 3) -> list[Line]:
    return [
        _line(text, left, top + 14 * n)
        for n in range(count)
        for text, left in (("Small", 205), ("3.5", 330))
    ]


def _rule(y: float, left: float = 200.0, right: float = 390.0) -> BBox:
    return left, y, right, y + 0.5


def test_rules_of_one_length_with_cells_between_are_a_stack() -> None:
    space = _space(_rows(322), [_rule(320), _rule(334), _rule(364), _rule(364, 420, 500)])
    assert rule_stacks(space) == [[_rule(320), _rule(334), _rule(364)]]


def test_a_rule_drawn_cell_by_cell_is_one() -> None:
    pieces = [_rule(y, *ends) for y in (320, 364) for ends in ((200, 300), (301, 390))]
    assert rule_stacks(_space(_rows(322), pieces)) == [[_rule(320), _rule(364)]]


def test_rules_with_paragraphs_between_are_no_stack() -> None:
    lines = _rows(322)
    prose = frozenset(range(len(lines)))
    assert rule_stacks(_space(lines, [_rule(320), _rule(364)], prose)) == []


def test_an_area_ends_where_the_rows_do() -> None:
    lines = [*_rows(322), _line("A note in one piece below", 205, 366), *_rows(440)]
    (found,) = captioned_areas(CAPTION, [CAPTION], _space(lines, []), 595)
    assert found[1] == (205.0, 322.0, 345.0, 360.0)


_cells = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 6), st.text("abc ", min_size=1, max_size=6)),
    min_size=1,
    max_size=30,
)


@given(cells=_cells)
def test_no_word_is_lost_or_doubled_in_a_grid(cells: list[tuple[int, int, str]]) -> None:
    lines = [_line(text, 60 + 90 * x, 60 + 14 * y) for x, y, text in cells]
    grid = ruled_grid((0.0, 0.0, 595.0, 842.0), [], lines)
    if grid is None:
        return
    words = sorted(word for text in (text for _, _, text in cells) for word in text.split())
    found = sorted(word for row in grid.rows for cell in row for word in cell.split())
    assert found == words
    assert len({len(row) for row in grid.rows}) == 1


@given(cells=_cells, rules=st.lists(st.floats(50, 160), max_size=8))
def test_rules_lose_no_word_either(cells: list[tuple[int, int, str]], rules: list[float]) -> None:
    words = [
        _line(word, 60 + 90 * x + 31 * n, 60 + 14 * y)
        for x, y, text in cells
        for n, word in enumerate(text.split())
    ]
    box = (50.0, 50.0, 560.0, 170.0)
    grid = ruled_grid(box, [_rule(y, 50, 560) for y in rules], words)
    if grid is not None:
        found = sorted(word for row in grid.rows for cell in row for word in cell.split())
        assert found == sorted(word.text for word in words)


def test_a_title_over_columns_does_not_join_them() -> None:
    def cell(left: float, right: float, top: float) -> Cell:
        return Cell("x", (left, top, right, top + 10))

    rows = [[cell(0, 90, 0)], *([cell(0, 30, y), cell(60, 90, y)] for y in (12, 24))]
    assert column_spans(rows) == [(0, 30), (60, 90)]


def test_words_of_one_cell_stand_close() -> None:
    row = [_line("lower", 60, 60), _line("basin", 88, 60), _line("3.5", 140, 60)]
    assert [cell.text for cell in cells_of(row)[0]] == ["lower basin", "3.5"]


def _painted(zone: BBox) -> Image.Image:
    """Half a pixel a point: a header, a drawing in two parts, a dark spot."""
    page = Image.new("L", (298, 421), 240)
    pen = ImageDraw.Draw(page)
    for box in ((50, 20, 200, 25), (60, 60, 180, 90), (60, 96, 180, 130)):
        pen.rectangle(box, outline=60, width=2)
    pen.point((250, 100), fill=0)
    return page.crop(tuple(round(v / 2) for v in zone)).convert("RGB")


def test_ink_above_a_caption_is_its_figure_and_a_header_is_not() -> None:
    header = (98.0, 38.0, 404.0, 54.0)
    box = inked_region(_painted, (0, 0, 590, 280), [header], towards_bottom=True)
    assert box == pytest.approx((120, 120, 362, 262), abs=6)


def test_ink_of_text_alone_is_no_figure() -> None:
    header = (98.0, 38.0, 404.0, 54.0)
    assert inked_region(_painted, (0, 0, 590, 60), [header], towards_bottom=True) is None
    assert inked_region(lambda _: None, (0, 0, 590, 280), [], towards_bottom=True) is None
    assert inked_region(_painted, (0, 0, 590, 9), [], towards_bottom=True) is None


def test_dark_borders_of_a_scan_lie_outside_its_text() -> None:
    page = (0.0, 0.0, 595.0, 842.0)
    assert text_area([(60, 100, 500, 110)], page) == (36, 0, 524, 842)
    assert text_area([], page) == page


def test_strips_that_touch_are_a_scan_and_pictures_apart_are_not() -> None:
    assert is_scan(_page(pictures=((0, 0, 595, 400), (0, 400, 595, 842))))
    assert not is_scan(_page(pictures=((30, 40, 565, 400), (30, 430, 565, 800))))


def test_bars_of_fractions_and_bands_make_no_figure() -> None:
    page = _page(_line("z4 = z3 + 1", 60, 300))
    bar, tick = (112.0, 305.0, 117.0, 305.5), (200.0, 400.0, 205.0, 400.5)
    band, sign = (0.0, 0.0, 595.0, 60.0), (500.0, 10.0, 540.0, 50.0)
    drawings = [Drawing(bar), Drawing(tick), Drawing(band, filled=True), Drawing(sign)]
    marks = figure_marks(page, drawings, page.bbox)
    assert [mark.bbox for mark in marks] == [tick]
