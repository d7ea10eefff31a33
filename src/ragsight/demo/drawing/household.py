"""Things for the kitchen and the living room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragsight.demo.drawing.paths import both_sides, box, curve, ellipse, flipped, loop, ribbon, soft

if TYPE_CHECKING:
    from random import Random

    from ragsight.demo.drawing.sketch import Sketch

_COFFEE = (82, 54, 36)
_STEEL = (182, 186, 194)
_CHROME = (206, 210, 216)
_WOODS = ((164, 116, 72), (112, 76, 48), (196, 150, 100))
_BRASS = (196, 158, 84)
_BULB = (255, 244, 200)
_IVORY = (240, 234, 216)
_HOLE = (46, 34, 28)


def mug(sketch: Sketch, rng: Random) -> None:
    """A mug with a handle, sometimes full of coffee."""
    right, bottom = rng.uniform(0.62, 0.68), rng.uniform(0.78, 0.84)
    grip = curve([(right - 0.02, 0.36), (right + 0.2, 0.36), (right + 0.2, 0.62)], 12)
    sketch.fill(ribbon([*grip, (right - 0.02, 0.68)], 0.06), tone=-0.1)
    middle, half = (0.18 + right) / 2, (right - 0.18) / 2
    sides = [(0.18, 0.26), (0.2, bottom - 0.03), (0.26, bottom + 0.02)]
    mirror = [(2 * middle - x, y) for x, y in sides[::-1]]
    sketch.fill([*sides, *mirror])
    sketch.shade(
        [(right - 0.09, 0.3), (right, 0.3), (right - 0.02, bottom - 0.03), mirror[0]], 0.14
    )
    sketch.gloss(box(0.235, 0.36, 0.265, bottom - 0.1, 0.015), 0.4)
    sketch.fill(ellipse((middle, 0.26), half, 0.065), tone=-0.15, patterned=False)
    drink = _COFFEE if rng.random() < 0.6 else (222, 222, 218)
    sketch.part(ellipse((middle, 0.268), half * 0.86, 0.048), drink, outline=False)


def teapot(sketch: Sketch, rng: Random) -> None:
    """A round teapot with a spout, a handle and a lid."""
    plump, lid = rng.uniform(0.23, 0.27), rng.uniform(0.28, 0.33)
    grip = curve([(0.72, 0.43), (0.9, 0.38), (0.94, 0.55), (0.84, 0.68), (0.7, 0.68)])
    sketch.fill(ribbon(grip, 0.05), tone=-0.15)
    spout = [(0.32, 0.7), (0.2, 0.62), (0.15, 0.45), (0.07, 0.38), (0.15, 0.34), (0.24, 0.44)]
    sketch.fill(soft([*spout, (0.3, 0.52)], 0.05), tone=-0.08)
    sketch.fill(ellipse((0.5, 0.58), plump + 0.01, 0.24))
    sketch.fill(box(0.37, 0.79, 0.63, 0.84, 0.02), tone=-0.2, patterned=False)
    dome = ellipse((0.5, lid + 0.09), 0.15, 0.09, 180, 360)
    sketch.fill([*dome, (0.63, lid + 0.115), (0.37, lid + 0.115)], tone=-0.12)
    sketch.fill(ellipse((0.5, lid - 0.03), 0.04), tone=-0.2, patterned=False)
    sketch.gloss(ellipse((0.4, 0.48), 0.035, 0.07), 0.4)


def bottle(sketch: Sketch, rng: Random) -> None:
    """A drinking bottle with a steel cap."""
    wide, shoulder = rng.uniform(0.33, 0.37), rng.uniform(0.3, 0.37)
    neck = rng.uniform(0.43, 0.45)
    half = [(neck, 0.19), (neck, 0.24), (wide, shoulder + 0.04), (wide, 0.91)]
    sketch.fill(soft(both_sides(half), 0.045))
    sketch.shade(
        [(0.58, shoulder), (1 - wide, shoulder + 0.06), (1 - wide, 0.88), (0.58, 0.9)], 0.13
    )
    sketch.gloss(box(wide + 0.035, shoulder + 0.08, wide + 0.065, 0.82, 0.015), 0.42)
    sketch.part(box(neck - 0.02, 0.08, 1.02 - neck, 0.2, 0.02), _STEEL)
    sketch.line([(neck - 0.015, 0.165), (1.015 - neck, 0.165)], 0.7, (120, 124, 132))
    sketch.line([(wide + 0.005, 0.85), (0.995 - wide, 0.85)], 0.8)


def chair(sketch: Sketch, rng: Random) -> None:
    """A dining chair: back, seat and four wooden legs."""
    wood = rng.choice(_WOODS)
    back, seat = rng.uniform(0.08, 0.13), rng.uniform(0.53, 0.58)
    for x, foot in ((0.33, 0.35), (0.67, 0.65)):
        sketch.part(ribbon([(x, seat), (foot, 0.82)], 0.035), wood)
    for side in _sides(ribbon([(0.3, back + 0.12), (0.31, seat)], 0.035)):
        sketch.part(side, wood)
    sketch.fill(soft([(0.27, back), (0.73, back), (0.71, seat - 0.12), (0.29, seat - 0.12)], 0.05))
    for side in _sides(ribbon([(0.255, seat + 0.06), (0.23, 0.92)], 0.042)):
        sketch.part(side, wood)
    cushion = [(0.28, seat - 0.04), (0.72, seat - 0.04), (0.8, seat + 0.06), (0.79, seat + 0.12)]
    sketch.fill(soft([*cushion, (0.21, seat + 0.12), (0.2, seat + 0.06)], 0.03))
    sketch.shade(
        [(0.21, seat + 0.07), (0.79, seat + 0.07), (0.79, seat + 0.12), (0.21, seat + 0.12)]
    )


def sofa(sketch: Sketch, rng: Random) -> None:
    """A two-seat sofa with arms and short legs."""
    back, arm = rng.uniform(0.26, 0.32), rng.uniform(0.42, 0.47)
    for x in (0.17, 0.83):
        sketch.part(box(x - 0.025, 0.76, x + 0.025, 0.84), rng.choice(_WOODS))
    sketch.fill(box(0.14, back, 0.86, 0.62, 0.07))
    sketch.line([(0.5, back + 0.01), (0.5, 0.58)])
    sketch.shade(box(0.18, 0.52, 0.82, 0.58), 0.22)
    for path in _sides(box(0.19, 0.55, 0.5, 0.68, 0.035)):
        sketch.fill(path)
    sketch.fill(box(0.15, 0.67, 0.85, 0.78, 0.02), tone=-0.15)
    for path in _sides(box(0.06, arm, 0.2, 0.78, 0.055)):
        sketch.fill(path, tone=-0.07)


def lamp(sketch: Sketch, rng: Random) -> None:
    """A table lamp; the shade carries the colour and the pattern."""
    top, low = rng.uniform(0.12, 0.17), rng.uniform(0.47, 0.53)
    flare = rng.uniform(0.17, 0.23)
    metal = rng.choice((_BRASS, _CHROME, (112, 76, 48)))
    sketch.part(ellipse((0.5, low), 0.07, 0.06), _BULB)
    sketch.part(box(0.48, low, 0.52, 0.86), metal)
    if rng.random() < 0.5:
        sketch.part(ellipse((0.5, 0.7), 0.065, 0.085), metal)
    sketch.part(soft([(0.4, 0.85), (0.6, 0.85), (0.68, 0.91), (0.32, 0.91)], 0.02), metal)
    rim = curve([(1 - flare, low), (0.5, low + 0.035), (flare, low)])
    sketch.fill([(flare + 0.16, top), (0.84 - flare, top), *rim])
    sketch.gloss(
        [(0.36, top + 0.04), (0.44, top + 0.04), (0.4, low - 0.03), (0.3, low - 0.03)], 0.2
    )


def guitar(sketch: Sketch, rng: Random) -> None:
    """An acoustic guitar, upright."""
    waist, hips = rng.uniform(0.12, 0.14), rng.uniform(0.2, 0.23)
    left = [(0.5, 0.43), (0.4, 0.44), (0.345, 0.52), (0.5 - waist, 0.62), (0.5 - hips, 0.74)]
    left += [(0.5 - hips * 0.85, 0.88), (0.5, 0.94)]
    sketch.fill(loop([*left, *flipped(left[1:-1])[::-1]]))
    wood = rng.choice(_WOODS)
    sketch.part(ellipse((0.5, 0.6), 0.065), _HOLE)
    sketch.part(box(0.47, 0.16, 0.53, 0.56), wood)
    sketch.part(soft([(0.455, 0.04), (0.545, 0.04), (0.54, 0.17), (0.46, 0.17)], 0.015), _HOLE)
    for y in (0.07, 0.105, 0.14):
        for x in (0.44, 0.56):
            sketch.part(ellipse((x, y), 0.012), _STEEL, outline=False)
    sketch.part(box(0.42, 0.77, 0.58, 0.8, 0.008), _HOLE)
    for x in (0.483, 0.494, 0.506, 0.517):
        sketch.line([(x, 0.1), (x, 0.78)], 0.4, _IVORY)


def _sides(path: list[tuple[float, float]]) -> tuple[list[tuple[float, float]], ...]:
    return path, flipped(path)
