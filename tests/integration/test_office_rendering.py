from __future__ import annotations

import colorsys
import io
import os
import shutil
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pptx
import pytest
from PIL import Image
from pptx.dml.color import RGBColor
from pptx.util import Inches

from ragsight.errors import ConfigurationError, RagsightError, RenderError, SourceNotFoundError
from ragsight.loaders.pdf.backends.mupdf.source import MuPdfFile
from ragsight.loaders.slides.painting import (
    DeckFacts,
    RenderCache,
    SlideRenders,
    convert,
    open_renders,
    prepare_renders,
)
from ragsight.loaders.slides.painting import soffice as soffice_module
from ragsight.loaders.slides.painting.soffice import find_soffice

pytestmark = pytest.mark.skipif(find_soffice() is None, reason="LibreOffice isn't installed")

TIMEOUT = 120.0
SIZE = (720.0, 540.0)
Colour = tuple[int, ...]


def _colour(number: int) -> Colour:
    """A colour that no other slide has."""
    return tuple(round(255 * part) for part in colorsys.hsv_to_rgb(number * 0.13 % 1, 0.8, 0.9))


def _deck(path: Path, count: int, hidden: frozenset[int] = frozenset()) -> Path:
    """A deck with a colour of its own on each slide."""
    presentation = pptx.Presentation()
    for number in range(1, count + 1):
        slide = presentation.slides.add_slide(presentation.slide_layouts[6])
        fill = slide.background.fill
        fill.solid()
        fill.fore_color.rgb = RGBColor(*_colour(number))
        box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(5), Inches(1))
        box.text_frame.text = f"Slide {number}"
        if number in hidden:
            slide._element.set("show", "0")
    presentation.save(str(path))
    return path


def _facts(count: int, *hidden: int) -> DeckFacts:
    return DeckFacts(slide_count=count, hidden=frozenset(hidden), size=SIZE)


def _opened(path: Path, deck: DeckFacts, cache: RenderCache | bool, **options: Any) -> SlideRenders:
    renders = open_renders(path, deck, timeout=TIMEOUT, cache=cache, **options)
    assert renders is not None
    return renders


def _is_near(image: bytes, colour: Colour) -> bool:
    with Image.open(io.BytesIO(image)) as opened:
        found = opened.convert("RGB").getpixel((20, 20))
    assert isinstance(found, tuple)
    return all(abs(one - other) <= 3 for one, other in zip(found, colour, strict=True))


def _pictures(renders: SlideRenders) -> dict[int, bytes]:
    with renders:
        images = {number: renders.render(number) for number in renders.numbers}
    for image in images.values():
        assert max(image.width, image.height) in (1567, 1568)
    return {number: image.data for number, image in images.items() if image.data is not None}


def _shows(renders: SlideRenders, numbers: list[int]) -> bool:
    pictures = _pictures(renders)
    return list(pictures) == numbers and all(
        _is_near(data, _colour(number)) for number, data in pictures.items()
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("decks")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> RenderCache:
    return RenderCache(tmp_path_factory.mktemp("renders"))


@pytest.fixture(scope="module")
def deck(folder: Path) -> Path:
    return _deck(folder / "hidden.pptx", 5, frozenset({2, 4}))


@pytest.fixture(scope="module")
def prepared(folder: Path, cache: RenderCache, deck: Path) -> dict[str, list[str]]:
    """Several decks painted in one process, one of them broken, with what was reported."""
    _deck(folder / "plain.pptx", 3)
    _deck(folder / "all hidden -1.pptx", 2, frozenset({1, 2}))
    with zipfile.ZipFile(deck) as whole, zipfile.ZipFile(folder / "broken.pptx", "w") as broken:
        for part in whole.namelist():
            cut = part == "ppt/presentation.xml"
            broken.writestr(part, whole.read(part)[: 200 if cut else None])
    (folder / "no deck.pptx").write_text("words")
    names = ("hidden", "broken", "plain", "no deck", "all hidden -1")
    errors: list[str] = []
    progress: list[str] = []
    prepare_renders(
        [folder / f"{name}.pptx" for name in names],
        timeout=TIMEOUT,
        on_error=lambda error: errors.append(str(error)),
        on_progress=lambda done, total, file: progress.append(f"{done}/{total} {file.stem}"),
        cache=cache,
    )
    return {"errors": errors, "progress": progress}


@pytest.fixture
def no_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is painted from here on must come from the cache."""

    monkeypatch.setattr(soffice_module, "run_program", Mock(side_effect=AssertionError("started")))


@pytest.mark.usefixtures("prepared", "no_program")
def test_each_number_leads_to_the_picture_of_its_slide(
    folder: Path, deck: Path, cache: RenderCache
) -> None:
    assert _shows(_opened(deck, _facts(5, 2, 4), cache), [1, 2, 3, 4, 5])
    assert _shows(_opened(folder / "plain.pptx", _facts(3), cache), [1, 2, 3])
    assert _shows(_opened(folder / "all hidden -1.pptx", _facts(2, 1, 2), cache), [1, 2])


def test_a_broken_deck_among_others_costs_only_itself(prepared: dict[str, list[str]]) -> None:
    broken, no_deck = sorted(prepared["errors"])
    assert "broken.pptx: LibreOffice can't load it" in broken
    assert "source file could not be loaded" in broken
    assert "no deck.pptx: this is a file of an unknown kind" in no_deck
    assert sorted(line.partition(" ")[0] for line in prepared["progress"]) == [
        f"{number}/5" for number in range(1, 6)
    ]


@pytest.mark.usefixtures("prepared", "no_program")
def test_pictures_are_the_same_from_the_cache_and_under_another_name(
    deck: Path, cache: RenderCache, tmp_path: Path
) -> None:
    first = _pictures(_opened(deck, _facts(5, 2, 4), cache))
    copy = Path(shutil.copy(deck, tmp_path / "copy.pptx"))
    assert _pictures(_opened(copy, _facts(5, 2, 4), RenderCache(cache.folder))) == first


@pytest.mark.usefixtures("prepared", "no_program")
def test_damaged_pictures_are_painted_again_from_the_pdf(deck: Path, cache: RenderCache) -> None:
    first = _pictures(_opened(deck, _facts(5, 2, 4), cache))
    for picture in cache.folder.rglob("page-*"):
        picture.write_bytes(picture.read_bytes()[:-100])
    assert _pictures(_opened(deck, _facts(5, 2, 4), cache)) == first
    assert _pictures(_opened(deck, _facts(5, 2, 4), cache)) == first


def test_a_damaged_pdf_is_made_again(deck: Path, tmp_path: Path) -> None:
    mine = RenderCache(tmp_path)
    assert _shows(_opened(deck, _facts(5, 2, 4), mine), [1, 2, 3, 4, 5])
    for file in tmp_path.rglob("*~*"):
        file.write_bytes(b"damaged")
    assert _shows(_opened(deck, _facts(5, 2, 4), mine), [1, 2, 3, 4, 5])


@pytest.mark.usefixtures("prepared", "no_program")
def test_another_size_comes_from_the_same_pdf(deck: Path, cache: RenderCache) -> None:
    with _opened(deck, _facts(5, 2, 4), cache, image_side=400) as renders:
        small = renders.render(2)
    assert small.data is not None
    assert max(small.width, small.height) in (399, 400)
    assert _is_near(small.data, _colour(2))


@pytest.mark.usefixtures("prepared", "no_program")
def test_pages_that_do_not_match_the_slides_are_not_used(deck: Path, cache: RenderCache) -> None:
    errors: list[RagsightError] = []
    for facts in (_facts(7, 3), DeckFacts(5, frozenset(), (960.0, 540.0))):
        assert open_renders(deck, facts, cache=cache, on_error=errors.append) is None
        with pytest.raises(RenderError):
            open_renders(deck, facts, cache=cache, mode="require")
    assert "made 5 pages of 7 slides (1 hidden)" in str(errors[0])
    assert "720 x 540 points of slides of 960 x 540" in str(errors[1])


@pytest.mark.usefixtures("prepared", "no_program")
def test_a_slide_without_a_picture_is_an_error_of_ours(deck: Path, cache: RenderCache) -> None:
    with _opened(deck, _facts(5, 2, 4), cache) as renders, pytest.raises(RenderError):
        renders.render(6)


def test_older_kinds_of_decks_are_converted_and_painted(
    deck: Path, cache: RenderCache, tmp_path: Path
) -> None:
    kinds = {".odp": "impress8", ".ppt": "MS PowerPoint 97"}
    decks = [_saved_as(deck, tmp_path / f"old{suffix}", name) for suffix, name in kinds.items()]
    prepare_renders(decks, timeout=TIMEOUT, cache=cache)
    for old in decks:
        assert _shows(_opened(old, _facts(5, 2, 4), cache), [1, 2, 3, 4, 5])
        new = convert(old, "pptx", timeout=TIMEOUT, cache=cache)
        slides = list(pptx.Presentation(str(new)).slides)
        assert [slide._element.get("show") for slide in slides] == [None, "0", None, "0", None]
        # From the cache: no program starts and ends in so short a time.
        assert convert(old, "pptx", timeout=0.001, cache=cache) == new


def _saved_as(deck: Path, path: Path, filter_name: str) -> Path:
    soffice = find_soffice()
    assert soffice is not None
    target = f"{path.suffix[1:]}:{filter_name}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(soffice_module._FILTERS, "pptx", target)
        (path.parent / "out").mkdir(exist_ok=True)
        soffice.convert([deck], "pptx", path.parent / "out", timeout=TIMEOUT)
    return (path.parent / "out" / deck.stem).with_suffix(path.suffix).rename(path)


def test_without_a_cache_a_converted_file_lives_as_long_as_the_process(deck: Path) -> None:
    pdf = convert(deck, "pdf", timeout=TIMEOUT, cache=False)
    with MuPdfFile(pdf, "deck") as file:
        assert file.page_count == 5


def test_two_threads_may_paint_at_once(tmp_path: Path) -> None:
    def is_right(count: int) -> bool:
        deck = _deck(tmp_path / f"{count}.pptx", count)
        return _shows(_opened(deck, _facts(count), False), list(range(1, count + 1)))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(is_right, (2, 3))) == [True, True]


def test_a_deck_that_takes_too_long_is_given_up_and_nothing_runs_on(
    deck: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    errors: list[RagsightError] = []
    assert open_renders(deck, _facts(5), timeout=0.3, cache=False, on_error=errors.append) is None
    assert "took longer than 0.3 seconds" in str(errors[0])
    assert not [line for line in _running() if os.fsencode(tmp_path) in line]


def _running() -> Iterator[bytes]:
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield (process / "cmdline").read_bytes()


def test_a_deck_that_is_not_there_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError):
        open_renders(tmp_path / "gone.pptx", _facts(1), cache=False)
    with pytest.raises(SourceNotFoundError):
        convert(tmp_path / "gone.odp", "pptx", timeout=1)


def test_an_unknown_mode_is_refused(deck: Path) -> None:
    with pytest.raises(ConfigurationError, match="auto, require, off"):
        open_renders(deck, _facts(5), mode="always")  # type: ignore[arg-type]
