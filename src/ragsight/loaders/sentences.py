"""Find where sentences start and end."""

from __future__ import annotations

import re
from collections.abc import Iterator

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


def sentences_of(text: str) -> Iterator[str]:
    """The sentences of a paragraph, without the white space around them.

    Example:
        >>> list(sentences_of("See Fig. 3 for Dr. Who. It works!"))
        ['See Fig. 3 for Dr. Who.', 'It works!']
    """
    for start, end in sentence_spans(text):
        yield text[start:end]


def sentence_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where the sentences of a paragraph start and end."""
    start = 0
    for match in _SENTENCE_END.finditer(text):
        if not _is_abbreviation(text, match):
            yield from stripped(text, start, match.end())
            start = match.end()
    yield from stripped(text, start, len(text))


def stripped(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A piece of a text without the white space around it; nothing if it holds nothing else."""
    piece = text[start:end]
    if stripped := piece.strip():
        start += len(piece) - len(piece.lstrip())
        yield start, start + len(stripped)


def _is_abbreviation(text: str, match: re.Match[str]) -> bool:
    if not match.group().startswith(".") or match.group().startswith(".."):
        return False
    following = text[match.end() : match.end() + 1]
    if following.islower():
        return True
    words = text[max(0, match.start() - 12) : match.start()].split()
    word = words[-1].lstrip("([\"'") if words else ""
    return word.lower() in _ABBREVIATIONS or (len(word) == 1 and word.isupper())
