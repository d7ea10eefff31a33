"""Reading order of blocks: columns one after the other, what spans them in its place."""

from __future__ import annotations

from collections.abc import Sequence

from ragsight.chunks import BBox
from ragsight.loaders.pdf.blocks import Block
from ragsight.loaders.pdf.geometry import height, union, width

_LEAST_GUTTER = 8.0
_LEAST_COLUMN = 0.15
_LEAST_LINE_CHARACTERS = 18


def in_reading_order(blocks: Sequence[Block], page_width: float) -> list[Block]:
    """Order a page's blocks as one reads them.

    The page is cut into slabs wherever white space crosses it; neighbouring slabs stay together
    while a gutter runs through them, and are then read column by column.

    Args:
        blocks: In any order.
        page_width: Points.
    """
    ordered: list[Block] = []
    for slab in _slabs_by_columns(blocks, page_width):
        gutter = _gutter(slab, page_width)
        if gutter is None:
            ordered += sorted(slab, key=lambda block: (round(block.bbox[1] / 3), block.bbox[0]))
            continue
        left = [block for block in slab if block.bbox[2] <= gutter + 1]
        right = [block for block in slab if block.bbox[2] > gutter + 1]
        ordered += in_reading_order(left, page_width) + in_reading_order(right, page_width)
    return ordered


def _slabs_by_columns(blocks: Sequence[Block], page_width: float) -> list[list[Block]]:
    joined: list[list[Block]] = []
    for slab in _slabs(blocks):
        if joined and _gutter([*joined[-1], *slab], page_width) is not None:
            joined[-1] += slab
        else:
            joined.append(slab)
    return joined


def _slabs(blocks: Sequence[Block]) -> list[list[Block]]:
    slabs: list[list[Block]] = []
    bottom = float("-inf")
    for block in sorted(blocks, key=lambda item: item.bbox[1]):
        # Lines' boxes include room for accents, so neighbours may overlap a little.
        if slabs and block.bbox[1] < bottom - 2:
            slabs[-1].append(block)
        else:
            slabs.append([block])
        bottom = max(bottom, block.bbox[3])
    return slabs


def _gutter(blocks: Sequence[Block], page_width: float) -> float | None:
    """Left edge of a white strip with a column of text on either side, if there is one."""
    edges = sorted((block.bbox[0], block.bbox[2]) for block in blocks)
    right = float("-inf")
    for left, end in edges:
        if right > float("-inf") and left - right >= _LEAST_GUTTER:
            before = [block for block in blocks if block.bbox[2] <= right + 1]
            after = [block for block in blocks if block.bbox[0] >= left - 1]
            if _are_columns(before, after, page_width):
                return right
        right = max(right, end)
    return None


def _are_columns(before: Sequence[Block], after: Sequence[Block], page_width: float) -> bool:
    sides = [union(block.bbox for block in side) for side in (before, after)]
    if min(map(width, sides)) < _LEAST_COLUMN * page_width or not _side_by_side(*sides):
        return False
    return all(_line_length(side) >= _LEAST_LINE_CHARACTERS for side in (before, after))


def _side_by_side(a: BBox, b: BBox) -> bool:
    shared = min(a[3], b[3]) - max(a[1], b[1])
    return shared > 0.3 * min(height(a), height(b))


def _line_length(blocks: Sequence[Block]) -> float:
    lines = [line for block in blocks for line in block.lines]
    return sum(len(line.text) for line in lines) / len(lines)
