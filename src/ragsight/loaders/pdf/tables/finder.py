"""The tables of a page, each with its caption and cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from ragsight.chunks import BBox
from ragsight.loaders.pdf.captions.blocks import CaptionBlock
from ragsight.loaders.pdf.captions.matching import Side, side_of
from ragsight.loaders.pdf.figures.region import Region
from ragsight.loaders.pdf.figures.regions import lines_inside
from ragsight.loaders.pdf.page.geometry import (
    area,
    centre_inside,
    height,
    intersection,
    union,
    width,
)
from ragsight.loaders.pdf.page.page import Grid, Line
from ragsight.loaders.pdf.page_input import DocumentHabits, PageInput
from ragsight.loaders.pdf.parts import Table
from ragsight.loaders.pdf.tables.areas import (
    TableSpace,
    captioned_areas,
    rule_stacks,
    stacked_areas,
)
from ragsight.loaders.pdf.tables.cells import ruled_grid
from ragsight.loaders.pdf.tables.grids import is_filled, looks_tabular
from ragsight.loaders.pdf.tables.rules import cell_edges
from ragsight.loaders.pdf.text.blocks import Block

_WRONG_SIDE = 25.0
"""Points that a table costs more on its caption's unusual side; with more, a caption takes a far
table, with less, its neighbour's."""

_MAX_DRAWN = 600
"""Rules compared with each other; a page with more is a pattern, of which the longest count."""

_SAME_PLACE = 0.3
"""Share of the smaller of two areas; with more, a table is found twice, with less, one of two that
overlap a little is lost."""

_LEAST_PARTS = 2
"""Rules or stripes inside a table without a caption; with one, a frame with a title is a table,
with more, small tables are missed."""

_ACROSS, _DOWN = 0.8, 0.6
"""Shares of a table's width and height that a rule inside it has; with less, lines of plots part
them, with more, rules that leave out a column don't count."""

_MOSTLY_FILLED = 0.5
"""Share of a table's cells with text if it has no caption; with less, plots with grids are tables,
with more, tables with gaps are missed."""

_LEAST_NUMBERED = 3
"""Rows numbered one by one that make a listing; with fewer, tables of two numbered rows are lost,
with more, short listings become tables."""

_LONGEST_NUMBER = 9
"""Digits of a line's number; with more, Python may refuse to read one of thousands of digits."""

_BACKGROUND = 0.85
"""Share of the page: larger drawings are its background. With less, the frame of a table as large
as the page isn't seen; with more, the background counts as a part of tables."""

_Candidate = tuple[float, int, Grid]
"""Distance from a caption, the caption's number, and the table that may be its."""


class TableFinder:
    """Finds the tables of one page.

    Args:
        given: The page.
        habits: On which side of tables the document has captions; what is found is noted.
        captions: The page's captions.
        rest: Its lines outside captions.
        running: Its headings and blocks of running text.
        figures: Boxes of figures, in which no table is.
    """

    def __init__(
        self,
        given: PageInput,
        habits: DocumentHabits,
        captions: Sequence[CaptionBlock],
        rest: Mapping[int, Line],
        running: Sequence[Block],
        figures: Sequence[BBox],
    ) -> None:
        self._given = given
        self._habits = habits
        self._captions = captions
        self._rest = rest
        self._running = running
        self._figures = figures
        self._words: Sequence[Line] | None = None

    def tables(self, regions: Sequence[Region]) -> list[Table]:
        """The tables; captions first, then what is ruled like a table without one.

        Args:
            regions: What is drawn outside figures.
        """
        if self._given.words is None:
            return []
        space = self._space()
        space.stacks.extend(union(stack) for stack in rule_stacks(space))
        tables = self._captioned(space)
        areas = sorted(stacked_areas(space), key=area, reverse=True)
        areas += [r.bbox for r in regions if looks_tabular(r, self._rest) and _is_parted(r)]
        for box in areas:
            if any(_share_place(box, table.bbox) for table in tables):
                continue
            grid = self._grid(box, space)
            if grid is not None and _is_certain(grid):
                tables.append(self._table(grid, "ruled", None))
        return tables

    def _space(self) -> TableSpace:
        lines = {
            n: line
            for n, line in self._rest.items()
            if line.horizontal and not any(centre_inside(line.bbox, box) for box in self._figures)
        }
        prose = [block for block in self._running if block.is_body]
        headings = [block.bbox for block in self._running if not block.is_body]
        return TableSpace(
            lines=lines,
            prose=frozenset(number for block in prose for number in block.numbers),
            drawn=self._drawn(),
            bounds=[*(block.bbox for block in self._captions), *headings, *self._figures],
            prose_boxes=[block.bbox for block in prose],
        )

    def _drawn(self) -> list[BBox]:
        page, content = self._given.page, self._given.content
        boxes = [
            drawing.bbox
            for drawing in self._given.drawings
            if drawing.angular
            and not drawing.white
            and centre_inside(drawing.bbox, content)
            and area(drawing.bbox) < _BACKGROUND * area(page.bbox)
            and not any(centre_inside(drawing.bbox, box) for box in self._figures)
        ]
        longest = sorted(boxes, key=lambda box: -max(width(box), height(box)))[:_MAX_DRAWN]
        return [*longest, *cell_edges(longest)]

    def _captioned(self, space: TableSpace) -> list[Table]:
        wanted = [block for block in self._captions if block.caption.kind == "table"]
        boxes = [block.bbox for block in self._captions]
        found: list[_Candidate] = []
        for number, block in enumerate(wanted):
            for gap, box in captioned_areas(block.bbox, boxes, space, self._given.page.width):
                grid = self._grid(box, space)
                if grid is not None:
                    found.append((gap, number, grid))
        return [self._as_table(wanted[n], grid, space) for n, grid in self._chosen(found, wanted)]

    def _as_table(self, caption: CaptionBlock, grid: Grid, space: TableSpace) -> Table:
        self._habits.table_sides.note(side_of(caption.bbox, grid.bbox))
        method = "ruled" if self._is_ruled(grid.bbox, space) else "text"
        return self._table(grid, method, caption)

    def _chosen(
        self, found: Sequence[_Candidate], captions: Sequence[CaptionBlock]
    ) -> list[tuple[int, Grid]]:
        """One area for each caption: all on the usual side, or all on the other if more fit so."""
        usual = self._habits.table_sides.usual
        other: Side = "below" if usual == "above" else "above"
        ways = [_matched(found, captions, side) for side in (usual, other)]
        return max(ways, key=len)

    @staticmethod
    def _is_ruled(box: BBox, space: TableSpace) -> bool:
        return any(centre_inside(rule, box) for rule in space.drawn)

    def _grid(self, box: BBox, space: TableSpace) -> Grid | None:
        rules = [rule for rule in space.drawn if centre_inside(rule, box)]
        grid = ruled_grid(box, rules, self._read_words())
        return grid if grid is not None and is_filled(grid) else None

    def _read_words(self) -> Sequence[Line]:
        if self._words is None:
            self._words = self._given.words() if self._given.words is not None else ()
        return self._words

    def _table(self, grid: Grid, method: str, caption: CaptionBlock | None) -> Table:
        inner = frozenset(lines_inside(grid.bbox, self._rest))
        return Table(grid.bbox, grid.rows, method, caption, inner)


def _matched(
    found: Sequence[_Candidate], captions: Sequence[CaptionBlock], usual: Side
) -> list[tuple[int, Grid]]:
    def cost(candidate: _Candidate) -> float:
        gap, number, grid = candidate
        return gap if side_of(captions[number].bbox, grid.bbox) == usual else gap + _WRONG_SIDE

    chosen: dict[int, Grid] = {}
    for _, number, grid in sorted(found, key=cost):
        taken = any(_share_place(grid.bbox, other.bbox) for other in chosen.values())
        if number not in chosen and not taken:
            chosen[number] = grid
    return list(chosen.items())


def _is_parted(region: Region) -> bool:
    """Whether rules or stripes part what is inside: a frame around code or a formula has none."""
    left, top, right, bottom = region.core
    inner = [
        mark.bbox
        for mark in region.marks
        if (width(mark.bbox) > _ACROSS * (right - left) and top + 4 < mark.bbox[1] < bottom - 4)
        or (height(mark.bbox) > _DOWN * (bottom - top) and left + 4 < mark.bbox[0] < right - 4)
    ]
    return len(inner) >= _LEAST_PARTS


def _is_certain(grid: Grid) -> bool:
    """Whether a grid without a caption has text in most cells, as a plot hasn't, and is no code."""
    cells = [cell for row in grid.rows for cell in row]
    filled = sum(map(bool, cells)) >= _MOSTLY_FILLED * len(cells)
    return filled and not _is_numbered_listing(grid)


def _is_numbered_listing(grid: Grid) -> bool:
    numbers = [row[0] for row in grid.rows if row[0]]
    if len(numbers) < _LEAST_NUMBERED:
        return False
    if not all(number.isdecimal() and len(number) <= _LONGEST_NUMBER for number in numbers):
        return False
    return all(int(b) == int(a) + 1 for a, b in pairwise(numbers))


def _share_place(a: BBox, b: BBox) -> bool:
    shared = area(intersection(a, b))
    return shared > _SAME_PLACE * min(area(a), area(b))
