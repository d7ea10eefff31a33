"""Tables of slides."""

from __future__ import annotations

from xml.etree.ElementTree import Element

from ragsight.loaders.slides.words import one_line
from ragsight.loaders.slides.xml import A, is_on

Rows = tuple[tuple[str, ...], ...]

_MOST_CELLS = 200_000
"""Short rows are filled up to the longest: a small file could make billions of cells."""


def table_rows(table: Element) -> Rows:
    """The cells of an `a:tbl`; of merged cells, the first has the words and the others are empty.

    Rows are of equal length, and empty ones are left out. Of a table larger than any on a slide,
    the first 200,000 cells are read.
    """
    rows = [tuple(_cell(cell) for cell in row.findall(f"{A}tc")) for row in table.findall(f"{A}tr")]
    rows = [row[:_MOST_CELLS] for row in rows if any(row)]
    width = max(map(len, rows), default=1)
    return tuple((*row, *("",) * (width - len(row))) for row in rows[: _MOST_CELLS // width])


def _cell(cell: Element) -> str:
    if is_on(cell.get("hMerge")) or is_on(cell.get("vMerge")):
        # PowerPoint hides what was typed here before the cells were merged.
        return ""
    return one_line(cell)
