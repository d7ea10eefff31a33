"""Text that nobody can read: letters of which the file doesn't say which they are."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace

from ragsight.loaders.pdf.page.page import Page

UNKNOWN = "\ufffd"
"""Stands for a character that the file has no letter for."""

MUCH = 0.3
"""Share of a page's characters that can't be read from which on it is treated as a scan; with more,
pages with a readable headline are taken for text, with less, formulas and symbols make scans."""

_LEAST = 10
"""Characters; fewer are bullets and logos."""

_CID = re.compile(r"\(cid:\d{1,6}\)")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+")
_VOWELS = frozenset("aeiouyAEIOUY")

_WORDS = 0.5
"""Share of tokens that must look like words for text to be believed; with more, tables are
disbelieved, with less, ciphers are believed."""

_LONGEST_WORD = 24


def unreadable_characters(text: str) -> int:
    r"""How many of a text's characters say nothing.

    Example:
        >>> unreadable_characters("The (cid:12)(cid:7) of \ue0a1")
        16
    """
    numbered = sum(len(match) for match in _CID.findall(text))
    return numbered + sum(_says_nothing(character) for character in text)


def _says_nothing(character: str) -> bool:
    if character.isascii() and character >= " ":
        return character == "\x7f"
    if character == UNKNOWN:
        return True
    return not character.isspace() and unicodedata.category(character) in {"Co", "Cc"}


def is_unreadable(text: str) -> bool:
    """Whether so much of a text can't be read that the rest doesn't help."""
    count = unreadable_characters(text)
    return count >= _LEAST and count >= MUCH * len("".join(text.split()))


def looks_like_words(text: str) -> bool:
    """Whether glyph numbers, taken for letters, happen to be the right ones.

    Example:
        >>> looks_like_words("The meaning of this"), looks_like_words("7KH PHDQLQJ RI WKLV")
        (True, False)
    """
    tokens = [token.strip(".,;:!?()[]'\"") for token in text.split()]
    tokens = [token for token in tokens if len(token) > 1]
    words = [token for token in tokens if _is_word(token)]
    capitals = sum(token.isupper() for token in words)
    # A cipher that moves small letters to capitals leaves words of capitals without a vowel.
    return len(words) >= _WORDS * max(1, len(tokens)) and capitals <= 0.8 * len(words)


def _is_word(token: str) -> bool:
    if len(token) > _LONGEST_WORD or not _WORD.fullmatch(token):
        return False
    vowels = sum(character in _VOWELS for character in token)
    return 0.15 <= vowels / len(token) <= 0.8


def without_unreadable_lines(page: Page) -> Page:
    """A page of which much can't be read, without that, and with the count of it."""
    text = "\n".join(line.text for line in page.lines)
    if not is_unreadable(text):
        return page
    lines = tuple(line for line in page.lines if not unreadable_characters(line.text))
    lost = sum(len("".join(line.text.split())) for line in page.lines)
    lost -= sum(len("".join(line.text.split())) for line in lines)
    return replace(page, lines=lines, unreadable=lost)
