"""PDFium's paths as drawings."""

from __future__ import annotations

import ctypes
import math
from typing import Any

from ragsight.chunks import BBox
from ragsight.loaders.pdf.backends.pdfium.matrices import (
    Matrix,
    Point,
    joined,
    matrix_of,
    moved_point,
)
from ragsight.loaders.pdf.page.curves import on_curve
from ragsight.loaders.pdf.page.geometry import height, union, width
from ragsight.loaders.pdf.page.page import Drawing

_WHITE = 0.97 * 255
"""Of 255, for each colour: as bright a path is white. With less, light tints of tables are lost,
with more, nearly white backgrounds become drawings."""

_LARGE_CURVE = 20.0
"""Points: boxes of smaller paths may hold a curve's control points. With more, slices of pies get
boxes too large, with less, drawings of many small curves take longer."""

_STRAIGHT = 0.5
"""Points by which an edge may slant and count as upright or level; with more, curves of charts pass
for rules, with less, hand-drawn rules for curves."""

_MOST_SEGMENTS = 2000
"""Of a path with more, the box is taken that the library gives."""


class PathReader:
    """Tells what a path looks like.

    Args:
        raw: The library.
    """

    def __init__(self, raw: Any) -> None:
        self._raw = raw
        self._mode = [ctypes.c_int(), ctypes.c_int()]
        self._colour = [ctypes.c_uint() for _ in range(4)]
        self._width = ctypes.c_float()
        self._point = [ctypes.c_float(), ctypes.c_float()]
        self._matrix = raw.FS_MATRIX()

    def drawings(self, part: Any, box: BBox, turned: Matrix) -> list[Drawing]:
        """A path as it is painted: filled, stroked, both one after the other, or not at all.

        Args:
            part: The library's path.
            box: Around it, line width included, on the page as shown.
            turned: Takes its form's coordinates to those of the page as shown.
        """
        raw = self._raw
        fill, stroke = self._mode
        if not raw.FPDFPath_GetDrawMode(part, fill, stroke) or not (fill.value or stroke.value):
            return []
        angular, outline = self._outline(part, box, turned)
        if outline is not None:
            box = outline
        found = []
        if fill.value:
            white = self._is_white(raw.FPDFPageObj_GetFillColor, part)
            found.append(Drawing(_thick(box, 0.125), not white, angular, white))
        if stroke.value:
            white = self._is_white(raw.FPDFPageObj_GetStrokeColor, part)
            found.append(Drawing(_thick(box, 0.25), False, angular, white))
        return found

    def _is_white(self, colour_of: Any, part: Any) -> bool:
        red, green, blue, opacity = self._colour
        if not colour_of(part, red, green, blue, opacity):
            # A pattern has no colour of its own.
            return False
        return min(red.value, green.value, blue.value) >= _WHITE

    def _outline(self, part: Any, box: BBox, turned: Matrix) -> tuple[bool, BBox | None]:
        """Whether all edges are upright or level, and the box of a large path with curves.

        The library counts the control points of curves in, which lie well outside a slice of a pie.
        """
        raw = self._raw
        count = raw.FPDFPath_CountSegments(part)
        large = max(width(box), height(box)) >= _LARGE_CURVE and count <= _MOST_SEGMENTS
        raw.FPDFPageObj_GetMatrix(part, self._matrix)
        whole = joined(matrix_of(self._matrix), turned)
        points: list[Point] = []
        controls: list[Point] = []
        angular, curved = True, False
        here: Point | None = None
        for number in range(count):
            segment = raw.FPDFPath_GetPathSegment(part, number)
            kind = raw.FPDFPathSegment_GetType(segment)
            point = self._moved(segment, whole)
            if kind == raw.FPDF_SEGMENT_BEZIERTO:
                angular, curved = False, True
                controls.append(point)
                if len(controls) == 3 and here is not None:
                    points += on_curve(here, *controls)
                    here, controls = point, []
            else:
                is_line = kind == raw.FPDF_SEGMENT_LINETO and here is not None
                angular = angular and not (is_line and _slants(here, point))
                points.append(point)
                here, controls = point, []
            if not angular and not large:
                break
        if not (curved and large and points):
            return angular, None
        xs, ys = zip(*points, strict=True)
        half = self._half_width(part, turned)
        return angular, (min(xs) - half, min(ys) - half, max(xs) + half, max(ys) + half)

    def _moved(self, segment: Any, whole: Matrix) -> Point:
        x, y = self._point
        self._raw.FPDFPathSegment_GetPoint(segment, x, y)
        return moved_point(whole, (x.value, y.value))

    def _half_width(self, part: Any, turned: Matrix) -> float:
        if not self._mode[1].value or not self._raw.FPDFPageObj_GetStrokeWidth(part, self._width):
            return 0.0
        a, b, c, d, _, _ = turned
        return float(self._width.value * math.sqrt(abs(a * d - b * c)) / 2)


def _slants(start: Point | None, end: Point) -> bool:
    return start is not None and (min(abs(end[0] - start[0]), abs(end[1] - start[1])) > _STRAIGHT)


def _thick(box: BBox, half: float) -> BBox:
    """The box, at least so thick on either side of its middle: a hairline has no area."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    return union((box, (x - half, y - half, x + half, y + half)))
