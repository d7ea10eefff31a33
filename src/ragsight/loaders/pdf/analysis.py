"""Take a page apart: figures, tables, and the text that is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ragsight.chunks import BBox
from ragsight.loaders.pdf.blocks import Block, blocks_of
from ragsight.loaders.pdf.caption_blocks import CaptionBlock, find_captions
from ragsight.loaders.pdf.geometry import (
    gap_y,
    height,
    intersects,
    overlap,
    shared_x,
    union,
    width,
)
from ragsight.loaders.pdf.headings import is_heading
from ragsight.loaders.pdf.marks import figure_marks
from ragsight.loaders.pdf.matching import match_captions
from ragsight.loaders.pdf.page import Grid, Line
from ragsight.loaders.pdf.parts import Analysis, DocumentHabits, Figure, PageInput, Table
from ragsight.loaders.pdf.plain_figures import SHORT_SIDE, is_substantial
from ragsight.loaders.pdf.regions import (
    Region,
    Surroundings,
    attached,
    find_regions,
    lines_inside,
)
from ragsight.loaders.pdf.tables import is_filled, looks_tabular, ruled_grid, text_grid

_LEAST_GAP_HEIGHT = 40.0
_TABLE_CAPTION_GAP = 40.0


def analyse(given: PageInput, habits: DocumentHabits) -> Analysis:
    """Find a page's figures and tables, and the text outside them."""
    page = given.page
    lines = {n: line for n, line in enumerate(page.lines) if n not in given.furniture}
    captions = find_captions(lines)
    in_captions = {number for block in captions for number in block.numbers}
    rest = {n: line for n, line in lines.items() if n not in in_captions}
    running = [
        block
        for block in blocks_of(rest)
        if block.is_body or _is_free_heading(block, habits.body_size)
    ]
    labels = _without(rest, running)
    obstacles = [block.bbox for block in captions] + [block.bbox for block in running]
    around = Surroundings((page.width, page.height), captions, obstacles)
    marks = figure_marks(page, given.drawings, given.content, given.dropped)
    regions = find_regions(marks, labels, around)
    finder = _PageParts(given, habits, around, regions, rest, labels)
    figures, others = finder.captioned_figures()
    tables = finder.tables(others)
    taken = [table.bbox for table in tables] + [f.bbox for f in figures if f.bbox is not None]
    figures += finder.plain_figures(others, taken)
    parts: list[Figure | Table] = [*figures, *tables]
    used = {number for part in parts for number in part.inner}
    used |= {number for part in parts if part.caption for number in part.caption.numbers}
    return Analysis(
        figures=tuple(sorted(figures, key=lambda f: _place(f.bbox, f.caption))),
        tables=tuple(sorted(tables, key=lambda t: t.bbox[1])),
        text={n: line for n, line in lines.items() if n not in used},
    )


def _is_free_heading(block: Block, body_size: float) -> bool:
    return is_heading(block, body_size) and block.size >= 1.05 * body_size


def _without(lines: Mapping[int, Line], blocks: Sequence[Block]) -> dict[int, Line]:
    numbers = {number for block in blocks for number in block.numbers}
    return {number: line for number, line in lines.items() if number not in numbers}


def _place(box: BBox | None, caption: CaptionBlock | None) -> tuple[float, float]:
    shown = box if box is not None else caption.bbox if caption is not None else (0.0,) * 4
    return round(shown[1] / 20), shown[0]


class _PageParts:
    """One page's figures and tables, found in turn: each step takes what it finds away."""

    def __init__(
        self,
        given: PageInput,
        habits: DocumentHabits,
        around: Surroundings,
        regions: list[Region],
        rest: Mapping[int, Line],
        labels: Mapping[int, Line],
    ) -> None:
        self._given = given
        self._habits = habits
        self._around = around
        self._regions = regions
        self._rest = rest
        self._labels = labels

    def captioned_figures(self) -> tuple[list[Figure], list[Region]]:
        """Figures with captions, and the regions left over."""
        captions = self._around.captions
        wanted = [n for n, block in enumerate(captions) if block.caption.kind == "figure"]
        candidates = [r for r in self._regions if max(_sides(r.bbox)) >= SHORT_SIDE]
        chosen = match_captions(
            [captions[n].bbox for n in wanted],
            [region.bbox for region in candidates],
            self._around.obstacles,
            self._habits.figure_sides,
            self._given.page.height,
        )
        captioned = {wanted[c]: candidates[r] for c, r in chosen.items()}
        kept = {id(region) for region in captioned.values()}
        left = [region for region in self._regions if id(region) not in kept]
        tabular = [r for r in left if looks_tabular(r, self._rest)]
        loose = [region for region in left if region not in tabular]
        captioned, loose = attached(captioned, loose, self._labels, self._around)
        figures = [self._figure(region, captions[n]) for n, region in captioned.items()]
        taken = [figure.bbox for figure in figures if figure.bbox is not None]
        figures += [self._from_gap(captions[n], taken) for n in wanted if n not in captioned]
        return figures, [*tabular, *loose]

    def _figure(self, region: Region, caption: CaptionBlock | None) -> Figure:
        inner = frozenset(lines_inside(region.bbox, self._rest))
        return Figure(region.bbox, region.method, caption, inner)

    def _from_gap(self, caption: CaptionBlock, taken: Sequence[BBox]) -> Figure:
        """Take what is set between a caption and the text above it: a specimen, code, a formula."""
        left, top, right, _ = caption.bbox
        column = [
            box for box in (*self._around.obstacles, *taken) if box[0] < right and left < box[2]
        ]
        ceiling = max(
            (box[3] for box in column if box[3] <= top + 1), default=self._given.content[1]
        )
        inner = [
            number
            for number, line in self._labels.items()
            if line.bbox[1] >= ceiling - 1
            and line.bbox[3] <= top + 1
            and line.bbox[0] < right + 40
            and left - 40 < line.bbox[2]
        ]
        if not inner or top - ceiling < _LEAST_GAP_HEIGHT:
            return Figure(None, "page", caption)
        box = union(self._labels[number].bbox for number in inner)
        if height(box) < SHORT_SIDE or any(intersects(box, other) for other in column):
            return Figure(None, "page", caption)
        return Figure(box, "vector", caption, frozenset(inner))

    def tables(self, others: list[Region]) -> list[Table]:
        """Tables, with their captions where they have one; takes their regions from `others`."""
        if self._given.words is None:
            return []
        captions = [b for b in self._around.captions if b.caption.kind == "table"]
        tabular = [
            region
            for region in others
            if looks_tabular(region, self._rest) or self._has_table_caption(region, captions)
        ]
        if not captions and not tabular:
            return []
        grids = self._grids(tabular, self._given.words())
        chosen = match_captions(
            [block.bbox for block in captions],
            [grid.bbox for grid in grids],
            self._around.obstacles,
            self._habits.table_sides,
            self._given.page.height,
        )
        owners = {grid: captions[block] for block, grid in chosen.items()}
        tables = [
            self._table(grid, "ruled", owners.get(number)) for number, grid in enumerate(grids)
        ]
        for number, block in enumerate(captions):
            if number not in chosen and (grid := self._unruled(block, tables)) is not None:
                tables.append(self._table(grid, "text", block))
        others[:] = [
            region
            for region in others
            if not any(overlap(region.bbox, table.bbox) > 0.5 for table in tables)
        ]
        return tables

    def _has_table_caption(self, region: Region, captions: Sequence[CaptionBlock]) -> bool:
        """Whether a sparse grid of rules stands by a table's caption."""
        if any(mark.picture or not mark.angular for mark in region.marks):
            return False
        return len(lines_inside(region.bbox, self._rest)) >= 4 and any(
            gap_y(block.bbox, region.bbox) < _TABLE_CAPTION_GAP
            and shared_x(block.bbox, region.bbox) > 0.3
            for block in captions
        )

    def _grids(self, tabular: Sequence[Region], words: Sequence[Line]) -> list[Grid]:
        found = []
        for region in tabular:
            grid = ruled_grid(region, words)
            if grid is not None and is_filled(grid):
                found.append(grid)
        return found

    def _unruled(self, caption: CaptionBlock, tables: Sequence[Table]) -> Grid | None:
        rules = [drawing.bbox for drawing in self._given.drawings if drawing.angular]
        obstacles = [*self._around.obstacles, *(table.bbox for table in tables)]
        grid = text_grid(caption.bbox, self._labels, rules, obstacles)
        return grid if grid is not None and is_filled(grid) else None

    def _table(self, grid: Grid, method: str, caption: CaptionBlock | None) -> Table:
        inner = frozenset(lines_inside(grid.bbox, self._rest))
        return Table(grid.bbox, grid.rows, method, caption, inner)

    def plain_figures(self, others: Sequence[Region], taken: Sequence[BBox]) -> list[Figure]:
        """Figures without captions: what is large enough to say something by itself."""
        return [
            self._figure(region, None)
            for region in others
            if is_substantial(region, self._given, self._rest)
            and not any(intersects(region.bbox, box) for box in taken)
        ]


def _sides(box: BBox) -> tuple[float, float]:
    return width(box), height(box)
