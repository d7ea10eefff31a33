"""Pictures without numbers: which are one each, and which make one figure."""

from __future__ import annotations

from collections.abc import Mapping

from ragsight.chunks import BBox
from ragsight.loaders.pdf.figures.marks import Mark
from ragsight.loaders.pdf.figures.region import Region, Surroundings, owner_of
from ragsight.loaders.pdf.page.geometry import gap_y, height, union, width
from ragsight.loaders.pdf.page.grouping import group_boxes
from ragsight.loaders.pdf.page.page import Line

_PICTURE_SIDE, _LARGE_PICTURE = 60.0, 100.0
"""Points of the shorter side: below the first, pictures are joined; from the second on, they are
apart without titles. With less, the panels of one figure become pictures of their own."""

_TITLE_GAP = 14.0
"""Points from a picture down to its title; with more, any label below passes for one, with less,
pictures set apart from their titles are joined."""

_TILE_GAP = 1.0
"""Points between the tiles of one picture; with more, photographs set side by side become one."""


def pictures_apart(marks: list[Mark], around: Surroundings) -> list[list[Mark]]:
    """Large pictures without a number as one each, tiles of one picture together."""
    large = all(mark.picture and min(_sides(mark.bbox)) >= _LARGE_PICTURE for mark in marks)
    if not large or owner_of(union(mark.bbox for mark in marks), around) is not None:
        return [marks]
    groups = group_boxes([mark.bbox for mark in marks], _TILE_GAP)
    return [[marks[number] for number in group] for group in groups]


def are_titled_apart(
    a: Region, b: Region, labels: Mapping[int, Line], around: Surroundings
) -> bool:
    """Whether two pictures without a number are two: large, or each with a title."""
    if not (_is_picture(a) and _is_picture(b)):
        return False
    if owner_of(a.bbox, around) is not None or owner_of(b.bbox, around) is not None:
        return False
    if min(*_sides(a.bbox), *_sides(b.bbox)) >= _LARGE_PICTURE:
        return True
    upper, lower = sorted((a.bbox, b.bbox), key=lambda box: box[3])
    if gap_y(upper, lower) > 0:
        return _has_title(upper, labels)
    return _has_title(upper, labels) and _has_title(lower, labels)


def _is_picture(region: Region) -> bool:
    return min(_sides(region.bbox)) >= _PICTURE_SIDE and all(m.picture for m in region.marks)


def _sides(box: BBox) -> tuple[float, float]:
    return width(box), height(box)


def _has_title(box: BBox, labels: Mapping[int, Line]) -> bool:
    return any(
        line.horizontal
        and -2 <= line.bbox[1] - box[3] <= _TITLE_GAP
        and box[0] - 4 <= line.bbox[0]
        and line.bbox[2] <= box[2] + 4
        and len(line.text.split()) > 1
        for line in labels.values()
    )
