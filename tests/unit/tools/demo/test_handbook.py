"""The demo handbook: what the file holds, where it says it holds it, and how it is built."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pymupdf
import pytest
from tools.demo.handbook.almanac import (
    PLANETS,
    Planet,
    day_length,
    hohmann_years,
    insolation,
    planet,
    solar_flux,
    synodic_years,
)
from tools.demo.handbook.facts import (
    FACTS_PATH,
    PDF_PATH,
    Box,
    FigureFact,
    HandbookFacts,
    QuestionFact,
    SectionFact,
    TableFact,
    handbook_facts,
    read_facts,
)

FACTS = handbook_facts()
INK_DPI = 144


@pytest.fixture(scope="module")
def document() -> Iterator[pymupdf.Document]:
    with pymupdf.open(PDF_PATH) as opened:
        yield opened


@pytest.fixture(scope="module")
def texts(document: pymupdf.Document) -> list[str]:
    return [" ".join(page.get_text().split()) for page in document]


def grown(box: Box, by: float) -> pymupdf.Rect:
    return pymupdf.Rect(box[0] - by, box[1] - by, box[2] + by, box[3] + by)


def test_the_file_has_the_stated_pages_and_stays_small(document: pymupdf.Document) -> None:
    assert document.page_count == FACTS.pages
    assert 9 <= FACTS.pages <= 12
    assert PDF_PATH.stat().st_size <= 1_500_000


def test_the_file_carries_no_date(document: pymupdf.Document) -> None:
    assert document.metadata["title"] == FACTS.title
    # reportlab's invariant mode writes its own fixed date, the turn of the millennium.
    assert document.metadata["creationDate"].startswith("D:20000101000000")


def test_labels_run_in_page_order_without_gaps() -> None:
    for name, facts in (("Figure", FACTS.figures), ("Table", FACTS.tables)):
        assert [fact.label for fact in facts] == [f"{name} {n}" for n in range(1, len(facts) + 1)]
        assert [fact.page for fact in facts] == sorted(fact.page for fact in facts)


def test_there_are_vector_bitmap_and_mixed_figures() -> None:
    assert {figure.medium for figure in FACTS.figures} == {"vector", "bitmap", "mixed"}
    assert len(FACTS.figures) >= 10
    assert len(FACTS.tables) >= 2


@pytest.mark.parametrize("fact", [*FACTS.figures, *FACTS.tables], ids=lambda fact: fact.key)
def test_a_caption_stands_where_stated(
    fact: FigureFact | TableFact, document: pymupdf.Document
) -> None:
    words = document[fact.page - 1].get_text(clip=grown(fact.caption_bbox, 1))
    assert " ".join(words.split()) == fact.caption
    assert document[fact.page - 1].search_for(fact.caption[:40])


@pytest.mark.parametrize("fact", FACTS.figures, ids=lambda fact: fact.key)
def test_a_figures_box_fits_its_ink(fact: FigureFact, document: pymupdf.Document) -> None:
    page = document[fact.page - 1]
    x0, y0, x1, y1 = ink_box(page, grown(fact.bbox, 4))
    stated = fact.bbox
    # Text bounds come from font metrics: a label without descenders leaves some points empty.
    assert np.allclose((x0, y0, x1, y1), stated, atol=3.1), (stated, (x0, y0, x1, y1))


def ink_box(page: pymupdf.Page, clip: pymupdf.Rect) -> tuple[float, ...]:
    """The box in points around everything that is not white within `clip`."""
    pixmap = page.get_pixmap(dpi=INK_DPI, clip=clip, colorspace=pymupdf.csGRAY)
    pixels = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.stride)
    rows, columns = np.nonzero(pixels[:, : pixmap.width] < 250)
    scale = 72 / INK_DPI
    left, top = pixmap.x, pixmap.y
    return (
        (columns.min() + left) * scale,
        (rows.min() + top) * scale,
        (columns.max() + 1 + left) * scale,
        (rows.max() + 1 + top) * scale,
    )


def test_figures_tables_and_captions_do_not_overlap_and_stay_inside_the_margins() -> None:
    things = [*FACTS.figures, *FACTS.tables]
    boxes = [(t.page, pymupdf.Rect(box)) for t in things for box in (t.bbox, t.caption_bbox)]
    for (page, one), (other_page, other) in itertools.combinations(boxes, 2):
        assert page != other_page or (one & other).is_empty
    assert all(pymupdf.Rect(60, 70, 536, 770).contains(box) for _, box in boxes)


def test_some_figures_stand_side_by_side() -> None:
    pairs = itertools.pairwise(FACTS.figures)
    rows = [
        (one.label, other.label)
        for one, other in pairs
        if one.page == other.page and one.bbox[2] < other.bbox[0] and one.bbox[3] > other.bbox[1]
    ]
    assert len(rows) >= 3


@pytest.mark.parametrize("fact", FACTS.tables, ids=lambda fact: fact.key)
def test_a_table_is_ruled_and_as_large_as_stated(
    fact: TableFact, document: pymupdf.Document
) -> None:
    page = document[fact.page - 1]
    found = page.find_tables(clip=grown(fact.bbox, 2)).tables
    assert [(table.row_count, table.col_count) for table in found] == [(fact.rows, fact.columns)]


def test_bitmaps_are_embedded_in_bitmap_and_mixed_figures_only(document: pymupdf.Document) -> None:
    for fact in FACTS.figures:
        box = grown(fact.bbox, 1)
        images = document[fact.page - 1].get_image_info()
        inside = [image for image in images if box.contains(pymupdf.Rect(image["bbox"]))]
        assert bool(inside) == (fact.medium in {"bitmap", "mixed"}), fact.key


def test_each_figure_and_table_is_mentioned_in_the_prose(texts: list[str]) -> None:
    book = " ".join(texts)
    for fact in (*FACTS.figures, *FACTS.tables):
        mentions = book.count(f"{fact.label} ") + book.count(f"{fact.label})")
        mentions += book.count(f"{fact.label}.")
        assert mentions >= 1, fact.label


@pytest.mark.parametrize("section", FACTS.sections, ids=lambda section: section.number)
def test_the_contents_give_the_right_page(
    section: SectionFact, texts: list[str], document: pymupdf.Document
) -> None:
    number, title, page = section.number, section.title, section.page
    assert f"{number} {title} {page}" in texts[0]
    assert f"{number} {title}" in texts[page - 1]
    assert [f"{number} {title}", page] in [entry[1:] for entry in document.get_toc()]


@pytest.mark.parametrize("fact", FACTS.questions, ids=lambda fact: fact.question)
def test_a_question_is_answered_on_its_page(fact: QuestionFact, texts: list[str]) -> None:
    assert fact.answer in texts[fact.page - 1]


def test_questions_point_at_known_places() -> None:
    sections = {section.number for section in FACTS.sections}
    for fact in FACTS.questions:
        assert fact.section in sections
        if fact.figure is not None:
            assert FACTS.figure(fact.figure).page == fact.page
        if fact.table is not None:
            assert FACTS.table(fact.table).page == fact.page


def test_the_facts_survive_a_round_trip_through_json() -> None:
    assert read_facts(FACTS_PATH) == FACTS
    assert FACTS_PATH.read_text(encoding="utf-8") == FACTS.to_json()


@pytest.fixture(scope="module")
def rebuilt() -> tuple[bytes, HandbookFacts]:
    pytest.importorskip("reportlab", reason="building the handbook needs reportlab")
    from tools.demo.handbook.build import build

    return build()


@pytest.mark.slow
def test_building_twice_gives_identical_bytes(rebuilt: tuple[bytes, HandbookFacts]) -> None:
    from tools.demo.handbook.build import build

    assert build()[0] == rebuilt[0]


@pytest.mark.slow
def test_the_shipped_file_is_what_the_sources_build(rebuilt: tuple[bytes, HandbookFacts]) -> None:
    from tools.demo.handbook.build import library_versions

    if library_versions() != FACTS.built_with:
        pytest.skip(f"bytes depend on library versions; shipped with {FACTS.built_with}")
    assert rebuilt[0] == PDF_PATH.read_bytes()


@pytest.mark.slow
def test_the_shipped_facts_match_a_fresh_layout(rebuilt: tuple[bytes, HandbookFacts]) -> None:
    fresh = replace(rebuilt[1], built_with=FACTS.built_with)
    assert fresh == FACTS


def test_the_two_shaded_areas_of_the_orbit_are_equal() -> None:
    pytest.importorskip("reportlab", reason="drawing needs reportlab")
    from tools.demo.handbook.diagrams_orbits import equal_area_angle

    eccentricity, near = 0.8, 50.0
    far = equal_area_angle(eccentricity, near)
    assert math.isclose(
        sector(eccentricity, 0, near), sector(eccentricity, 180 - far, 180), rel_tol=1e-5
    )


def sector(eccentricity: float, start: float, stop: float) -> float:
    """Area swept from the focus between two eccentric anomalies, summed from triangles."""
    angles = np.radians(np.linspace(start, stop, 4001))
    x = np.cos(angles) - eccentricity
    y = math.sqrt(1 - eccentricity**2) * np.sin(angles)
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


@pytest.mark.parametrize("body", PLANETS, ids=lambda body: body.name)
def test_keplers_third_law_holds_for_every_planet(body: Planet) -> None:
    assert body.axis**3 == pytest.approx(body.period**2, rel=0.01)


@pytest.mark.parametrize("body", PLANETS, ids=lambda body: body.name)
def test_mass_radius_and_density_agree(body: Planet) -> None:
    mass, radius = body.mass * 5.972e24, body.radius * 1000
    density = mass / (4 / 3 * math.pi * radius**3)
    assert density == pytest.approx(body.density, rel=0.01)


def test_saturn_is_the_lightest_for_its_size() -> None:
    assert min(PLANETS, key=lambda body: body.density).name == "Saturn"


def test_the_flight_to_mars_and_its_window_are_as_printed(texts: list[str]) -> None:
    mars = planet("Mars")
    assert round(hohmann_years(mars.axis) * 365.25) == 259
    assert round(synodic_years(mars.period) * 365.25) == 780
    assert round(hohmann_years(mars.axis) / mars.period * 360) == 136
    assert "259 days" in " ".join(texts)


def test_sunlight_at_mars_and_jupiter_is_as_printed() -> None:
    assert round(solar_flux(planet("Mars").axis)) == 586
    assert round(solar_flux(planet("Jupiter").axis)) == 50


def test_the_june_pole_gets_more_light_than_the_equator_ever_does() -> None:
    best = max(insolation(0, day) for day in range(1, 366))
    assert insolation(90, 172) > best
    assert insolation(90, 355) == pytest.approx(0, abs=1e-6)


def test_the_day_at_the_equator_lasts_twelve_hours_all_year() -> None:
    assert {round(day_length(0, day), 6) for day in range(1, 366)} == {12.0}
    assert day_length(70, 172) == 24.0
    assert day_length(70, 355) == 0.0
