"""Cut text into passages that end where sentences do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, get_args

from ragsight.errors import ConfigurationError
from ragsight.loaders.measuring import Measure, Tokenizer, token_counter, tokenizer_name
from ragsight.loaders.sentences import sentence_spans, stripped

Unit = Literal["characters", "tokens"]

_SOFT_BREAK = re.compile(r"[;,:)\]\u2013\u2014]\s+|\s+")
_FIRST_STEP = 8
"""Characters for each token of the size: about twice as many as a token has."""


@dataclass(frozen=True)
class ChunkingOptions:
    """Sizes of passages, in characters or in tokens.

    Attributes:
        size: No passage is longer, its overlap included. 1,200 characters are about 300 tokens,
            which text encoders take whole.
        overlap: Up to this much of the end of one passage, in whole sentences, is repeated at
            the start of the next.
        unit: What sizes count.
        tokenizer: Counts tokens: a `tokenizers.Tokenizer`, a tokenizer of transformers or tiktoken,
            or a callable that takes a text and returns its tokens or their number. Tokens that mark
            the start and end of a text aren't counted. A single character is never cut, however
            many tokens it makes.

    Raises:
        ConfigurationError: If they contradict each other.

    Example:
        >>> ChunkingOptions(size=600, overlap=0).size
        600
        >>> split_text("Open it. Close it.", ChunkingOptions(3, 0, "tokens", str.split))
        ['Open it.', 'Close it.']
    """

    size: int = 1200
    overlap: int = 100
    unit: Unit = "characters"
    tokenizer: Tokenizer = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ConfigurationError(f"size must be at least 1, not {self.size}.")
        if not 0 <= self.overlap < self.size:
            raise ConfigurationError(
                f"overlap must lie between 0 and size - 1, not {self.overlap}."
            )
        if self.unit not in get_args(Unit):
            raise ConfigurationError(
                f"unit={self.unit!r}: choose one of {', '.join(get_args(Unit))}."
            )
        if (self.tokenizer is not None) != (self.unit == "tokens"):
            raise ConfigurationError(
                f"unit={self.unit!r} and tokenizer={self.tokenizer!r} contradict each other: "
                "tokens need a tokenizer, and characters none."
            )

    @cached_property
    def measure(self) -> Measure:
        """Gives a text's length in the unit."""
        return len if self.tokenizer is None else token_counter(self.tokenizer)

    @property
    def identity(self) -> tuple[Any, ...]:
        """What decides on the passages, free of memory addresses."""
        name = None if self.tokenizer is None else tokenizer_name(self.tokenizer)
        return self.size, self.overlap, self.unit, name


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a text.

    Attributes:
        text: The piece.
        first: Index of the first paragraph in it.
        last: Index of the last paragraph in it.
        overlap: How many characters at its start repeat the end of the passage before.
    """

    text: str
    first: int
    last: int
    overlap: int = 0


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence, with the white space before it inside its paragraph."""

    text: str
    paragraph: int
    before: str


def split_text(text: str, options: ChunkingOptions | None = None) -> list[str]:
    """Cut a text into passages; blank lines separate its paragraphs.

    Args:
        text: Any text.
        options: Sizes.

    Returns:
        The passages, in order; nothing but white space is lost.

    Example:
        >>> split_text("One. Two. Three.", ChunkingOptions(size=12, overlap=0))
        ['One. Two.', 'Three.']
    """
    paragraphs = re.split(r"\n\s*\n", text)
    return [passage.text for passage in split_paragraphs(paragraphs, options)]


def split_paragraphs(
    paragraphs: Sequence[str], options: ChunkingOptions | None = None
) -> list[Passage]:
    """Pack paragraphs into passages; a long paragraph is cut between sentences.

    Args:
        paragraphs: Texts, in order.
        options: Sizes.

    Returns:
        The passages, each with the paragraphs that it covers.
    """
    sizes = options if options is not None else ChunkingOptions()
    sentences = [
        sentence
        for index, paragraph in enumerate(paragraphs)
        for sentence in _pieces(paragraph, index, sizes)
    ]
    return list(_packed(sentences, sizes))


def _pieces(paragraph: str, index: int, sizes: ChunkingOptions) -> Iterator[_Sentence]:
    reached = 0
    for sentence_start, sentence_end in sentence_spans(paragraph):
        for start, end in _bounded(paragraph, sentence_start, sentence_end, sizes):
            gap = paragraph[reached:start]
            before = "\n" if "\n" in gap else " " if gap else ""
            yield _Sentence(paragraph[start:end], index, before)
            reached = end


def _bounded(text: str, start: int, end: int, sizes: ChunkingOptions) -> Iterator[tuple[int, int]]:
    """Cut a sentence that is too long, after punctuation or at white space where there is any."""
    while True:
        reach = _reach(text, start, end, sizes)
        if reach >= end:
            break
        cut = reach
        for match in _SOFT_BREAK.finditer(text, start + (reach - start) // 2, reach + 1):
            cut = min(match.end(), reach)
        yield from stripped(text, start, cut)
        start = cut
    yield from stripped(text, start, end)


def _reach(text: str, start: int, end: int, sizes: ChunkingOptions) -> int:
    """How far a passage that starts here can go: to the end, or past one character at least."""
    if sizes.unit == "characters":
        return min(end, start + sizes.size)
    # Steps from the start: measuring all the rest of a long text for each passage takes minutes.
    most = min(_FIRST_STEP * sizes.size, end - start)
    while sizes.measure(text[start : start + most].strip()) <= sizes.size:
        if most == end - start:
            return end
        most = min(2 * most, end - start)
    least = 1
    while most - least > 1:
        middle = (least + most) // 2
        if sizes.measure(text[start : start + middle].strip()) <= sizes.size:
            least = middle
        else:
            most = middle
    return start + least


def _packed(sentences: Sequence[_Sentence], sizes: ChunkingOptions) -> Iterator[Passage]:
    repeated: list[_Sentence] = []
    group: list[_Sentence] = []
    fits = _Fitting(sizes)
    for sentence in sentences:
        if group and not fits([*repeated, *group, sentence], sizes.size):
            yield _passage(repeated, group)
            repeated, group = _end_of(group, sizes.overlap, fits), []
        if not group and not fits([*repeated, sentence], sizes.size):
            repeated = []
        group.append(sentence)
    if group:
        yield _passage(repeated, group)


class _Fitting:
    """Whether sentences fit into a passage; joined ones are measured only where it is close."""

    _CLEAR = 0.7
    _JOINT = 2

    def __init__(self, sizes: ChunkingOptions) -> None:
        self._measure = sizes.measure
        self._lengths: dict[int, int] = {}

    def __call__(self, group: Sequence[_Sentence], size: int) -> bool:
        estimate = sum(self._length(sentence) + self._JOINT for sentence in group)
        # Tokens across a joint may differ from those of the parts, but never by so much.
        return estimate <= self._CLEAR * size or self._measure(_joined(group)) <= size

    def _length(self, sentence: _Sentence) -> int:
        key = id(sentence)
        if key not in self._lengths:
            self._lengths[key] = self._measure(sentence.text)
        return self._lengths[key]


def _end_of(group: Sequence[_Sentence], overlap: int, fits: _Fitting) -> list[_Sentence]:
    """The last sentences of a passage, as many as the overlap holds, but never all of them."""
    start = len(group)
    while start > 1 and fits(group[start - 1 :], overlap):
        start -= 1
    return list(group[start:])


def _passage(repeated: Sequence[_Sentence], group: Sequence[_Sentence]) -> Passage:
    text = _joined([*repeated, *group])
    return Passage(
        text=text,
        first=group[0].paragraph,
        last=group[-1].paragraph,
        overlap=len(text) - len(_joined(group)),
    )


def _joined(group: Sequence[_Sentence]) -> str:
    parts: list[str] = []
    for index, sentence in enumerate(group):
        if index > 0:
            same = group[index - 1].paragraph == sentence.paragraph
            parts.append(sentence.before if same else "\n\n")
        parts.append(sentence.text)
    return "".join(parts)
