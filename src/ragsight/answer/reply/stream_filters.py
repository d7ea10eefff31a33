"""Clean an answer's text while it is being written, so that it reads the same however it is cut."""

from __future__ import annotations

import re
from collections.abc import Collection

from ragsight.answer.reply.citations import drop_numbers, settled
from ragsight.answer.request.sanitize import SENTINEL

_WORD = re.compile(r"[^\W_]")
_AFTER_SENTINEL = " \t\r\n.,:;-*"


class SentinelFilter:
    """Take the abstention sentinel out of a text that may arrive in pieces.

    What comes out doesn't depend on where the text was cut: a piece that may be the beginning of
    the sentinel waits, and so does everything before the first word, so that the full stop of
    `NO_ANSWER.` is not shown.

    Attributes:
        found: Whether the sentinel was there.

    Example:
        >>> sieve = SentinelFilter()
        >>> sieve.feed("NO_AN") + sieve.feed("SWER.") + sieve.close(), sieve.found
        ('', True)
    """

    def __init__(self) -> None:
        self.found = False
        self._held = ""
        self._in_words = False
        self._leads = False

    def feed(self, piece: str) -> str:
        """Take a piece in and return what can be shown."""
        text = self._held + piece
        while SENTINEL in text:
            before, _, after = text.partition(SENTINEL)
            self.found = True
            self._leads = self._leads or not (self._in_words or _WORD.search(before))
            text = before + after
        keep = next(n for n in range(len(SENTINEL) - 1, -1, -1) if text.endswith(SENTINEL[:n]))
        ready = text[: len(text) - keep]
        if not self._in_words and not _WORD.search(ready):
            self._held = text
            return ""
        if self._leads and not self._in_words:
            ready = ready.lstrip(_AFTER_SENTINEL)
        self._in_words = True
        self._held = text[len(text) - keep :]
        return ready

    def close(self) -> str:
        """Return what was held back."""
        rest, self._held = self._held, ""
        if self._in_words or not self.found:
            return rest
        return rest.lstrip(_AFTER_SENTINEL) if _WORD.search(rest) else ""


class MarkerFilter:
    """Take citations of sources that there aren't out of a text that may arrive in pieces.

    A piece waits while it may be the beginning of a marker, or while it isn't clear whether it is
    code, in which nothing is a citation.

    Args:
        valid: The sources' numbers.

    Attributes:
        invalid: What was taken out so far, in order and without repeats.

    Example:
        >>> sieve = MarkerFilter({1})
        >>> sieve.feed("Red [1, ") + sieve.feed("9].") + sieve.close(), sieve.invalid
        ('Red [1].', (9,))
    """

    def __init__(self, valid: Collection[int]) -> None:
        self.invalid: tuple[int, ...] = ()
        self._valid = valid
        self._text = ""  # from the beginning of the paragraph
        self._shown = 0  # how much of the cleaned paragraph was shown

    def feed(self, piece: str) -> str:
        """Take a piece in and return what can be shown."""
        self._text += piece
        end, paragraph = settled(self._text)
        ready = self._clean(end)
        if paragraph:
            done, _ = drop_numbers(self._text[:paragraph], self._valid)
            self._text = self._text[paragraph:]
            self._shown -= len(done)
        return ready

    def close(self) -> str:
        """Return what was held back."""
        return self._clean(len(self._text))

    def _clean(self, end: int) -> str:
        clean, wrong = drop_numbers(self._text[:end], self._valid)
        self.invalid = tuple(dict.fromkeys([*self.invalid, *wrong]))
        ready, self._shown = clean[self._shown :], max(self._shown, len(clean))
        return ready
