"""Shoes, bags and other things that are worn or carried."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ragsight.demo.drawing.paths import box, curve, ellipse, flipped, ribbon, soft
from ragsight.demo.palette import darker, lighter

if TYPE_CHECKING:
    from random import Random

    from ragsight.demo.drawing.sketch import Sketch

_BRASS = (206, 168, 84)
_STEEL = (178, 182, 190)
_RUBBER = (246, 245, 240)
_SOLE = (58, 48, 44)
_DIAL = (248, 247, 243)
_INK = (44, 44, 52)


def sneaker(sketch: Sketch, rng: Random) -> None:
    """A laced sports shoe with a pale sole, seen from the side."""
    heel, sole = rng.uniform(0.33, 0.39), rng.uniform(0.7, 0.73)
    upper = [(0.11, heel), (0.2, heel + 0.05), (0.33, heel + 0.03), (0.4, heel - 0.05)]
    upper += [(0.47, heel - 0.04), (0.66, 0.53), (0.84, 0.58), (0.92, 0.66), (0.92, sole + 0.02)]
    sketch.fill(soft([*upper, (0.09, sole + 0.02), (0.085, 0.55)], 0.05))
    sketch.shade(soft([(0.14, heel + 0.02), (0.2, heel + 0.07), (0.34, heel + 0.05)], 0.02), 0.35)
    toe = [(0.76, sole), (0.78, 0.6), (0.86, 0.585), (0.925, 0.65), (0.93, sole)]
    sketch.part(soft(toe, 0.03), _RUBBER)
    bottom = [(0.075, sole - 0.01), (0.94, sole - 0.01), (0.93, sole + 0.075), (0.09, sole + 0.075)]
    sketch.part(soft(bottom, 0.03), _RUBBER)
    sketch.line([(0.09, sole + 0.04), (0.925, sole + 0.04)], 0.8, (170, 168, 162))
    for i in range(4):
        x, y = 0.45 + i * 0.06, heel + 0.03 + i * 0.032
        sketch.line([(x - 0.015, y + 0.055), (x + 0.045, y - 0.02)], 2.6, darker(_RUBBER, 0.35))
        sketch.line([(x - 0.015, y + 0.055), (x + 0.045, y - 0.02)], 1.6, _RUBBER)
    sketch.fill([(0.085, 0.5), (0.17, 0.5), (0.19, sole - 0.01), (0.09, sole - 0.01)], tone=-0.3)


def boot(sketch: Sketch, rng: Random) -> None:
    """A high boot with a dark sole and a heel."""
    top, shaft = rng.uniform(0.1, 0.17), rng.uniform(0.27, 0.31)
    upper = [(0.24, top), (0.24 + shaft, top), (0.5, 0.5), (0.58, 0.58), (0.8, 0.65)]
    upper += [(0.88, 0.74), (0.88, 0.8), (0.24, 0.8), (0.26, 0.55)]
    sketch.fill(soft(upper, 0.05))
    sketch.fill(box(0.23, top - 0.02, 0.25 + shaft, top + 0.06, 0.02), tone=-0.3, patterned=False)
    sketch.gloss(soft([(0.3, 0.22), (0.34, 0.22), (0.35, 0.55), (0.31, 0.55)], 0.02), 0.25)
    sketch.line(curve([(0.5, 0.52), (0.42, 0.62), (0.27, 0.62)]), 0.9)
    sketch.line(curve([(0.7, 0.62), (0.68, 0.7), (0.73, 0.79)]), 0.8)
    heel = [(0.24, 0.79), (0.89, 0.79), (0.89, 0.84), (0.5, 0.84), (0.44, 0.9), (0.24, 0.9)]
    sketch.part(soft(heel, 0.012), _SOLE)


def handbag(sketch: Sketch, rng: Random) -> None:
    """A bag with an arched handle, a flap and a clasp."""
    top, arch = rng.uniform(0.4, 0.46), rng.uniform(0.12, 0.18)
    handle = curve([(0.3, top + 0.05), (0.33, arch + 0.08), (0.5, arch), (0.67, arch + 0.08)])
    sketch.fill(ribbon([*handle, (0.7, top + 0.05)], 0.05), tone=-0.25, patterned=False)
    sketch.fill(soft([(0.2, top), (0.8, top), (0.89, 0.84), (0.11, 0.84)], 0.05))
    flap_end = rng.uniform(0.58, 0.66)
    flap = [(0.19, top - 0.01), (0.81, top - 0.01), (0.82, 0.54), (0.5, flap_end), (0.18, 0.54)]
    sketch.fill(soft(flap, 0.05), tone=-0.16)
    sketch.part(box(0.46, flap_end - 0.06, 0.54, flap_end + 0.02, 0.015), _BRASS)
    for path in _sides([(0.295, top + 0.03), (0.31, top + 0.03)]):
        sketch.line(path, 3.0, _BRASS)


def backpack(sketch: Sketch, rng: Random) -> None:
    """A rucksack with a top handle, side pockets and a front pocket."""
    top, wide = rng.uniform(0.18, 0.23), rng.uniform(0.22, 0.26)
    grip = curve([(0.42, top + 0.03), (0.44, top - 0.09), (0.56, top - 0.09), (0.58, top + 0.03)])
    sketch.fill(ribbon(grip, 0.035), tone=-0.4, patterned=False)
    for side in _sides(box(wide - 0.08, 0.56, wide + 0.06, 0.82, 0.05)):
        sketch.fill(side, tone=-0.22, patterned=False)
    sketch.fill(soft([(wide + 0.03, top), (0.97 - wide, top), (1 - wide, 0.87), (wide, 0.87)], 0.1))
    sketch.line(curve([(wide + 0.02, 0.42), (0.5, 0.35), (0.98 - wide, 0.42)]), 1.1)
    sketch.line(curve([(wide + 0.02, 0.43), (0.5, 0.36), (0.98 - wide, 0.43)]), 0.6, _STEEL)
    sketch.fill(box(wide + 0.06, 0.55, 0.94 - wide, 0.82, 0.05), tone=-0.14)
    sketch.line([(wide + 0.09, 0.62), (0.91 - wide, 0.62)], 1.2, _STEEL)
    sketch.part(box(0.62, 0.615, 0.645, 0.675, 0.008), _STEEL)


def umbrella(sketch: Sketch, rng: Random) -> None:
    """An open umbrella with a hooked handle."""
    height, foot = rng.uniform(0.14, 0.2), rng.uniform(0.8, 0.86)
    wood = rng.choice(((122, 84, 54), (70, 62, 60), (150, 106, 66)))
    hook = curve([(0.5, foot), (0.52, foot + 0.06), (0.57, foot + 0.05), (0.585, foot)])
    sketch.line([(0.5, height - 0.06), (0.5, foot)], 1.8, _STEEL)
    sketch.line([(0.5, foot - 0.1), *hook], 3.2, wood)
    rim = [(0.08 + 0.84 * i / 4, 0.56) for i in range(5)]
    scallops = [p for a, b in zip(rim[::-1], rim[-2::-1], strict=False) for p in _dip(a, b)]
    sketch.fill([*ellipse((0.5, 0.56), 0.42, 0.56 - height, 180, 360), *scallops])
    for x, bend in ((0.29, 0.36), (0.5, 0.5), (0.71, 0.64)):
        sketch.line(curve([(0.5, height), (bend, (height + 0.5) / 2), (x, 0.56)]), 0.8)
    sketch.gloss(ellipse((0.33, 0.36), 0.07, 0.04), 0.22)


def watch(sketch: Sketch, rng: Random) -> None:
    """A wristwatch: the strap and the case ring carry the colour."""
    width, radius = rng.uniform(0.2, 0.25), rng.uniform(0.2, 0.235)
    left, right = 0.5 - width / 2, 0.5 + width / 2
    sketch.fill(soft([(left + 0.03, 0.06), (right - 0.03, 0.06), (right, 0.4), (left, 0.4)], 0.03))
    sketch.fill(soft([(left, 0.6), (right, 0.6), (right - 0.03, 0.94), (left + 0.03, 0.94)], 0.03))
    sketch.part(box(left + 0.01, 0.08, right - 0.01, 0.13, 0.015), _STEEL)
    sketch.part(box(0.5 + radius - 0.01, 0.475, 0.53 + radius, 0.525, 0.01), _STEEL)
    sketch.fill(ellipse((0.5, 0.5), radius), tone=-0.12, patterned=False)
    sketch.part(ellipse((0.5, 0.5), radius * 0.8), _DIAL)
    for hour in range(12):
        x, y = math.cos(hour * math.pi / 6), math.sin(hour * math.pi / 6)
        ends = [(0.5 + x * radius * s, 0.5 + y * radius * s) for s in (0.64, 0.73)]
        sketch.line(ends, 0.9, _INK)
    for length, thick in ((0.42, 1.6), (0.62, 1.1)):
        angle = rng.uniform(0, 2 * math.pi)
        tip = 0.5 + math.cos(angle) * radius * length, 0.5 + math.sin(angle) * radius * length
        sketch.line([(0.5, 0.5), tip], thick, _INK)
    sketch.part(ellipse((0.5, 0.5), 0.016), _INK)


def suitcase(sketch: Sketch, rng: Random) -> None:
    """A cabin case with a pulled-out handle and wheels."""
    top, wide = rng.uniform(0.3, 0.35), rng.uniform(0.2, 0.26)
    lift = rng.uniform(0.09, 0.16)
    grip = [(0.4, top), (0.4, lift), (0.6, lift), (0.6, top)]
    sketch.line(grip, 2.2, (120, 124, 132))
    sketch.line([(0.39, lift), (0.61, lift)], 3.4, (54, 54, 60))
    for x in (wide + 0.07, 0.93 - wide):
        sketch.part(ellipse((x, 0.895), 0.035), (48, 48, 52))
    sketch.fill(box(wide, top, 1 - wide, 0.88, 0.06))
    corner = lighter(sketch.look.body, 0.2) if sum(sketch.look.body) < 200 else None
    guard = corner if corner is not None else darker(sketch.look.body, 0.45)
    for x in (wide + 0.03, 0.97 - wide):
        for y in (top + 0.03, 0.85):
            sketch.part(ellipse((x, y), 0.04), guard)
    sketch.line([(0.5, top + 0.01), (0.5, 0.875)], 1.3)
    sketch.part(box(0.44, 0.5, 0.56, 0.545, 0.015), _STEEL)
    sketch.gloss(box(wide + 0.05, top + 0.09, wide + 0.075, 0.78, 0.012), 0.25)


def _dip(start: tuple[float, float], end: tuple[float, float]) -> list[tuple[float, float]]:
    middle = ((start[0] + end[0]) / 2, start[1] - 0.045)
    return curve([start, middle, end])


def _sides(path: list[tuple[float, float]]) -> tuple[list[tuple[float, float]], ...]:
    return path, flipped(path)
