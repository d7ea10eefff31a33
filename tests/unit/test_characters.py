from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ragsight import Chunk, Source
from ragsight.characters import encodable


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_can_be_encoded_then(text: str) -> None:
    encodable(text).encode("utf-8")


@given(st.text())
def test_text_that_can_be_encoded_stays(text: str) -> None:
    assert encodable(text) == text


def test_two_halves_side_by_side_become_the_character() -> None:
    assert encodable("\ud83d\ude00") == "\U0001f600"


def test_half_a_character_costs_a_chunk_no_more_than_itself() -> None:
    chunk = Chunk(text="cut \ud83d", source=Source(uri="a.pdf", section=("cut \ud83d",)))
    assert chunk.text == "cut \ufffd"
    assert chunk.id
