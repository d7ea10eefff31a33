from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.answer.reply.citations import drop_numbers
from ragsight.answer.reply.stream_filters import MarkerFilter, SentinelFilter

ATOMS = st.sampled_from(
    ["`", "``", "```", "~~~", "\n", "\n\n", " ", "[1", "[9]", "[1, 9]", "]", "9", "a", "!", "[",
     "\n```\n", "b [7]", "   ", "\t", "[2-4]", " [1,\n2]"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "kept", "dropped"),
    [
        ("Red [1, 9] and old [7].", "Red [1] and old.", (9, 7)),
        ("All wrong [0][8-9]", "All wrong", (0, 8, 9)),
        ("A range [2-4].", "A range [2].", (3, 4)),
        ("In code `a[9]` and\n```\nb[9]\n```\nit stays.", None, ()),
        ("Nothing to do [1, 2].", None, ()),
        ("An image ![9](a.png)", None, ()),
    ],
)
def test_only_numbers_that_no_source_has_are_taken_out(
    text: str, kept: str | None, dropped: tuple[int, ...]
) -> None:
    assert drop_numbers(text, {1, 2}) == (text if kept is None else kept, dropped)


@given(st.lists(ATOMS, max_size=16), st.data())
def test_however_a_text_is_cut_the_same_comes_out(parts: list[str], data: st.DataObject) -> None:
    text = "".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=12)))
    sieve = MarkerFilter({1, 2})

    shown = [sieve.feed(text[a:b]) for a, b in itertools.pairwise([0, *cuts, len(text)])]
    shown.append(sieve.close())

    kept, dropped = drop_numbers(text, {1, 2})
    assert "".join(shown) == kept
    assert set(sieve.invalid) == set(dropped)


def test_words_are_shown_as_they_come_and_only_what_may_be_a_marker_waits() -> None:
    sieve = MarkerFilter({1})

    shown = [sieve.feed(piece) for piece in ("It is ", "red", " [", "9", "]", " indeed.")]

    assert shown == ["It is", " red", "", "", "", " indeed."]


def test_a_long_stream_of_paragraphs_is_not_read_again_and_again() -> None:
    sieve = MarkerFilter({1})
    for _ in range(2000):
        sieve.feed("Words, more words [1].\n\n")

    assert len(sieve._text) < 100


def test_a_hostile_run_of_spaces_in_a_bracket_is_no_marker_and_costs_no_time() -> None:
    text = "[1" + " " * 50_000 + "]"

    assert drop_numbers(text, set()) == (text, ())


def test_the_sentinel_is_found_across_pieces() -> None:
    sieve = SentinelFilter()

    assert sieve.feed("NO_") + sieve.feed("ANSW") + sieve.feed("ER") + sieve.close() == ""
    assert sieve.found
