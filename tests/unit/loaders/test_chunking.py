from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.errors import ConfigurationError
from ragsight.loaders import ChunkingOptions, split_text

texts = st.text(alphabet="ab .!?\n\"'()AB。é3", max_size=300)
options = st.integers(1, 60).flatmap(
    lambda size: st.builds(ChunkingOptions, size=st.just(size), overlap=st.integers(0, size - 1))
)


def letters(text: str) -> str:
    return "".join(text.split())


@given(texts, options)
def test_no_passage_is_empty_or_longer_than_the_size(text: str, options: ChunkingOptions) -> None:
    for passage in split_text(text, options):
        assert passage.strip() == passage != ""
        assert len(passage) <= options.size


@given(texts, st.integers(1, 60))
def test_nothing_but_white_space_is_lost(text: str, size: int) -> None:
    passages = split_text(text, ChunkingOptions(size=size, overlap=0))
    assert letters("".join(passages)) == letters(text)


@given(texts, options)
def test_each_passage_goes_on_where_the_last_one_ended_or_repeats_its_end(
    text: str, options: ChunkingOptions
) -> None:
    whole, position = letters(text), 0
    for passage in split_text(text, options):
        words = letters(passage)
        starts = [
            start
            for start in range(max(0, position - options.overlap), position + 1)
            if whole.startswith(words, start)
        ]
        assert starts
        position = starts[-1] + len(words)
    assert position == len(whole)


def test_sentences_stay_whole() -> None:
    text = "The valve opens at 3.5 bar, e.g. in summer. Close it by hand. Then wait."
    assert split_text(text, ChunkingOptions(size=45, overlap=0)) == [
        "The valve opens at 3.5 bar, e.g. in summer.",
        "Close it by hand. Then wait.",
    ]


def test_whole_sentences_are_repeated_within_the_overlap() -> None:
    passages = split_text("One is one. Two is two. Six is six.", ChunkingOptions(24, 12))
    assert passages == ["One is one. Two is two.", "Two is two. Six is six."]


def test_paragraphs_stay_apart_within_a_passage() -> None:
    assert split_text("First one.\n\n\nSecond one.") == ["First one.\n\nSecond one."]


def test_chinese_sentences_end_without_a_space() -> None:
    assert split_text("今天下雨。明天晴天。", ChunkingOptions(5, 0)) == ["今天下雨。", "明天晴天。"]


def test_a_text_of_white_space_has_no_passages() -> None:
    assert split_text(" \n\n ") == []


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (10, 10), (10, -1)])
def test_sizes_that_make_no_sense_are_refused(size: int, overlap: int) -> None:
    with pytest.raises(ConfigurationError):
        ChunkingOptions(size, overlap)
