"""Vector diagrams of orbits: an ellipse and its parts, a transfer, the seasons, a comet."""

from __future__ import annotations

import math

from reportlab.graphics.shapes import Drawing

from tools.demo.handbook import palette
from tools.demo.handbook.shapes import (
    BOLD,
    DASHED,
    LABEL,
    LEFT,
    NOTE,
    ORBIT,
    RIGHT,
    Pen,
    Point,
    Type,
    arc_points,
    arrow,
    arrow_head,
    curve,
    disc,
    half_lit,
    label,
    line,
    lines_of_text,
    polygon,
    ring,
    sun,
)

MARS_AXIS = 1.524


def ellipse_anatomy() -> Drawing:
    """An elliptical orbit with the Sun in one focus and equal areas in equal times."""
    art = Drawing(330, 150)
    centre, radii = (165.0, 74.0), (126.0, 66.0)
    focus = math.sqrt(radii[0] ** 2 - radii[1] ** 2)
    at_sun = (centre[0] - focus, centre[1])
    near = 50.0
    far = equal_area_angle(focus / radii[0], near)
    _swept(art, at_sun, arc_points(centre, radii, 180 - near, 180 + near))
    _swept(art, at_sun, arc_points(centre, radii, -far, far))
    ring(art, centre, radii, Pen(palette.ACCENT, 1.3))
    line(art, (39, 74), (291, 74), DASHED)
    sun(art, at_sun, 8)
    disc(art, (centre[0] + focus, 74), 2, palette.SOFT)
    label(art, (centre[0] + focus - 6, 58), "empty focus", NOTE)
    label(art, (at_sun[0] + 22, 84), "Sun", BOLD)
    label(art, (34, 76), "perihelion", RIGHT)
    label(art, (34, 67), "(fastest)", RIGHT)
    label(art, (296, 76), "aphelion", LEFT)
    label(art, (296, 67), "(slowest)", LEFT)
    arrow(art, (165, 74), (290.5, 74), Pen(palette.INK, 0.9), 5)
    line(art, (165, 69), (165, 79), Pen(palette.INK, 0.9))
    label(art, (165, 58), "centre", NOTE)
    label(art, (212, 84), "semi-major axis a")
    return art


def equal_area_angle(eccentricity: float, near: float) -> float:
    """Half-width at aphelion of the sector as large as that of half-width `near` at perihelion.

    Both are eccentric anomalies in degrees; by Kepler's equation the sector at perihelion grows
    as E - e sin E, that at aphelion as E + e sin E.
    """
    area = math.radians(near) - eccentricity * math.sin(math.radians(near))
    low, high = 0.0, math.pi / 2
    for _ in range(50):
        middle = (low + high) / 2
        if middle + eccentricity * math.sin(middle) < area:
            low = middle
        else:
            high = middle
    return math.degrees(low)


def _swept(art: Drawing, focus: Point, arc: list[Point]) -> None:
    polygon(art, [focus, *arc], palette.SUN_PALE)


def hohmann_transfer() -> Drawing:
    """The transfer ellipse from Earth's orbit to that of Mars, with both planets' places."""
    art = Drawing(250, 226)
    centre, unit = (125.0, 113.0), 73.0
    mars = unit * MARS_AXIS
    ring(art, centre, (unit, unit), Pen(palette.EARTH, 1.1))
    ring(art, centre, (mars, mars), Pen(palette.MARS, 1.1))
    half, middle = (unit + mars) / 2, centre[0] + (unit - mars) / 2
    minor = math.sqrt(unit * mars)
    way = arc_points((middle, centre[1]), (half, minor), 0, 180)
    curve(art, way, Pen(palette.ACCENT, 2))
    rest = arc_points((middle, centre[1]), (half, minor), 180, 360)
    curve(art, rest, Pen(palette.ACCENT, 0.7, (3, 2)))
    arrow_head(art, way[30], math.pi, palette.ACCENT, 7)
    sun(art, centre, 8)
    _transfer_places(art, centre, (unit, mars))
    return art


def _transfer_places(art: Drawing, centre: Point, radii: Point) -> None:
    unit, mars = radii
    lead = math.radians(44.3)
    start = (centre[0] + mars * math.cos(lead), centre[1] + mars * math.sin(lead))
    line(art, centre, (centre[0] + unit, centre[1]), DASHED)
    line(art, centre, start, DASHED)
    curve(art, arc_points(centre, (30, 30), 0, 44.3), Pen(palette.INK, 0.7))
    label(art, (centre[0] + 44, centre[1] + 15), "44\N{DEGREE SIGN}", BOLD)
    disc(art, (centre[0] + unit, centre[1]), 5, palette.EARTH, palette.INK)
    lines_of_text(art, (centre[0] + unit + 4, centre[1] - 18), "Earth at\nlaunch", LEFT)
    disc(art, start, 4, palette.MARS, palette.INK)
    lines_of_text(art, (start[0] + 8, start[1] + 12), "Mars at\nlaunch", LEFT)
    disc(art, (centre[0] - mars, centre[1]), 4, palette.MARS, palette.INK)
    lines_of_text(
        art, (centre[0] - mars - 9, centre[1]), "Mars at arrival\n(259 days later)", RIGHT
    )


SEASON_PLACES = (
    ("June solstice", "north leans to the Sun", (52.0, 78.0)),
    ("September equinox", "", (220.0, 24.0)),
    ("December solstice", "north leans away", (388.0, 78.0)),
    ("March equinox", "", (220.0, 132.0)),
)


def seasons() -> Drawing:
    """Earth at the solstices and equinoxes, its axis always leaning the same way."""
    art = Drawing(440, 172)
    centre = (220.0, 78.0)
    ring(art, centre, (168, 54), ORBIT)
    for angle in (45, 135, 225, 315):
        _orbit_arrow(art, centre, angle)
    sun(art, centre, 13)
    for name, note, place in SEASON_PLACES:
        toward = math.degrees(math.atan2(centre[1] - place[1], centre[0] - place[0]))
        _tilted_earth(art, place, toward)
        below = place[1] > 100
        y = place[1] + 30 if below else place[1] - 36
        if name.startswith("September"):
            label(art, (place[0] + 64, place[1] - 12), name, BOLD)
        elif name.startswith("March"):
            label(art, (place[0] + 58, y - 14), name, BOLD)
        else:
            outward = place[0] + math.copysign(15, place[0] - centre[0])
            label(art, (outward, y - 2), name, BOLD)
            label(art, (outward, y - 12), note, NOTE)
    return art


def _orbit_arrow(art: Drawing, centre: Point, angle: float) -> None:
    """Earth goes round anticlockwise as seen from above the north pole."""
    turn = math.radians(angle)
    tip = (centre[0] + 168 * math.cos(turn), centre[1] + 54 * math.sin(turn))
    heading = math.atan2(54 * math.cos(turn), -168 * math.sin(turn))
    arrow_head(art, tip, heading, palette.SOFT, 7)


def _tilted_earth(art: Drawing, place: Point, sunward: float) -> None:
    radius, lean = 16.0, math.radians(90 - 23.44)
    half_lit(art, place, radius, palette.EARTH, sunward)
    dx, dy = math.cos(lean), math.sin(lean)
    for sign in (1, -1):
        start = (place[0] + sign * radius * dx, place[1] + sign * radius * dy)
        end = (place[0] + sign * (radius + 9) * dx, place[1] + sign * (radius + 9) * dy)
        line(art, start, end, Pen(palette.MARS, 1.5))
    tip = (place[0] + (radius + 9) * dx, place[1] + (radius + 9) * dy)
    label(art, (tip[0] + 1, tip[1] + 2), "N", Type(size=7, font=palette.SANS_BOLD))
    across = [
        (place[0] - radius * dy, place[1] + radius * dx),
        (place[0] + radius * dy, place[1] - radius * dx),
    ]
    line(art, across[0], across[1], Pen(palette.SUN_PALE, 0.8))


def comet_tails() -> Drawing:
    """A comet at four places of its orbit; both tails point away from the Sun."""
    art = Drawing(220, 150)
    centre, radii = (110.0, 70.0), (102.0, 50.0)
    focus = math.sqrt(radii[0] ** 2 - radii[1] ** 2)
    at_sun = (centre[0] + focus, centre[1])
    ring(art, centre, radii, ORBIT)
    sun(art, at_sun, 8)
    for angle, reach in ((70, 22), (28, 38), (-30, 38), (-72, 22)):
        turn = math.radians(angle)
        head = (centre[0] + radii[0] * math.cos(turn), centre[1] + radii[1] * math.sin(turn))
        _tails(art, head, at_sun, reach)
    disc(art, (centre[0] - radii[0], centre[1]), 2.6, palette.INK)
    arrow_head(art, (centre[0] - 20, centre[1] + 49.2), 0.08, palette.SOFT, 6)
    label(art, (20, 72), "no tail far", Type(size=7, anchor="start"))
    label(art, (20, 63), "from the Sun", Type(size=7, anchor="start"))
    line(art, (4, 143), (16, 143), Pen(palette.EARTH, 1.6))
    label(art, (20, 140.5), "gas (ion) tail", LEFT)
    line(art, (92, 143), (104, 143), Pen(palette.SUN, 3))
    label(art, (108, 140.5), "dust tail", LEFT)
    label(art, (at_sun[0] - 26, at_sun[1] - 3), "Sun", LABEL)
    return art


def _tails(art: Drawing, head: Point, at_sun: Point, reach: float) -> None:
    """The dust tail lags behind the motion: the comet moves clockwise here."""
    away = math.atan2(head[1] - at_sun[1], head[0] - at_sun[0])
    end = (head[0] + reach * math.cos(away), head[1] + reach * math.sin(away))
    lag = away + 0.42
    dust = (head[0] + reach * 0.95 * math.cos(lag), head[1] + reach * 0.95 * math.sin(lag))
    middle = ((head[0] + end[0]) / 2, (head[1] + end[1]) / 2)
    curve(art, _bent(head, middle, dust), Pen(palette.SUN, 2.4))
    line(art, head, end, Pen(palette.EARTH, 1.4))
    disc(art, head, 2.6, palette.INK)


def _bent(start: Point, pull: Point, end: Point) -> list[Point]:
    """A quadratic Bezier curve as points."""
    shares = [i / 12 for i in range(13)]
    weights = [((1 - t) ** 2, 2 * t * (1 - t), t**2) for t in shares]
    return [
        (
            a * start[0] + b * pull[0] + c * end[0],
            a * start[1] + b * pull[1] + c * end[1],
        )
        for a, b, c in weights
    ]
