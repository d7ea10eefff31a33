"""Decks painted and converted by LibreOffice, and the decks that others ship."""

from __future__ import annotations

import logging
import os
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from pptx.dml.color import RGBColor
from pptx.enum.chart import XL_CHART_TYPE

from decks import (
    BLANK,
    add_chart,
    add_picture,
    add_slide,
    box,
    category_data,
    hide,
    merged_table,
    new_deck,
    saved,
)
from ragsight import Chunk, RagsightError, SlideLoader, SlideOptions, load, open_image
from ragsight.errors import ConfigurationError, DocumentError, EmptyDocumentError
from ragsight.loaders.slides.painting import opening, renderers
from ragsight.loaders.slides.painting.soffice import find_soffice

COLOURS = [(200, 30, 30), (30, 160, 30), (30, 30, 200), (200, 160, 30), (120, 30, 160)]
TEMPLATE = Path("/usr/lib/libreoffice/share/template/common/presnt/Blueprint_Plans.otp")

needs_libreoffice = pytest.mark.skipif(find_soffice() is None, reason="LibreOffice isn't installed")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAGSIGHT_HOME", str(tmp_path / "home"))


def coloured(path: Path, hidden: tuple[int, ...] = ()) -> Path:
    """A deck whose slides are told apart by their colour."""
    deck = new_deck()
    for number, colour in enumerate(COLOURS, start=1):
        slide = add_slide(deck, layout=BLANK)
        slide.background.fill.solid()
        slide.background.fill.fore_color.rgb = RGBColor(*colour)
        if number in hidden:
            hide(slide)
    return saved(deck, path)


def colour_of(chunk: Chunk) -> tuple[int, ...]:
    assert chunk.image is not None
    image = open_image(chunk.image)
    pixel = image.getpixel((image.width // 2, image.height // 2))
    assert isinstance(pixel, tuple)
    return pixel


def near(pixel: tuple[int, ...], colour: tuple[int, ...]) -> bool:
    return all(abs(a - b) <= 12 for a, b in zip(pixel, colour, strict=True))


@needs_libreoffice
@pytest.mark.parametrize("hidden", [(1, 4), (1, 2, 3, 4, 5)])
def test_each_slide_has_its_own_picture_hidden_ones_included(
    tmp_path: Path, hidden: tuple[int, ...]
) -> None:
    chunks = SlideLoader(coloured(tmp_path / "deck.pptx", hidden), render="require").load()

    assert [c.source.page for c in chunks] == [1, 2, 3, 4, 5]
    assert [c.source.page for c in chunks if c.metadata["hidden"]] == list(hidden)
    for chunk, colour in zip(chunks, COLOURS, strict=True):
        assert near(colour_of(chunk), colour)
        assert chunk.metadata["method"] == "libreoffice"


@needs_libreoffice
def test_charts_and_tables_are_cut_out_of_the_slides_picture(tmp_path: Path) -> None:
    deck = new_deck()
    add_chart(add_slide(deck, "Sales"), XL_CHART_TYPE.PIE, category_data())
    merged_table(add_slide(deck, "Plans"))
    add_picture(add_slide(deck, "Photo"), 1, box(60, 150, 300, 300))

    chunks = SlideLoader(saved(deck, tmp_path / "deck.pptx"), render="require").load()

    assert [c.kind for c in chunks] == ["slide", "figure", "slide", "table", "slide", "figure"]
    slide, chart = chunks[:2]
    assert slide.image is not None
    assert chart.image is not None
    # 600 of 720 points across and 380 of 540 down, painted larger than a cutting would be.
    assert chart.image.width > slide.image.width * 0.95
    assert chart.image.width / chart.image.height == pytest.approx(600 / 380, abs=0.02)
    assert len(open_image(chart.image).getcolors(1_000_000) or ()) > 3
    assert chunks[5].image is not None
    assert (chunks[5].image.width, chunks[5].image.height) == (120, 120)


@needs_libreoffice
def test_a_deck_in_memory_and_one_without_suffix_are_painted_too(tmp_path: Path) -> None:
    path = coloured(tmp_path / "deck.pptx")
    bare = path.rename(tmp_path / "download")

    for loader in (SlideLoader(bare.read_bytes(), render="require"), SlideLoader(bare)):
        chunks = loader.load()
        assert near(colour_of(chunks[1]), COLOURS[1])
        assert {c.source.uri for c in chunks} == {loader.uri}
        assert {c.image.uri.partition("#")[0] for c in chunks if c.image} == {loader.uri}


@needs_libreoffice
@pytest.mark.skipif(not TEMPLATE.exists(), reason="LibreOffice's templates aren't installed")
def test_opendocument_is_converted_and_painted() -> None:
    chunks = SlideLoader(TEMPLATE, render="require").load()

    slides = [c for c in chunks if c.kind == "slide"]
    assert [c.source.page for c in slides] == list(range(1, len(slides) + 1))
    assert all(c.image is not None for c in slides)
    assert any(c.text for c in slides)
    assert {c.source.uri for c in chunks} == {str(TEMPLATE)}


@needs_libreoffice
def test_a_deck_that_cannot_be_painted_is_loaded_without_pictures(tmp_path: Path) -> None:
    deck = new_deck()
    add_slide(deck, "Words")
    path = saved(deck, tmp_path / "deck.pptx")
    problems: list[RagsightError] = []

    chunks = SlideLoader(path, timeout=0.01, on_error=problems.append).load()

    assert [c.text for c in chunks] == ["Words"]
    assert [c.image for c in chunks] == [None]
    (problem,) = problems
    assert "0.01 seconds" in str(problem)
    with pytest.raises(DocumentError, match=r"0\.01 seconds"):
        SlideLoader(path, timeout=0.01, render="require", on_error=problems.append).load()


@pytest.fixture
def nothing_paints(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (opening, renderers):
        monkeypatch.setattr(module, "find_renderer", lambda _: None)
    renderers.warn_of_no_renderer.cache_clear()


@pytest.mark.usefixtures("nothing_paints")
def test_without_a_renderer_all_else_is_loaded_and_one_warning_says_what_to_install(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    deck = new_deck()
    merged_table(add_slide(deck, "Plans"))
    for name in ("a.pptx", "b.pptx"):
        saved(deck, tmp_path / name)

    with caplog.at_level(logging.WARNING):
        chunks = list(load(tmp_path))

    assert [c.kind for c in chunks] == ["slide", "table"] * 2
    assert len(caplog.records) == 1
    assert "apt install libreoffice" in caplog.text
    with pytest.raises(ConfigurationError, match="LibreOffice"):
        list(load(tmp_path, slides=SlideOptions(render="require")))


def test_a_deck_in_pictures_gives_a_picture_for_each_slide(tmp_path: Path) -> None:
    deck = new_deck()
    for number in range(3):
        add_picture(add_slide(deck, layout=BLANK), number, box(0, 0, 720, 540))
    path = saved(deck, tmp_path / "deck.pptx")

    for render in ("off", "auto"):
        chunks = SlideLoader(path, render=render).load()  # type: ignore[arg-type]
        assert [(c.kind, c.text) for c in chunks] == [("slide", "")] * 3
        assert all(c.image is not None for c in chunks)


DECKS = Path(os.environ.get("RAGSIGHT_TEST_DECKS", Path.home() / ".cache/ragsight/decks"))
SHIPPED = sorted(DECKS.rglob("*.pptx"))


@pytest.mark.skipif(not SHIPPED, reason="no decks: run benchmarks/slides.py --fetch first")
def test_every_deck_that_python_pptx_ships_is_read() -> None:
    slides = 0
    for path in SHIPPED:
        # Some have no slides, or none with anything on it.
        with suppress(EmptyDocumentError):
            chunks = SlideLoader(path, render="off").load()
            slides += sum(chunk.kind == "slide" for chunk in chunks)
    assert slides > 80


def test_without_rendering_a_deck_that_needs_libreoffice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "talk.odp"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.presentation")
        archive.writestr("content.xml", "<x/>")
    with pytest.raises(DocumentError, match=r"render='off' keeps it from running"):
        SlideLoader(path, render="off").load()
