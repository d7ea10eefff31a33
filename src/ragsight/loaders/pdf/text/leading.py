"""Paragraphs of widely set text: libraries make a block of each of its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from statistics import median

from ragsight.loaders.pdf.page.geometry import shared_x, width
from ragsight.loaders.pdf.page.page import Line, Page

_STEPS = (0.9, 3.2)
"""Times the font size from line to line: closer lines overprint, wider ones are no paragraph's."""

_SAME_STEP = 0.07
"""Share by which steps of one paragraph differ; with more, a gap between paragraphs passes."""

_TELLING = 3
"""Lines in equal steps that show how text is set: two are a heading and its subtitle as well."""

_SAME_SIZE = 0.08
"""Share by which font sizes of one paragraph differ: a heading's differs by more."""

_FULL = 0.5
"""Share of a run's lines that must be full; lists and addresses have fewer."""

_INDENT = 0.8
"""Times the font size that a paragraph's first line is moved in by; less is a crooked scan."""

_SLACK = 1.3
"""Times the font size that a full line may leave beside the next word: a space, and a little."""

_UNEVEN = 2
"""Characters by which lines that were broken by counting may fall short."""

_SLACK_AFTER_SENTENCE = 0.8
"""The same after the end of a sentence, where a paragraph more likely ends."""

_SENTENCE_END = (".", "!", "?", ":", "\u3002", "\uff01", "\uff1f")

_ITEM = re.compile(
    r"^(?:[\u2022\u25cf\u25aa\u25e6\u2013\u2014*\-]\s|\(?\w{1,3}[.)]\s|\d+\s|\[\d+\])"
)
"""How items of lists begin: each is a paragraph of its own."""


def with_paragraph_blocks(page: Page) -> Page:
    """The page with the lines of each widely set paragraph in one block.

    The library's blocks stay where they hold several rows. Blocks of one line each, one below the
    other in steps of one height, are joined where the first word of the next line had no more room
    on the line before: there the paragraph goes on.
    """
    blocks = [list(members) for _, members in groupby(page.lines, key=lambda line: line.block)]
    joined: dict[int, int] = {}
    runs = list(_runs(blocks))
    long = [_step(run) for run in runs if len(run) >= _TELLING]
    for run in runs:
        # Two lines alone may be anything; beside text that is set as widely they are a paragraph.
        if len(run) < _TELLING and not any(_is_close(_step(run), step) for step in long):
            continue
        for number in _continued(run):
            joined[run[number].block] = joined.get(run[number - 1].block, run[number - 1].block)
    if not joined:
        return page
    lines = (replace(line, block=joined.get(line.block, line.block)) for line in page.lines)
    return replace(page, lines=tuple(lines))


def _runs(blocks: Sequence[Sequence[Line]]) -> Iterator[list[Line]]:
    """Lines that are a block each and follow one another in equal steps."""
    run: list[Line] = []
    for block in blocks:
        line = block[0] if len(block) == 1 and _is_text(block[0]) else None
        if line is not None and run and _follows(run, line):
            run.append(line)
            continue
        if len(run) > 1:
            yield run
        run = [] if line is None else [line]
    if len(run) > 1:
        yield run


def _is_text(line: Line) -> bool:
    return line.horizontal and not line.is_field


def _follows(run: Sequence[Line], line: Line) -> bool:
    last = run[-1]
    step = line.bbox[3] - last.bbox[3]
    if not _STEPS[0] * last.size <= step <= _STEPS[1] * last.size:
        return False
    if abs(line.size - last.size) > _SAME_SIZE * last.size or line.bold != last.bold:
        return False
    if shared_x(line.bbox, last.bbox) < 0.5:
        return False
    return len(run) == 1 or _is_close(step, run[-1].bbox[3] - run[-2].bbox[3])


def _step(run: Sequence[Line]) -> float:
    return (run[-1].bbox[3] - run[0].bbox[3]) / (len(run) - 1)


def _is_close(step: float, other: float) -> bool:
    return abs(step - other) <= _SAME_STEP * other


def _continued(run: Sequence[Line]) -> list[int]:
    """Which lines go on with the paragraph of the line before."""
    right = max(line.bbox[2] for line in run)
    longest = max(len(line.text.strip()) for line in run)
    left = median(line.bbox[0] for line in run)
    full = [
        _is_full(line, following, right) or _is_long(line, following, longest)
        for line, following in pairwise(run)
    ]
    if sum(full) < _FULL * len(full):
        return []
    return [
        number
        for number, line in enumerate(run[1:], start=1)
        if full[number - 1]
        and line.bbox[0] <= max(left, run[number - 1].bbox[0]) + _INDENT * line.size
        and not _ITEM.match(line.text.lstrip())
    ]


def _is_full(line: Line, following: Line, right: float) -> bool:
    """Whether the next line's first word had no more room on this line."""
    text = following.text.strip()
    first = text.split(maxsplit=1)[0] if text else ""
    share = len(first) / max(1, len(text))
    if not text.isascii() and share > 0.5:
        share = 1 / len(text)  # Chinese and Japanese break lines anywhere
    ends = line.text.rstrip().endswith(_SENTENCE_END)
    slack = (_SLACK_AFTER_SENTENCE if ends else _SLACK) * line.size
    return line.bbox[2] + share * width(following.bbox) + slack > right


def _is_long(line: Line, following: Line, longest: int) -> bool:
    """The same for lines that were broken by counting characters."""
    words = following.text.split(maxsplit=1)
    first = len(words[0]) if words else 0
    return len(line.text.strip()) + 1 + first >= longest - _UNEVEN
