from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.loaders.slides.painting import DeckFacts
from ragsight.loaders.slides.painting.deck import is_same_shape, page_numbers


def _facts(count: int, *hidden: int) -> DeckFacts:
    return DeckFacts(slide_count=count, hidden=frozenset(hidden), size=(960.0, 540.0))


@pytest.mark.parametrize("drops_hidden", [True, False])
def test_as_many_pages_as_slides_are_the_slides(drops_hidden: bool) -> None:
    facts = _facts(3, 2)
    assert page_numbers(facts, 3, drops_hidden=drops_hidden) == {1: 1, 2: 2, 3: 3}


@pytest.mark.parametrize("drops_hidden", [True, False])
def test_as_many_pages_as_visible_slides_are_those(drops_hidden: bool) -> None:
    facts = _facts(5, 1, 4)
    assert page_numbers(facts, 3, drops_hidden=drops_hidden) == {2: 1, 3: 2, 5: 3}


@given(st.integers(1, 30), st.frozensets(st.integers(1, 30)), st.integers(1, 30), st.booleans())
def test_each_page_shows_one_slide_or_nothing_is_known(
    count: int, hidden: frozenset[int], pages: int, drops_hidden: bool
) -> None:
    facts = _facts(count, *(number for number in hidden if number <= count))
    numbers = page_numbers(facts, pages, drops_hidden=drops_hidden)
    if pages not in (count, len(facts.visible)):
        assert numbers is None
    else:
        assert numbers is not None
        assert list(numbers.values()) == list(range(1, pages + 1))
        assert list(numbers) == sorted(numbers)
        assert set(facts.visible) <= set(numbers)


def test_shapes_are_compared_by_their_proportions() -> None:
    facts = _facts(1)
    assert is_same_shape(facts, (960.0, 540.0))
    assert is_same_shape(facts, (1280.0, 720.3))
    assert not is_same_shape(facts, (720.0, 540.0))
    assert not is_same_shape(facts, (595.0, 842.0))
