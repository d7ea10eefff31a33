"""Sentences that speak of a figure or table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ragsight.loaders.pdf.captions.patterns import Caption, mention_pattern

_MAX_MENTIONS = 5
"""Sentences kept with a figure, first ones first; with more, figures named everywhere carry pages
of text along."""

_MAX_CHARACTERS = 400
"""Characters kept of a sentence; with more, a table read as one sentence comes along, with fewer,
sentences are cut."""

# No sentence ends behind "Fig." or "Tab.", nor before a number or a small letter.
_SENTENCE_END = re.compile(
    r"(?<!\b[Ff]ig\.)(?<!\b[Tt]ab\.)(?<!\b[Aa]bb\.)(?<=[.!?])\s+(?=[^\Wa-z\d_])"
)


def sentences_of(paragraphs: Iterable[str]) -> list[str]:
    """Cut paragraphs into sentences."""
    return [
        sentence.strip()
        for paragraph in paragraphs
        for sentence in _SENTENCE_END.split(paragraph)
        if sentence.strip()
    ]


def find_mentions(caption: Caption, sentences: Sequence[str]) -> list[str]:
    """The sentences that name what the caption labels, each once, at most five.

    Example:
        >>> from ragsight.loaders.pdf.captions.patterns import parse_caption
        >>> find_mentions(parse_caption("Figure 3: Pump"), ["See Fig. 3.", "See Fig. 30."])
        ['See Fig. 3.']
    """
    pattern = mention_pattern(caption)
    found = dict.fromkeys(s[:_MAX_CHARACTERS] for s in sentences if pattern.search(s))
    return list(found)[:_MAX_MENTIONS]
