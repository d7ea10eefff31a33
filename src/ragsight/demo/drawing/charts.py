"""Bar, line, pie and scatter charts of made-up numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ragsight.demo.palette import darker

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from ragsight.demo.drawing.plot import Area, Paper


def bar_chart(paper: Paper) -> None:
    """Upright or lying bars: single, grouped or stacked."""
    rng = paper.rng
    bars, series = rng.randrange(3, 9), rng.choice((1, 1, 2, 3))
    sideways, stacked = rng.random() < 0.3, rng.random() < 0.35
    area = paper.legend(paper.head(), series, 0.15 if series == 1 else 0.6)
    area = paper.axes(area, bars, sideways=sideways)
    values = [[rng.uniform(0.12, 0.95) for _ in range(series)] for _ in range(bars)]
    width, edged = rng.uniform(0.55, 0.92), rng.random() < 0.35
    rainbow = series == 1 and rng.random() < 0.25
    for i, group in enumerate(values):
        start = (i + (1 - width) / 2) / bars
        for j, (low, high, first, last) in enumerate(_cells(group, start, width / bars, stacked)):
            colour = paper.colours[(i if rainbow else j) % len(paper.colours)]
            ends = (low, first, high, last) if sideways else (first, low, last, high)
            _bar(paper, area, ends, colour, edged=edged)


def line_chart(paper: Paper) -> None:
    """One to four lines, with or without markers or a filled area below."""
    rng = paper.rng
    series, count = rng.choice((1, 1, 2, 3, 4)), rng.randrange(5, 28)
    area = paper.legend(paper.head(), series, 0.2 if series == 1 else 0.55)
    labels = rng.choice((0, 0, 4, 6, 8))
    area = paper.axes(area, labels)
    thick = max(1, round(paper.unit * rng.uniform(0.3, 1.7)))
    marked = count < 16 and rng.random() < 0.5
    filled = series == 1 and rng.random() < 0.15
    for i in range(series):
        steps = _walk(rng, count)
        points = [area.at((j + 0.2) / (count - 0.6), y) for j, y in enumerate(steps)]
        colour = paper.colours[i % len(paper.colours)]
        if filled:
            foot = [(points[-1][0], area.bottom), (points[0][0], area.bottom)]
            pale = tuple((c + 510) // 3 for c in colour)
            paper.draw.polygon([*points, *foot], fill=pale)
        paper.draw.line(points, fill=colour, width=thick, joint="curve")
        for point in points if marked else []:
            _dot(paper, point, thick * 1.4 + paper.unit * 0.4, colour)


def scatter_plot(paper: Paper) -> None:
    """Points of one to three groups, loosely related or not at all."""
    rng = paper.rng
    groups = rng.choice((1, 1, 2, 3))
    area = paper.legend(paper.head(), groups, 0.15 if groups == 1 else 0.5)
    area = paper.axes(area)
    radius = paper.unit * rng.uniform(0.7, 2.2)
    hollow = rng.random() < 0.2
    for i in range(groups):
        colour = paper.colours[i % len(paper.colours)]
        slope, spread = rng.choice((-0.7, 0.0, 0.4, 0.8)), rng.uniform(0.06, 0.25)
        middle = rng.uniform(0.35, 0.65), rng.uniform(0.35, 0.65)
        reach = rng.uniform(0.15, 0.5) if groups > 1 else 0.5
        for _ in range(rng.randrange(12, 90) // groups + 6):
            x = middle[0] + rng.uniform(-reach, reach)
            y = middle[1] + (x - middle[0]) * slope + rng.gauss(0, spread)
            if 0.01 < x < 0.99 and 0.01 < y < 0.99:
                _dot(paper, area.at(x, y), radius, colour, hollow=hollow)


def pie_chart(paper: Paper) -> None:
    """A pie or a ring cut into shares, labelled or with a legend."""
    rng = paper.rng
    slices = rng.randrange(2, 8)
    area = paper.legend(paper.head(), min(slices, 6), 0.5)
    side = min(area.right - area.left, area.bottom - area.top)
    radius = side * rng.uniform(0.3, 0.48)
    centre = area.at(rng.uniform(0.42, 0.58), 0.5)
    weights = [rng.uniform(0.25, 1) for _ in range(slices)]
    edge = rng.choice((None, paper.background, (0, 0, 0), (255, 255, 255)))
    labelled, start = rng.random() < 0.5, rng.uniform(0, 360)
    corners = _around(centre, radius)
    for i, weight in enumerate(weights):
        end = start + 360 * weight / sum(weights)
        colour = paper.colours[i % len(paper.colours)]
        if i >= len(paper.colours):
            colour = darker(colour, 0.3)
        paper.draw.pieslice(corners, start, end, fill=colour, outline=edge, width=paper.stroke)
        if labelled:
            middle = math.radians((start + end) / 2)
            reach = radius * 1.18
            at = centre[0] + reach * math.cos(middle), centre[1] + reach * math.sin(middle)
            paper.text(at, f"{round(100 * weight / sum(weights))}%", scale=0.9)
        start = end
    if rng.random() < 0.2:
        hole = _around(centre, radius * rng.uniform(0.4, 0.62))
        paper.draw.ellipse(hole, fill=paper.background)


def _cells(
    group: Sequence[float], start: float, width: float, stacked: bool
) -> list[tuple[float, float, float, float]]:
    """Low and high along the value axis, first and last along the other, for each bar."""
    cells: list[tuple[float, float, float, float]] = []
    floor = 0.0
    for i, value in enumerate(group):
        if stacked:
            top = floor + value / len(group)
            cells.append((floor, top, start, start + width))
            floor = top
        else:
            each = width / len(group)
            cells.append((0.0, value, start + i * each, start + (i + 1) * each))
    return cells


def _bar(
    paper: Paper, area: Area, ends: tuple[float, float, float, float],
    colour: tuple[int, int, int], *, edged: bool,
) -> None:  # fmt: skip
    x0, y0 = area.at(ends[0], ends[1])
    x1, y1 = area.at(ends[2], ends[3])
    outline = (0, 0, 0) if edged else None
    paper.draw.rectangle((x0, y1, x1, y0), fill=colour, outline=outline, width=paper.stroke)


def _walk(rng: Random, count: int) -> list[float]:
    level, drift = rng.uniform(0.15, 0.8), rng.uniform(-0.03, 0.05)
    wobble = rng.uniform(0.02, 0.16)
    steps: list[float] = []
    for _ in range(count):
        level = min(0.97, max(0.03, level + drift + rng.gauss(0, wobble)))
        steps.append(level)
    return steps


def _dot(
    paper: Paper, at: tuple[float, float], radius: float, colour: tuple[int, int, int],
    *, hollow: bool = False,
) -> None:  # fmt: skip
    if hollow:
        paper.draw.ellipse(_around(at, radius), outline=colour, width=paper.stroke)
    else:
        paper.draw.ellipse(_around(at, radius), fill=colour)


def _around(at: tuple[float, float], radius: float) -> tuple[float, float, float, float]:
    return at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius
