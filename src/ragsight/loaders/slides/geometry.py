"""Places of shapes: English Metric Units to points, groups, rotation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ragsight.chunks import BBox
from ragsight.loaders.slides.xml import A, number

EMU_PER_POINT = 12700
"""914,400 English Metric Units to the inch (ECMA-376, part 1, 20.1.2.1)."""

_FULL_TURN = 360 * 60000


@dataclass(frozen=True, slots=True)
class Frame:
    """How lengths inside a group become points on the slide.

    Attributes:
        scale: Points for one unit, across and down.
        shift: Points that are added then.
    """

    scale: tuple[float, float] = (1 / EMU_PER_POINT, 1 / EMU_PER_POINT)
    shift: tuple[float, float] = (0.0, 0.0)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """A place on the slide."""
        return x * self.scale[0] + self.shift[0], y * self.scale[1] + self.shift[1]

    def inside(self, xfrm: Element | None) -> Frame:
        """The frame of what is inside a group."""
        if xfrm is None:
            return self
        offset, extent = _pair(xfrm, "off", "x", "y"), _pair(xfrm, "ext", "cx", "cy")
        inner, size = _pair(xfrm, "chOff", "x", "y"), _pair(xfrm, "chExt", "cx", "cy")
        if offset is None or extent is None or inner is None or size is None:
            return self
        if 0 in (*size, *extent):
            return self
        grow = (extent[0] / size[0], extent[1] / size[1])
        origin = self.point(offset[0] - inner[0] * grow[0], offset[1] - inner[1] * grow[1])
        return Frame((self.scale[0] * grow[0], self.scale[1] * grow[1]), origin)

    def box(self, xfrm: Element | None) -> BBox | None:
        """The box around a shape, rotated as it is; None if it has no place."""
        if xfrm is None:
            return None
        offset, extent = _pair(xfrm, "off", "x", "y"), _pair(xfrm, "ext", "cx", "cy")
        if offset is None or extent is None:
            return None
        left, top = self.point(*offset)
        right, bottom = self.point(offset[0] + extent[0], offset[1] + extent[1])
        turn = math.radians(number(xfrm.get("rot")) % _FULL_TURN / 60000)
        return _turned((left, top, right, bottom), turn) if turn else (left, top, right, bottom)


def _pair(xfrm: Element, tag: str, first: str, second: str) -> tuple[int, int] | None:
    found = xfrm.find(f"{A}{tag}")
    return None if found is None else (number(found.get(first)), number(found.get(second)))


def _turned(box: BBox, turn: float) -> BBox:
    across, down = (box[2] - box[0]) / 2, (box[3] - box[1]) / 2
    x, y = box[0] + across, box[1] + down
    sine, cosine = abs(math.sin(turn)), abs(math.cos(turn))
    wide, high = across * cosine + down * sine, across * sine + down * cosine
    return x - wide, y - high, x + wide, y + high


def clipped(box: BBox, size: tuple[float, float]) -> BBox | None:
    """The part of a box that is on the slide; None if there is none."""
    left, top = max(0.0, box[0]), max(0.0, box[1])
    right, bottom = min(size[0], box[2]), min(size[1], box[3])
    return (left, top, right, bottom) if right > left and bottom > top else None


def share(box: BBox | None, size: tuple[float, float]) -> float:
    """How much of the slide a box covers, from 0 to 1."""
    seen = None if box is None else clipped(box, size)
    if seen is None or size[0] <= 0 or size[1] <= 0:
        return 0.0
    return (seen[2] - seen[0]) * (seen[3] - seen[1]) / (size[0] * size[1])
