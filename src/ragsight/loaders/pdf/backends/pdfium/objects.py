"""What PDFium paints on a page: pictures and paths, inside forms and out, as far as they show."""

from __future__ import annotations

import ctypes
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, NamedTuple

from ragsight.chunks import BBox
from ragsight.loaders.pdf.backends.pdfium.library import address
from ragsight.loaders.pdf.backends.pdfium.matrices import (
    Matrix,
    joined,
    matrix_of,
    moved_box,
    moved_point,
)
from ragsight.loaders.pdf.backends.pdfium.paths import PathReader
from ragsight.loaders.pdf.page.geometry import intersection
from ragsight.loaders.pdf.page.page import Drawing

_DEEPEST = 15
"""Forms inside forms; with fewer, drawings in deeper ones are missed, with more, files made to be
slow are."""

_MOST_OBJECTS = 300_000
"""A page of more is a pattern made to be slow; the rest is left out."""

_MOST_CLIP_POINTS = 1000
"""Points of a clip path; larger ones are passed over, so that what they cut off counts as shown.
With more, pages with clips as detailed as maps take longer."""


@dataclass(frozen=True, slots=True)
class _Painted:
    """An object, and where it belongs.

    Attributes:
        part: The library's object.
        kind: What it is.
        turned: Takes the coordinates of its form to those of the page as shown.
        clip: What shows of its form.
    """

    part: Any
    kind: int
    turned: Matrix
    clip: BBox


class TextPlace(NamedTuple):
    """When a text object is painted, and what of it can show."""

    turn: int
    clip: BBox


class ObjectReader:
    """Reads what is painted on a page.

    Args:
        raw: The library.
        shown: Takes the page's coordinates to those of the page as shown.
        page_box: The page as shown.
        hidden: Addresses of objects that a layer hides, which are passed over.
    """

    def __init__(
        self, raw: Any, shown: Matrix, page_box: BBox, hidden: frozenset[int] = frozenset()
    ) -> None:
        self._hidden = hidden
        self._raw = raw
        self._shown = shown
        self._page_box = page_box
        self._bounds = [ctypes.c_float() for _ in range(4)]
        self._point = [ctypes.c_float(), ctypes.c_float()]

    def pictures_and_text(self, page: Any) -> tuple[list[BBox], dict[int, TextPlace]]:
        """Boxes of bitmaps and shadings, and the places of text objects by address."""
        raw = self._raw
        boxes: list[BBox] = []
        order: dict[int, TextPlace] = {}
        for item in self._painted(page):
            if item.kind == raw.FPDF_PAGEOBJ_TEXT:
                order[address(item.part)] = TextPlace(len(order), self._clip(item))
            elif item.kind in {raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_SHADING}:
                box = self._box(item)
                if box is not None and _is_visible(box := intersection(box, self._clip(item))):
                    boxes.append(box)
        return boxes, order

    def drawings(self, page: Any) -> list[Drawing]:
        """Painted paths."""
        reader = PathReader(self._raw)
        found = []
        for item in self._painted(page):
            if item.kind != self._raw.FPDF_PAGEOBJ_PATH or (box := self._box(item)) is None:
                continue
            drawings = reader.drawings(item.part, box, item.turned)
            clip = self._clip(item) if drawings else box
            for drawing in drawings:
                shown = intersection(drawing.bbox, clip)
                if _is_visible(shown):
                    found.append(replace(drawing, bbox=shown))
        return found

    def _painted(self, page: Any) -> Iterator[_Painted]:
        raw = self._raw
        parts = (raw.FPDFPage_GetObject(page, n) for n in range(raw.FPDFPage_CountObjects(page)))
        return islice(self._among(parts, self._shown, self._page_box, 0), _MOST_OBJECTS)

    def _among(
        self, parts: Iterable[Any], turned: Matrix, clip: BBox, depth: int
    ) -> Iterator[_Painted]:
        raw = self._raw
        for part in parts:
            if self._hidden and address(part) in self._hidden:
                continue
            item = _Painted(part, raw.FPDFPageObj_GetType(part), turned, clip)
            yield item
            if item.kind == raw.FPDF_PAGEOBJ_FORM and depth < _DEEPEST:
                matrix = raw.FS_MATRIX()
                raw.FPDFPageObj_GetMatrix(part, matrix)
                count = raw.FPDFFormObj_CountObjects(part)
                inner = (raw.FPDFFormObj_GetObject(part, n) for n in range(count))
                inside = joined(matrix_of(matrix), turned)
                yield from self._among(inner, inside, self._clip(item), depth + 1)

    def _box(self, item: _Painted) -> BBox | None:
        left, bottom, right, top = self._bounds
        if not self._raw.FPDFPageObj_GetBounds(item.part, left, bottom, right, top):
            return None
        return moved_box(item.turned, (left.value, bottom.value, right.value, top.value))

    def _clip(self, item: _Painted) -> BBox:
        """What shows of an object."""
        raw = self._raw
        clip = item.clip
        path = raw.FPDFPageObj_GetClipPath(item.part)
        count = raw.FPDFClipPath_CountPaths(path) if path else 0
        for number in range(max(0, count)):
            points = raw.FPDFClipPath_CountPathSegments(path, number)
            if 0 < points <= _MOST_CLIP_POINTS:
                clip = intersection(clip, self._bounds_of(path, number, points, item.turned))
        return clip

    def _bounds_of(self, path: Any, number: int, count: int, turned: Matrix) -> BBox:
        raw = self._raw
        x, y = self._point
        xs, ys = [], []
        for index in range(count):
            segment = raw.FPDFClipPath_GetPathSegment(path, number, index)
            raw.FPDFPathSegment_GetPoint(segment, x, y)
            point = moved_point(turned, (x.value, y.value))
            xs.append(point[0])
            ys.append(point[1])
        return min(xs), min(ys), max(xs), max(ys)


def _is_visible(box: BBox) -> bool:
    return box[2] > box[0] and box[3] > box[1]
