"""Each row of what is known to break PDF readers, as a file made here."""

from __future__ import annotations

import gc
import resource
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tools.demo.handbook.facts import PDF_PATH

from pdfs import (
    BODY,
    PAGE,
    chart,
    for_each_backend,
    heading,
    line,
    mupdf,
    paragraph,
    picture,
    save_pdf,
    slow_page,
)
from ragsight.chunks import Chunk
from ragsight.errors import DocumentError, EmptyDocumentError, RagsightError
from ragsight.loaders.pdf import PdfLoader

_NEEDS_PROC = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="memory is read from /proc, which is Linux's"
)


backend = for_each_backend(globals())


@pytest.fixture(autouse=True)
def _silence(capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever the file, nothing is printed."""
    yield
    assert capfd.readouterr() == ("", "")


def _good(pages: int = 3) -> bytes:
    document = mupdf.open()
    for number in range(pages):
        page = document.new_page(width=PAGE[0], height=PAGE[1])
        heading(page, (60, 80), f"{number + 1} Pumps")
        paragraph(page, (60, 100, 530, 220), f"Sheet {number + 1}. See Figure 1. " + BODY)
        chart(page, (150, 250, 450, 400))
        line(page, (200, 435), "Figure 1: Water lifted on three days.")
        picture(page, (150, 500, 450, 650))
    return bytes(document.tobytes())


def _objects(*bodies: bytes) -> bytes:
    """A PDF of objects 1, 2, ... without an index; the first is the catalogue."""
    parts = [b"%PDF-1.7\n"]
    parts += [b"%d 0 obj\n%s\nendobj\n" % (n, body) for n, body in enumerate(bodies, start=1)]
    return b"".join([*parts, b"trailer\n<</Root 1 0 R>>\n%%EOF\n"])


def _stream(data: bytes, entries: bytes = b"") -> bytes:
    packed = zlib.compress(data, 9)
    head = b"<<%s/Length %d/Filter/FlateDecode>>" % (entries, len(packed))
    return head + b"\nstream\n" + packed + b"\nendstream"


def _load(data: bytes, **settings: Any) -> tuple[list[Chunk], list[RagsightError]]:
    problems: list[RagsightError] = []
    return PdfLoader(data, on_error=problems.append, **settings).load(), problems


def test_a_tenth_of_a_file_is_reported(backend: str) -> None:
    data = PDF_PATH.read_bytes()
    # PDFium can't tell a file without pages from a damaged one.
    kind = EmptyDocumentError if backend == "pymupdf" else DocumentError
    with pytest.raises(kind, match="no pages"):
        PdfLoader(data[: len(data) // 10]).load()


def test_most_of_a_file_is_repaired_and_says_so() -> None:
    data = _good(5)
    chunks, _ = _load(data[: int(len(data) * 0.95)])
    assert len({chunk.source.page for chunk in chunks}) >= 3
    assert all("repaired" in chunk.metadata["warnings"][0] for chunk in chunks)


def test_a_file_whose_index_points_nowhere_is_repaired() -> None:
    data = _good()
    start = data.rindex(b"startxref")
    chunks, problems = _load(data[:start] + b"startxref\n7\n%%EOF")
    assert {chunk.source.page for chunk in chunks} == {1, 2, 3}
    assert not problems


def test_half_a_file_gives_what_is_left_or_an_error() -> None:
    data = _good()
    try:
        chunks, _ = _load(data[: len(data) // 2])
    except DocumentError:
        return
    assert all(chunk.metadata["warnings"] for chunk in chunks)


@pytest.mark.parametrize(
    "pages",
    [
        b"<</Type/Pages/Kids[2 0 R]/Count 1>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 2>>",
        b"<</Type/Pages/Kids[]/Count 100000000>>",
        b"<</Type/Pages/Kids[]/Count -5>>",
        b"null",
    ],
    ids=["own-child", "loop", "hundred-million", "negative", "none"],
)
def test_a_page_tree_that_lies_is_reported(pages: bytes) -> None:
    data = _objects(b"<</Type/Catalog/Pages 2 0 R>>", pages, b"<</Type/Pages/Kids[2 0 R]/Count 1>>")
    with pytest.raises(DocumentError):
        PdfLoader(data).load()


def test_a_page_of_a_million_points_costs_no_more_than_itself() -> None:
    pages = [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents 5 0 R/Resources"
             b"<</Font<</F 6 0 R>>>>>>" % (side, side) for side in (600, 1_000_000)]  # fmt: skip
    data = _objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>",
        *pages,
        _stream(b"BT /F 12 Tf 60 500 Td (The pump lifts water to the upper basin.) Tj ET"),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    chunks, _ = _load(data, page_images="all")
    assert {chunk.source.page for chunk in chunks} >= {1}
    for chunk in chunks:
        assert chunk.image is None or max(chunk.image.width, chunk.image.height) <= 1568


def _huge_image() -> bytes:
    side = 30_000
    packed = zlib.compress(zlib.compress(bytes(side * side), 9), 9)
    image = (
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8"
        b"/Length %d/Filter[/FlateDecode/FlateDecode]>>\nstream\n%s\nendstream"
    ) % (side, side, len(packed), packed)
    return _objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources"
        b"<</XObject<</I 5 0 R>>>>>>",
        _stream(b"q 300 0 0 300 100 400 cm /I Do Q"),
        image,
    )


@_NEEDS_PROC
def test_a_small_file_with_an_image_of_900_megapixels_stays_in_memory(
    tmp_path: Path, backend: str
) -> None:
    data = _huge_image()
    assert len(data) < 20_000
    path = tmp_path / "bomb.pdf"
    path.write_bytes(data)
    # In a process of its own, since the peak of this one says nothing.
    code = f"""
        from pathlib import Path
        from ragsight.loaders.pdf import PdfLoader
        chunks = PdfLoader(
            {str(path)!r}, backend={backend!r}, on_error=lambda error: None
        ).load()
        status = Path("/proc/self/status").read_text()
        print(len(chunks), int(status.split("VmHWM:")[1].split()[0]) // 1024)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    count, megabytes = map(int, done.stdout.split())
    assert count == 1
    assert megabytes < 300


def test_a_content_bomb_is_stopped_by_the_worker() -> None:
    document = mupdf.open()
    for number in range(2):
        page = document.new_page()
        page.insert_text((72, 172), f"The words of sheet {number + 1} are read.")
    slow_page(document[0], paths=5_000_000)
    data = bytes(document.tobytes(deflate=True))
    assert len(data) < 500_000
    chunks, problems = _load(data, isolate=True, page_timeout=1.5)
    assert any("sheet 2" in chunk.text for chunk in chunks)
    assert any("page 1 took longer" in str(problem) for problem in problems)


def test_a_structure_tree_that_runs_in_a_circle_is_not_followed() -> None:
    content = b"/P <</MCID 0>> BDC BT /F 12 Tf 60 500 Td (The pump lifts the water.) Tj ET EMC"
    data = _objects(
        b"<</Type/Catalog/Pages 2 0 R/StructTreeRoot 6 0 R/MarkInfo<</Marked true>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/StructParents 0/Resources"
        b"<</Font<</F 5 0 R>>>>>>",
        _stream(content),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Type/StructTreeRoot/K 7 0 R/ParentTree 8 0 R>>",
        b"<</Type/StructElem/S/P/P 7 0 R/K[7 0 R]/Pg 3 0 R>>",
        b"<</Nums[0 [7 0 R]]>>",
    )
    chunks, _ = _load(data, page_images="all", isolate=True, page_timeout=20.0)
    assert [chunk.kind for chunk in chunks] == ["page", "text"]


@pytest.mark.parametrize(
    ("filter_name", "body"),
    [
        (b"JPXDecode", b"\x00\x00\x00\x0cjP  \r\n\x87\nno picture"),
        (b"DCTDecode", b"\xff\xd8\xff\xe0 no picture"),
        (b"JBIG2Decode", b"no picture"),
        (b"CCITTFaxDecode", b"no picture"),
        (b"FlateDecode", b"no picture"),
        (b"NoSuchDecode", b"no picture"),
    ],
)
def test_a_bad_image_costs_nothing_else(filter_name: bytes, body: bytes) -> None:
    image = (
        b"<</Type/XObject/Subtype/Image/Width 99/Height 99/ColorSpace/DeviceRGB/BitsPerComponent 8"
        b"/Length %d/Filter/%s>>\nstream\n%s\nendstream"
    ) % (len(body), filter_name, body)
    text = b" BT /F 12 Tf 60 300 Td (The pump lifts water to the upper basin.) Tj ET"
    data = _objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R 3 0 R]/Count 2>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources"
        b"<</XObject<</I 5 0 R>>/Font<</F 6 0 R>>>>>>",
        _stream(b"q 300 0 0 300 100 400 cm /I Do Q" + text),
        image,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    chunks, _ = _load(data)
    texts = [chunk for chunk in chunks if chunk.kind == "text"]
    assert [chunk.source.page for chunk in texts] == [1, 2]


def test_forms_that_contain_themselves_are_read_once() -> None:
    form = _stream(
        b"/X Do BT /F 12 Tf 60 300 Td (The pump lifts the water up.) Tj ET",
        b"/Type/XObject/Subtype/Form/BBox[0 0 595 842]/Resources"
        b"<</XObject<</X 5 0 R>>/Font<</F 6 0 R>>>>",
    )
    data = _objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources"
        b"<</XObject<</X 5 0 R>>>>>>",
        _stream(b"/X Do"),
        form,
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    )
    chunks, _ = _load(data)
    assert "pump lifts" in chunks[0].text


def test_a_page_without_a_size_or_resources_is_read() -> None:
    data = _objects(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>",
        b"<</Type/Page/Parent 2 0 R/Contents 5 0 R>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 0 0]/Contents 5 0 R>>",
        _stream(b"0.5 g 100 100 300 300 re f"),
    )
    with pytest.raises(EmptyDocumentError):
        PdfLoader(data).load()


def test_a_line_of_ten_thousand_dots_is_read_at_once() -> None:
    document = mupdf.open()
    page = document.new_page(width=60_000, height=800)
    for number in range(12):
        page.insert_text(
            (20, 50 + 20 * number), f"Title {number} " + "." * 10_000 + " x", fontsize=6
        )
    chunks, _ = _load(bytes(document.tobytes()))
    assert chunks


def test_thousands_of_figures_on_a_page_end_in_reasonable_time(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        shape = page.new_shape()
        for number in range(3000):
            x, y = 20 + 9.2 * (number % 60), 20 + 15.5 * (number // 60)
            shape.draw_circle((x, y), 2)
        shape.finish(fill=(1, 0, 0))
        shape.commit()
        line(page, (60, 820), "Dots of a pattern, row after row.")

    chunks, problems = _load(save_pdf(tmp_path / "a.pdf", draw).read_bytes())
    assert chunks
    assert not problems


_SEEDS = [_good(2), PDF_PATH.read_bytes()[:60_000]]


def _damaged(data: bytes, cut: float, flips: list[tuple[float, int]]) -> bytes:
    damaged = bytearray(data[: max(16, int(len(data) * cut))])
    for place, bit in flips:
        damaged[int(place * (len(damaged) - 1))] ^= 1 << bit
    return bytes(damaged)


_share = st.floats(0, 1)
_flips = st.lists(st.tuples(_share, st.integers(0, 7)), max_size=40)
_cut = st.one_of(st.just(1.0), _share)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(seed=st.sampled_from(_SEEDS), cut=_cut, flips=_flips)
def test_damage_anywhere_gives_chunks_or_a_clear_error(
    seed: bytes, cut: float, flips: list[tuple[float, int]]
) -> None:
    try:
        chunks, _ = _load(_damaged(seed, cut, flips), page_timeout=10.0)
    except DocumentError:
        return
    for chunk in chunks:
        assert chunk.text or chunk.image
        assert chunk.source.page is not None


@_NEEDS_PROC
def test_loading_damaged_files_again_and_again_leaks_nothing() -> None:
    data = _good(2)
    damaged = [_damaged(data, 1.0, [(n / 50, n % 8)]) for n in range(12)]
    megabytes = []
    for _ in range(4):
        for item in damaged:
            with suppress(DocumentError):
                _load(item)
        gc.collect()
        resident = int(Path("/proc/self/statm").read_text().split()[1])
        megabytes.append(resident * resource.getpagesize() / 1e6)
    # The first rounds fill caches; the later ones may add nothing worth the name.
    assert megabytes[-1] - megabytes[1] < 20
