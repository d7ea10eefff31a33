from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.page import Line
from ragsight.loaders.pdf.text.reading_order import in_reading_order, reads_right_to_left

WIDTH = 595.0
_WORDS = "water runs through the lower pipe "


@dataclass(frozen=True)
class Thing:
    name: str
    bbox: BBox
    lines: tuple[Line, ...] = ()


def _text(name: str, left: float, top: float, right: float, bottom: float) -> Thing:
    count = max(1, round((bottom - top) / 12))
    words = (_WORDS * 4)[: max(8, int((right - left) / 5))]
    boxes = [(left, top + 12 * n, right, top + 12 * n + 11) for n in range(count)]
    lines = tuple(Line(words, box, 10.0) for box in boxes)
    return Thing(name, (left, top, right, bottom), lines)


def _title(name: str, left: float, top: float) -> Thing:
    box = (left, top, left + 90, top + 16)
    return Thing(name, box, (Line(name, box, 13.0, bold=True),))


def _order(*things: Thing, right_to_left: bool = False) -> list[str]:
    """The names in reading order, whatever order the file has them in."""
    shuffled: Sequence[Thing] = sorted(things, key=lambda thing: hash(thing.bbox))
    ordered = in_reading_order(shuffled, WIDTH, right_to_left=right_to_left)
    return [thing.name for thing in ordered]


def test_a_short_title_above_full_width_text_is_read_after_both_columns() -> None:
    assert _order(
        _text("left", 64, 100, 285, 350),
        _text("right", 310, 100, 531, 400),
        _title("6.3", 64, 408),
        _text("wide", 64, 427, 531, 520),
    ) == ["left", "right", "6.3", "wide"]


def test_a_short_title_between_two_pairs_of_columns_parts_them() -> None:
    assert _order(
        _text("L1", 64, 100, 285, 300),
        _text("R1", 310, 100, 531, 296),
        _title("title", 64, 320),
        _text("L2", 64, 345, 285, 600),
        _text("R2", 310, 343, 531, 600),
    ) == ["L1", "R1", "title", "L2", "R2"]


def test_a_title_inside_one_column_stays_in_it() -> None:
    assert _order(
        _text("L1", 64, 100, 285, 300),
        _title("title", 64, 310),
        _text("L2", 64, 330, 285, 600),
        _text("R1", 310, 100, 531, 600),
    ) == ["L1", "title", "L2", "R1"]


def test_a_title_below_a_short_last_column_stays_in_its_own() -> None:
    assert _order(
        _text("L1", 64, 100, 285, 400),
        _title("title", 64, 420),
        _text("L2", 64, 445, 285, 700),
        _text("R1", 310, 100, 531, 300),
    ) == ["L1", "title", "L2", "R1"]


def test_a_gap_between_paragraphs_beside_a_title_does_not_part_columns() -> None:
    assert _order(
        _text("L1", 64, 100, 285, 300),
        _title("title", 64, 316),
        _text("L2", 64, 350, 285, 600),
        _text("R1", 310, 100, 531, 314),
        _text("R2", 310, 334, 531, 600),
    ) == ["L1", "title", "L2", "R1", "R2"]


def test_a_figure_across_both_columns_parts_them() -> None:
    assert _order(
        _text("L1", 64, 100, 285, 250),
        _text("R1", 310, 100, 531, 250),
        Thing("figure", (100, 270, 500, 420)),
        _text("L2", 64, 440, 285, 600),
        _text("R2", 310, 440, 531, 600),
    ) == ["L1", "R1", "figure", "L2", "R2"]


def test_a_figure_in_one_column_is_read_in_its_place() -> None:
    assert _order(
        _text("L1", 64, 100, 285, 250),
        Thing("figure", (64, 260, 285, 420)),
        _text("L2", 64, 430, 285, 600),
        _text("R1", 310, 100, 531, 600),
    ) == ["L1", "figure", "L2", "R1"]


def test_three_columns_are_read_one_after_the_other() -> None:
    columns = [(60, 200), (220, 360), (380, 520)]
    things = [
        _text(f"{'abc'[number]}{part}", left, 100 + 150 * part, right, 230 + 150 * part)
        for number, (left, right) in enumerate(columns)
        for part in (0, 1)
    ]
    assert _order(*things) == ["a0", "a1", "b0", "b1", "c0", "c1"]


def test_a_figure_over_two_of_three_columns_parts_only_these() -> None:
    assert _order(
        _text("a", 60, 100, 200, 600),
        _text("b0", 220, 100, 360, 200),
        _text("c0", 380, 100, 520, 200),
        Thing("figure", (220, 220, 520, 400)),
        _text("b1", 220, 420, 360, 600),
        _text("c1", 380, 420, 520, 600),
    ) == ["a", "b0", "c0", "figure", "b1", "c1"]


def test_a_sidebar_is_read_apart_from_the_text_beside_it() -> None:
    assert _order(
        _text("text 1", 64, 100, 400, 250),
        _text("text 2", 64, 260, 400, 600),
        _text("note 1", 420, 140, 540, 220),
        _text("note 2", 420, 300, 540, 380),
    ) == ["text 1", "text 2", "note 1", "note 2"]


def test_figures_side_by_side_are_read_from_the_left_even_if_the_right_one_is_higher() -> None:
    assert _order(
        _text("text", 64, 100, 531, 250),
        Thing("left", (64, 270, 280, 420)),
        Thing("right", (310, 266, 531, 420)),
    ) == ["text", "left", "right"]


def test_columns_of_arabic_and_hebrew_are_read_from_the_right() -> None:
    things = (_text("left", 64, 100, 285, 350), _text("right", 310, 100, 531, 400))
    assert _order(*things, right_to_left=True) == ["right", "left"]
    hebrew = Line("המים זורמים בצינור, 3 bar", (0, 0, 100, 12), 10.0)
    assert reads_right_to_left([hebrew])
    assert not reads_right_to_left([hebrew, Line(_WORDS, (0, 0, 100, 12), 10.0)])
    assert not reads_right_to_left([])


_coordinate = st.integers(0, 50).map(lambda value: 10.0 * value)
_thing = st.tuples(_coordinate, _coordinate, st.integers(2, 25), st.integers(1, 20)).map(
    lambda t: _text("", t[0], t[1], t[0] + 10.0 * t[2], t[1] + 10.0 * t[3])
)


@given(st.lists(_thing, max_size=25), st.booleans())
def test_every_block_of_any_layout_comes_out_once(things: list[Thing], backwards: bool) -> None:
    ordered = in_reading_order(things, WIDTH, right_to_left=backwards)
    assert sorted(map(id, ordered)) == sorted(map(id, things))
