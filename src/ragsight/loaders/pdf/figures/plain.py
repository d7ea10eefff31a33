"""Figures without captions: what is large enough to say something by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ragsight.chunks import BBox
from ragsight.loaders.pdf.figures.marks import Mark
from ragsight.loaders.pdf.figures.region import Region
from ragsight.loaders.pdf.figures.regions import lines_inside
from ragsight.loaders.pdf.page.geometry import area, height, overlap, union, width
from ragsight.loaders.pdf.page.grouping import group_boxes
from ragsight.loaders.pdf.page.page import Line
from ragsight.loaders.pdf.page_input import PageInput
from ragsight.loaders.pdf.text.blocks import blocks_of

SHORT_SIDE = 28.0
"""Points; what is smaller on its shorter side is a sign or an ornament."""

_LEAST_AREA = 0.006
"""Share of the page (on A4, a square of 55 points); with more, small pictures are lost, with less,
icons and logos become figures."""

_LEAST_VECTOR_AREA = 0.01
"""The same for what is only drawn, which more often is an ornament."""

_TOP_BAND, _BOTTOM_BAND = 0.09, 0.08
"""Shares of the page's height: what ends in the one or begins in the other is a letterhead or a
footer. With more, figures at the page's ends are lost."""

_MOST_TEXT = 0.5
"""Share of a drawing that lines of text cover; with more, frames round text become figures, with
less, diagrams full of words are lost."""

_RULE_WIDTH = 4.0
"""Points: how thick a frame's edge is, and how far from the side; with more, lines beside the edge
of a diagram count as its frame, with less, thick frames become figures."""

_TOUCHING = 1.0
"""Points between the edges of one box; with more, neighbouring boxes count as one that is none,
with less, a frame of loose edges isn't seen: both become figures."""

_TILED = 0.85
"""Share of a box that its fills cover; with less, bars of a chart with words pass for a tinted box
and are lost, with more, a tinted box with a bare strip becomes a figure."""


def is_substantial(region: Region, given: PageInput, text: Mapping[int, Line]) -> bool:
    """Whether a region without a caption is a figure.

    Args:
        region: What is drawn.
        given: The page.
        text: The page's lines outside captions.
    """
    page, box = given.page, region.bbox
    share = area(box) / area(page.bbox)
    if min(width(box), height(box)) < SHORT_SIDE or share < _LEAST_AREA:
        return False
    if box[3] < _TOP_BAND * page.height or box[1] > (1 - _BOTTOM_BAND) * page.height:
        return False
    if any(mark.picture for mark in region.marks):
        return True
    if given.labels_figures and not lines_inside(box, text):
        # Where figures have captions, a drawing with neither caption nor words is an ornament.
        return False
    return share >= _LEAST_VECTOR_AREA and not _is_frame(region, text)


def _is_frame(region: Region, text: Mapping[int, Line]) -> bool:
    """Whether the drawing only frames, underlays or lists text."""
    if all(mark.angular and _on_edge(mark.bbox, region.core) for mark in region.marks):
        return True
    if _are_boxes_of_text(region, text):
        return True
    inside = [text[number] for number in lines_inside(region.bbox, text)]
    if sum(area(line.bbox) for line in inside) / area(region.bbox) > _MOST_TEXT:
        return True
    return any(
        block.is_body and overlap(block.bbox, region.bbox) > 0.5 for block in blocks_of(text)
    )


def _are_boxes_of_text(region: Region, text: Mapping[int, Line]) -> bool:
    """Whether nothing is drawn but boxes with text in them, such as tinted listings."""
    if not all(mark.angular for mark in region.marks):
        return False
    boxes = [mark.bbox for mark in region.marks]
    for group in group_boxes(boxes, _TOUCHING):
        marks = [region.marks[number] for number in group]
        box = union(mark.bbox for mark in marks)
        if not _is_box(marks, box) or not lines_inside(box, text):
            return False
    return True


def _is_box(marks: Sequence[Mark], box: BBox) -> bool:
    """Whether marks are one box: edges, and fills that leave no part of it bare."""
    fills = [mark.bbox for mark in marks if mark.filled]
    if not all(mark.filled or _on_edge(mark.bbox, box) for mark in marks):
        return False
    return not fills or sum(map(area, fills)) >= _TILED * area(box)


def _on_edge(mark: BBox, box: BBox) -> bool:
    """Whether a mark is the box itself or lies along one of its sides."""
    if overlap(box, mark) > 0.9:
        return True
    nearest = min(abs(a - b) for a, b in zip(mark, box, strict=True))
    return min(width(mark), height(mark)) < _RULE_WIDTH and nearest < _RULE_WIDTH
