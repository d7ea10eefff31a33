"""The libraries that read pages, side by side."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from PIL import ImageChops, ImageStat
from tools.demo.handbook.facts import PDF_PATH

from pdfs import BACKENDS, PAGE, chart, heading, line, mupdf, paragraph, photo, picture, save_pdf
from ragsight.chunks import BBox
from ragsight.errors import ConfigurationError, MissingExtraError
from ragsight.loaders.pdf import PdfLoader
from ragsight.loaders.pdf.backends.mupdf.source import MuPdfFile
from ragsight.loaders.pdf.backends.registry import open_pdf
from ragsight.loaders.pdf.page.page import Drawing, Page

Seen = tuple[Page, tuple[Drawing, ...]]


def _manual(page: Any) -> None:
    heading(page, (60, 80), "1 Pumps and valves")
    paragraph(page, (60, 100, 530, 220))
    chart(page, (150, 250, 450, 400))
    line(page, (200, 435), "Figure 1: Water lifted on three days.")
    picture(page, (150, 500, 450, 650))
    page.draw_circle((100, 700), 40, color=(1, 0, 0), fill=(0, 1, 0))
    page.insert_text((520, 700), "Seen from the side", fontsize=9, rotate=90)


def _seen(path: Path, number: int = 1) -> list[Seen]:
    found = []
    for backend in BACKENDS:
        source = open_pdf(path, path.name, None, backend)
        found.append((source.page(number), source.drawings(number)))
        source.close()
    return found


def _near(a: BBox, b: BBox, tolerance: float = 1.5) -> bool:
    return max(abs(x - y) for x, y in zip(a, b, strict=True)) < tolerance


def _assert_same(seen: list[Seen]) -> None:
    """Lines, fonts, blocks, pictures and drawings agree to a point."""
    (mine, my_drawings), (other, other_drawings) = seen
    assert (other.width, other.height) == pytest.approx((mine.width, mine.height), abs=0.01)
    assert (other.label, other.rotated) == (mine.label, mine.rotated)
    assert [entry.text for entry in other.lines] == [entry.text for entry in mine.lines]
    for a, b in zip(mine.lines, other.lines, strict=True):
        # They don't agree on how far fonts that aren't in the file reach up and down.
        assert _near(a.bbox, b.bbox, max(1.5, 0.2 * a.size)), (a, b)
        assert (b.bold, b.horizontal) == (a.bold, a.horizontal)
        assert b.size == pytest.approx(a.size, abs=0.01)
    pairs = list(zip(mine.lines, other.lines, strict=True))
    for (a, b), (c, d) in pairwise(pairs):
        if not a.horizontal:
            # MuPDF makes a block of each line that runs upwards.
            continue
        assert (a.block == c.block) == (b.block == d.block)
    assert len(other.pictures) == len(mine.pictures)
    assert all(any(_near(box, twin) for twin in other.pictures) for box in mine.pictures)
    look = [(d.filled, d.angular, d.white) for d in my_drawings]
    assert [(d.filled, d.angular, d.white) for d in other_drawings] == look
    assert all(_near(a.bbox, b.bbox) for a, b in zip(my_drawings, other_drawings, strict=True))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [None, (55, 240, 545, 700)], ids=["whole", "cropped"])
def test_a_page_is_the_same_however_it_is_turned_and_cut(
    tmp_path: Path, rotation: int, crop: BBox | None
) -> None:
    def draw(page: Any) -> None:
        _manual(page)
        if crop is not None:
            page.set_cropbox(mupdf.Rect(crop))
        page.set_rotation(rotation)

    _assert_same(_seen(save_pdf(tmp_path / "a.pdf", draw)))


@pytest.mark.parametrize("rotate", [0, 90])
def test_what_stands_in_a_form_is_where_the_form_puts_it(tmp_path: Path, rotate: int) -> None:
    inner = mupdf.open()
    _manual(inner.new_page(width=PAGE[0], height=PAGE[1]))
    middle = mupdf.open()
    middle.new_page(width=400, height=400).show_pdf_page(mupdf.Rect(20, 10, 300, 380), inner, 0)

    def draw(page: Any) -> None:
        # Cut to its upper half, turned, and made smaller twice.
        where, part = mupdf.Rect(50, 300, 500, 700), mupdf.Rect(0, 0, 400, 225)
        page.show_pdf_page(where, middle, 0, rotate=rotate, clip=part)

    seen = _seen(save_pdf(tmp_path / "a.pdf", draw))
    _assert_same(seen)
    assert seen[1][0].lines


def test_a_form_with_a_matrix_of_its_own_is_followed(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        source = mupdf.open()
        picture(source.new_page(width=200, height=200), (50, 50, 150, 100))
        page.show_pdf_page(mupdf.Rect(100, 100, 300, 300), source, 0)
        document = page.parent
        for xref in range(1, document.xref_length()):
            if document.xref_get_key(xref, "Subtype")[1] == "/Form":
                document.xref_set_key(xref, "Matrix", "[1 0 0 1 30 -40]")

    seen = _seen(save_pdf(tmp_path / "a.pdf", draw))
    _assert_same(seen)
    assert seen[1][0].pictures


def test_clips_cut_pictures_and_drawings(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        picture(page, (100, 200, 500, 600))
        page.draw_rect((100, 620, 500, 700), fill=(0, 0, 1))
        document, contents = page.parent, page.get_contents()
        painted = b"".join(document.xref_stream(xref) + b"\n" for xref in contents)
        document.update_stream(contents[0], b"q 150 162 200 380 re W n\n" + painted + b"\nQ")
        for xref in contents[1:]:
            document.update_stream(xref, b" ")

    seen = _seen(save_pdf(tmp_path / "a.pdf", draw))
    for page, drawings in seen:
        assert _near(page.pictures[0], (150, 300, 350, 600))
        assert any(_near(drawing.bbox, (150, 620, 350, 680)) for drawing in drawings), drawings


def test_notes_and_form_fields_are_read_as_they_are_seen(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        paragraph(page, (60, 60, 530, 200))
        page.add_freetext_annot((100, 300, 400, 330), "Checked by Ada", fontsize=14)
        field = mupdf.Widget()
        field.field_name, field.field_type = "name", mupdf.PDF_WIDGET_TYPE_TEXT
        field.rect, field.field_value = mupdf.Rect(100, 400, 400, 430), "Filled in by Grace"
        page.add_widget(field)

    for page, _ in _seen(save_pdf(tmp_path / "a.pdf", draw)):
        lines = {entry.text.strip(): entry.bbox for entry in page.lines}
        assert 295 <= lines["Checked by Ada"][1] < lines["Checked by Ada"][3] <= 335
        assert 385 <= lines["Filled in by Grace"][1] < lines["Filled in by Grace"][3] <= 445


def test_labels_bookmarks_and_words_agree(tmp_path: Path) -> None:
    document = mupdf.open()
    for _ in range(4):
        _manual(document.new_page(width=PAGE[0], height=PAGE[1]))
    document.set_page_labels(
        [
            {"startpage": 0, "style": "r", "firstpagenum": 4},
            {"startpage": 2, "prefix": "A-", "style": "D", "firstpagenum": 1},
        ]
    )
    document.set_toc([[1, "Pumps", 1], [2, "Größe", 2], [1, "Nowhere", -1]])
    path = tmp_path / "a.pdf"
    document.save(path)
    found = []
    for backend in BACKENDS:
        source = open_pdf(path, path.name, None, backend)
        labels = [source.page(number).label for number in (1, 2, 3, 4)]
        found.append((labels, source.outline(), [word.text for word in source.words(3)]))
        source.close()
    assert found[0] == found[1]
    assert found[1][0] == ["iv", "v", "A-1", "A-2"]
    assert found[1][1][:2] == [(1, "Pumps", 1), (2, "Größe", 2)]


@pytest.mark.parametrize("rotation", [0, 90])
def test_a_region_is_painted_alike(tmp_path: Path, rotation: int) -> None:
    def draw(page: Any) -> None:
        picture(page, (150, 250, 450, 400), photo(colour="red"))
        chart(page, (150, 450, 450, 600))
        page.set_rotation(rotation)

    path = save_pdf(tmp_path / "a.pdf", draw)
    images = []
    for backend in BACKENDS:
        source = open_pdf(path, path.name, None, backend)
        images.append(source.render(1, (100, 100, 500, 550), max_side=500, max_dpi=300))
        source.close()
    assert max(abs(a - b) for a, b in zip(images[0].size, images[1].size, strict=True)) <= 1
    size = min(images[0].width, images[1].width), min(images[0].height, images[1].height)
    crops = [image.crop((0, 0, *size)) for image in images]
    assert max(ImageStat.Stat(ImageChops.difference(*crops)).mean) < 4


def test_the_handbooks_chunks_are_the_same_but_for_their_pixels() -> None:
    mine, other = (PdfLoader(PDF_PATH, backend=backend).load() for backend in BACKENDS)
    assert [(c.kind, c.source.page, c.text) for c in mine] == [
        (c.kind, c.source.page, c.text) for c in other
    ]
    assert [c.source.section for c in mine] == [c.source.section for c in other]
    for a, b in zip(mine, other, strict=True):
        assert a.source.bbox is not None
        assert b.source.bbox is not None
        assert max(abs(x - y) for x, y in zip(a.source.bbox, b.source.bbox, strict=True)) < 4


def test_a_library_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="pymupdf, pdfium"):
        PdfLoader(PDF_PATH, backend="poppler")  # type: ignore[arg-type]


def test_which_library_reads_is_part_of_the_fingerprint() -> None:
    prints = {PdfLoader(PDF_PATH, backend=backend).fingerprint() for backend in BACKENDS}
    assert len(prints) == len(BACKENDS)


def _in_a_fresh_interpreter(blocked: str, code: str) -> str:
    """What a script prints that can't import a module."""
    start = f"import sys\nsys.modules[{blocked!r}] = None\n"
    done = subprocess.run(
        [sys.executable, "-c", start + textwrap.dedent(code)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("isolate", [False, True])
def test_pdfium_reads_where_pymupdf_cannot_be_imported(isolate: bool) -> None:
    code = f"""
        from ragsight import PdfLoader
        from tools.demo.handbook.facts import PDF_PATH
        loader = PdfLoader(PDF_PATH, backend="pdfium", ocr="auto", isolate={isolate})
        kinds = [chunk.kind for chunk in loader.load()]
        print(kinds.count("figure"), kinds.count("table"), sys.modules["pymupdf"])
    """
    assert _in_a_fresh_interpreter("pymupdf", code) == "19 5 None"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_library_that_is_missing_is_named_with_the_line_that_installs_it(backend: str) -> None:
    blocked = {"pymupdf": "pymupdf", "pdfium": "pypdfium2"}[backend]
    code = f"""
        from ragsight import PdfLoader
        from tools.demo.handbook.facts import PDF_PATH
        from ragsight.errors import MissingExtraError
        try:
            PdfLoader(PDF_PATH, backend={backend!r}).load()
        except MissingExtraError as error:
            print(error)
    """
    wanted = {"pymupdf": "pip install 'pymupdf", "pdfium": "pip install 'ragsight[pdfium]'"}
    assert wanted[backend] in _in_a_fresh_interpreter(blocked, code)
    assert issubclass(MissingExtraError, ImportError)


def test_threads_take_turns_with_pdfium(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", _manual, pages=3)
    expected = PdfLoader(path, backend="pdfium").load()
    found: list[bool] = []

    def load() -> None:
        found.extend(PdfLoader(path, backend="pdfium").load() == expected for _ in range(3))

    threads = [threading.Thread(target=load) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 12


def test_a_label_written_in_hexadecimal_is_read(tmp_path: Path) -> None:
    document = mupdf.open()
    paragraph(document.new_page(width=PAGE[0], height=PAGE[1]), (60, 60, 530, 400))
    document.set_page_labels([{"startpage": 0, "prefix": "x", "style": "D", "firstpagenum": 7}])
    catalogue = document.pdf_catalog()
    document.xref_set_key(catalogue, "PageLabels", "<</Nums[0<</P<FEFF0041002D>/S/D/St 7>>]>>")
    path = tmp_path / "a.pdf"
    document.save(path)
    assert [page.label for page, _ in _seen(path)] == ["A-7", "A-7"]
    with MuPdfFile(path, "a.pdf") as file:
        assert file.page(1).label == "A-7"


def test_a_long_file_is_opened_anew_now_and_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragsight.loaders.pdf.backends.pdfium.source._PAGES_AT_ONCE", 2)
    path = save_pdf(tmp_path / "a.pdf", _manual, pages=6)
    source = open_pdf(path, path.name, None, "pdfium")
    first = source.page(1)
    for number in (2, 3):
        source.page(number)
    path.unlink()
    source.trim_memory()
    assert source.page(1) == first
    save_pdf(path, _manual, pages=6)
    for number in (2, 3):
        source.page(number)
    source.trim_memory()
    assert source.page(1) == first
    save_pdf(path, _manual, pages=2)
    for number in (2, 3):
        source.page(number)
    source.trim_memory()
    assert source.page(6).number == 6
    source.close()
