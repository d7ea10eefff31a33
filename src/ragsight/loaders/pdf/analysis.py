"""Take a page apart: figures, tables, and the text that is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ragsight.chunks import BBox
from ragsight.loaders.pdf.captions.blocks import CaptionBlock, find_captions
from ragsight.loaders.pdf.captions.matching import match_captions
from ragsight.loaders.pdf.captions.zones import zone_beside
from ragsight.loaders.pdf.figures.marks import figure_marks
from ragsight.loaders.pdf.figures.plain import SHORT_SIDE, is_substantial
from ragsight.loaders.pdf.figures.region import Region, Surroundings
from ragsight.loaders.pdf.figures.regions import attached, find_regions, lines_inside
from ragsight.loaders.pdf.figures.scans import inked_region, text_area
from ragsight.loaders.pdf.figures.textual import text_figure
from ragsight.loaders.pdf.page.geometry import (
    height,
    intersection,
    intersects,
    overlap,
    width,
)
from ragsight.loaders.pdf.page.kinds import background
from ragsight.loaders.pdf.page.page import Line
from ragsight.loaders.pdf.page_input import DocumentHabits, PageInput
from ragsight.loaders.pdf.parts import Analysis, Figure, Table
from ragsight.loaders.pdf.tables.finder import TableFinder
from ragsight.loaders.pdf.tables.grids import looks_tabular
from ragsight.loaders.pdf.text.blocks import Block, blocks_of
from ragsight.loaders.pdf.text.headings import is_heading

_ALIGNED = 4.0
"""Points by which an edge or the middle of a heading may be off the text's; with more, labels of
figures become headings, with less, headings set by hand are taken for labels."""

_LARGER, _MUCH_LARGER = 1.05, 1.5
"""Times the size of the text; labels of figures may be larger as well."""


def analyse(given: PageInput, habits: DocumentHabits) -> Analysis:
    """Find a page's figures and tables, and the text outside them."""
    page = given.page
    lines = {n: line for n, line in enumerate(page.lines) if n not in given.furniture}
    captions = find_captions(lines)
    in_captions = {number for block in captions for number in block.numbers}
    rest = {n: line for n, line in lines.items() if n not in in_captions}
    running = _running(blocks_of(rest), habits.body_size)
    labels = _without(rest, running)
    obstacles = [block.bbox for block in captions] + [block.bbox for block in running]
    around = Surroundings((page.width, page.height), captions, obstacles)
    marks = figure_marks(page, given.drawings, given.content, given.dropped)
    regions = find_regions(marks, labels, around)
    finder = _PageParts(given, habits, around, regions, rest, labels)
    figures, others = finder.captioned_figures()
    drawn = [figure.bbox for figure in figures if figure.bbox is not None]
    tables = TableFinder(given, habits, captions, rest, running, drawn).tables(others)
    taken = [table.bbox for table in tables] + drawn
    others = [r for r in others if not any(overlap(r.bbox, t.bbox) > 0.5 for t in tables)]
    figures += finder.plain_figures(others, taken)
    parts: list[Figure | Table] = [*figures, *tables]
    used = {number for part in parts for number in part.inner}
    used |= {number for part in parts if part.caption for number in part.caption.numbers}
    return Analysis(
        figures=tuple(sorted(figures, key=lambda f: _place(f.bbox, f.caption))),
        tables=tuple(sorted(tables, key=lambda t: t.bbox[1])),
        text={n: line for n, line in lines.items() if n not in used},
    )


def _running(blocks: Sequence[Block], body_size: float) -> list[Block]:
    """Running text and headings, which figures end at."""
    body = [block for block in blocks if block.is_body]
    least = _LARGER if body else _MUCH_LARGER
    headings = [
        block
        for block in blocks
        if not block.is_body
        and is_heading(block, body_size)
        and block.size >= least * body_size
        and (not body or any(_is_aligned(block.bbox, other.bbox) for other in body))
    ]
    return [*body, *headings]


def _is_aligned(heading: BBox, text: BBox) -> bool:
    """Whether a heading is set like the text, as a label in a figure is by chance at most."""
    left, right = heading[0] - text[0], heading[2] - text[2]
    return min(abs(left), abs(right), abs(left + right) / 2) < _ALIGNED


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
        figures += [self._without_marks(captions[n], taken) for n in wanted if n not in captioned]
        return figures, [*tabular, *loose]

    def _figure(self, region: Region, caption: CaptionBlock | None) -> Figure:
        inner = frozenset(lines_inside(region.bbox, self._rest))
        return Figure(region.bbox, region.method, caption, inner)

    def _without_marks(self, caption: CaptionBlock, taken: Sequence[BBox]) -> Figure:
        """The figure of a caption that has no drawing or picture of its own."""
        box = self._inked(caption.bbox, taken)
        if box is None:
            return self._of_text(caption, taken)
        return Figure(box, "bitmap", caption, frozenset(lines_inside(box, self._rest)))

    def _inked(self, caption: BBox, taken: Sequence[BBox]) -> BBox | None:
        page, paint = self._given.page, self._given.paint
        if paint is None or background(page) is None:
            return None
        captions = [block.bbox for block in self._around.captions]
        # What looks like a heading may be an axis title: text alone is left out by its ink.
        prose = [block.bbox for block in blocks_of(self._rest) if block.is_body]
        bounds = [*captions, *prose, *taken]
        area = text_area((line.bbox for line in page.lines), page.bbox)
        text = [line.bbox for line in self._rest.values()]
        below = self._habits.figure_sides.usual == "above"
        for side in (below, not below):
            zone = zone_beside(caption, captions, bounds, page.width, below=side)
            shown = intersection(zone, area)
            box = inked_region(paint, shown, text, towards_bottom=not side)
            if box is not None:
                return box
        return None

    def _of_text(self, caption: CaptionBlock, taken: Sequence[BBox]) -> Figure:
        """Take what is set apart beside a caption: a specimen, code, a formula; else the page."""
        captions = [block.bbox for block in self._around.captions]
        body = {block.bbox for block in blocks_of(self._rest) if block.is_body}
        others = [box for box in self._around.obstacles if box not in body]
        usual_below = self._habits.figure_sides.usual == "above"
        for below in (usual_below, not usual_below):
            found = text_figure(
                caption.bbox, captions, self._rest, [*others, *taken],
                self._habits.body_size, self._given.page.width, below=below,
            )  # fmt: skip
            if found is not None:
                return Figure(found[0], "vector", caption, found[1])
        return Figure(None, "page", caption)

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
