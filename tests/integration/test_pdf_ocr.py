from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw, ImageFont

from pdfs import PAGE, for_each_backend, line, mupdf, paragraph, picture, save_pdf
from ragsight.errors import ConfigurationError, RagsightError
from ragsight.loaders.pdf import PdfLoader
from ragsight.loaders.pdf.backends.registry import BackendName
from ragsight.loaders.pdf.ocr.rapid import RapidOcr
from ragsight.loaders.pdf.ocr.reading import OcrCallable, OcrReader, ocr_reader, tesseract
from ragsight.loaders.pdf.ocr.tesseract_program import lines_of_table
from ragsight.loaders.pdf.page.page import Page

_TABLE = """\
level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext
1\t1\t0\t0\t0\t0\t0\t0\t900\t900\t-1\t
4\t1\t1\t1\t1\t0\t10\t20\t200\t30\t-1\t
5\t1\t1\t1\t1\t1\t10\t20\t80\t30\t96.1\t"Pumps
5\t1\t1\t1\t1\t2\t100\t22\t110\t28\t91.0\tlift"
5\t1\t1\t1\t2\t1\t10\t60\t80\t30\t90.0\twater
5\t1\t1\t1\t3\t1\t0\t0\t900\t900\t95.0\t\x20
"""

WORDS = ("The pump lifts water", "from the lower basin", "to the upper one.")


def _scan(words: tuple[str, ...] = WORDS) -> Image.Image:
    image = Image.new("RGB", (1240, 1754), "white")
    font = ImageFont.load_default(size=48)
    for number, text in enumerate(words):
        ImageDraw.Draw(image).text((150, 200 + 70 * number), text, fill="black", font=font)
    return image


def _scanned(path: Path, pages: int = 1) -> Path:
    return save_pdf(path, lambda page: picture(page, (0, 0, *PAGE), _scan()), pages=pages)


def _with_screenshot(path: Path) -> Path:
    screenshot = Image.new("RGB", (600, 300), "#dde")
    font = ImageFont.load_default(size=40)
    ImageDraw.Draw(screenshot).text((60, 120), "Pressure is too high", fill="black", font=font)

    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        picture(page, (150, 250, 450, 400), screenshot)
        line(page, (200, 420), "Figure 1: A message.")

    return save_pdf(path, draw)


backend = for_each_backend(globals())


def _tesseract(backend: BackendName) -> OcrCallable:
    try:
        return tesseract("eng", backend)
    except ConfigurationError as error:
        pytest.skip(f"needs tesseract: {error}")


def test_a_scan_whose_words_are_not_read_says_so(tmp_path: Path) -> None:
    (chunk,) = PdfLoader(_scanned(tmp_path / "a.pdf")).load()
    assert chunk.text == ""
    assert "ocr='auto'" in chunk.metadata["warnings"][0]


def test_a_function_gives_a_scan_its_words(tmp_path: Path) -> None:
    sizes = []

    def read(image: Image.Image) -> str:
        sizes.append(image.size)
        return "First lines\nof the page.\n\nA second paragraph."

    (chunk,) = PdfLoader(_scanned(tmp_path / "a.pdf"), ocr=read).load()
    assert chunk.kind == "page"
    assert chunk.text == "First lines of the page.\n\nA second paragraph."
    assert "warnings" not in chunk.metadata
    assert chunk.image is not None
    # Recognition needs more pixels than are kept.
    assert sizes[0][1] > 2 * chunk.image.height


def test_words_with_boxes_become_lines_in_their_places() -> None:
    image = Image.new("RGB", (1000, 1000), "white")
    words = [
        ("The", (100, 100, 160, 130)), ("pump", (170, 100, 260, 130)),
        ("lifts", (100, 140, 180, 170)), ("  ", (0, 0, 1, 1)),
        ("Apart", (100, 400, 200, 430)),
    ]  # fmt: skip
    page = OcrReader(lambda _: words).page(Page(number=1, width=500, height=500), image)
    assert [(line.text, line.block) for line in page.lines] == [
        ("The pump", 0), ("lifts", 0), ("Apart", 1),
    ]  # fmt: skip
    assert page.lines[0].bbox == (50, 50, 130, 65)


def test_passages_of_a_scan_have_the_boxes_of_their_words(tmp_path: Path) -> None:
    long = "The pump lifts the water from one basin to the other one above it. " * 3
    lines = [(f"Row {n}: {long}", (100, 100 + 60 * n, 2000, 140 + 60 * n)) for n in range(30)]
    chunks = PdfLoader(_scanned(tmp_path / "a.pdf"), ocr=lambda _: lines).load()
    assert [chunk.kind for chunk in chunks[:2]] == ["page", "text"]
    box = chunks[-1].source.bbox
    assert box is not None
    assert box[1] > 200
    assert chunks[-1].metadata["page_id"] == chunks[0].id
    assert chunks[-1].metadata["method"] == "ocr"


def test_words_in_a_picture_are_found_with_the_figure(tmp_path: Path) -> None:
    chunks = PdfLoader(_with_screenshot(tmp_path / "a.pdf"), ocr=lambda _: "Too hot").load()
    (figure,) = [chunk for chunk in chunks if chunk.kind == "figure"]
    assert figure.metadata["ocr_text"] == "Too hot"
    assert figure.text == "Figure 1: A message.\n\nToo hot"
    assert figure.metadata["caption"] == "Figure 1: A message."


def test_a_function_that_fails_costs_the_words_only(tmp_path: Path) -> None:
    def fail(_: Image.Image) -> str:
        raise KeyError("model")

    problems: list[RagsightError] = []
    path = _scanned(tmp_path / "a.pdf", pages=2)
    chunks = PdfLoader(path, ocr=fail, on_error=problems.append).load()
    assert [chunk.kind for chunk in chunks] == ["page", "page"]
    assert all("can't be read" in str(problem) for problem in problems)
    assert len(problems) == 2


def test_a_function_that_returns_something_else_is_refused(tmp_path: Path) -> None:
    loader = PdfLoader(_scanned(tmp_path / "a.pdf"), ocr=lambda _: 3)  # type: ignore[arg-type, return-value]
    with pytest.raises(ConfigurationError, match="returned int"):
        loader.load()


def test_without_language_data_the_chunk_says_what_to_install(tmp_path: Path) -> None:
    (chunk,) = PdfLoader(_scanned(tmp_path / "a.pdf"), ocr="auto", ocr_language="xyz").load()
    assert chunk.text == ""
    assert "tesseract-ocr" in chunk.metadata["warnings"][0]


def test_tesseract_reads_a_scan_in_any_process(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], backend: BackendName
) -> None:
    _tesseract(backend)
    path = _scanned(tmp_path / "a.pdf")
    (chunk,) = PdfLoader(path, ocr="tesseract").load()
    assert " ".join(chunk.text.split()) == " ".join(WORDS)
    assert PdfLoader(path, ocr="tesseract", isolate=True).load() == [chunk]
    assert capfd.readouterr() == ("", "")


def test_tesseract_reads_the_words_in_a_figure(tmp_path: Path, backend: BackendName) -> None:
    _tesseract(backend)
    chunks = PdfLoader(_with_screenshot(tmp_path / "a.pdf"), ocr="tesseract").load()
    (figure,) = [chunk for chunk in chunks if chunk.kind == "figure"]
    assert figure.metadata["ocr_text"] == "Pressure is too high"


def test_tesseract_tells_where_the_lines_are(backend: BackendName) -> None:
    lines = [(text, box) for text, box in _tesseract(backend)(_scan())]
    assert [text for text, _ in lines] == list(WORDS)
    left, top, right, bottom = lines[0][1]
    assert 140 < left < 160 < right < 750
    assert 190 < top < 220 < bottom < 270


def test_a_page_with_a_text_layer_is_not_read_again(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        picture(page, (0, 0, *PAGE), _scan())
        writer = mupdf.TextWriter(page.rect)
        writer.append((60, 100), "These words were put behind the scan by the scanner itself.")
        writer.write_text(page, render_mode=3)

    def fail(_: Image.Image) -> str:
        raise AssertionError

    (chunk,) = PdfLoader(save_pdf(tmp_path / "a.pdf", draw), ocr=fail).load()
    assert chunk.text == "These words were put behind the scan by the scanner itself."


def test_without_the_program_the_chunk_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    loader = partial(PdfLoader, backend="pdfium")
    (chunk,) = loader(_scanned(tmp_path / "a.pdf"), ocr="tesseract").load()
    assert "no program 'tesseract'" in chunk.metadata["warnings"][0]
    assert "tesseract-ocr" in chunk.metadata["warnings"][0]


def test_the_programs_table_is_read_line_by_line() -> None:
    assert lines_of_table(_TABLE) == [
        ('"Pumps lift"', (10, 20, 210, 50)),
        ("water", (10, 60, 90, 90)),
    ]


def test_a_program_that_fails_is_a_problem_of_its_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "tesseract"
    program.write_text('#!/bin/sh\ntest "$1" = --list-langs && echo eng && exit 0\nexit 3\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    problems: list[RagsightError] = []
    loader = partial(PdfLoader, backend="pdfium", on_error=problems.append)
    (chunk,) = loader(_scanned(tmp_path / "a.pdf"), ocr="tesseract").load()
    assert chunk.text == ""
    assert "exit status 3" in str(problems[0])


def _rapidocr() -> RapidOcr:
    pytest.importorskip("rapidocr", reason="needs the extra `ocr`")
    return RapidOcr("eng")


def test_rapidocr_reads_a_scan_and_prints_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _rapidocr()
    (chunk,) = PdfLoader(_scanned(tmp_path / "a.pdf"), ocr="auto").load()
    assert " ".join(chunk.text.split()) == " ".join(WORDS)
    assert capfd.readouterr() == ("", "")


def test_rapidocr_reads_column_after_column_and_empty_pictures() -> None:
    engine = _rapidocr()
    image = Image.new("RGB", (1240, 600), "white")
    font = ImageFont.load_default(size=40)
    for column, words in enumerate(
        (("Bearings are", "greased once"), ("Seals last", "a whole year"))
    ):
        for row, text in enumerate(words):
            at = (100 + 600 * column, 100 + 60 * row)
            ImageDraw.Draw(image).text(at, text, fill="black", font=font)
    texts = [text for text, _ in engine(image)]
    assert texts == ["Bearings are", "greased once", "Seals last", "a whole year"]
    assert engine(Image.new("RGB", (300, 300), "white")) == []


def test_rapidocr_is_not_asked_for_letters_that_it_does_not_know() -> None:
    with pytest.raises(ConfigurationError, match="doesn't know all letters of eng\\+rus"):
        RapidOcr("eng+rus")
    for engine in (ocr_reader("auto", "rus").engine, ocr_reader("rapidocr", "rus").engine):
        assert not isinstance(engine, RapidOcr)
