"""Captions of pictures, charts and tables on slides."""

from __future__ import annotations

from collections.abc import Sequence

from ragsight.chunks import BBox
from ragsight.loaders.slides.content import Block

_LONGEST = 200
_REACH = 0.06
"""How far away a caption may stand, as a share of the slide's height."""

_OVERLAP = 0.5
_MOST_BLOCKS = 1000
"""No slide has so many blocks; comparing each with all would take the square of their number."""


def caption_of(block: Block, others: Sequence[Block], size: tuple[float, float]) -> str:
    """The short text right below a block, or else right above it; empty if there is none.

    Args:
        block: A picture, chart or table.
        others: All blocks of the slide.
        size: The slide's size in points.
    """
    if block.bbox is None or len(others) > _MOST_BLOCKS:
        return ""
    reach = _REACH * size[1]
    best: tuple[int, float, str] | None = None
    for other in others:
        if other.kind != "text" or other.bbox is None or not 0 < len(other.text) <= _LONGEST:
            continue
        if "\n" in other.text or not _is_aligned(block.bbox, other.bbox):
            continue
        for rank, gap in enumerate((other.bbox[1] - block.bbox[3], block.bbox[1] - other.bbox[3])):
            candidate = (rank, abs(gap), other.text)
            if abs(gap) <= reach and (best is None or candidate < best):
                best = candidate
    return "" if best is None else best[2]


def _is_aligned(box: BBox, other: BBox) -> bool:
    shared = min(box[2], other[2]) - max(box[0], other[0])
    return shared >= _OVERLAP * min(box[2] - box[0], other[2] - other[0])
