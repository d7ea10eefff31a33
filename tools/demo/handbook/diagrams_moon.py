"""Vector diagrams of the Earth, Moon and Sun in line: eclipses and tides."""

from __future__ import annotations

from dataclasses import dataclass

from reportlab.graphics.shapes import Drawing, Ellipse
from reportlab.lib.colors import HexColor, white

from tools.demo.handbook import palette
from tools.demo.handbook.shapes import (
    BOLD,
    LABEL,
    NOTE,
    Pen,
    Point,
    Type,
    arrow,
    disc,
    half_lit,
    label,
    line,
    polygon,
)

RAY = Pen(palette.SUN, 0.7)
UMBRA = HexColor("#4a5164")
PENUMBRA = HexColor("#d3d8e2")
WATER = HexColor("#a9cdea")
MOON_GREY = HexColor("#c9c7c1")
HEADING = Type(size=8, font=palette.SANS_BOLD)

SUN_X, SUN_RADIUS, BODY_X = 40.0, 20.0, 240.0


@dataclass(frozen=True)
class Shadow:
    """The shadow of a ball of this radius at `BODY_X`, lit by the Sun at `SUN_X`.

    Example:
        >>> Shadow(8.0).umbra(BODY_X)
        8.0
    """

    radius: float

    def umbra(self, x: float) -> float:
        """Half-width of the full shadow: the cone that touches Sun and ball from outside."""
        slope = (SUN_RADIUS - self.radius) / (BODY_X - SUN_X)
        return max(0.0, self.radius - slope * (x - BODY_X))

    def penumbra(self, x: float) -> float:
        """Half-width of the part shadow, whose edges cross between Sun and ball."""
        slope = (SUN_RADIUS + self.radius) / (BODY_X - SUN_X)
        return self.radius + slope * (x - BODY_X)


def eclipses() -> Drawing:
    """A solar eclipse above, a lunar one below, with umbra and penumbra."""
    art = Drawing(440, 184)
    _solar(art, 146)
    _lunar(art, 48)
    return art


def _shade(art: Drawing, y: float, shadow: Shadow, end: float) -> None:
    for width, fill in ((shadow.penumbra, PENUMBRA), (shadow.umbra, UMBRA)):
        near, far = width(BODY_X), width(end)
        corners = [(BODY_X, y + near), (end, y + far), (end, y - far), (BODY_X, y - near)]
        polygon(art, corners, fill)
    for sign in (1, -1):
        line(art, (SUN_X, y + SUN_RADIUS * sign), (BODY_X, y + shadow.radius * sign), RAY)
    disc(art, (SUN_X, y), SUN_RADIUS, palette.SUN)
    label(art, (SUN_X, y - 3), "Sun", BOLD)


def _solar(art: Drawing, y: float) -> None:
    _shade(art, y, Shadow(8.2), 380)
    half_lit(art, (BODY_X, y), 8.2, MOON_GREY, 180)
    half_lit(art, (389, y), 18, palette.EARTH, 180)
    label(art, (BODY_X, y + 14), "Moon", BOLD)
    label(art, (389, y + 30), "Earth", BOLD)
    label(art, (140, y + 27), "Solar eclipse: at new Moon", HEADING)
    label(art, (300, y - 36), "the eclipse is total only where the umbra lands", NOTE)


def _lunar(art: Drawing, y: float) -> None:
    _shade(art, y, Shadow(15), 420)
    half_lit(art, (BODY_X, y), 15, palette.EARTH, 180)
    disc(art, (388, y), 5, HexColor("#a8502f"), palette.INK)
    label(art, (BODY_X, y + 21), "Earth", BOLD)
    label(art, (388, y + 15), "Moon", BOLD)
    label(art, (140, y + 27), "Lunar eclipse: at full Moon", HEADING)
    label(art, (325, y - 3), "umbra", Type(size=7, colour=white, font=palette.SANS_ITALIC))
    label(art, (345, y - 27), "penumbra", Type(size=7, font=palette.SANS_ITALIC))


def tides() -> Drawing:
    """Spring tide with Sun and Moon in line, neap tide with them at right angles."""
    art = Drawing(440, 100)
    spring, neap = (50.0, 42.0), (296.0, 42.0)
    _tide(art, spring, (30, 19), "Spring tide")
    disc(art, (spring[0] + 58, spring[1]), 6, MOON_GREY, palette.INK)
    label(art, (spring[0] + 58, spring[1] + 12), "Moon", LABEL)
    _tide(art, neap, (20, 27), "Neap tide")
    disc(art, (neap[0], neap[1] + 42), 6, MOON_GREY, palette.INK)
    label(art, (neap[0] + 22, neap[1] + 39.5), "Moon", LABEL)
    for x, y in (spring, neap):
        arrow(art, (x + 84, y), (x + 118, y), Pen(palette.SUN, 1.4), 6)
        label(art, (x + 133, y - 3), "Sun", BOLD)
    return art


def _tide(art: Drawing, centre: Point, bulge: Point, title: str) -> None:
    art.add(Ellipse(*centre, *bulge, fillColor=WATER, strokeColor=palette.EARTH, strokeWidth=0.7))
    disc(art, centre, 16, palette.LEAF)
    heading = Type(size=8, font=palette.SANS_BOLD, anchor="end")
    label(art, (centre[0] - 14, 84), title, heading)
