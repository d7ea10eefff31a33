"""Drawing primitives: lines that know their bounds, labels, arrows, boxes and chart axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from reportlab.graphics.shapes import (
    Circle,
    Drawing,
    Ellipse,
    Group,
    Line,
    Polygon,
    PolyLine,
    Rect,
    String,
)
from reportlab.lib.colors import Color, white

from tools.demo.handbook import palette

Point = tuple[float, float]


@dataclass(frozen=True)
class Pen:
    """How a line is drawn: colour, width in points, and an optional dash pattern.

    Example:
        >>> Pen(width=2.0).dash is None
        True
    """

    colour: Color = palette.INK
    width: float = 0.8
    dash: tuple[int, int] | None = None


THIN = Pen(palette.SOFT, 0.6)
GRID = Pen(palette.RULE, 0.4)
ORBIT = Pen(palette.SOFT, 0.8)
DASHED = Pen(palette.SOFT, 0.7, (3, 2))


@dataclass(frozen=True)
class Type:
    """How a label is set: size in points, colour, font and anchor ("start", "middle", "end").

    Example:
        >>> Type(size=8).anchor
        'middle'
    """

    size: float = 7.5
    colour: Color = palette.INK
    font: str = palette.SANS
    anchor: Literal["start", "middle", "end"] = "middle"


LABEL = Type()
LEFT = Type(anchor="start")
RIGHT = Type(anchor="end")
BOLD = Type(font=palette.SANS_BOLD)
NOTE = Type(size=7, colour=palette.SOFT, font=palette.SANS_ITALIC)
NOTE_LEFT = Type(size=7, colour=palette.SOFT, font=palette.SANS_ITALIC, anchor="start")


def line(art: Drawing | Group, start: Point, end: Point, pen: Pen = THIN) -> None:
    """A straight line. Points are put in order, since Line.getBounds expects them so."""
    steep = start[0] > end[0]
    (x1, y1), (x2, y2) = (end, start) if steep else (start, end)
    if y1 <= y2:
        art.add(Line(x1, y1, x2, y2, **_stroke(pen)))
        return
    art.add(PolyLine([x1, y1, x2, y2], **_stroke(pen)))


def curve(art: Drawing | Group, points: Sequence[Point], pen: Pen = THIN) -> None:
    """A line through many points."""
    flat = [value for point in points for value in point]
    art.add(PolyLine(flat, strokeLineJoin=1, **_stroke(pen)))


def polygon(art: Drawing | Group, points: Sequence[Point], fill: Color) -> None:
    """A filled shape without an outline."""
    flat = [value for point in points for value in point]
    art.add(Polygon(flat, fillColor=fill, strokeColor=None))


def disc(
    art: Drawing | Group,
    centre: Point,
    radius: float,
    fill: Color | None,
    edge: Color | None = None,
) -> None:
    """A filled circle, with an outline when `edge` is given."""
    art.add(Circle(*centre, radius, fillColor=fill, strokeColor=edge, strokeWidth=0.7))


def ring(art: Drawing | Group, centre: Point, radii: Point, pen: Pen = ORBIT) -> None:
    """An ellipse outline with half-axes `radii`."""
    art.add(Ellipse(*centre, *radii, fillColor=None, **_stroke(pen)))


def bar(art: Drawing | Group, corner: Point, size: Point, fill: Color) -> None:
    """A filled rectangle from its lower left corner."""
    art.add(_painted(Rect(*corner, *size), fill, None))


def label(art: Drawing | Group, at: Point, text: str, style: Type = LABEL) -> None:
    """One line of text, `at` being the baseline at the anchor."""
    art.add(
        String(
            *at,
            text,
            fontName=style.font,
            fontSize=style.size,
            fillColor=style.colour,
            textAnchor=style.anchor,
        )
    )


def lines_of_text(
    art: Drawing | Group, at: Point, text: str, style: Type = LABEL, leading: float = 1.22
) -> None:
    """Text with newlines, centred vertically on `at`."""
    rows = text.split("\n")
    step = style.size * leading
    top = at[1] + step * (len(rows) - 1) / 2 - style.size * 0.35
    for index, row in enumerate(rows):
        label(art, (at[0], top - index * step), row, style)


def upright(art: Drawing | Group, at: Point, text: str, style: Type = LABEL) -> None:
    """A label turned a quarter to the left, for vertical axes."""
    turned = Group(transform=(0, 1, -1, 0, at[0], at[1]))
    label(turned, (0, 0), text, style)
    art.add(turned)


def arrow(art: Drawing | Group, start: Point, end: Point, pen: Pen = THIN, head: float = 5) -> None:
    """A line with a filled head at `end`."""
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    neck = (end[0] - head * 0.8 * math.cos(angle), end[1] - head * 0.8 * math.sin(angle))
    line(art, start, neck, pen)
    arrow_head(art, end, angle, pen.colour, head)


def arrow_head(
    art: Drawing | Group, tip: Point, angle: float, fill: Color, head: float = 5
) -> None:
    """A filled triangle whose tip points along `angle` (radians)."""
    wings = [
        (tip[0] + head * math.cos(angle + turn), tip[1] + head * math.sin(angle + turn))
        for turn in (math.pi - 0.42, math.pi + 0.42)
    ]
    polygon(art, [tip, *wings], fill)


def box(
    art: Drawing | Group, corner: Point, size: Point, text: str, fill: Color = palette.PALE
) -> None:
    """A rounded box with centred text, for flow diagrams."""
    art.add(_painted(Rect(*corner, *size, 5, 5), fill, palette.ACCENT))
    middle = (corner[0] + size[0] / 2, corner[1] + size[1] / 2)
    lines_of_text(art, middle, text, Type(size=7.8))


def arc_points(
    centre: Point, radii: Point, start: float, stop: float, steps: int = 60
) -> list[Point]:
    """Points on an ellipse from angle `start` to `stop`, both in degrees."""
    angles = [math.radians(start + (stop - start) * i / steps) for i in range(steps + 1)]
    return [
        (centre[0] + radii[0] * math.cos(a), centre[1] + radii[1] * math.sin(a)) for a in angles
    ]


def sun(art: Drawing | Group, centre: Point, radius: float) -> None:
    """The Sun with short rays."""
    for index in range(12):
        angle = math.radians(30 * index)
        inner, outer = radius * 1.25, radius * 1.6
        start = (centre[0] + inner * math.cos(angle), centre[1] + inner * math.sin(angle))
        end = (centre[0] + outer * math.cos(angle), centre[1] + outer * math.sin(angle))
        line(art, start, end, Pen(palette.SUN, 1.1))
    disc(art, centre, radius, palette.SUN)


def half_lit(
    art: Drawing | Group, centre: Point, radius: float, lit: Color, sunward: float
) -> None:
    """A ball whose lit half faces the direction `sunward` (degrees)."""
    disc(art, centre, radius, palette.NIGHT)
    polygon(art, arc_points(centre, (radius, radius), sunward - 90, sunward + 90), lit)


def halo(art: Drawing | Group, at: Point, text: str, style: Type) -> None:
    """A label on a pale plate, readable over any picture."""
    width = style.size * 0.52 * len(text) + 4
    plate = Rect(at[0] - width / 2, at[1] - 2.4, width, style.size + 2.2, 2, 2)
    plate.fillColor, plate.strokeColor, plate.fillOpacity = white, None, 0.75
    art.add(plate)
    label(art, at, text, style)


def _painted(shape: Rect, fill: Color, edge: Color | None) -> Rect:
    """Colours set afterwards: the stubs of Rect's constructor know no keyword colours."""
    shape.fillColor, shape.strokeColor, shape.strokeWidth = fill, edge, 0.8
    return shape


def _stroke(pen: Pen) -> dict[str, Any]:
    dash = list(pen.dash) if pen.dash is not None else None
    return {"strokeColor": pen.colour, "strokeWidth": pen.width, "strokeDashArray": dash}
