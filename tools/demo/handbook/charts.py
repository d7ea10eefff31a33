"""The handbook's vector charts: bars, a pie, stacked bars, a scatter plot and line charts."""

from __future__ import annotations

import math

from reportlab.graphics.shapes import Drawing, Wedge
from reportlab.lib.colors import HexColor, white

from tools.demo.handbook import palette
from tools.demo.handbook.almanac import (
    PLANETS,
    SOLAR_CONSTANT,
    day_length,
    solar_flux,
)
from tools.demo.handbook.axes import Axis, Plot
from tools.demo.handbook.shapes import (
    BOLD,
    DASHED,
    LABEL,
    LEFT,
    NOTE_LEFT,
    Pen,
    Point,
    Type,
    bar,
    curve,
    disc,
    label,
    line,
)

SMALL_SHARE = 0.05
"""Pie sectors below this share get their label outside, on a leader line."""


def planet_radii() -> Drawing:
    """Bar chart of the mean radii of the planets, each bar with its value."""
    art = Drawing(440, 190)
    y = Axis(0, 80_000, [(v, f"{v:,}") for v in range(0, 80_001, 20_000)], "mean radius (km)")
    plot = Plot((52, 22), (384, 160), Axis(0, 8, ()), y)
    plot.draw(art, y_title_gap=40)
    for index, planet in enumerate(PLANETS):
        left, base = plot.at(index + 0.18, 0)
        height = plot.at(0, planet.radius)[1] - base
        bar(art, (left, base), (48 * 0.64, height), palette.PLANET_COLOURS[planet.name])
        middle = left + 48 * 0.32
        label(art, (middle, base + height + 3), f"{planet.radius:,.0f}")
        label(art, (middle, base - 12), planet.name, BOLD)
    return art


def mass_shares() -> Drawing:
    """Pie chart of how the mass of the planets is shared."""
    art = Drawing(330, 172)
    total = sum(planet.mass for planet in PLANETS)
    rocky = sum(planet.mass for planet in PLANETS[:4])
    shares = [(p.name, p.mass / total) for p in PLANETS[4:]] + [("Rocky planets", rocky / total)]
    start = 18.0
    for name, share in sorted(shares, key=lambda item: -item[1]):
        _sector(art, start, (name, share))
        start -= 360 * share
    return art


def _sector(art: Drawing, start: float, slice_: tuple[str, float]) -> None:
    name, share = slice_
    centre, radius = (130.0, 82.0), 78.0
    fill = palette.PLANET_COLOURS.get(name, palette.MARS)
    end = start - 360 * share
    wedge = Wedge(*centre, radius, end, start, fillColor=fill, strokeColor=white, strokeWidth=0.8)
    art.add(wedge)
    angle = math.radians((start + end) / 2)
    percent = f"{100 * share:.1f}%"
    if share > SMALL_SHARE:
        x, y = _polar(centre, radius * 0.6, angle)
        label(art, (x, y + 2), name, BOLD)
        label(art, (x, y - 8), percent)
        return
    order = {"Neptune": 2, "Uranus": 1, "Rocky planets": 0}[name]
    rim, text_at = _polar(centre, radius, angle), (236.0, 98.0 + 17 * order)
    curve(art, [rim, (text_at[0] - 12, text_at[1] + 2.5), (text_at[0] - 3, text_at[1] + 2.5)])
    label(art, text_at, f"{name} {percent}", LEFT)


def _polar(centre: Point, radius: float, angle: float) -> Point:
    return (centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle))


ATMOSPHERES = (
    ("Venus", (("carbon dioxide", 96.5), ("nitrogen", 3.5))),
    ("Earth", (("nitrogen", 78.1), ("oxygen", 20.9), ("argon", 0.9))),
    ("Mars", (("carbon dioxide", 95.1), ("nitrogen", 2.6), ("argon", 1.9))),
)
GAS_COLOURS = {
    "carbon dioxide": palette.MARS,
    "nitrogen": palette.EARTH,
    "oxygen": HexColor("#7fc3a5"),
    "argon": palette.PLUM,
}


def atmospheres() -> Drawing:
    """Stacked bars of the gases in the air of Venus, Earth and Mars."""
    art = Drawing(226, 172)
    for row, (name, gases) in enumerate(ATMOSPHERES):
        y = 132 - row * 40
        label(art, (0, y + 9), name, Type(size=8, font=palette.SANS_BOLD, anchor="start"))
        _stack(art, (34, y), gases)
    for index, (gas, colour) in enumerate(GAS_COLOURS.items()):
        x, y = 34 + (index % 2) * 92, 18 - (index // 2) * 13
        bar(art, (x, y), (8, 8), colour)
        label(art, (x + 12, y + 1), gas, LEFT)
    return art


def _stack(art: Drawing, corner: Point, gases: tuple[tuple[str, float], ...]) -> None:
    scale, x = 1.85, corner[0]
    for gas, percent in gases:
        bar(art, (x, corner[1]), (percent * scale, 24), GAS_COLOURS[gas])
        if percent > 10:
            text = Type(size=7.5, colour=white, font=palette.SANS_BOLD)
            label(art, (x + percent * scale / 2, corner[1] + 9), f"{percent:.1f}%", text)
        x += percent * scale


def kepler_third_law() -> Drawing:
    """Scatter plot of period against distance on logarithmic axes, with the line T^2 = a^3."""
    art = Drawing(350, 176)
    x = Axis(
        0.3, 50, [(v, f"{v:g}") for v in (0.3, 1, 3, 10, 30)], "semi-major axis (au)", log=True
    )
    y = Axis(0.1, 300, [(v, f"{v:g}") for v in (0.1, 1, 10, 100)], "period (years)", log=True)
    plot = Plot((44, 34), (300, 136), x, y)
    plot.draw(art)
    line(art, plot.at(0.3, 0.3**1.5), plot.at(44, 44**1.5), Pen(palette.SUN, 1.3))
    for planet in PLANETS:
        at = plot.at(planet.axis, planet.period)
        disc(art, at, 3.6, palette.PLANET_COLOURS[planet.name], palette.INK)
        label(art, (at[0] + 7, at[1] - 7), planet.name, LEFT)
    label(art, (plot.at(4, 1)[0], plot.at(1, 60)[1]), "slope 3/2", NOTE_LEFT)
    return art


MONTH_STARTS = (1, 32, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335)
LATITUDES = (
    (0, palette.SOFT, "equator"),
    (30, palette.LEAF, "30\N{DEGREE SIGN} N"),
    (50, palette.EARTH, "50\N{DEGREE SIGN} N"),
    (70, palette.MARS, "70\N{DEGREE SIGN} N"),
)


def day_lengths() -> Drawing:
    """Line chart of the hours of daylight through the year at four latitudes."""
    art = Drawing(226, 168)
    months = list(zip([start + 15 for start in MONTH_STARTS], "JFMAMJJASOND", strict=True))
    hours = Axis(0, 24, [(v, f"{v}") for v in range(0, 25, 6)], "daylight (hours)")
    plot = Plot((30, 16), (194, 132), Axis(1, 366, months), hours)
    plot.draw(art, y_title_gap=22)
    for latitude, colour, _ in LATITUDES:
        points = [plot.at(day, day_length(latitude, day)) for day in range(1, 367, 3)]
        curve(art, points, Pen(colour, 1.4))
    for index, (_, colour, name) in enumerate(LATITUDES):
        left = 30 + (0, 55, 100, 145)[index]
        line(art, (left, 160), (left + 12, 160), Pen(colour, 2))
        label(art, (left + 15, 157.5), name, LEFT)
    return art


def sunlight_by_distance() -> Drawing:
    """Line chart of sunlight against distance from the Sun, on logarithmic axes."""
    art = Drawing(440, 196)
    distances = [(v, f"{v:g}") for v in (0.3, 1, 3, 10, 30)]
    powers = [(v, f"{v:,}") for v in (1, 10, 100, 1000, 10_000)]
    x = Axis(0.3, 40, distances, "distance from the Sun (au)", log=True)
    y = Axis(0.8, 20_000, powers, "sunlight (W per square metre)", log=True)
    plot = Plot((50, 34), (384, 156), x, y)
    plot.draw(art, y_title_gap=38)
    curve(art, [plot.at(0.3, solar_flux(0.3)), plot.at(40, solar_flux(40))], Pen(palette.SUN, 1.8))
    _mark_one_au(art, plot)
    for planet in PLANETS:
        at = plot.at(planet.axis, solar_flux(planet.axis))
        disc(art, at, 3.4, palette.PLANET_COLOURS[planet.name], palette.INK)
        label(art, (at[0] + 6, at[1] + 4), planet.name, LEFT)
    return art


def _mark_one_au(art: Drawing, plot: Plot) -> None:
    left, bottom = plot.corner
    x, y = plot.at(1, SOLAR_CONSTANT)
    line(art, (x, bottom), (x, y), DASHED)
    line(art, (left, y), (x, y), DASHED)
    label(art, (left + 60, y - 10), "1361 at 1 au", LABEL)
