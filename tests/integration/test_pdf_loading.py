from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageStat

from pdfs import (
    BODY,
    PAGE,
    chart,
    for_each_backend,
    heading,
    iou,
    line,
    mupdf,
    paragraph,
    photo,
    picture,
    png,
    ruled_table,
    save_pdf,
)
from ragsight.chunks import BBox, Chunk
from ragsight.errors import ConfigurationError, DocumentError
from ragsight.images import open_image
from ragsight.loaders.chunking import ChunkingOptions
from ragsight.loaders.pdf import PdfLoader, PdfOptions

backend = for_each_backend(globals())


def _of_kind(chunks: list[Chunk], kind: str) -> list[Chunk]:
    return [chunk for chunk in chunks if chunk.kind == kind]


def _text(chunks: list[Chunk]) -> str:
    return "\n".join(chunk.text for chunk in chunks if chunk.kind == "text")


def _box(chunk: Chunk) -> BBox:
    assert chunk.source.bbox is not None
    return chunk.source.bbox


def _picture(chunk: Chunk) -> Image.Image:
    assert chunk.image is not None
    assert chunk.image.data is not None
    return open_image(chunk.image)


def test_a_chart_of_many_paths_is_one_figure_with_its_labels(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        chart(page, (150, 250, 450, 400))
        line(page, (200, 435), "Figure 1: Water lifted on three days.")
        paragraph(page, (60, 470, 530, 600), "Figure 1 shows that Monday was wet. " + BODY)

    chunks = PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load()
    (figure,) = _of_kind(chunks, "figure")
    assert figure.text == "Figure 1: Water lifted on three days."
    assert iou(_box(figure), (150, 250, 450, 413)) > 0.9
    assert figure.metadata["label"] == "Figure 1"
    assert figure.metadata["method"] == "vector"
    assert figure.metadata["inner_text"] == "Mon Tue Wed"
    assert figure.metadata["nearby_text"] == ["Figure 1 shows that Monday was wet."]
    assert figure.image is not None
    assert figure.image.mime == "image/png"
    words = _text(chunks)
    assert "Water lifted" not in words
    assert "Mon Tue" not in words
    assert "Figure 1 shows" in words


def test_a_caption_above_its_figure_is_found(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        line(page, (200, 250), "Fig. 2. The upper basin.")
        picture(page, (150, 262, 450, 460))
        paragraph(page, (60, 480, 530, 600))

    (figure,) = _of_kind(PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load(), "figure")
    assert figure.metadata["label"] == "Fig. 2"
    assert figure.metadata["method"] == "bitmap"
    assert iou(_box(figure), (150, 262, 450, 460)) > 0.95


def test_two_figures_side_by_side_stay_two(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        picture(page, (60, 250, 290, 400))
        chart(page, (320, 250, 530, 388))
        line(page, (90, 420), "Figure 1: The lower basin.")
        line(page, (350, 420), "Figure 2: Water by day.")

    figures = _of_kind(PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load(), "figure")
    boxes = {figure.metadata["label"]: _box(figure) for figure in figures}
    assert iou(boxes["Figure 1"], (60, 250, 290, 400)) > 0.9
    assert iou(boxes["Figure 2"], (320, 250, 530, 400)) > 0.9


def test_figures_that_touch_are_parted_between_their_captions(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        picture(page, (60, 250, 295, 400))
        picture(page, (299, 250, 530, 400), photo(colour="blue"))
        line(page, (90, 420), "Figure 1: The lower basin.")
        line(page, (350, 420), "Figure 2: The upper basin.")

    figures = _of_kind(PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load(), "figure")
    assert [figure.metadata["label"] for figure in figures] == ["Figure 1", "Figure 2"]
    assert iou(_box(figures[0]), (60, 250, 295, 400)) > 0.95


def test_panels_under_one_caption_are_one_figure(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        for number in range(3):
            left = 80 + 150 * number
            picture(page, (left, 250, left + 120, 350))
            line(page, (left + 50, 364), f"({'abc'[number]})")
        line(page, (100, 390), "Figure 1: Three basins: (a) lower, (b) middle and (c) upper one.")

    (figure,) = _of_kind(PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load(), "figure")
    assert iou(_box(figure), (80, 250, 500, 366)) > 0.9


def test_a_bitmap_with_a_soft_mask_is_not_a_black_silhouette(tmp_path: Path) -> None:
    image = Image.new("RGBA", (200, 150), (0, 0, 0, 0))
    image.paste((220, 40, 40, 255), (60, 45, 140, 105))

    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        page.insert_image(mupdf.Rect(150, 250, 450, 475), stream=png(image))
        line(page, (200, 495), "Figure 1: A part with a transparent ground.")

    (figure,) = _of_kind(PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load(), "figure")
    shown = _picture(figure)
    assert shown.getpixel((8, 8)) == (255, 255, 255)
    middle = ImageStat.Stat(shown.crop((300, 200, 800, 500))).median
    assert middle[0] > 180
    assert middle[1] < 100


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_boxes_on_a_turned_page_are_where_the_reader_sees_them(
    tmp_path: Path, rotation: int
) -> None:
    def draw(page: Any) -> None:
        picture(page, (150, 250, 450, 400), photo(colour="red"))
        page.set_rotation(rotation)

    chunks = PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load()
    (figure,) = _of_kind(chunks, "figure")
    width, height = PAGE
    expected = {
        90: (height - 400, 150, height - 250, 450),
        180: (width - 450, height - 400, width - 150, height - 250),
        270: (250, width - 450, 400, width - 150),
    }[rotation]
    assert iou(_box(figure), expected) > 0.98
    assert figure.source.page_size == ((height, width) if rotation % 180 else (width, height))
    red, green, blue = ImageStat.Stat(_picture(figure)).mean
    assert red > green + 20 > blue


def test_two_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        heading(page, (60, 80), "A wide title above both columns of the page", 20)
        for y in (110, 300):
            paragraph(page, (60, y, 285, y + 150), f"Left {y}. " + BODY)
            paragraph(page, (310, y, 535, y + 150), f"Right {y}. " + BODY)

    text = _text(PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load())
    places = [text.index(word) for word in ("Left 110", "Left 300", "Right 110", "Right 300")]
    assert places == sorted(places)


def test_headers_footers_and_page_numbers_are_left_out(tmp_path: Path) -> None:
    numbers = iter(range(1, 6))

    def draw(page: Any) -> None:
        number = next(numbers)
        line(page, (60, 40), f"Handbook of pumps, chapter {number}")
        page.draw_line((60, 46), (535, 46))
        paragraph(page, (60, 80, 530, 300), f"Sheet {number} begins here. " + BODY)
        line(page, (290, 815), f"- {number} -")

    text = _text(PdfLoader(save_pdf(tmp_path / "a.pdf", draw, pages=5)).load())
    assert "Handbook of pumps" not in text
    assert "- 3 -" not in text
    assert "Sheet 5 begins here." in text


def test_a_logo_on_every_page_is_no_figure_but_screenshots_are(tmp_path: Path) -> None:
    colours = iter(["red", "green", "blue", "yellow"])

    def draw(page: Any) -> None:
        picture(page, (440, 90, 540, 160), photo(colour="black"))
        paragraph(page, (60, 200, 530, 330))
        picture(page, (150, 350, 450, 560), photo(colour=next(colours)))

    figures = _of_kind(PdfLoader(save_pdf(tmp_path / "a.pdf", draw, pages=4)).load(), "figure")
    assert [figure.source.page for figure in figures] == [1, 2, 3, 4]
    assert all(iou(_box(figure), (150, 350, 450, 560)) > 0.95 for figure in figures)


def test_rules_frames_and_small_signs_are_no_figures(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        page.draw_rect((20, 20, 575, 822))
        paragraph(page, (60, 60, 530, 200))
        page.draw_line((60, 230), (535, 230))
        page.draw_rect((55, 250, 540, 330), fill=(0.9, 0.95, 1.0))
        paragraph(page, (60, 255, 530, 325))
        picture(page, (60, 400, 80, 420))
        page.draw_rect((60, 500, 530, 600))

    assert not _of_kind(PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load(), "figure")


def test_sections_follow_the_headings_across_pages(tmp_path: Path) -> None:
    pages = iter(
        [[("1 Pumps", 18), ("1.1 Seals", 13)], [], [("1.2 Shafts", 13)], [("2 Pipes", 18)]]
    )

    def draw(page: Any) -> None:
        y = 80.0
        for title, size in next(pages):
            heading(page, (60, y), title, size)
            y += 30
        paragraph(page, (60, y, 530, y + 200))

    chunks = PdfLoader(save_pdf(tmp_path / "a.pdf", draw, pages=4)).load()
    assert [chunk.source.section for chunk in chunks] == [
        ("1 Pumps", "1.1 Seals"),
        ("1 Pumps", "1.1 Seals"),
        ("1 Pumps", "1.2 Shafts"),
        ("2 Pipes",),
    ]


def test_words_broken_at_line_ends_are_made_whole(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        lines = ("The lower ba-", "sin has a self-", "closing valve; self-closing", "is usual.")
        for number, words in enumerate(lines):
            page.insert_text((60, 80 + 13 * number), words, fontsize=10)

    text = _text(PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load())
    assert text == "The lower basin has a self-closing valve; self-closing is usual."


def test_passages_are_cut_to_size_and_numbered_on_their_page(tmp_path: Path) -> None:
    words = " ".join(f"Step {n} lifts the water {n} metres higher up the hill." for n in range(30))
    path = save_pdf(tmp_path / "a.pdf", lambda page: paragraph(page, (60, 60, 530, 700), words))
    options = PdfOptions(chunking=ChunkingOptions(size=300, overlap=0))
    chunks = PdfLoader(path, options=options).load()
    assert len(chunks) > 2
    assert all(len(chunk.text) <= 300 for chunk in chunks)
    assert [c.source.part for c in chunks] == [f"text {n}" for n in range(1, len(chunks) + 1)]
    assert _box(chunks[0])[3] < _box(chunks[-1])[3]


def test_a_ruled_table_becomes_markdown_with_its_caption(tmp_path: Path) -> None:
    rows = [("Pump", "Lift in m", "Power"), ("Small", "3.5", "200 W"), ("Large", "12", "")]

    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        line(page, (200, 240), "Table 1: Two pumps.")
        ruled_table(page, (100, 250, 480, 320), rows)

    chunks = PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load()
    (table,) = _of_kind(chunks, "table")
    assert table.text == (
        "Table 1: Two pumps.\n\n| Pump | Lift in m | Power |\n| --- | --- | --- |\n"
        "| Small | 3.5 | 200 W |\n| Large | 12 |  |"
    )
    assert iou(_box(table), (100, 250, 480, 320)) > 0.95
    assert "Lift in m" not in _text(chunks)
    assert not _of_kind(chunks, "figure")


def test_a_table_with_three_rules_only_is_read_from_its_white_space(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        line(page, (150, 240), "Table 1. Two pumps.")
        for y in (250, 268, 308):
            page.draw_line((150, y), (450, y), width=0.7)
        for y, row in ((263, ("Pump", "Lift")), (283, ("Small", "3.5")), (301, ("Large", "12"))):
            line(page, (155, y), row[0])
            line(page, (350, y), row[1])
        paragraph(page, (60, 340, 530, 460))

    chunks = PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load()
    (table,) = _of_kind(chunks, "table")
    assert table.text.endswith("| Pump | Lift |\n| --- | --- |\n| Small | 3.5 |\n| Large | 12 |")
    assert _text(chunks).count("The pump lifts water") == 2


def test_a_scanned_page_becomes_a_picture_of_the_page(tmp_path: Path) -> None:
    scan = photo((600, 850))
    path = save_pdf(tmp_path / "a.pdf", lambda page: picture(page, (0, 0, *PAGE), scan))
    (chunk,) = PdfLoader(path).load()
    assert chunk.kind == "page"
    assert chunk.metadata["method"] == "scan"
    assert 1500 < _picture(chunk).height <= 1568


def test_a_slide_is_kept_whole_with_its_words() -> None:
    document = mupdf.open()
    page = document.new_page(width=960, height=540)
    heading(page, (60, 80), "Why pumps fail", 36)
    page.insert_text((60, 160), "Seals, bearings, and dry running", fontsize=20)
    picture(page, (600, 150, 900, 400))
    (chunk,) = PdfLoader(document.tobytes()).load()
    assert chunk.kind == "page"
    assert chunk.metadata["method"] == "slide"
    assert "Why pumps fail" in chunk.text
    assert "dry running" in chunk.text


def test_a_slide_keeps_the_words_in_its_boxes_and_a_title_that_stays() -> None:
    document = mupdf.open()
    for number in range(4):
        page = document.new_page(width=720, height=540)
        heading(page, (40, 45), "Kinds of pumps", 28)
        line(page, (40, 120), f"Step {number + 1} of the pump's life", size=22)
        page.draw_rect((40, 200, 680, 400), fill=(0.9, 0.9, 0.8), color=(0, 0, 0))
        page.draw_rect((40, 200, 680, 240), fill=(0.3, 0.5, 0.5), color=(0, 0, 0))
        line(page, (50, 230), f"Definition {number + 1}", size=20)
        line(page, (50, 280), f"A pump lifts water, at most {number + 1} metres.", size=18)
        line(page, (300, 525), "Ada, December 2022", size=9)
    chunks = PdfLoader(document.tobytes()).load()
    assert [chunk.kind for chunk in chunks] == ["page"] * 4
    for number, chunk in enumerate(chunks, start=1):
        words = " ".join([*chunk.source.section, chunk.text])
        assert "Kinds of pumps" in words
        assert f"Step {number} of the pump's life" in words
        assert f"Definition {number}" in words
        assert f"at most {number} metres" in chunk.text
        assert "December" not in words


def test_figures_can_be_left_out(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        picture(page, (150, 250, 450, 400))
        line(page, (200, 420), "Figure 1: The lower basin.")

    chunks = PdfLoader(save_pdf(tmp_path / "a.pdf", draw), figures=False).load()
    assert {chunk.kind for chunk in chunks} == {"text"}
    assert "Figure 1: The lower basin." in _text(chunks)


def test_a_caption_without_a_drawing_brings_the_page(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        line(page, (200, 230), "Figure 9: A drawing that was lost.")

    (figure,) = _of_kind(PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load(), "figure")
    assert figure.metadata["method"] == "page"
    assert _box(figure) == (0, 0, *PAGE)


def test_a_huge_page_is_rendered_within_the_pixel_cap() -> None:
    document = mupdf.open()
    page = document.new_page(width=14_000, height=10_000)
    picture(page, (3000, 3000, 9000, 7000))
    chunks = PdfLoader(document.tobytes()).load()
    assert chunks
    for chunk in chunks:
        assert chunk.image is not None
        assert max(chunk.image.width, chunk.image.height) <= 1568


def test_the_printed_page_number_is_kept_where_it_differs() -> None:
    document = mupdf.open()
    for _ in range(2):
        paragraph(document.new_page(width=PAGE[0], height=PAGE[1]), (60, 60, 530, 400))
    document.set_page_labels([{"startpage": 0, "style": "r", "firstpagenum": 4}])
    chunks = PdfLoader(document.tobytes()).load()
    assert [(chunk.source.page, chunk.source.page_label) for chunk in chunks] == [
        (1, "iv"),
        (2, "v"),
    ]


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_cropped_picture_is_as_large_as_what_shows(tmp_path: Path, rotation: int) -> None:
    def draw(page: Any) -> None:
        picture(page, (100, 200, 500, 600))
        document, contents = page.parent, page.get_contents()
        painted = b"".join(document.xref_stream(xref) for xref in contents)
        # 842 - 300 = 542: PDF counts from the bottom.
        clipped = b"q 150 392 200 150 re W n\n" + painted + b"\nQ"
        document.update_stream(contents[0], clipped)
        for xref in contents[1:]:
            document.update_stream(xref, b" ")
        page.set_rotation(rotation)

    (figure,) = _of_kind(PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load(), "figure")
    left, top, right, bottom = 150, 300, 350, 450
    expected = (left, top, right, bottom)
    if rotation == 90:
        expected = (PAGE[1] - bottom, left, PAGE[1] - top, right)
    assert iou(_box(figure), expected) > 0.98


def test_every_page_can_be_kept_as_a_picture(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        picture(page, (150, 250, 450, 400))

    path = save_pdf(tmp_path / "a.pdf", draw, pages=2)
    chunks = PdfLoader(path, page_images="all").load()
    assert [chunk.kind for chunk in chunks] == ["page", "text", "figure"] * 2
    pages = _of_kind(chunks, "page")
    assert [chunk.text for chunk in pages] == ["", ""]
    for page, *others in (chunks[:3], chunks[3:]):
        assert [chunk.metadata["page_id"] for chunk in others] == [page.id] * 2
    # The other chunks are the very same, so that the pictures can be added to an index later.
    plain = PdfLoader(path).load()
    assert [chunk.id for chunk in plain] == [c.id for c in chunks if c.kind != "page"]
    assert all("page_id" not in chunk.metadata for chunk in plain)


def test_no_page_is_kept_as_a_picture_if_so_wished(tmp_path: Path) -> None:
    scan = photo((600, 850))

    def draw(page: Any) -> None:
        picture(page, (0, 0, *PAGE), scan)
        paragraph(page, (60, 60, 530, 400))

    path = save_pdf(tmp_path / "a.pdf", draw)
    assert [chunk.kind for chunk in PdfLoader(path).load()] == ["page"]
    assert [chunk.kind for chunk in PdfLoader(path, page_images="none").load()] == ["text"]


def test_tables_can_be_left_in_the_text(tmp_path: Path) -> None:
    rows = [("Pump", "Lift in m", "Power"), ("Small", "3.5", "200 W"), ("Large", "12", "")]

    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        line(page, (200, 240), "Table 1: Two pumps.")
        ruled_table(page, (100, 250, 480, 320), rows)

    path = save_pdf(tmp_path / "a.pdf", draw)
    assert _of_kind(PdfLoader(path).load(), "table")[0].metadata["cells"] == [
        list(row) for row in rows
    ]
    chunks = PdfLoader(path, tables="none").load()
    assert not _of_kind(chunks, "table")
    assert "200 W" in _text(chunks)


@pytest.mark.parametrize(
    "setting",
    [{"tables": "all"}, {"page_images": True}, {"contents": "keep"}, {"ocr": "on"}, {"ocr": None}],
    ids=str,
)
def test_a_setting_that_is_none_of_the_choices_is_refused(setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match="choose one of"):
        PdfLoader(b"%PDF-", **setting)


def test_settings_win_over_options_and_change_the_fingerprint() -> None:
    options = PdfOptions(image_side=800)
    plain = PdfLoader(b"%PDF-", options=options)
    assert PdfLoader(b"%PDF-", options=options, image_side=800).fingerprint() == plain.fingerprint()
    assert PdfLoader(b"%PDF-", options=options, isolate=True).fingerprint() == plain.fingerprint()
    for setting in ({"image_side": 900}, {"ocr": len}, {"tables": "none"}, {"contents": "mark"}):
        loader = PdfLoader(b"%PDF-", options=options, **setting)  # type: ignore[arg-type]
        assert loader.fingerprint() != plain.fingerprint()


def test_chunks_come_in_reading_order_with_figures_between_the_passages(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        heading(page, (60, 80), "1 Pumps")
        paragraph(page, (60, 90, 530, 200))
        picture(page, (150, 220, 450, 340))
        line(page, (200, 360), "Figure 1: The lower basin.")
        heading(page, (60, 400), "2 Valves")
        paragraph(page, (60, 420, 530, 560), "A valve is shown in Figure 1. " + BODY)

    chunks = PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load()
    assert [chunk.kind for chunk in chunks] == ["text", "figure", "text"]
    assert [chunk.metadata["order"] for chunk in chunks] == [1, 2, 3]
    assert [chunk.metadata["method"] for chunk in chunks] == ["text", "bitmap", "text"]
    before, figure, after = chunks
    # It stands under the first heading, but it is the second section that speaks of it.
    assert figure.source.section == ("2 Valves",)
    assert figure.metadata["mentioned_in"] == [after.id]
    assert figure.metadata["previous"] == before.id
    assert after.metadata["mentions"] == [figure.id]
    left, top, right, bottom = figure.metadata["caption_bbox"]
    assert 198 < left < 202 < right
    assert 345 < top < bottom < 366


def test_what_was_loaded_before_a_bad_page_is_not_lost_by_it() -> None:
    document = mupdf.open()
    for _ in range(2):
        paragraph(document.new_page(width=PAGE[0], height=PAGE[1]), (60, 160, 530, 400))
    root = int(document.xref_get_key(document.pdf_catalog(), "Pages")[1].split()[0])
    document.xref_set_key(root, "Count", "3")
    chunks = PdfLoader(document.tobytes()).lazy_load()
    assert [next(chunks).source.page for _ in range(2)] == [1, 2]
    with pytest.raises(DocumentError, match="page 3"):
        next(chunks)
