"""Find citation markers in an answer: `[1]`, `[1, 3]`, `[2-4]`, but not inside code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

Span = tuple[int, int]
"""Start and end in a text, as in slicing."""

LONGEST_RANGE = 50
"""A range over more sources than that is no citation but a measurement or a stretch of years."""

_NUMBER = r"[0-9]{1,4}"
_ITEM = rf"{_NUMBER}(?:\s*[-\u2013]\s*{_NUMBER})?"
_MARKER = re.compile(rf"(?<!!)\[\s*({_ITEM}(?:\s*[,;]\s*{_ITEM})*)\s*\]")
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})([^\n]*)$", re.MULTILINE)
_BACKTICKS = re.compile(r"`+")
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n")


@dataclass(frozen=True, slots=True)
class Marker:
    """A citation marker.

    Attributes:
        numbers: The numbers it stands for, in order and without repeats.
        span: Where it stands in the text.
    """

    numbers: tuple[int, ...]
    span: Span


def find_markers(text: str) -> tuple[Marker, ...]:
    """Find the citation markers of a text in order.

    Example:
        >>> [marker.numbers for marker in find_markers("A [1], B [2-4]; `x[5]` is code.")]
        [(1,), (2, 3, 4)]
    """
    code = list(code_spans(text))
    markers = []
    for match in _MARKER.finditer(text):
        numbers = _numbers(match[1])
        if numbers and not any(start < match.end() and match.start() < end for start, end in code):
            markers.append(Marker(numbers, match.span()))
    return tuple(markers)


def code_spans(text: str) -> Iterator[Span]:
    """Find fenced code blocks and inline code of a Markdown text, in order.

    A fence without its end reaches to the end of the text; a backtick without its partner is only
    a backtick.
    """
    position = 0
    for start, end in _fenced_blocks(text):
        yield from _inline_code(text, position, start)
        yield start, end
        position = end
    yield from _inline_code(text, position, len(text))


def _fenced_blocks(text: str) -> Iterator[Span]:
    opening: re.Match[str] | None = None
    for match in _FENCE.finditer(text):
        fence, rest = match[1], match[2]
        if opening is None:
            if fence[0] == "~" or "`" not in rest:
                opening = match
        elif fence.startswith(opening[1]) and not rest.strip():
            yield opening.start(), match.end()
            opening = None
    if opening is not None:
        yield opening.start(), len(text)


def _inline_code(text: str, start: int, end: int) -> Iterator[Span]:
    position = start
    for boundary in [*(m.start() for m in _PARAGRAPH_END.finditer(text, start, end)), end]:
        yield from _inline_code_of_paragraph(text, position, boundary)
        position = boundary


def _inline_code_of_paragraph(text: str, start: int, end: int) -> Iterator[Span]:
    runs = list(_BACKTICKS.finditer(text, start, end))
    # Where the next run of the same length is, found from the back: one pass, whatever the input.
    next_same: dict[int, int] = {}
    partner: list[int | None] = [None] * len(runs)
    for index in range(len(runs) - 1, -1, -1):
        length = len(runs[index][0])
        partner[index] = next_same.get(length)
        next_same[length] = index
    index = 0
    while index < len(runs):
        closing = partner[index]
        if closing is not None:
            yield runs[index].start(), runs[closing].end()
            index = closing
        index += 1


def _numbers(inside: str) -> tuple[int, ...]:
    numbers: dict[int, None] = {}
    for item in re.split(r"[,;]", inside):
        ends = [int(number) for number in re.findall(_NUMBER, item)]
        first, last = ends[0], ends[-1]
        if not 0 <= last - first <= LONGEST_RANGE:
            return ()
        numbers.update(dict.fromkeys(range(first, last + 1)))
    return tuple(numbers)
