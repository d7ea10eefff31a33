"""Lines made whole: libraries cut them where justification, or OCR, has made a space wide."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ragsight.loaders.pdf.geometry import gap_x, shared_y, union
from ragsight.loaders.pdf.marks import background
from ragsight.loaders.pdf.page import Line, Page

_SPACE = 0.95
"""Times the font size; TeX and Word part columns by more."""

_SPACE_AFTER_SENTENCE = 1.3
_SPACE_ON_SCAN = 3.0
"""The words of an OCR's text layer are seldom as wide as those on the picture."""

_SAME_SIZE = 1.0
_SENTENCE_END = (".", ":", "!", "?", ";")


def with_whole_lines(page: Page) -> Page:
    """The page with the pieces of lines joined."""
    space = _SPACE if background(page) is None else _SPACE_ON_SCAN
    lines = _joined(page.lines, space)
    return page if len(lines) == len(page.lines) else replace(page, lines=tuple(lines))


def _joined(lines: Iterable[Line], space: float) -> list[Line]:
    found: list[Line] = []
    for line in lines:
        if found and _goes_on(found[-1], line, space):
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


def _goes_on(line: Line, following: Line, space: float) -> bool:
    if line.block != following.block or not (line.horizontal and following.horizontal):
        return False
    if following.bbox[0] < line.bbox[2] or abs(line.size - following.size) > _SAME_SIZE:
        return False
    if line.text.rstrip().endswith(_SENTENCE_END):
        space = max(space, _SPACE_AFTER_SENTENCE)
    is_near = gap_x(line.bbox, following.bbox) < space * max(line.size, following.size)
    return is_near and shared_y(line.bbox, following.bbox) > 0.6
