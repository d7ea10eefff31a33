"""The demo finds the right things, by itself and with a vision model."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.openai_server import FakeOpenAI
from ragsight import OpenAIBackend
from ragsight.cli.demo import DemoResult, run_demo


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoResult:
    return run_demo(tmp_path_factory.mktemp("demo"))


def by_title(demo: DemoResult, title: str):
    [section] = [section for section in demo.sections if section.title == title]
    return section.hits


def facts(hit) -> tuple[str, str, str]:
    metadata = hit.chunk.metadata
    return metadata["kind"], metadata["colour"], metadata["pattern"]


def test_red_striped_sneakers_are_found_by_their_pixels(demo: DemoResult) -> None:
    hits = by_title(demo, "red striped sneaker")
    assert facts(hits[0]) == ("sneaker", "red", "striped")
    assert {score.channel for hit in hits for score in hit.channels} == {"text_to_image"}


def test_blue_dresses_under_fifty_are_blue_dresses_under_fifty(demo: DemoResult) -> None:
    hits = by_title(demo, "blue dress under 50")
    assert facts(hits[0])[:2] == ("dress", "blue")
    assert all(hit.chunk.metadata["price"] < 50 for hit in hits)


def test_a_picture_finds_products_like_it(demo: DemoResult) -> None:
    assert facts(by_title(demo, "more like this picture")[0]) == ("handbag", "red", "dotted")


@pytest.mark.parametrize(
    ("question", "kind", "page"),
    [
        ("bar chart of planet radii", "figure", 3),
        ("Which planet has the lowest density?", "text", 3),
        ("phases of the Moon", "figure", 7),
        ("How is a space mission planned?", "figure", 11),
    ],
)
def test_questions_find_the_right_passages_and_figures(
    demo: DemoResult, question: str, kind: str, page: int
) -> None:
    hits = by_title(demo, question)
    assert (kind, page) in [(h.chunk.kind, h.chunk.source.page) for h in hits[:2]]


def test_the_gallery_shows_every_search_with_its_pictures(demo: DemoResult) -> None:
    html = demo.gallery.read_text(encoding="utf-8")
    assert all(section.title in html for section in demo.sections)
    assert html.count("data:image/jpeg;base64,") >= 12
    assert html.count("data:image/webp;base64,") >= 4


def test_with_a_vision_model_the_questions_are_answered_from_the_figures(tmp_path: Path) -> None:
    with FakeOpenAI(reply="As the chart shows [1].", local=True, max_images=8) as server:
        backend = OpenAIBackend("llava", base_url=server.base_url)
        demo = run_demo(tmp_path, questions=["bar chart of planet radii"], backend=backend)
    assert str(demo.sections[-1].answer) == "As the chart shows [1]."
    assert len(server.requests[0].images) >= 1
    assert server.violations == []


def test_a_pdf_of_one_s_own_takes_the_handbook_s_place(tmp_path: Path) -> None:
    import pymupdf

    document = pymupdf.open()
    document.new_page().insert_text((72, 72), "The pump must be oiled every spring.")
    document.save(tmp_path / "own.pdf")
    demo = run_demo(tmp_path / "demo", pdf=tmp_path / "own.pdf", questions=["oil the pump"])
    assert demo.sections[-1].hits[0].chunk.source.name == "own.pdf"
