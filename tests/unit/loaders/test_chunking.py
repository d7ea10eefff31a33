from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from ragsight.errors import ConfigurationError
from ragsight.loaders import ChunkingOptions, TextLoader, split_text
from ragsight.loaders.measuring import token_counter, tokenizer_name

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


def _word_pieces(marks: bool = False) -> Tokenizer:
    """A tokenizer of single letters, but for the words it knows; with marks, of start and end."""
    letters = "abAB.!?\"'()é3。"
    words = {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "water": 3}
    words |= {letter: 4 + n for n, letter in enumerate(letters)}
    words |= {f"##{letter}": 40 + n for n, letter in enumerate(letters)}
    tokenizer = Tokenizer(models.WordPiece(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if marks:
        pair = [("[CLS]", 1), ("[SEP]", 2)]
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=pair
        )
    return tokenizer


class _TransformersLike:
    """As a tokenizer of transformers: called, it gives a mapping; `encode` gives ids."""

    name_or_path = "some/model"

    def __call__(self, text: str) -> dict[str, list[int]]:
        return {"input_ids": self.encode(text)}

    def encode(self, text: str, add_special_tokens: bool = True) -> list[int]:
        marks = [0, 0] if add_special_tokens else []
        return [len(word) for word in text.split()] + marks


class _TiktokenLike:
    """As tiktoken: `encode` refuses what looks like a control token."""

    def encode(self, text: str) -> list[int]:
        raise ValueError(text)

    def encode_ordinary(self, text: str) -> list[int]:
        return [1 for _ in text.split()]


@pytest.mark.parametrize(
    ("tokenizer", "count"),
    [
        (str.split, 3),
        (lambda text: len(text.split()), 3),
        (lambda text: {"input_ids": text.split()}, 3),
        (_TransformersLike(), 3),
        (_TiktokenLike(), 3),
        (_word_pieces(), 3),
        (_word_pieces(marks=True), 3),
    ],
)
def test_tokens_are_counted_by_any_kind_of_tokenizer(tokenizer: Any, count: int) -> None:
    assert token_counter(tokenizer)("water a water") == count


def test_what_is_no_tokenizer_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"tokenizers\.Tokenizer"):
        split_text("a", ChunkingOptions(5, 0, "tokens", tokenizer="cl100k"))
    with pytest.raises(ConfigurationError, match="list of tokens"):
        split_text("a", ChunkingOptions(5, 0, "tokens", tokenizer=lambda _: 1.5))


@pytest.mark.parametrize(("unit", "tokenizer"), [("tokens", None), ("characters", str.split)])
def test_a_unit_without_its_tokenizer_is_refused(unit: Any, tokenizer: Any) -> None:
    with pytest.raises(ConfigurationError, match="contradict"):
        ChunkingOptions(5, 0, unit, tokenizer)
    with pytest.raises(ConfigurationError, match="choose one of"):
        ChunkingOptions(5, 0, "words")  # type: ignore[arg-type]


@given(texts, st.integers(1, 40).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n - 1))))
def test_no_passage_has_more_tokens_than_the_size(text: str, sizes: tuple[int, int]) -> None:
    counter = token_counter(_word_pieces())
    passages = split_text(text, ChunkingOptions(*sizes, "tokens", _word_pieces()))
    assert all(counter(passage) <= sizes[0] for passage in passages)
    if sizes[1] == 0:
        assert letters("".join(passages)) == letters(text)


def test_sentences_are_packed_by_their_tokens() -> None:
    text = "One is one. Two is two. Six is six. Ten is ten."
    options = ChunkingOptions(7, 3, "tokens", str.split)
    assert split_text(text, options) == [
        "One is one. Two is two.",
        "Two is two. Six is six.",
        "Ten is ten.",
    ]


def test_a_long_text_without_sentences_is_measured_in_reasonable_steps() -> None:
    measured = 0

    def count(text: str) -> int:
        nonlocal measured
        measured += len(text)
        return len(text.split())

    text = "word " * 20_000
    passages = split_text(text, ChunkingOptions(200, 0, "tokens", count))
    assert len(passages) >= 100
    # Measuring the rest of the text for each passage would make 5 million characters.
    assert measured < 40 * len(text)


def test_tokenizers_are_told_apart_by_name_or_vocabulary(tmp_path: Path) -> None:
    assert tokenizer_name(_word_pieces()) == tokenizer_name(_word_pieces())
    assert tokenizer_name(_word_pieces()) != tokenizer_name(_word_pieces(marks=True))
    assert "some/model" in tokenizer_name(_TransformersLike())
    path = tmp_path / "a.txt"
    path.write_text("Words.")
    prints = [
        TextLoader(path, chunking=ChunkingOptions(50, 0, "tokens", tokenizer)).fingerprint()
        for tokenizer in (str.split, str.split, str.splitlines)
    ]
    assert prints[0] == prints[1] != prints[2]
