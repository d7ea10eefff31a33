"""Cut text into passages that end where sentences do."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ragsight.errors import ConfigurationError

# fmt: off
_ABBREVIATIONS = frozenset({
    "abb", "al", "approx", "art", "bzw", "ca", "cf", "ch", "co", "d.h", "dr", "e.g", "eq", "eqs",
    "etc", "fig", "figs", "i.e", "inc", "jr", "ltd", "mr", "mrs", "ms", "no", "nos", "nr", "p",
    "pp", "prof", "ref", "refs", "resp", "sec", "sr", "st", "tab", "vol", "vs", "z.b",
})
# fmt: on
# Western marks end a sentence before white space, also inside quotes; ideographic ones always.
_SENTENCE_END = re.compile(
    r"(?:[.!?\u2026]+[\"'\u201d\u2019)\]]*(?=\s)|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d]*)\s*"
)
_SOFT_BREAK = re.compile(r"[;,:)\]\u2013\u2014]\s+|\s+")


@dataclass(frozen=True, slots=True)
class ChunkingOptions:
    """Sizes of passages, in characters.

    Attributes:
        size: No passage is longer, its overlap included. 1,200 characters are about 300 tokens,
            which text encoders take whole.
        overlap: Up to this much of the end of one passage, in whole sentences, is repeated at
            the start of the next.

    Raises:
        ConfigurationError: If they contradict each other.

    Example:
        >>> ChunkingOptions(size=600, overlap=0).size
        600
    """

    size: int = 1200
    overlap: int = 100

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ConfigurationError(f"size must be at least 1, not {self.size}.")
        if not 0 <= self.overlap < self.size:
            raise ConfigurationError(
                f"overlap must lie between 0 and size - 1, not {self.overlap}."
            )


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
        for sentence in _pieces(paragraph, index, sizes.size)
    ]
    return list(_packed(sentences, sizes))


def sentences_of(text: str) -> Iterator[str]:
    """The sentences of a paragraph, without the white space around them.

    Example:
        >>> list(sentences_of("See Fig. 3 for Dr. Who. It works!"))
        ['See Fig. 3 for Dr. Who.', 'It works!']
    """
    for start, end in _sentence_spans(text):
        yield text[start:end]


def _sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if not _is_abbreviation(text, match):
            yield from _stripped(text, start, match.end())
            start = match.end()
    yield from _stripped(text, start, len(text))


def _stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    piece = text[start:end]
    if stripped := piece.strip():
        start += len(piece) - len(piece.lstrip())
        yield start, start + len(stripped)


def _pieces(paragraph: str, index: int, size: int) -> Iterator[_Sentence]:
    reached = 0
    for sentence_start, sentence_end in _sentence_spans(paragraph):
        for start, end in _bounded(paragraph, sentence_start, sentence_end, size):
            gap = paragraph[reached:start]
            before = "\n" if "\n" in gap else " " if gap else ""
            yield _Sentence(paragraph[start:end], index, before)
            reached = end


def _is_abbreviation(text: str, match: re.Match[str]) -> bool:
    if not match.group().startswith(".") or match.group().startswith(".."):
        return False
    following = text[match.end() : match.end() + 1]
    if following.islower():
        return True
    words = text[max(0, match.start() - 12) : match.start()].split()
    word = words[-1].lstrip("([\"'") if words else ""
    return word.lower() in _ABBREVIATIONS or (len(word) == 1 and word.isupper())


def _bounded(text: str, start: int, end: int, size: int) -> Iterator[tuple[int, int]]:
    """Cut a sentence that is too long, after punctuation or at white space where there is any."""
    while end - start > size:
        cut = start + size
        for match in _SOFT_BREAK.finditer(text, start + size // 2, start + size + 1):
            cut = min(match.end(), start + size)
        yield from _stripped(text, start, cut)
        start = cut
    yield from _stripped(text, start, end)


def _packed(sentences: Sequence[_Sentence], sizes: ChunkingOptions) -> Iterator[Passage]:
    repeated: list[_Sentence] = []
    group: list[_Sentence] = []
    for sentence in sentences:
        if group and len(_joined([*repeated, *group, sentence])) > sizes.size:
            yield _passage(repeated, group)
            repeated, group = _end_of(group, sizes.overlap), []
        if not group and len(_joined([*repeated, sentence])) > sizes.size:
            repeated = []
        group.append(sentence)
    if group:
        yield _passage(repeated, group)


def _end_of(group: Sequence[_Sentence], overlap: int) -> list[_Sentence]:
    """The last sentences of a passage, as many as the overlap holds, but never all of them."""
    start = len(group)
    while start > 1 and len(_joined(group[start - 1 :])) <= overlap:
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
