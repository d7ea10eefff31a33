"""Vector diagrams in boxes and arrows: how planets formed, and how a mission is planned."""

from __future__ import annotations

import math
from collections.abc import Callable

from reportlab.graphics.shapes import Drawing

from tools.demo.handbook import palette
from tools.demo.handbook.shapes import (
    NOTE,
    Pen,
    Point,
    Type,
    arrow,
    box,
    curve,
    label,
    line,
    polygon,
)

FLOW = Pen(palette.ACCENT, 1.1)

FORMATION_STEPS = (
    ("A cloud of gas\nand dust collapses", "4.57 billion years ago"),
    ("A spinning disc\naround a young Sun", "within 0.1 million years"),
    ("Dust sticks\ninto pebbles", "thousands of years"),
    ("Planetesimals,\nkilometres across", "about 1 million years"),
    ("Giant planets\nsweep up the gas", "within 10 million years"),
    ("Rocky planets end\nin giant impacts", "up to 100 million years"),
)


def planet_formation() -> Drawing:
    """Flow diagram of the six steps from a cloud to planets, in two rows of three."""
    art = Drawing(446, 132)
    size = (116.0, 38.0)
    for index, (text, when) in enumerate(FORMATION_STEPS):
        corner = _formation_corner(index)
        box(art, corner, size, f"{index + 1}. {text}")
        label(art, (corner[0] + size[0] / 2, corner[1] - 10), when, NOTE)
    for index in (0, 1, 3, 4):
        x, y = _formation_corner(index)
        direction = 1 if index < 3 else -1
        start = x + size[0] if direction == 1 else x
        arrow(art, (start, y + 19), (start + 48 * direction, y + 19), FLOW)
    x, y = _formation_corner(2)
    arrow(art, (x + size[0] / 2, y - 14), (x + size[0] / 2, _formation_corner(3)[1] + 39), FLOW)
    return art


def _formation_corner(index: int) -> Point:
    """The second row runs back to the left, so that the arrows form one path."""
    column = index if index < 3 else 5 - index
    return (column * 165.0, 92.0 if index < 3 else 14.0)


MISSION_STEPS = (
    ("Science\nquestion", palette.SUN_PALE),
    ("Target and\nlaunch window", palette.PALE),
    ("Trajectory\nand rocket", palette.PALE),
    ("Power, mass\nand data budget", palette.PALE),
)
MISSION_ENDING = (
    ("Build and test", palette.PALE),
    ("Launch", palette.PALE),
    ("Cruise", palette.PALE),
    ("Orbit or landing", palette.SUN_PALE),
)


def mission_planning() -> Drawing:
    """Flow diagram of a mission: planning above, flight below, with a loop back."""
    art = Drawing(446, 158)
    size, step = (92.0, 36.0), 118.0
    for index, (text, fill) in enumerate(MISSION_STEPS):
        box(art, (index * step, 112), size, text, fill)
    for index, (text, fill) in enumerate(MISSION_ENDING):
        box(art, (index * step, 2), size, text, fill)
    for index in range(3):
        for y in (130, 20):
            arrow(art, (index * step + size[0], y), ((index + 1) * step - 1, y), FLOW)
    _does_it_fit(art, (354 + 46, 75))
    arrow(art, (354 + 46, 112), (354 + 46, 93), FLOW)
    return art


def _does_it_fit(art: Drawing, centre: Point) -> None:
    """The decision: back to the trajectory when the budgets do not close."""
    x, y = centre
    corners = [(x - 44, y), (x, y + 18), (x + 44, y), (x, y - 18)]
    polygon(art, corners, palette.SUN_PALE)
    curve(art, [*corners, corners[0]], Pen(palette.SUN, 1))
    label(art, (x, y - 2.7), "Does it fit?", Type(size=7.8))
    label(art, (x - 58, y + 4), "no", NOTE)
    line(art, (x - 44, y), (282, y), FLOW)
    arrow(art, (282, y), (282, 111), FLOW)
    label(art, (x - 58, y - 24), "yes", NOTE)
    curve(art, [(x, y - 18), (x, 48), (46, 48)], FLOW)
    arrow(art, (46, 48), (46, 39), FLOW)


Height = Callable[[float], float]
"""Height of the ground in points at a distance from the centre, in crater radii."""
CRATER_DEPTH = 0.2
"""Depth of a fresh simple crater as a share of its width."""


def crater_profiles() -> Drawing:
    """Cross-sections of a simple, bowl-shaped crater and of a complex one."""
    art = Drawing(222, 146)
    pointer = Pen(palette.SOFT, 0.7)
    _profile(art, 111, _simple_height, "Simple crater: a bowl")
    _profile(art, 30, _complex_height, "Complex crater: flat floor and peak")
    label(art, (198, 131), "raised rim", NOTE)
    arrow(art, (190, 129), (174, 121), pointer, 4)
    label(art, (111, 44), "central peak", NOTE)
    arrow(art, (111, 42), (111, 30), pointer, 4)
    label(art, (178, 48), "slumped terraces", NOTE)
    arrow(art, (159, 46), (155, 31), pointer, 4)
    return art


def _profile(art: Drawing, level: float, height: Height, title: str) -> None:
    surface = [(x, level + height((x - 111) / 60.0)) for x in range(223)]
    polygon(art, [(0, level - 28), *surface, (222, level - 28)], palette.PALE)
    curve(art, surface, Pen(palette.MARS, 1.4))
    label(art, (111, level + 29), title, Type(size=8, font=palette.SANS_BOLD))


def _rim(distance: float) -> float:
    return 8.0 * math.exp(-3.2 * (distance - 1.0)) if distance > 1.0 else 0.0


def _simple_height(offset: float) -> float:
    distance = abs(offset)
    if distance > 1.0:
        return _rim(distance)
    return 8.0 - (120 * CRATER_DEPTH + 8.0) * (1.0 - distance**2)


def _complex_height(offset: float) -> float:
    distance = abs(offset)
    if distance > 1.0:
        return _rim(distance)
    wall = min(1.0, (1.0 - distance) / 0.42)
    terraces = wall - 0.05 * math.sin(wall * 4 * math.pi)
    peak = 13.0 * math.exp(-((distance / 0.16) ** 2))
    return 8.0 - 24.0 * terraces + peak
