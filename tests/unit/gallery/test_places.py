from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight import Chunk, Source
from ragsight.chunks import BBox, ChunkKind
from ragsight.gallery.places import place_of

SIZES = st.tuples(st.floats(1, 5000), st.floats(1, 5000))
EDGES = st.floats(-6000, 6000)


def on_page(size: tuple[float, float] | None, box: BBox | None, kind: ChunkKind = "text") -> Chunk:
    return Chunk(text="a", source=Source(uri="a.pdf", page=1, page_size=size, bbox=box), kind=kind)


@given(size=SIZES, box=st.tuples(EDGES, EDGES, EDGES, EDGES))
def test_whatever_the_region_what_is_drawn_lies_on_the_page(
    size: tuple[float, float], box: BBox
) -> None:
    place = place_of(on_page(size, box))
    assert place is not None
    x, y, width, height = place.closer
    assert x >= -0.1
    assert x + width <= size[0] + 0.2
    assert y >= -0.1
    assert y + height <= size[1] + 0.2
    if place.box is not None:
        left, top, right, bottom = place.box
        assert 0 <= left < right <= size[0]
        assert 0 <= top < bottom <= size[1]


def test_a_region_is_shown_closer_with_all_of_its_width() -> None:
    place = place_of(on_page((600, 800), (50, 500, 550, 560)))
    assert place is not None
    x, y, width, height = place.closer
    assert x <= 50
    assert x + width >= 550
    assert y <= 500
    assert y + height >= 560
    assert width < 600


def test_a_tall_region_is_shown_from_its_beginning() -> None:
    place = place_of(on_page((600, 800), (50, 100, 550, 750)))
    assert place is not None
    assert place.closer[1] == pytest.approx(88)


def test_a_region_that_is_the_whole_page_is_not_marked() -> None:
    place = place_of(on_page((600, 800), (0, 0, 600, 800)))
    assert place is not None
    assert place.box is None


@pytest.mark.parametrize(
    "chunk",
    [
        on_page(None, (1, 1, 2, 2)),
        on_page((0, 800), None),
        on_page((float("inf"), 800), None),
        on_page((600, 800), (0, 0, 600, 800), "page"),
    ],
)
def test_without_a_page_or_as_the_page_itself_there_is_no_place(chunk: Chunk) -> None:
    assert place_of(chunk) is None
