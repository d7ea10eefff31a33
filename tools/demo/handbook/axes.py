"""Chart axes: a plot area that maps data to points, linearly or by logarithm."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.graphics.shapes import Drawing

from tools.demo.handbook import palette
from tools.demo.handbook.shapes import (
    GRID,
    LABEL,
    RIGHT,
    Pen,
    Point,
    Type,
    label,
    line,
    upright,
)

Tick = tuple[float, str]
TITLE = Type(size=8, colour=palette.SOFT, font=palette.SANS_BOLD)


@dataclass(frozen=True)
class Axis:
    """One axis: the data range, its ticks with their words, a title, and the scale.

    Example:
        >>> Axis(1, 100, (), log=True).share(10)
        0.5
    """

    low: float
    high: float
    ticks: Sequence[Tick]
    title: str = ""
    log: bool = False

    def share(self, value: float) -> float:
        """Where `value` lies between the ends of the axis, 0 to 1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Plot:
    """A plot area on a drawing: lower left corner, size in points, and two axes.

    Example:
        >>> plot = Plot((0, 0), (100, 50), Axis(0, 10, ()), Axis(0, 5, ()))
        >>> plot.at(5, 5)
        (50.0, 50.0)
    """

    corner: Point
    size: Point
    x: Axis
    y: Axis

    def at(self, x: float, y: float) -> Point:
        """The place of a data point on the drawing, in points."""
        return (
            self.corner[0] + self.size[0] * self.x.share(x),
            self.corner[1] + self.size[1] * self.y.share(y),
        )

    def draw(self, art: Drawing, y_title_gap: float = 30) -> None:
        """Draw grid lines, ticks, axis lines and titles."""
        self._draw_vertical_scale(art, y_title_gap)
        self._draw_horizontal_scale(art)

    def _draw_vertical_scale(self, art: Drawing, title_gap: float) -> None:
        left, bottom = self.corner
        width, height = self.size
        for value, text in self.y.ticks:
            y = bottom + height * self.y.share(value)
            line(art, (left, y), (left + width, y), GRID)
            label(art, (left - 4, y - 2.6), text, RIGHT)
        line(art, (left, bottom), (left, bottom + height), Pen(palette.INK, 0.8))
        if self.y.title:
            upright(art, (left - title_gap, bottom + height / 2), self.y.title, TITLE)

    def _draw_horizontal_scale(self, art: Drawing) -> None:
        left, bottom = self.corner
        width = self.size[0]
        line(art, (left, bottom), (left + width, bottom), Pen(palette.INK, 0.8))
        for value, text in self.x.ticks:
            x = left + width * self.x.share(value)
            line(art, (x, bottom - 3), (x, bottom), Pen(palette.INK, 0.8))
            label(art, (x, bottom - 12), text, LABEL)
        if self.x.title:
            label(art, (left + width / 2, bottom - 25), self.x.title, TITLE)
