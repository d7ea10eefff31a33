"""Clothes: each function draws one kind on a sketch, proportions varied by the generator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ragsight.demo.drawing.paths import both_sides, box, curve, ellipse, flipped, ribbon, soft
from ragsight.demo.palette import darker, lighter

if TYPE_CHECKING:
    from random import Random

    from ragsight.demo.drawing.sketch import Sketch

_BRASS = (200, 164, 84)
_STEEL = (176, 180, 188)


def t_shirt(sketch: Sketch, rng: Random) -> None:
    """A short-sleeved tee with a round neck."""
    hem, sleeve, hip = rng.uniform(0.8, 0.87), rng.uniform(0.42, 0.5), rng.uniform(0.28, 0.32)
    half = [(0.5, 0.235), (0.42, 0.19), (0.3, 0.22), (0.1, sleeve - 0.06), (0.2, sleeve + 0.04)]
    half += [(0.3, 0.4), (hip, hem)]
    sketch.fill(soft(both_sides(half), 0.03))
    sketch.shade([(0.3, 0.4), (0.34, 0.42), (hip + 0.04, hem - 0.01), (hip + 0.01, hem - 0.01)])
    sketch.shade(ellipse((0.5, 0.195), 0.082, 0.03), 0.5)
    sketch.line(curve([(0.415, 0.195), (0.5, 0.262), (0.585, 0.195)]), 1.2)
    for side in _sides([(0.3, 0.4), (0.29, 0.3), (0.31, 0.235)]):
        sketch.line(curve(side), 0.7)
    sketch.line([(hip + 0.01, hem - 0.035), (0.99 - hip, hem - 0.035)], 0.6)


def dress(sketch: Sketch, rng: Random) -> None:
    """A sleeveless dress with a waist and a flared skirt."""
    waist, flare = rng.uniform(0.41, 0.46), rng.uniform(0.16, 0.24)
    hem = rng.uniform(0.84, 0.9)
    half = [(0.5, 0.23), (0.43, 0.1), (0.375, 0.1), (0.385, 0.2), (0.35, 0.27), (0.4, waist)]
    half += [(0.33, waist + 0.17), (flare, hem), (0.36, hem + 0.025)]
    sketch.fill(soft(both_sides(half), 0.035))
    for start, end in ((0.44, 0.34), (0.5, 0.5), (0.56, 0.66)):
        fold = [(start, waist + 0.05), ((start + end) / 2, waist + 0.2), (end, hem - 0.02)]
        sketch.line(curve(fold), 0.7)
    sketch.shade([(0.54, waist + 0.03), (0.6, waist + 0.03), (0.97 - flare, hem), (0.66, hem)], 0.1)
    belt = box(0.395, waist - 0.02, 0.605, waist + 0.025, 0.008)
    if rng.random() < 0.6:
        sketch.fill(belt, tone=-0.35, patterned=False)
    else:
        sketch.line([(0.4, waist), (0.6, waist)], 1.2)


def jacket(sketch: Sketch, rng: Random) -> None:
    """A zipped jacket with long sleeves, a collar and two pockets."""
    hem, cuff = rng.uniform(0.78, 0.84), rng.uniform(0.68, 0.76)
    arm = [(0.33, 0.2), (0.235, 0.27), (0.12, cuff), (0.215, cuff + 0.045), (0.33, 0.46)]
    for side in _sides(arm):
        sketch.fill(soft(side, 0.035))
    for side in _sides([(0.128, cuff - 0.05), (0.226, cuff - 0.005)]):
        sketch.line(side)
    half = [(0.42, 0.155), (0.32, 0.2), (0.3, 0.45), (0.29, hem)]
    sketch.fill(soft(both_sides(half), 0.025))
    sketch.part([(0.43, 0.16), (0.57, 0.16), (0.5, 0.36)], (66, 66, 74))
    for side in _sides([(0.43, 0.14), (0.35, 0.22), (0.42, 0.31), (0.5, 0.37), (0.46, 0.25)]):
        sketch.fill(soft(side, 0.012), tone=-0.25, patterned=False)
    sketch.line([(0.5, 0.36), (0.5, hem)], 2.2, darker(sketch.look.body, 0.6))
    sketch.line([(0.5, 0.38), (0.5, hem)], 0.9, _STEEL)
    for side in _sides([(0.35, 0.62), (0.44, 0.58)]):
        sketch.line(side, 1.6)
    sketch.line([(0.295, hem - 0.05), (0.705, hem - 0.05)], 0.9)


def trousers(sketch: Sketch, rng: Random) -> None:
    """Long trousers seen from the front."""
    width, hem = rng.uniform(0.13, 0.19), rng.uniform(0.86, 0.92)
    outer, crotch = rng.uniform(0.22, 0.29), rng.uniform(0.38, 0.43)
    half = [(0.34, 0.1), (0.3, 0.3), (outer, hem), (outer + width, hem), (0.49, crotch)]
    sketch.fill(soft([*half, *flipped(half)[::-1]], 0.018))
    for side in _sides([(outer + width * 0.5, hem - 0.02), (0.385, 0.4)]):
        sketch.line(side, 0.6)
    sketch.fill(box(0.335, 0.095, 0.665, 0.15, 0.01), tone=-0.25, patterned=False)
    sketch.line([(0.5, 0.15), (0.5, crotch)], 0.9)
    for side in _sides([(0.335, 0.23), (0.39, 0.21), (0.41, 0.15)]):
        sketch.line(curve(side))
    sketch.part(ellipse((0.5, 0.122), 0.014), _BRASS)


def skirt(sketch: Sketch, rng: Random) -> None:
    """A pleated skirt with a waistband."""
    flare, hem = rng.uniform(0.1, 0.18), rng.uniform(0.72, 0.8)
    left = [(0.365, 0.25), (flare, hem)]
    bottom = curve([(flare, hem), (0.3, hem + 0.055), (0.5, hem + 0.07), (0.7, hem + 0.055)])
    sketch.fill([*left, *bottom, (1 - flare, hem), (0.635, 0.25)])
    pleats = rng.randrange(4, 7)
    for i in range(1, pleats):
        share = i / pleats
        foot = flare + (1 - 2 * flare) * share, hem + 0.06 * (1 - abs(2 * share - 1))
        head = 0.37 + 0.26 * share
        sketch.line([(head, 0.27), foot], 0.8)
        inner = [(head, 0.27), foot, (foot[0] + 0.03, foot[1])]
        sketch.shade(inner, 0.16)
    sketch.fill(box(0.355, 0.195, 0.645, 0.265, 0.015), tone=-0.3, patterned=False)


def scarf(sketch: Sketch, rng: Random) -> None:
    """A scarf wound once, two fringed ends hanging down."""
    long, short = rng.uniform(0.8, 0.86), rng.uniform(0.62, 0.72)
    sketch.shade(ellipse((0.5, 0.26), 0.2, 0.1), 0.5)
    sketch.fill(ellipse((0.5, 0.25), 0.23, 0.13), tone=-0.4)
    _tail(sketch, (0.5, 0.36), (0.66, short))
    _tail(sketch, (0.47, 0.36), (0.36, long))
    band = [(0.26, 0.22), (0.33, 0.29), (0.5, 0.32), (0.67, 0.29), (0.74, 0.22)]
    lower = [(0.77, 0.34), (0.66, 0.44), (0.5, 0.47), (0.34, 0.44), (0.23, 0.34)]
    sketch.fill(soft([*band, *lower], 0.04))
    sketch.line(curve([(0.28, 0.32), (0.42, 0.39), (0.6, 0.38), (0.7, 0.33)]), 0.7)


def cap(sketch: Sketch, rng: Random) -> None:
    """A baseball cap seen from the side."""
    height, peak = rng.uniform(0.22, 0.29), rng.uniform(0.86, 0.93)
    dome = ellipse((0.42, 0.6), 0.3, 0.6 - height, 180, 360)
    peak_path = [(0.5, 0.57), (0.72, 0.56), (peak, 0.62), (peak + 0.03, 0.69), (0.7, 0.655)]
    sketch.fill(soft([*peak_path, (0.5, 0.66)], 0.05), tone=-0.28, patterned=False)
    sketch.fill([*dome, (0.72, 0.64), (0.42, 0.665), (0.12, 0.64)])
    sketch.line(curve([(0.42, height), (0.52, height + 0.12), (0.56, 0.65)]), 0.8)
    sketch.line(curve([(0.42, height), (0.3, height + 0.12), (0.25, 0.65)]), 0.8)
    sketch.line(curve([(0.12, 0.61), (0.42, 0.635), (0.72, 0.61)]), 0.8)
    knob = lighter(sketch.look.body, 0.1)
    sketch.part(ellipse((0.42, height - 0.005), 0.026, 0.018), knob)


def _tail(sketch: Sketch, top: tuple[float, float], end: tuple[float, float]) -> None:
    for offset in (-0.055, -0.033, -0.011, 0.011, 0.033, 0.055):
        start = (end[0] + offset, end[1] - 0.01)
        sketch.line([start, (start[0], end[1] + 0.055)], 1.3)
    middle = ((top[0] * 0.4 + end[0] * 0.6), (top[1] + end[1]) / 2)
    sketch.fill(ribbon(curve([top, middle, end]), 0.15))


def _sides(path: list[tuple[float, float]]) -> tuple[list[tuple[float, float]], ...]:
    return path, flipped(path)
