"""Figure regions: marks grouped, joined across small gaps, and grown over their labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations

from ragsight.chunks import BBox
from ragsight.loaders.pdf.figures.galleries import are_titled_apart, pictures_apart
from ragsight.loaders.pdf.figures.marks import Mark
from ragsight.loaders.pdf.figures.region import Region, Surroundings, may_own, owner_of, region_of
from ragsight.loaders.pdf.page.geometry import (
    area,
    centre_inside,
    gap,
    gap_x,
    gap_y,
    grown,
    height,
    intersects,
    overlap,
    shared_y,
    union,
    width,
)
from ragsight.loaders.pdf.page.grouping import group_boxes
from ragsight.loaders.pdf.page.page import Line

_GROUP_DISTANCE = 8.0
"""Points between marks of one drawing; with more, neighbouring figures become one, with less, a
figure begins as many pieces, which cost time to join."""

_MERGE_SHARE, _MERGE_LEAST, _MERGE_MOST = 0.25, 24.0, 60.0
"""Times the smaller region's longer side, at least and at the most so many points: the gap across
which regions are joined. With more, two figures become one; with less, panels are parted."""

_MAX_MERGED = 300
"""Joining compares regions in pairs; a page with more is a pattern, of which the largest count."""

_LABEL_CHARACTERS = 60
"""Characters: as long a line is no label. With more, ends of paragraphs go into figures; with less,
long labels are cut off and stay in the text."""

_ASIDE_CHARACTERS = 40
"""The same for lines left or right of a figure, where text in columns may stand."""

_OVERHANG = 24.0
"""Points by which a label may be wider than its drawing, on either side; with more, lines of text
above a small figure go into it, with less, long titles of axes are cut off."""

_REACH_X, _REACH_Y = 12.0, 10.0
"""Points from a figure to its next label, aside and up or down; with more, text close by goes into
the figure, with less, labels are cut off its picture."""

_GROWTH_X, _GROWTH_Y = 90.0, 70.0
"""Points by which labels may make a figure larger on either side; with more, a list beside it is
swallowed, with less, its legend is cut off."""

_ROUNDS = 3
"""Times that labels are looked for beside labels found before; with fewer, those that come out of
order are cut off, with more, a figure grows along a row of words up to the limits above."""


def find_regions(
    marks: Sequence[Mark], labels: Mapping[int, Line], around: Surroundings
) -> list[Region]:
    """Find the parts of a page where something is drawn.

    Args:
        marks: What is painted.
        labels: Lines that may belong to a figure.
        around: What bounds the regions.

    Returns:
        Regions that don't overlap captions, from top to bottom.
    """
    groups = [
        part
        for group in group_boxes([mark.bbox for mark in marks], _GROUP_DISTANCE)
        for part in pictures_apart([marks[number] for number in group], around)
    ]
    regions = [region for group in groups for region in _split(group, around)]
    regions = _joined(regions, labels, around)
    regions = _grown_over_labels(regions, labels, around)
    return sorted((_trimmed(region, around) for region in regions), key=lambda r: r.bbox[1])


def attached(
    captioned: Mapping[int, Region],
    others: Sequence[Region],
    labels: Mapping[int, Line],
    around: Surroundings,
) -> tuple[dict[int, Region], list[Region]]:
    """Add to captioned regions what lies by them and has no caption: panels, legends, keys.

    Args:
        captioned: Regions by the positions of their captions in `around.captions`.
        others: Regions without a caption.
        labels: Lines that may belong to a figure.
        around: What bounds the regions.

    Returns:
        The regions that were captioned, grown, and those that are left.
    """
    grown_regions = dict(captioned)
    left = list(others)
    while True:
        found = _attachable(grown_regions, left, around)
        if found is None:
            break
        key, position = found
        other = left.pop(position)
        region = grown_regions[key]
        box = union((region.bbox, other.bbox))
        grown_regions[key] = Region(
            box, (*region.marks, *other.marks), union((region.core, other.core))
        )
    keys = list(grown_regions)
    regrown = _grown_over_labels([grown_regions[key] for key in keys], labels, around)
    reaching = {
        key: _reaching(region, around.captions[key].bbox, labels, around)
        for key, region in zip(keys, regrown, strict=True)
    }
    return {key: _trimmed(region, around) for key, region in reaching.items()}, left


def _reaching(
    region: Region, caption: BBox, labels: Mapping[int, Line], around: Surroundings
) -> Region:
    """The region with the labels between it and its caption: nothing else stands there."""
    _, top, _, bottom = region.bbox
    left, _, right, _ = union((region.bbox, caption))
    below = caption[1] >= bottom - 2
    if not below and caption[3] > top + 2:
        return region
    first, last = (bottom, caption[1]) if below else (caption[3], top)
    between = [
        line.bbox
        for line in labels.values()
        if line.bbox[1] >= first - 2
        and line.bbox[3] <= last + 2
        and left <= (line.bbox[0] + line.bbox[2]) / 2 <= right
    ]
    bigger = union([region.bbox, *between])
    return region if _runs_into(bigger, region, around) else replace(region, bbox=bigger)


def _attachable(
    captioned: Mapping[int, Region], others: Sequence[Region], around: Surroundings
) -> tuple[int, int] | None:
    for position, other in enumerate(others):
        for key, region in sorted(captioned.items(), key=lambda kv: gap(kv[1].bbox, other.bbox)):
            rivals = [r.bbox for k, r in captioned.items() if k != key]
            if _is_part(other, region, around.captions[key].bbox, rivals, around):
                return key, position
    return None


def _is_part(
    other: Region, region: Region, caption: BBox, rivals: Sequence[BBox], around: Surroundings
) -> bool:
    if gap(other.bbox, region.bbox) > _MERGE_MOST:
        return False
    owner = owner_of(other.bbox, around)
    if owner is not None and owner != caption:
        return False
    both = union((other.bbox, region.bbox))
    return not any(
        intersects(both, grown(box, -1)) and not intersects(region.bbox, grown(box, -1))
        for box in (*around.obstacles, *rivals)
    )


def _split(marks: list[Mark], around: Surroundings) -> list[Region]:
    """Part a group at the gutter between two captions that stand side by side below or above."""
    region = region_of(marks)
    owners = [block.bbox for block in around.captions if may_own(block.bbox, region.bbox, around)]
    for a, b in combinations(sorted(owners), 2):
        if shared_y(a, b) < 0.5 or gap_x(a, b) <= 0:
            continue
        middle = (a[0] + a[2] + b[0] + b[2]) / 2
        left = [mark for mark in marks if mark.bbox[0] + mark.bbox[2] < middle]
        right = [mark for mark in marks if mark.bbox[0] + mark.bbox[2] >= middle]
        if left and right and _are_parted(left, right):
            return [*_split(left, around), *_split(right, around)]
    return [region]


def _are_parted(left: Sequence[Mark], right: Sequence[Mark]) -> bool:
    end = max(mark.bbox[2] for mark in left)
    start = min(mark.bbox[0] for mark in right)
    return end - start <= _GROUP_DISTANCE


def _joined(
    regions: list[Region], labels: Mapping[int, Line], around: Surroundings
) -> list[Region]:
    regions = sorted(regions, key=lambda region: -area(region.bbox))[:_MAX_MERGED]
    changed = True
    while changed:
        changed = False
        for a, b in combinations(range(len(regions)), 2):
            if _belong_together(regions[a], regions[b], around) and not are_titled_apart(
                regions[a], regions[b], labels, around
            ):
                regions[a] = region_of([*regions[a].marks, *regions[b].marks])
                del regions[b]
                changed = True
                break
    return regions


def _belong_together(a: Region, b: Region, around: Surroundings) -> bool:
    longest = min(max(width(r.bbox), height(r.bbox)) for r in (a, b))
    reach = min(max(_MERGE_SHARE * longest, _MERGE_LEAST), _MERGE_MOST)
    if gap(a.bbox, b.bbox) > reach:
        return False
    both = union((a.bbox, b.bbox))
    for box in around.obstacles:
        if intersects(both, grown(box, -1)) and not (
            intersects(a.bbox, grown(box, -1)) or intersects(b.bbox, grown(box, -1))
        ):
            return False
    first, second = owner_of(a.bbox, around), owner_of(b.bbox, around)
    if first is None or second is None or first == second:
        return True
    return shared_y(first, second) < 0.5


def _grown_over_labels(
    regions: list[Region], labels: Mapping[int, Line], around: Surroundings
) -> list[Region]:
    regions = list(regions)
    short = [line for line in labels.values() if len(line.text.strip()) < _LABEL_CHARACTERS]
    waiting = [(line.bbox, len(line.text.strip()) < _ASIDE_CHARACTERS) for line in short]
    for _ in range(_ROUNDS):
        left = []
        for box, is_brief in waiting:
            nearest = _nearest(box, regions)
            if nearest is None:
                left.append((box, is_brief))
                continue
            region = regions[nearest]
            bigger = union((region.bbox, box))
            is_label = _labels(box, is_brief, region.core)
            if is_label and _may_grow(region, bigger, around):
                regions[nearest] = replace(region, bbox=bigger)
            else:
                left.append((box, is_brief))
        if len(left) == len(waiting):
            break
        waiting = left
    return regions


def _labels(box: BBox, is_brief: bool, core: BBox) -> bool:
    """Whether a line is placed as a label: brief beside the figure, not wider above or below it."""
    if box[1] < core[3] and core[1] < box[3]:
        return is_brief or (box[0] < core[2] and core[0] < box[2])
    return max(core[0] - box[0], box[2] - core[2]) <= _OVERHANG


def _nearest(box: BBox, regions: Sequence[Region]) -> int | None:
    near = [
        (gap_x(box, region.bbox) + gap_y(box, region.bbox), number)
        for number, region in enumerate(regions)
        if gap_x(box, region.bbox) <= _REACH_X and gap_y(box, region.bbox) <= _REACH_Y
    ]
    return min(near)[1] if near else None


def _may_grow(region: Region, bigger: BBox, around: Surroundings) -> bool:
    core = region.core
    if max(core[0] - bigger[0], bigger[2] - core[2]) > _GROWTH_X:
        return False
    if max(core[1] - bigger[1], bigger[3] - core[3]) > _GROWTH_Y:
        return False
    return not _runs_into(bigger, region, around)


def _runs_into(bigger: BBox, region: Region, around: Surroundings) -> bool:
    """Whether a region would newly lie over text that bounds it."""
    return any(
        intersects(bigger, grown(box, -1)) and not intersects(region.bbox, grown(box, -1))
        for box in around.obstacles
    )


def _trimmed(region: Region, around: Surroundings) -> Region:
    """Cut off a caption that stands inside the region, at its top or bottom (a framed figure)."""
    left, top, right, bottom = region.bbox
    for block in around.captions:
        box = block.bbox
        if not intersects(region.bbox, box) or overlap(box, region.bbox) < 0.2:
            continue
        if box[1] - top > bottom - box[3]:
            bottom = min(bottom, box[1])
        else:
            top = max(top, box[3])
    if bottom - top < 1:
        return region
    return replace(region, bbox=(left, top, right, bottom))


def lines_inside(box: BBox, lines: Mapping[int, Line]) -> list[int]:
    """Numbers of the lines whose middle lies in a box."""
    return [number for number, line in lines.items() if centre_inside(line.bbox, box)]
