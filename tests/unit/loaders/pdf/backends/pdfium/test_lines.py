from __future__ import annotations

import pytest

from ragsight.chunks import BBox
from ragsight.loaders.pdf.backends.pdfium.lines import (
    Glyph,
    Style,
    lines_of_glyphs,
    words_of_glyphs,
)
from ragsight.loaders.pdf.backends.pdfium.matrices import joined, moved_box, moved_point, shown

ACROSS = Style(10.0, False, (1.0, 0.0))


def _typed(text: str, at: tuple[float, float], style: Style = ACROSS) -> list[Glyph]:
    """Characters half as wide as high, one after the other."""
    step = style.size / 2
    return [
        Glyph(letter, at[0] + n * step, at[0] + (n + 1) * step, at[1], style)
        for n, letter in enumerate(text)
    ]


def _same(box: BBox) -> BBox:
    return box


def _texts(glyphs: list[Glyph]) -> list[tuple[str, int]]:
    return [(line.text, line.block) for line in lines_of_glyphs(glyphs, _same)]


def test_a_gap_between_words_becomes_a_space_and_a_wide_one_another_line() -> None:
    glyphs = [*_typed("The", (0, 50)), *_typed("pump", (18, 50)), *_typed("lifts", (50, 50))]
    assert _texts(glyphs) == [("The pump", 0), ("lifts", 0)]


def test_a_space_that_is_there_is_not_doubled() -> None:
    glyphs = [*_typed("The ", (0, 50)), *_typed("pump", (22, 50))]
    assert _texts(glyphs) == [("The pump", 0)]


def test_lines_close_below_each_other_are_a_block() -> None:
    glyphs = [
        *_typed("First", (0, 50)), *_typed("second", (0, 62)),
        *_typed("after a gap", (0, 90)), *_typed("beside", (200, 102)),
    ]  # fmt: skip
    assert _texts(glyphs) == [("First", 0), ("second", 0), ("after a gap", 1), ("beside", 2)]


def test_a_heading_is_no_part_of_the_paragraph_below_it() -> None:
    large = Style(18.0, True, (1.0, 0.0))
    glyphs = [*_typed("Pumps", (0, 50), large), *_typed("They lift", (0, 66))]
    assert _texts(glyphs) == [("Pumps", 0), ("They lift", 1)]


def test_an_index_or_exponent_stays_on_its_line() -> None:
    small = Style(6.0, False, (1.0, 0.0))
    glyphs = [
        *_typed("i", (0, 52), small), *_typed("H", (3, 50)), *_typed("2", (8, 47), small),
        *_typed("O", (11, 50)),
    ]  # fmt: skip
    (line,) = lines_of_glyphs(glyphs, _same)
    assert line.text == "iH2O"


def test_a_line_is_as_high_as_its_font() -> None:
    (line,) = lines_of_glyphs(_typed("The pump", (5, 50)), _same)
    assert line.bbox == pytest.approx((5, 41, 45, 52))
    assert line.horizontal


@pytest.mark.parametrize(
    ("direction", "expected"),
    [
        ((0.0, 1.0), (-52, 5, -41, 45)),
        ((-1.0, 0.0), (-45, -52, -5, -41)),
        ((0.0, -1.0), (41, -45, 52, -5)),
    ],
)
def test_turned_text_stands_where_it_is_seen(
    direction: tuple[float, float], expected: BBox
) -> None:
    (line,) = lines_of_glyphs(_typed("The pump", (5, 50), Style(10.0, False, direction)), _same)
    assert line.bbox == pytest.approx(expected)
    assert not line.horizontal


def test_text_from_right_to_left_is_one_line() -> None:
    letters = "שלום"
    glyphs = [Glyph(c, 100 - 5 * n, 105 - 5 * n, 50, ACROSS) for n, c in enumerate(letters)]
    assert _texts(glyphs) == [(letters, 0)]


def test_words_are_parted_at_spaces_and_gaps() -> None:
    glyphs = [*_typed("The pump", (0, 50)), *_typed("lifts", (43, 50))]
    words = words_of_glyphs(glyphs, _same)
    assert [word.text for word in words] == ["The", "pump", "lifts"]
    assert words[1].bbox[0] == 20


@pytest.mark.parametrize("turns", range(4))
def test_a_pages_corner_goes_to_its_top_left(turns: int) -> None:
    box = (10.0, 20.0, 110.0, 220.0)
    corner = [(10, 220), (10, 20), (110, 20), (110, 220)][turns]
    assert moved_point(shown(box, turns), corner) == (0, 0)
    wide, high = (100, 200) if turns % 2 == 0 else (200, 100)
    assert moved_box(shown(box, turns), box) == (0, 0, wide, high)


def test_maps_are_joined_in_order() -> None:
    scaled, moved = (2.0, 0.0, 0.0, 2.0, 0.0, 0.0), (1.0, 0.0, 0.0, 1.0, 5.0, 0.0)
    assert moved_point(joined(scaled, moved), (1, 1)) == (7, 2)
    assert moved_point(joined(moved, scaled), (1, 1)) == (12, 2)
