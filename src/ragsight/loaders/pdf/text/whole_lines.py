"""Lines made whole: libraries cut them where justification, or OCR, has made a space wide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from ragsight.loaders.pdf.page.geometry import gap_x, shared_y, union
from ragsight.loaders.pdf.page.kinds import background
from ragsight.loaders.pdf.page.page import Line, Page

_SPACE = 0.95
"""Times the font size; TeX and Word part columns by more."""

_SPACE_AFTER_SENTENCE = 1.3
"""The same after a sentence, where spaces are wider; with more, columns are joined."""

_SPACE_ON_SCAN = 3.0
"""The words of an OCR's text layer are seldom as wide as those on the picture."""

_SPACE_IN_PARAGRAPH = 4.0
"""As wide as justification makes a space where hardly a word fits in the line."""

_SAME_SIZE = 1.0
"""Points by which the type of a line's pieces differs; with more, other text is joined, with less,
lines with small capitals stay in pieces."""

_SAME_ROW = 0.6
"""Share of the lower piece's height that two pieces have in common; with less, lines one below the
other are joined, with more, pieces set a little higher or lower stay apart."""

_MOST_ROWS = 0.5
"""Share of the block's other rows that run across a gap; with less, one long row lets columns be
joined, with more, short rows keep lines in pieces."""

_SENTENCE_END = (".", ":", "!", "?", ";")


def with_whole_lines(page: Page) -> Page:
    """The page with the pieces of lines joined."""
    space = _SPACE if background(page) is None else _SPACE_ON_SCAN
    lines: list[Line] = []
    for _, members in groupby(page.lines, key=lambda line: line.block):
        block = list(members)
        lines += _joined(block, space) if len(block) > 1 else block
    return page if len(lines) == len(page.lines) else replace(page, lines=tuple(lines))


def _joined(block: Sequence[Line], space: float) -> list[Line]:
    found: list[Line] = []
    for line in block:
        if found and _goes_on(found[-1], line, block, space):
            last = found[-1]
            found[-1] = replace(
                last,
                text=f"{last.text.rstrip()} {line.text.lstrip()}",
                bbox=union((last.bbox, line.bbox)),
                bold=last.bold and line.bold,
            )
        else:
            found.append(line)
    return found


def _goes_on(line: Line, following: Line, block: Sequence[Line], space: float) -> bool:
    if not (line.horizontal and following.horizontal):
        return False
    if following.bbox[0] < line.bbox[2] or abs(line.size - following.size) > _SAME_SIZE:
        return False
    if shared_y(line.bbox, following.bbox) <= _SAME_ROW:
        return False
    if line.text.rstrip().endswith(_SENTENCE_END):
        space = max(space, _SPACE_AFTER_SENTENCE)
    gap, size = gap_x(line.bbox, following.bbox), max(line.size, following.size)
    return gap < space * size or (
        gap < _SPACE_IN_PARAGRAPH * size and _is_crossed(line, following, block)
    )


def _is_crossed(line: Line, following: Line, block: Sequence[Line]) -> bool:
    """Whether most other rows run through below or above the gap: white space parts no columns."""
    others = [other for other in block if shared_y(other.bbox, line.bbox) <= _SAME_ROW]
    left, right = line.bbox[2], following.bbox[0]
    crossing = sum(other.bbox[0] < left and other.bbox[2] > right for other in others)
    beside = sum(other.bbox[2] > left and other.bbox[0] < right for other in others)
    return crossing > 0 and crossing == beside and crossing >= _MOST_ROWS * _rows(others)


def _rows(lines: Sequence[Line]) -> int:
    return len({round(line.bbox[3]) for line in lines})
