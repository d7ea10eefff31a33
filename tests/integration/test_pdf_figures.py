"""Figures on drawn pages: what belongs to one, what parts two, and what is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from pdfs import BODY, PAGE, chart, heading, iou, line, mupdf, paragraph, photo, picture, save_pdf
from ragsight.chunks import BBox, Chunk
from ragsight.loaders.pdf import PdfLoader
from ragsight.loaders.pdf.backends.mupdf import source as mupdf_source


def _figures(path: Path, **settings: Any) -> list[Chunk]:
    return [chunk for chunk in PdfLoader(path, **settings).load() if chunk.kind == "figure"]


def _box(chunk: Chunk) -> BBox:
    assert chunk.source.bbox is not None
    return chunk.source.bbox


def test_labels_between_a_figure_and_its_caption_belong_to_it(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        chart(page, (150, 250, 450, 400))
        for number in range(8):
            line(page, (170, 430 + 14 * number), f"Length {number} = {number}.5 pt")
        line(page, (200, 560), "Figure 1: Water lifted on three days.")
        paragraph(page, (60, 600, 530, 740))

    (figure,) = _figures(save_pdf(tmp_path / "a.pdf", draw))
    assert iou(_box(figure), (150, 250, 450, 531)) > 0.95


def test_a_large_label_is_no_heading(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        chart(page, (150, 250, 450, 400))
        line(page, (262, 428), "Three days", size=14)
        line(page, (200, 450), "Figure 1: Water lifted on three days.")

    (figure,) = _figures(save_pdf(tmp_path / "a.pdf", draw))
    assert "Three days" in figure.metadata["inner_text"]


def test_a_line_that_sticks_out_above_a_figure_is_text(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        line(page, (60, 244), "The three days are compared:", size=10)
        chart(page, (150, 250, 450, 400))
        line(page, (200, 435), "Figure 1: Water lifted on three days.")

    chunks = PdfLoader(save_pdf(tmp_path / "a.pdf", draw)).load()
    assert any(chunk.kind == "text" and "are compared" in chunk.text for chunk in chunks)


def test_pictures_with_a_title_each_are_one_each(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        for n, (left, top) in enumerate(((60, 100), (200, 100), (60, 230), (200, 230))):
            picture(page, (left, top, left + 125, top + 95), photo(colour=("red", "blue")[n % 2]))
            line(page, (left, top + 105), f"{n} A pump of some kind")

    assert len(_figures(save_pdf(tmp_path / "a.pdf", draw))) == 4


def test_large_pictures_stay_single_and_tiles_are_one(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 160))
        picture(page, (60, 200, 360, 320))
        picture(page, (60, 326, 360, 446), photo(colour="blue"))
        picture(page, (60, 500, 360, 600))
        picture(page, (60, 600, 360, 700), photo(colour="blue"))

    boxes = [_box(figure) for figure in _figures(save_pdf(tmp_path / "a.pdf", draw))]
    wanted = [(60, 200, 360, 320), (60, 326, 360, 446), (60, 500, 360, 700)]
    assert len(boxes) == 3
    assert all(iou(box, want) > 0.95 for box, want in zip(boxes, wanted, strict=True))


def test_two_screenshots_without_text_are_figures_and_no_scan(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        picture(page, (30, 40, 565, 400))
        picture(page, (30, 430, 565, 800), photo(colour="blue"))

    assert len(_figures(save_pdf(tmp_path / "a.pdf", draw))) == 2


def test_what_stands_on_a_band_along_the_edge_is_no_figure(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        page.draw_rect((0, 0, 90, PAGE[1]), fill=(0.8, 0.8, 0.9), color=None)
        picture(page, (10, 300, 80, 370))
        page.draw_rect((10, 400, 80, 480), fill=(0.4, 0.4, 0.9), color=None)
        paragraph(page, (120, 60, 530, 200))

    assert not _figures(save_pdf(tmp_path / "a.pdf", draw))


def test_tinted_listings_are_no_figure(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 180))
        for top in (200, 232, 264):
            for box in ((60, top, 530, top + 4), (60, top + 4, 530, top + 20)):
                page.draw_rect(box, fill=(0.92, 0.92, 0.92), color=None)
            page.draw_rect((60, top, 530, top + 20), width=0.5)
            page.insert_text((66, top + 14), "pump.start(speed=3)", fontsize=9, fontname="cour")
        paragraph(page, (60, 320, 530, 440))

    assert not _figures(save_pdf(tmp_path / "a.pdf", draw))


def test_a_path_outside_its_clip_does_not_show(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 700, 530, 800))
        chart(page, (150, 250, 450, 400))
        line(page, (200, 435), "Figure 1: Water lifted on three days.")
        content = b"q 150 442 300 150 re W n 0 0 1 RG 100 640 m 480 660 l S Q"
        xref = page.parent.get_new_xref()
        page.parent.update_object(xref, "<<>>")
        page.parent.update_stream(xref, content)
        streams = " ".join(f"{number} 0 R" for number in [*page.get_contents(), xref])
        page.parent.xref_set_key(page.xref, "Contents", f"[{streams}]")

    (figure,) = _figures(save_pdf(tmp_path / "a.pdf", draw))
    assert iou(_box(figure), (150, 250, 450, 412)) > 0.95


@pytest.mark.parametrize("style", ["typewriter", "small"])
def test_a_listing_is_the_figure_of_its_caption(tmp_path: Path, style: str) -> None:
    code = [f"pump.start(speed={n}, seals=True, bearings='greased once a month')" for n in range(9)]

    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200), BODY * 2)
        for n, text in enumerate(code):
            at = (80, 240 + 12 * n)
            if style == "typewriter":
                page.insert_text(at, text, fontsize=10, fontname="cour")
            else:
                line(page, at, text, size=8)
        line(page, (200, 365), "Figure 1: Nine pumps.", size=10)
        paragraph(page, (60, 400, 530, 560), BODY * 2)

    (figure,) = _figures(save_pdf(tmp_path / "a.pdf", draw))
    assert figure.metadata["label"] == "Figure 1"
    assert 225 < _box(figure)[1] < 235
    assert 330 < _box(figure)[3] < 345
    assert figure.metadata["inner_text"].count("pump.start") == 9


def test_a_caption_amid_running_text_brings_the_page(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200), BODY * 2)
        line(page, (200, 225), "Figure 1: Lost.", size=10)
        paragraph(page, (60, 250, 530, 400), BODY * 2)

    (figure,) = _figures(save_pdf(tmp_path / "a.pdf", draw))
    assert _box(figure) == (0, 0, *PAGE)


def _scan() -> Image.Image:
    """A page at 150 dpi: a paragraph's grey lines, a drawing, and a caption's line."""
    scale = 150 / 72
    image = Image.new("L", (round(PAGE[0] * scale), round(PAGE[1] * scale)), 245)
    pen = ImageDraw.Draw(image)
    box = [round(v * scale) for v in (150, 250, 450, 400)]
    pen.rectangle(box, outline=40, width=4)
    pen.line(box, fill=40, width=4)
    for top in (*range(100, 200, 14), 428):
        pen.rectangle([round(v * scale) for v in (62, top, 528, top + 8)], fill=60)
    return image.convert("RGB")


def _lines() -> list[tuple[str, BBox]]:
    words = "The pump lifts water from the lower basin to the upper one, and a valve keeps it."
    lines: list[tuple[str, BBox]] = [
        (words, (60.0, top - 2.0, 530.0, top + 10.0)) for top in range(100, 200, 14)
    ]
    return [*lines, ("Figure 1: A cell of the pump.", (60.0, 426.0, 530.0, 438.0))]


def test_a_figure_on_a_scan_with_a_text_layer_is_found_by_its_ink(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        picture(page, (0, 0, *PAGE), _scan())
        words = mupdf.TextWriter(page.rect)
        for text, (left, _, _, bottom) in _lines():
            words.append((left + 2, bottom - 2), text, fontsize=11)
        words.write_text(page, render_mode=3)

    (figure,) = _figures(save_pdf(tmp_path / "a.pdf", draw))
    assert iou(_box(figure), (150, 250, 450, 400)) > 0.9
    assert figure.metadata["method"] == "bitmap"


def test_a_figure_on_a_scan_is_found_once_its_words_are_read(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", lambda page: picture(page, (0, 0, *PAGE), _scan()))

    def read(image: Image.Image) -> list[tuple[str, BBox]]:
        scale = image.width / PAGE[0]
        return [
            (text, (box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale))
            for text, box in _lines()
        ]

    (figure,) = _figures(path, ocr=read)
    assert figure.metadata["label"] == "Figure 1"
    assert iou(_box(figure), (150, 250, 450, 400)) > 0.9
    chunks = PdfLoader(path, ocr=lambda _: "Figure 1: A cell.\n\nMore.").load()
    assert [chunk.kind for chunk in chunks] == ["page"]


def test_figures_and_tables_need_not_be_painted(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        chart(page, (150, 250, 450, 400))
        line(page, (200, 435), "Figure 1: Water lifted on three days.")
        chart(page, (150, 480, 450, 540), labels=("A", "B"))
        picture(page, (150, 660, 450, 780))

    path = save_pdf(tmp_path / "a.pdf", draw)
    painted = _figures(path)
    bare = _figures(path, figure_images="none")
    assert [figure.image for figure in bare] == [None, None]
    assert [figure.text for figure in bare] == ["Figure 1: Water lifted on three days.", "A B"]
    assert _box(bare[0]) == _box(painted[0])
    assert len(painted) == 3


def test_a_file_is_opened_anew_after_many_pages_and_stays_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def draw(page: Any) -> None:
        heading(page, (60, 80), "Pumps")
        picture(page, (150, 250, 450, 400))

    options = {"user_pw": "sesame", "encryption": mupdf.PDF_ENCRYPT_AES_256}
    path = save_pdf(tmp_path / "a.pdf", draw, pages=12, **options)
    expected = PdfLoader(path, password="sesame").load()
    opened: list[Path | bytes] = []
    real = mupdf_source._opened

    def counted(source: Path | bytes) -> Any:
        opened.append(source)
        return real(source)

    monkeypatch.setattr(mupdf_source, "_REOPEN_AFTER", 4)
    monkeypatch.setattr(mupdf_source, "_opened", counted)
    assert PdfLoader(path, password="sesame").load() == expected
    assert len(opened) > 2


def test_a_file_that_is_gone_meanwhile_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_pdf(tmp_path / "a.pdf", lambda page: paragraph(page, (60, 200, 530, 400)), pages=12)
    monkeypatch.setattr(mupdf_source, "_REOPEN_AFTER", 2)
    chunks = PdfLoader(path).lazy_load()
    first = next(chunks)
    path.unlink()
    assert len([first, *chunks]) == 12
