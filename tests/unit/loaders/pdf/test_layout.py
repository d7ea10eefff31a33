from __future__ import annotations

import io
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from ragsight.chunks import BBox
from ragsight.loaders.pdf.captions.matching import CaptionSides, match_captions
from ragsight.loaders.pdf.figures.rendering import encode, png_bytes
from ragsight.loaders.pdf.page.page import Line, Page
from ragsight.loaders.pdf.tables.cells import ruled_grid
from ragsight.loaders.pdf.tables.grids import to_markdown
from ragsight.loaders.pdf.text.blocks import Block, blocks_of, body_size, size_counts
from ragsight.loaders.pdf.text.furniture import edges_of, furniture_lines, is_page_number
from ragsight.loaders.pdf.text.headings import HeadingPath, is_heading
from ragsight.loaders.pdf.text.reading_order import in_reading_order


def _line(text: str, left: float, top: float, **style: float) -> Line:
    size = style.get("size", 10.0)
    box = (left, top, left + 0.5 * size * len(text), top + 1.2 * size)
    return Line(text, box, size, bold=bool(style.get("bold", 0)), block=int(style.get("block", 0)))


def _block(*lines: Line) -> Block:
    return Block(lines, tuple(range(len(lines))))


def _page(number: int, *lines: Line) -> Page:
    return Page(number=number, width=595, height=842, lines=lines)


@pytest.mark.parametrize(
    "text", ["12", "- 12 -", "iv", "Page 3", "p. 4", "3 / 20", "Seite 3 von 9"]
)
def test_page_numbers_are_known_in_many_forms(text: str) -> None:
    assert is_page_number(text)


@pytest.mark.parametrize("text", ["12 pumps", "Civil", "Chapter 3", "", "3.5 m"])
def test_words_and_values_are_no_page_numbers(text: str) -> None:
    assert not is_page_number(text)


def test_a_line_on_two_pages_only_is_not_taken_for_a_header() -> None:
    pages = [_page(n, _line("Handbook", 60, 40), _line(f"Text {n}", 60, 300)) for n in (1, 2, 3)]
    assert furniture_lines(pages[0], map(edges_of, pages[1:2])) == frozenset()
    assert furniture_lines(pages[0], map(edges_of, pages[1:])) == frozenset({0})


def test_a_line_repeated_in_the_middle_of_pages_is_kept() -> None:
    pages = [_page(n, _line("Warning", 60, 400), _line(f"Text {n}", 60, 300)) for n in range(1, 6)]
    assert furniture_lines(pages[0], map(edges_of, pages[1:])) == frozenset()


def test_pages_with_nothing_but_a_repeated_line_keep_it() -> None:
    pages = [_page(n, _line(f"Part {n}", 60, 40)) for n in range(1, 6)]
    assert furniture_lines(pages[0], map(edges_of, pages[1:])) == frozenset()


def test_headings_are_larger_or_bolder_and_no_sentences() -> None:
    assert is_heading(_block(_line("Seals", 60, 60, size=14)), 10)
    assert is_heading(_block(_line("Seals and shafts", 60, 60, bold=1)), 10)
    assert is_heading(_block(_line("2.1 Seals", 60, 60, size=10.6)), 10)
    assert not is_heading(_block(_line("Seals", 60, 60)), 10)
    assert not is_heading(_block(_line("Grease the seals.", 60, 60, bold=1)), 10)
    assert not is_heading(_block(_line("12", 60, 60, size=14)), 10)
    assert not is_heading(_block(_line("A long line of display text " * 8, 60, 60, size=14)), 10)


def test_numbers_decide_the_level_of_headings_and_sizes_where_there_are_none() -> None:
    path = HeadingPath()
    steps = [
        ("A Handbook", 24, ["A Handbook"]),
        ("1 Pumps", 14, ["1 Pumps"]),
        ("1.1 Seals", 14, ["1 Pumps", "1.1 Seals"]),
        ("Safety", 12, ["1 Pumps", "1.1 Seals", "Safety"]),
        ("1.2 Shafts", 14, ["1 Pumps", "1.2 Shafts"]),
        ("2 Pipes", 14, ["2 Pipes"]),
    ]
    for title, size, expected in steps:
        path.enter(title, size)
        assert list(path.titles) == expected


def test_a_known_level_wins_over_size() -> None:
    path = HeadingPath()
    path.enter("Pumps", 12, level=1)
    path.enter("Seals", 12, level=2)
    assert path.titles == ("Pumps", "Seals")


def test_a_full_width_block_between_columns_is_read_in_its_place() -> None:
    def column(name: str, left: float, top: float) -> Block:
        lines = [_line(f"{name} a line of text here", left, top + 14 * n) for n in range(4)]
        return _block(*lines)

    wide = _block(_line("wide " * 18, 60, 200))
    blocks = [
        column("R2", 320, 240), column("L1", 60, 100), wide, column("L2", 60, 240),
        column("R1", 320, 100),
    ]  # fmt: skip
    names = [block.text[:2] for block in in_reading_order(blocks, 595)]
    assert names == ["L1", "R1", "wi", "L2", "R2"]


def test_the_body_size_is_that_of_most_characters() -> None:
    lines = [_line("Big", 0, 0, size=30), _line("many small words " * 5, 0, 50, size=9)]
    assert body_size([size_counts(lines)]) == 9.0
    assert body_size([]) == 10.0


def test_long_lines_are_running_text_and_labels_are_not() -> None:
    text = _block(
        *(_line("a line of forty characters or a few more", 60, 14 * n) for n in range(3))
    )
    labels = _block(*(_line("axis label", 60, 14 * n) for n in range(12)))
    assert text.is_body
    assert not labels.is_body


def test_blocks_keep_the_numbers_of_their_lines() -> None:
    lines = {
        4: _line("a", 0, 0, block=1),
        5: _line("b", 0, 14, block=1),
        9: _line("c", 0, 90, block=2),
    }
    assert [block.numbers for block in blocks_of(lines)] == [(4, 5), (9,)]


def test_captions_go_to_the_side_that_the_document_uses() -> None:
    regions: list[BBox] = [(100, 100, 300, 200), (100, 260, 300, 360)]
    caption: BBox = (120, 224, 280, 236)
    assert match_captions([caption], regions, [], CaptionSides(below=3), 842) == {0: 0}
    assert match_captions([caption], regions, [], CaptionSides(above=3), 842) == {0: 1}


def test_a_caption_is_not_matched_across_text() -> None:
    regions: list[BBox] = [(100, 100, 300, 200), (100, 300, 300, 400)]
    text: BBox = (100, 205, 300, 240)
    caption: BBox = (120, 245, 280, 257)
    assert match_captions([caption], regions, [text], CaptionSides(), 842) == {0: 1}


PAGE: BBox = (0, 0, 595, 842)


def test_cells_are_sorted_into_rows_and_columns() -> None:
    lines = [
        _line("b2", 200, 114),
        _line("a1", 60, 100),
        _line("b1", 200, 101),
        _line("a2", 60, 115),
    ]
    grid = ruled_grid(PAGE, [], lines)
    assert grid is not None
    assert grid.rows == (("a1", "b1"), ("a2", "b2"))


def test_one_column_is_no_table() -> None:
    assert ruled_grid(PAGE, [], [_line("a", 60, 100), _line("b", 60, 120)]) is None


def test_bars_in_cells_do_not_break_the_markdown() -> None:
    assert to_markdown([("a|b", "c\nd"), ("e",)]) == "| a\\|b | c d |\n| --- | --- |\n| e |  |"


def test_drawings_are_stored_as_png_and_photographs_as_jpeg() -> None:
    drawing = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(drawing).line((0, 0, 400, 300), fill="blue", width=4)
    photograph = Image.effect_noise((400, 300), 80).convert("RGB")
    assert encode(drawing)[0].startswith(b"\x89PNG")
    assert encode(photograph)[0].startswith(b"\xff\xd8")


@settings(deadline=None)
@given(
    size=st.tuples(st.integers(1, 40), st.integers(1, 40)), grey=st.booleans(), seed=st.integers()
)
def test_a_png_holds_the_very_pixels(size: tuple[int, int], grey: bool, seed: int) -> None:
    channels = 1 if grey else 3
    noise = random.Random(seed).randbytes(size[0] * size[1] * channels)
    image = Image.frombytes("L" if grey else "RGB", size, noise)
    with Image.open(io.BytesIO(png_bytes(image))) as opened:
        assert opened.mode == image.mode
        assert opened.tobytes() == image.tobytes()


def test_a_picture_with_transparency_is_no_matter_of_the_png_writer() -> None:
    with pytest.raises(ValueError, match="RGBA"):
        png_bytes(Image.new("RGBA", (2, 2)))
