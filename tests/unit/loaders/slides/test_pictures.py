from __future__ import annotations

from pathlib import Path

from pptx.util import Pt

from decks import (
    BLANK,
    DRAWING,
    add_picture,
    add_slide,
    add_text,
    box,
    new_deck,
    picture_background,
    rewritten,
    saved,
)
from drawings import noise
from ragsight import Chunk, RagsightError, SlideLoader, open_image


def loaded(deck: object, tmp_path: Path, **settings: object) -> list[Chunk]:
    path = saved(deck, tmp_path / "deck.pptx")
    return SlideLoader(path, render="off", **settings).load()  # type: ignore[arg-type]


def figures(chunks: list[Chunk]) -> list[Chunk]:
    return [chunk for chunk in chunks if chunk.kind == "figure"]


def test_a_picture_is_found_by_its_alternative_text_and_its_caption(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "The pump")
    add_picture(slide, 1, box(60, 120, 300, 300), alt="A pump with two valves")
    add_text(slide, "Seen from above", box(60, 425, 300, 25))

    whole, figure = loaded(deck, tmp_path)

    assert "Picture: A pump with two valves" in whole.text
    assert figure.text == "A pump with two valves\n\nSeen from above"
    assert figure.metadata["caption"] == figure.text
    assert figure.metadata["page_id"] == whole.id
    assert figure.image is not None
    assert open_image(figure.image).tobytes() == noise(1, (120, 120)).tobytes()
    assert (figure.source.part, figure.source.section) == ("figure 1", ("The pump",))


def test_a_picture_is_cropped_as_it_is_shown(tmp_path: Path) -> None:
    deck = new_deck()
    picture = add_picture(add_slide(deck, "Cropped"), 1, box(60, 120, 300, 300))
    picture.crop_left, picture.crop_bottom = 0.25, 0.5

    (figure,) = figures(loaded(deck, tmp_path))

    assert figure.image is not None
    assert (figure.image.width, figure.image.height) == (90, 60)
    assert open_image(figure.image).size == (90, 60)


def test_logos_are_dropped_and_pictures_seen_twice_come_once(tmp_path: Path) -> None:
    deck = new_deck()
    for number in range(6):
        slide = add_slide(deck, f"Slide {number}")
        add_picture(slide, 99, box(500, 20, 150, 100), alt="Our logo")
        add_picture(slide, 1 if number in (1, 2) else 10 + number, box(60, 150, 300, 300))

    chunks = loaded(deck, tmp_path)

    assert [figure.source.page for figure in figures(chunks)] == [1, 2, 4, 5, 6]
    digests = [figure.image.sha256 for figure in figures(chunks) if figure.image]
    assert len(set(digests)) == 5


def test_small_pictures_and_those_that_fill_the_slide_are_no_figures(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "Icons")
    add_picture(slide, 1, box(60, 150, 30, 30))
    add_picture(slide, 2, box(0, 0, 720, 540))

    assert figures(loaded(deck, tmp_path)) == []


def test_without_a_render_a_picture_that_fills_the_slide_stands_for_it(tmp_path: Path) -> None:
    deck = new_deck()
    add_picture(add_slide(deck, layout=BLANK), 1, box(0, 0, 720, 540))
    add_picture(add_slide(deck, "Words over a picture"), 2, box(0, 0, 720, 540))
    add_picture(add_slide(deck, layout=BLANK), 3, box(160, 140, 400, 300))
    picture_background(add_slide(deck, layout=BLANK), 4)

    chunks = loaded(deck, tmp_path)

    assert [(c.kind, c.source.page) for c in chunks] == [("slide", n) for n in (1, 2, 3, 4)]
    assert {c.metadata["method"] for c in chunks} == {"picture"}
    for number, chunk in enumerate(chunks[:3], start=1):
        assert chunk.image is not None
        assert open_image(chunk.image).tobytes() == noise(number, (120, 120)).tobytes()
    assert chunks[3].image is not None
    assert open_image(chunks[3].image).size == (200, 150)


def test_pictures_in_groups_are_placed_and_found(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "Grouped")
    group = slide.shapes.add_group_shape()
    picture = add_picture(slide, 1, box(100, 150, 200, 200), alt="A valve")
    group._element.append(picture._element)
    xfrm = group._element.grpSpPr.get_or_add_xfrm()
    for name, value in (("off", (50, 100)), ("chOff", (100, 150))):
        child = xfrm.find(f"{{{DRAWING}}}{name}")
        child.set("x", str(Pt(value[0])))
        child.set("y", str(Pt(value[1])))
    for name in ("ext", "chExt"):
        child = xfrm.find(f"{{{DRAWING}}}{name}")
        child.set("cx", str(Pt(200)))
        child.set("cy", str(Pt(200)))

    (figure,) = figures(loaded(deck, tmp_path))

    assert figure.source.bbox == (50.0, 100.0, 250.0, 300.0)


def test_a_picture_that_is_missing_costs_itself_only(tmp_path: Path) -> None:
    deck = new_deck()
    add_picture(add_slide(deck, "One"), 1, box(60, 150, 300, 300))
    add_picture(add_slide(deck, "Two"), 2, box(60, 150, 300, 300))
    path = rewritten(saved(deck, tmp_path / "deck.pptx"), dropped=r"media/image1\.png")
    problems: list[RagsightError] = []

    chunks = SlideLoader(path, render="off", on_error=problems.append).load()

    assert [(c.kind, c.source.page) for c in chunks] == [("slide", 1), ("slide", 2), ("figure", 2)]
    (problem,) = problems
    assert "slide 1: a picture is missing in the file (ppt/media/image1.png)" in str(problem)
    assert "missing" in chunks[0].metadata["warnings"][0]


def test_figures_can_be_left_out(tmp_path: Path) -> None:
    deck = new_deck()
    add_picture(add_slide(deck, "One"), 1, box(60, 150, 300, 300))

    assert [c.kind for c in loaded(deck, tmp_path, figures=False)] == ["slide"]
