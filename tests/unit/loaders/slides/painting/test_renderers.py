from __future__ import annotations

import importlib.util
import logging
from pathlib import Path

import pptx
import pytest

from pdfs import heading, save_pdf
from ragsight.errors import ConfigurationError, RagsightError
from ragsight.loaders.slides.painting import (
    DeckFacts,
    RenderCache,
    SlideRenders,
    convert,
    open_renders,
    opening,
    prepare_renders,
)
from ragsight.loaders.slides.painting import renderers as module
from ragsight.loaders.slides.painting.renderers import find_renderer
from ragsight.loaders.slides.painting.soffice import find_soffice, has_impress

FACTS = DeckFacts(slide_count=3, hidden=frozenset({2}), size=(720.0, 540.0))
FIND_SPEC = importlib.util.find_spec

needs_office2pdf = pytest.mark.skipif(
    FIND_SPEC("office2pdf") is None, reason="office2pdf-python isn't installed"
)


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    presentation = pptx.Presentation()
    for number in (1, 2, 3):
        slide = presentation.slides.add_slide(presentation.slide_layouts[5])
        slide.shapes.title.text = f"Slide {number}"
        if number in FACTS.hidden:
            slide._element.set("show", "0")
    presentation.save(str(tmp_path / "deck.pptx"))
    return tmp_path / "deck.pptx"


@pytest.fixture
def no_soffice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAGSIGHT_SOFFICE", "off")


@pytest.fixture
def no_renderer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAGSIGHT_SOFFICE", "off")

    def find_spec(name: str) -> object:
        return None if name == "office2pdf" else FIND_SPEC(name)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    module.warn_of_no_renderer.cache_clear()


@pytest.mark.usefixtures("no_renderer")
def test_without_a_renderer_there_is_one_warning_that_says_how_to_get_one(
    deck: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert open_renders(deck, FACTS, cache=False) is None
    (record,) = caplog.records
    assert "apt install libreoffice-impress-nogui" in record.message
    assert "brew install --cask libreoffice" in record.message
    assert "pip install 'ragsight[slides]'" in record.message


@pytest.mark.usefixtures("no_renderer")
def test_without_a_renderer_that_is_required_there_is_an_error(deck: Path) -> None:
    with pytest.raises(ConfigurationError, match="nothing that paints them is installed"):
        open_renders(deck, FACTS, mode="require", cache=False)
    with pytest.raises(ConfigurationError, match="Install it"):
        convert(deck, "pdf", timeout=1, cache=False)


@pytest.mark.usefixtures("no_renderer")
def test_preparing_without_a_renderer_does_nothing_but_count(deck: Path) -> None:
    done: list[int] = []
    prepare_renders([deck, deck], on_progress=lambda *progress: done.append(progress[0]))
    assert done == [1, 2]


def test_no_pictures_are_painted_when_they_are_off(
    deck: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "find_renderer", _refuse)
    assert open_renders(deck, FACTS, mode="off") is None


def test_a_deck_without_slides_is_not_painted(deck: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "find_renderer", _refuse)
    assert open_renders(deck, DeckFacts(0, frozenset(), FACTS.size), mode="require") is None


def _refuse(path: Path) -> None:
    raise AssertionError(path)


def test_the_environment_names_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "soffice"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("RAGSIGHT_SOFFICE", str(program))
    found = find_soffice()
    assert found is not None
    assert found.program == program
    monkeypatch.setenv("RAGSIGHT_SOFFICE", str(tmp_path / "gone"))
    with pytest.raises(ConfigurationError, match="there is no such program"):
        find_soffice()


def test_the_program_is_found_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "libreoffice"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.delenv("RAGSIGHT_SOFFICE", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_soffice()
    assert found is not None
    assert found.program == program


def test_a_libreoffice_without_impress_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program, registry = tmp_path / "program" / "soffice", tmp_path / "share" / "registry"
    program.parent.mkdir()
    registry.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    (registry / "main.xcd").touch()
    monkeypatch.delenv("RAGSIGHT_SOFFICE", raising=False)
    monkeypatch.setenv("PATH", str(program.parent))
    assert not has_impress(program)
    (registry / "impress.xcd").touch()
    found = find_soffice()
    assert found is not None
    assert found.program == program


def test_another_version_is_another_identity(tmp_path: Path) -> None:
    program = tmp_path / "program" / "soffice"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    (program.parent / "versionrc").write_text("buildid=1")
    before = module.Soffice(program).identity
    assert module.Soffice(program).identity == before
    (program.parent / "versionrc").write_text("buildid=12")
    assert module.Soffice(program).identity != before


@pytest.mark.usefixtures("no_renderer")
def test_the_pages_of_a_pdf_are_its_slides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pdf = save_pdf(tmp_path / "deck.pdf", lambda page: heading(page, (60, 60), "Sheet"), pages=2)
    facts = DeckFacts(2, frozenset(), (595.0, 842.0))
    cache = RenderCache(tmp_path / "renders")
    with _opened(pdf, facts, cache) as renders:
        assert renders.renderer == "pdf"
        first = [renders.render(number) for number in renders.numbers]
    monkeypatch.setattr(opening, "open_pdf", _refuse)
    with _opened(pdf, facts, cache) as renders:
        assert [renders.render(number) for number in renders.numbers] == first


@needs_office2pdf
@pytest.mark.usefixtures("no_soffice")
def test_the_fallback_paints_visible_slides_under_their_own_numbers(deck: Path) -> None:
    with _opened(deck, FACTS) as renders:
        assert renders.renderer == "office2pdf"
        assert dict(renders.numbers) == {1: 1, 3: 2}
        first, third = renders.render(1).data, renders.render(3).data
    assert first is not None
    assert first != third


@needs_office2pdf
@pytest.mark.usefixtures("no_soffice")
def test_the_fallback_has_no_picture_of_a_deck_that_is_hidden_as_a_whole(deck: Path) -> None:
    with _opened(deck, DeckFacts(1, frozenset({1}), FACTS.size)) as renders:
        assert dict(renders.numbers) == {}


@needs_office2pdf
@pytest.mark.usefixtures("no_soffice")
def test_the_fallback_is_stopped_when_it_takes_too_long(deck: Path) -> None:
    errors: list[RagsightError] = []
    assert open_renders(deck, FACTS, timeout=0.01, cache=False, on_error=errors.append) is None
    assert "office2pdf took longer than 0.01 seconds" in str(errors[0])


@needs_office2pdf
@pytest.mark.usefixtures("no_soffice")
def test_the_fallback_knows_only_one_kind_of_deck() -> None:
    assert find_renderer(Path("deck.pptx")) is not None
    assert find_renderer(Path("deck.odp")) is None


def _opened(deck: Path, facts: DeckFacts, cache: RenderCache | bool = False) -> SlideRenders:
    renders = open_renders(deck, facts, cache=cache)
    assert renders is not None
    return renders
