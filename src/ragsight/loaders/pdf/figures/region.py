"""A part of a page that may be a figure, and what is around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ragsight.chunks import BBox
from ragsight.loaders.pdf.captions.blocks import CaptionBlock
from ragsight.loaders.pdf.figures.marks import Mark
from ragsight.loaders.pdf.page.geometry import area, gap_y, shared_x, union

_CAPTION_REACH = 0.25
"""Share of the page's height from a figure to its caption; with more, a part of one figure goes to
the caption of another, with less, figures of two captions may be joined."""


@dataclass(frozen=True)
class Region:
    """A part of a page that may be a figure.

    Attributes:
        bbox: Around its marks and labels.
        marks: What is painted there.
        core: Around the marks alone.
    """

    bbox: BBox
    marks: tuple[Mark, ...]
    core: BBox

    @property
    def method(self) -> str:
        """`bitmap`, `vector` or `mixed`, after what the marks are."""
        pictures = [mark for mark in self.marks if mark.picture]
        if not pictures:
            return "vector"
        drawn = sum(
            area(mark.bbox) > 4 or not mark.angular for mark in self.marks if not mark.picture
        )
        return "mixed" if drawn else "bitmap"


@dataclass(frozen=True)
class Surroundings:
    """What regions must not grow over.

    Attributes:
        size: The page's width and height.
        captions: The page's captions.
        obstacles: Boxes of captions, headings and running text.
    """

    size: tuple[float, float]
    captions: Sequence[CaptionBlock]
    obstacles: Sequence[BBox]


def region_of(marks: Sequence[Mark]) -> Region:
    """The region of some marks."""
    box = union(mark.bbox for mark in marks)
    return Region(box, tuple(marks), box)


def may_own(caption: BBox, region: BBox, around: Surroundings) -> bool:
    """Whether a caption stands below or above a region, near enough to be its own."""
    near = gap_y(caption, region) <= _CAPTION_REACH * around.size[1]
    return near and shared_x(caption, region) > 0.5


def owner_of(region: BBox, around: Surroundings) -> BBox | None:
    """The caption that a region most likely has: the nearest below or above."""
    near = [block.bbox for block in around.captions if may_own(block.bbox, region, around)]
    return min(near, key=lambda caption: gap_y(caption, region), default=None)
