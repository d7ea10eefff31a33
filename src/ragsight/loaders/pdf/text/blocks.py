"""Blocks of lines: paragraphs, headings, captions, labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import union
from ragsight.loaders.pdf.page.page import Line

_BODY_CHARACTERS = 90
"""Characters of a block of running text; with fewer, labels and cells count as such and bound
figures and tables, with more, short paragraphs pass for labels."""

_BODY_LINE_CHARACTERS = 28
"""The same for its lines on average: with more, paragraphs in narrow columns pass for labels."""


@dataclass(frozen=True)
class Block:
    """Lines that belong together, from top to bottom.

    Attributes:
        lines: At least one.
        numbers: The lines' positions in the page.
    """

    lines: tuple[Line, ...]
    numbers: tuple[int, ...]

    @cached_property
    def bbox(self) -> BBox:
        """Around all lines."""
        return union(line.bbox for line in self.lines)

    @cached_property
    def text(self) -> str:
        """The lines joined with spaces."""
        return " ".join(" ".join(line.text.split()) for line in self.lines)

    @property
    def size(self) -> float:
        """The largest font size."""
        return max(line.size for line in self.lines)

    @property
    def is_bold(self) -> bool:
        """Whether all lines are bold."""
        return all(line.bold for line in self.lines)

    @cached_property
    def is_body(self) -> bool:
        """Whether it is running text: long, in long lines; labels and cells are neither."""
        rows = len(rows_of(self.lines))
        horizontal = all(line.horizontal for line in self.lines)
        return (
            horizontal
            and len(self.text) >= _BODY_CHARACTERS
            and len(self.text) / len(self.lines) >= _BODY_LINE_CHARACTERS
            and rows >= 0.7 * len(self.lines)
        )


def blocks_of(lines: Mapping[int, Line]) -> list[Block]:
    """Group numbered lines by the block the library put them in."""
    return [
        Block(tuple(line for _, line in members), tuple(number for number, _ in members))
        for members in (
            list(group) for _, group in groupby(lines.items(), key=lambda item: item[1].block)
        )
    ]


def rows_of(lines: Iterable[Line]) -> list[list[Line]]:
    """Group lines that stand side by side, rows from top to bottom, each from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda item: (item.bbox[1] + item.bbox[3]) / 2):
        middle = (line.bbox[1] + line.bbox[3]) / 2
        if rows and middle <= _middle(rows[-1]) + 0.35 * (line.bbox[3] - line.bbox[1]):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda line: line.bbox[0]) for row in rows]


def _middle(row: Sequence[Line]) -> float:
    return sum((line.bbox[1] + line.bbox[3]) / 2 for line in row) / len(row)


def size_counts(lines: Iterable[Line]) -> dict[float, int]:
    """Characters by font size, in half points."""
    counts: dict[float, int] = {}
    for line in lines:
        size = round(line.size * 2) / 2
        counts[size] = counts.get(size, 0) + len(line.text)
    return counts


def body_size(pages: Iterable[Mapping[float, int]]) -> float:
    """The font size of most characters; 10 where there is no text.

    Args:
        pages: What `size_counts` gives for each page.
    """
    total: dict[float, int] = {}
    for counts in pages:
        for size, count in counts.items():
            total[size] = total.get(size, 0) + count
    return max(total, key=lambda size: total[size]) if total else 10.0
