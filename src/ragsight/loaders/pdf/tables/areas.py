"""Where tables stand: between rules of one extent, or in rows beside a table's caption."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from ragsight.chunks import BBox
from ragsight.loaders.pdf.captions.zones import zone_beside
from ragsight.loaders.pdf.page.geometry import (
    area,
    centre_inside,
    gap_y,
    grown,
    height,
    intersects,
    union,
    width,
)
from ragsight.loaders.pdf.page.page import Line
from ragsight.loaders.pdf.tables.cells import cells_of, column_spans
from ragsight.loaders.pdf.tables.rules import THIN, horizontal_rules
from ragsight.loaders.pdf.text.blocks import rows_of

_SHORTEST_RULE = 40.0
"""Points: with less, bars of fractions and underlines stack up to tables, with more, narrow tables
are missed."""

_SAME_EDGE = 3.0
"""Points by which the ends of a table's rules differ; with more, rules of other things stack with
them, with less, unevenly drawn tables fall apart."""

_MOST_PROSE = 0.85
"""Share of what stands between two rules that looks like running text; with more, paragraphs
between rules become tables, with less, tables of long cells fall apart."""

_FIRST_GAP = 40.0
"""Points from a caption to its table, and from a table's outer rules in which open rows are looked
for; with more, the text beyond is taken for a table, with less, tables set apart from their
captions are missed."""

_LEAST_GAP, _ROW_GAP = 14.0, 1.8
"""Points, and times a row's height: the gap to the next row, whichever is larger. With more, text
after a table goes into it; with less, widely set tables are cut."""

_OPEN_END = 5.0
"""Points from the outer rule to a row outside it; with more, text by the table goes into it, with
less, heads above the first rule stay outside."""

_LEAST_RULES = 3
"""A table without a caption has rules above, under its head and below."""


@dataclass(frozen=True)
class TableSpace:
    """What is on a page that tables may be made of, and what bounds them.

    Attributes:
        lines: Lines outside captions and figures.
        prose: Those of them that are running text, which long cells look like too.
        drawn: Boxes of rules, stripes and frames.
        bounds: Boxes of captions, headings and figures.
        prose_boxes: Boxes of the blocks of running text.
    """

    lines: Mapping[int, Line]
    prose: frozenset[int]
    drawn: Sequence[BBox]
    bounds: Sequence[BBox]
    prose_boxes: Sequence[BBox]
    stacks: list[BBox] = field(default_factory=list)

    def inside(self, box: BBox) -> dict[int, Line]:
        """The lines whose middle lies in a box."""
        return {n: line for n, line in self.lines.items() if centre_inside(line.bbox, box)}


def is_rule(box: BBox) -> bool:
    """Whether a drawing is a horizontal rule."""
    return height(box) < THIN and width(box) > _SHORTEST_RULE


def rule_stacks(space: TableSpace) -> list[list[BBox]]:
    """Horizontal rules of one extent with rows of cells between them, each stack from the top."""
    stacks: list[list[BBox]] = []
    for rules in _of_one_extent(filter(is_rule, horizontal_rules(space.drawn))):
        stack = [rules[0]]
        for above, below in pairwise(rules):
            if not _are_linked(above, below, space):
                stacks.append(stack)
                stack = []
            stack.append(below)
        stacks.append(stack)
    return [stack for stack in stacks if len(stack) > 1]


def _of_one_extent(rules: Iterable[BBox]) -> list[list[BBox]]:
    groups: list[list[BBox]] = []
    for rule in sorted(rules, key=lambda box: box[1]):
        for group in groups:
            first = group[0]
            if abs(first[0] - rule[0]) < _SAME_EDGE and abs(first[2] - rule[2]) < _SAME_EDGE:
                group.append(rule)
                break
        else:
            groups.append([rule])
    return groups


def _are_linked(above: BBox, below: BBox, space: TableSpace) -> bool:
    """Whether rows of cells, not paragraphs, stand between two rules."""
    between = (above[0], above[1], above[2], below[3])
    if any(intersects(grown(box, -1), between) for box in space.bounds):
        return False
    lines = space.inside(between)
    if not lines:
        return below[1] - above[3] < _LEAST_GAP
    prose = sum(area(line.bbox) for n, line in lines.items() if n in space.prose)
    if prose > _MOST_PROSE * sum(area(line.bbox) for line in lines.values()):
        return False
    return len(column_spans(cells_of(lines.values()))) > 1


def stacked_areas(space: TableSpace) -> list[BBox]:
    """Areas of tables that are told by their rules alone."""
    return [
        _open_ended(union(stack), space)
        for stack in rule_stacks(space)
        if len(stack) >= _LEAST_RULES
    ]


def _open_ended(box: BBox, space: TableSpace) -> BBox:
    """The area with a row above its first rule or below its last one, where there is one."""
    for below in (False, True):
        strip = (
            (box[0], box[3], box[2], box[3] + _FIRST_GAP)
            if below
            else (box[0], box[1] - _FIRST_GAP, box[2], box[1])
        )
        rows = rows_of(line for n, line in space.inside(strip).items() if n not in space.prose)
        for row in rows if below else reversed(rows):
            bounds = union(line.bbox for line in row)
            blocked = any(intersects(grown(bounds, -1), other) for other in space.bounds)
            if blocked or gap_y(bounds, box) > _OPEN_END or len(cells_of(row)[0]) < 2:
                break
            box = union((box, bounds))
    return box


def captioned_areas(
    caption: BBox, captions: Sequence[BBox], space: TableSpace, width_of_page: float
) -> list[tuple[float, BBox]]:
    """Areas below and above a table's caption that may be its table.

    Args:
        caption: The caption's box.
        captions: Boxes of all the page's captions.
        space: The page.
        width_of_page: Points.

    Returns:
        Each with its distance from the caption in points.
    """
    found = []
    for below in (True, False):
        bounds = [*space.bounds, *_open_prose(space)]
        zone = zone_beside(caption, captions, bounds, width_of_page, below=below)
        box = _rows_from(caption, zone, space, below)
        if box is not None:
            found.append((gap_y(caption, box), box))
    return found


def _open_prose(space: TableSpace) -> list[BBox]:
    """Blocks of running text that don't stand inside a ruled table."""
    return [
        box
        for box in space.prose_boxes
        if not any(centre_inside(box, stack) for stack in space.stacks)
    ]


def _rows_from(caption: BBox, zone: BBox, space: TableSpace, below: bool) -> BBox | None:
    """Gather rows and rules outwards from a caption, as long as they stand close together."""
    lines = [
        line
        for n, line in space.lines.items()
        if _lies_in(line.bbox, zone)
        and (n not in space.prose or any(centre_inside(line.bbox, s) for s in space.stacks))
    ]
    inner = grown(caption, -1)
    drawn = [box for box in space.drawn if _lies_in(box, zone) and not intersects(box, inner)]
    parts = [*drawn, *(union(line.bbox for line in row) for row in rows_of(lines))]
    parts.sort(key=(lambda box: box[1]) if below else (lambda box: -box[3]))
    chosen: list[BBox] = []
    edge = caption
    for box in parts:
        reach = _FIRST_GAP if not chosen else max(_LEAST_GAP, _ROW_GAP * min(height(box), 20.0))
        if gap_y(edge, box) > reach:
            break
        chosen.append(box)
        edge = union((edge, box))
    return _trimmed(chosen, lines, drawn, below)


def _lies_in(box: BBox, zone: BBox) -> bool:
    return (
        box[0] >= zone[0] - 2
        and box[2] <= zone[2] + 2
        and (box[1] + box[3]) / 2 >= zone[1]
        and (box[1] + box[3]) / 2 <= zone[3]
    )


def _trimmed(
    chosen: Sequence[BBox], lines: Sequence[Line], drawn: Sequence[BBox], below: bool
) -> BBox | None:
    """The area without rows of one cell at its far end: the text goes on there."""
    if not chosen:
        return None
    whole = union(chosen)
    ruled = [box for box in drawn if centre_inside(box, whole)]
    rows = rows_of(line for line in lines if centre_inside(line.bbox, whole))
    for row in list(reversed(rows)) if below else list(rows):
        box = union(line.bbox for line in row)
        is_bounded = any(
            (rule[3] >= box[3] - 1) if below else (rule[1] <= box[1] + 1) for rule in ruled
        )
        if is_bounded or len(cells_of(row)[0]) > 1:
            break
        rows.remove(row)
    if len(rows) < 2:
        return None
    return union([*(line.bbox for row in rows for line in row), *ruled])
