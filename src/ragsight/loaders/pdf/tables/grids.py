"""Tables: what looks like one, and its Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ragsight.loaders.pdf.figures.marks import Mark
from ragsight.loaders.pdf.figures.region import Region
from ragsight.loaders.pdf.figures.regions import lines_inside
from ragsight.loaders.pdf.page.geometry import area, height, width
from ragsight.loaders.pdf.page.page import Grid, Line

_MIN_LINES = 4
"""Lines of text inside; with fewer, framed notes look like tables, with more, small tables are
missed."""

_MIN_COVER = 0.12
"""Share of the area that text covers; with less, plots with grids look like tables, with more, airy
tables don't."""

_MAX_BLOCKY_FILLS = 3
"""Filled areas narrower than a row; with more, bar charts look like tables, with fewer, tables with
a few coloured cells don't."""

_MIN_FILLED = 0.3
"""Share of the cells with text; with less, boxes and plots beside a caption become its table, with
more, tables with many gaps are lost."""


def looks_tabular(region: Region, lines: Mapping[int, Line]) -> bool:
    """Whether a region is ruled like a table: straight edges only, and much text inside."""
    if any(mark.picture or not mark.angular for mark in region.marks):
        return False
    inside = [lines[number] for number in lines_inside(region.bbox, lines)]
    if len(inside) < _MIN_LINES or not all(line.horizontal for line in inside):
        return False
    cover = sum(area(line.bbox) for line in inside) / max(area(region.bbox), 1.0)
    return cover > _MIN_COVER and _blocky_fills(region) <= _MAX_BLOCKY_FILLS


def _blocky_fills(region: Region) -> int:
    """Filled areas other than the stripes of rows and rules, which a table may have many of."""
    return sum(
        mark.filled
        and height(mark.bbox) > 3
        and width(mark.bbox) > 3
        and not _holds_row(mark, region)
        for mark in region.marks
    )


def _holds_row(mark: Mark, region: Region) -> bool:
    return width(mark.bbox) > 0.9 * width(region.bbox)


def is_filled(grid: Grid) -> bool:
    """Whether a grid is a table: two rows and columns at least, text in three of ten cells."""
    cells = [cell for row in grid.rows for cell in row]
    if len(grid.rows) < 2 or max(map(len, grid.rows)) < 2:
        return False
    return sum(bool(cell.strip()) for cell in cells) >= _MIN_FILLED * len(cells)


def to_markdown(rows: Sequence[Sequence[str]]) -> str:
    """A table as Markdown; the first row is taken for its header.

    Example:
        >>> print(to_markdown([("Planet", "Moons"), ("Mars", "2")]))
        | Planet | Moons |
        | --- | --- |
        | Mars | 2 |
    """
    count = max((len(row) for row in rows), default=0)
    lines = []
    for number, row in enumerate(rows):
        cells = [_cell(cell) for cell in row] + [""] * (count - len(row))
        lines.append(f"| {' | '.join(cells)} |")
        if number == 0:
            lines.append(f"|{' --- |' * count}")
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
