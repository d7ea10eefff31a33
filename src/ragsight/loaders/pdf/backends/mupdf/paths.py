"""PyMuPDF's paths as drawings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.curves import on_curve
from ragsight.loaders.pdf.page.geometry import height, intersection, width
from ragsight.loaders.pdf.page.page import Drawing

_WHITE = 0.97
"""Of each colour's full strength: as bright a path is white. With less, light tints of tables are
lost, with more, nearly white backgrounds become drawings."""

_LARGE_CURVE = 20.0
"""Points: boxes of smaller paths may hold a curve's control points. With more, slices of pies get
boxes too large, with less, drawings of many small curves take longer."""


class DrawingCollector:
    """Makes drawings of the paths that `Page.get_cdrawings(extended=True)` gives one by one.

    Paths come as large dictionaries, of which a map has tens of thousands; taking them one by one
    keeps their memory small.

    Args:
        place: Turns a box as the page is turned, and cuts it to the page.

    Attributes:
        drawings: What was made so far.
    """

    def __init__(self, place: Callable[[BBox], BBox]) -> None:
        self.drawings: list[Drawing] = []
        self._place = place
        self._clips: list[tuple[int, BBox]] = []

    def add(self, path: dict[str, Any]) -> None:
        """Take the next fill, stroke, clip or group, in the order they are painted."""
        level = path.get("level", 0)
        clips = self._clips
        while clips and clips[-1][0] >= level:
            clips.pop()
        if path["type"] == "clip":
            box = path["scissor"]
            clips.append((level, intersection(box, clips[-1][1]) if clips else box))
            return
        if path["type"] == "group":
            return
        box = _inked(path)
        if clips:
            box = intersection(box, clips[-1][1])
            if width(box) <= 0 or height(box) <= 0:
                # Turning the box with the page would turn an empty one inside in again.
                return
        box = self._place(box)
        if width(box) > 0 and height(box) > 0:
            self.drawings.append(Drawing(box, _is_filled(path), _is_angular(path), _is_white(path)))


def _is_filled(path: dict[str, Any]) -> bool:
    fill = path.get("fill")
    return "f" in path["type"] and fill is not None and min(fill) < _WHITE


def _is_white(path: dict[str, Any]) -> bool:
    stroke = path.get("color") if "s" in path["type"] else None
    return not _is_filled(path) and (stroke is None or min(stroke) >= _WHITE)


def _inked(path: dict[str, Any]) -> BBox:
    left, top, right, bottom = _extent(path)
    # A hairline has no area of its own; a quarter of a point keeps it a box.
    half = max(0.25, (path.get("width") or 0.0) / 2) if "s" in path["type"] else 0.125
    return left - half, top - half, right + half, bottom + half


def _extent(path: dict[str, Any]) -> BBox:
    left, top, right, bottom = path["rect"]
    curves = [item for item in path["items"] if item[0] == "c"]
    if not curves or max(right - left, bottom - top) < _LARGE_CURVE:
        return left, top, right, bottom
    # MuPDF counts the control points of curves in, which lie well outside a slice of a pie.
    points = [point for item in curves for point in on_curve(*item[1:5])]
    for item in path["items"]:
        if item[0] == "l":
            points += [item[1], item[2]]
        elif item[0] == "re":
            points += [item[1][:2], item[1][2:]]
        elif item[0] == "qu":
            points += list(item[1])
    xs, ys = zip(*points, strict=True)
    return min(xs), min(ys), max(xs), max(ys)


def _is_angular(path: dict[str, Any]) -> bool:
    for item in path["items"]:
        if item[0] == "l":
            (x0, y0), (x1, y1) = item[1], item[2]
            if min(abs(x1 - x0), abs(y1 - y0)) > 0.5:
                return False
        elif item[0] != "re":
            return False
    return True
