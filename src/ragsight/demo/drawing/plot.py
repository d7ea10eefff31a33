"""The paper of a chart: background, title, axes, grid, tick labels and legend."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from ragsight.demo.palette import RGB, backdrop, mix

if TYPE_CHECKING:
    from random import Random

SUPERSAMPLING = 2

_SCHEMES: tuple[tuple[RGB, ...], ...] = (
    ((31, 119, 180), (255, 127, 14), (44, 160, 44), (214, 39, 40), (148, 103, 189)),
    ((68, 114, 196), (237, 125, 49), (165, 165, 165), (255, 192, 0), (91, 155, 213)),
    ((255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 165, 0), (128, 0, 128)),
    ((102, 194, 165), (252, 141, 98), (141, 160, 203), (231, 138, 195), (166, 216, 84)),
    ((38, 70, 83), (42, 157, 143), (233, 196, 106), (244, 162, 97), (231, 111, 81)),
    ((40, 40, 44), (110, 110, 116), (170, 170, 174), (205, 205, 208), (80, 80, 84)),
)
TOPICS: tuple[str, ...] = (
    "Sales", "Revenue", "Users", "Cost", "Traffic", "Energy use", "Rainfall", "Orders",
    "Temperature", "Market share", "Growth", "Output", "Score", "Latency", "Budget", "Visitors",
)  # fmt: skip
LABELS: tuple[tuple[str, ...], ...] = (
    ("Q1", "Q2", "Q3", "Q4", "Q5", "Q6", "Q7", "Q8"),
    ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug"),
    ("2018", "2019", "2020", "2021", "2022", "2023", "2024", "2025"),
    ("North", "South", "East", "West", "Centre", "Coast", "Isles", "Abroad"),
    ("A", "B", "C", "D", "E", "F", "G", "H"),
)


@dataclass(frozen=True)
class Area:
    """A rectangle in pixels."""

    left: float
    top: float
    right: float
    bottom: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The pixel at a share of the width and, upwards, of the height."""
        return (
            self.left + (self.right - self.left) * x,
            self.bottom - (self.bottom - self.top) * y,
        )


class Paper:
    """A page that charts and diagrams are drawn on, at twice its final size.

    Example:
        >>> from random import Random
        >>> paper = Paper(Random(3), (400, 300))
        >>> area = paper.axes(paper.head())
        >>> paper.draw.line([area.at(0, 0), area.at(1, 1)], fill=paper.colours[0])
        >>> paper.finish().size
        (400, 300)

    Attributes:
        unit: A hundredth of the shorter edge, in pixels of the large page.
        stroke: Width of a thin line, in the same pixels.
    """

    def __init__(self, rng: Random, size: tuple[int, int]) -> None:
        self.rng = rng
        self.size = size
        self.width, self.height = size[0] * SUPERSAMPLING, size[1] * SUPERSAMPLING
        self.unit = min(self.width, self.height) / 100
        self.colours = _scheme(rng)
        self.background = (255, 255, 255) if rng.random() < 0.7 else backdrop(rng)[0]
        self.ink = rng.choice(((0, 0, 0), (40, 40, 44), (90, 90, 96)))
        self.faint = mix(self.background, self.ink, rng.uniform(0.12, 0.3))
        self.text_size = rng.uniform(2.6, 5.2)
        self.stroke = max(1, round(self.unit * rng.uniform(0.22, 0.65)))
        self.image = Image.new("RGB", (self.width, self.height), self.background)
        self.draw = ImageDraw.Draw(self.image)

    def text(
        self, at: tuple[float, float], words: str, anchor: str = "mm", scale: float = 1.0
    ) -> None:
        """Write a few words; `anchor` as Pillow names it."""
        font = ImageFont.load_default(size=max(6.0, self.text_size * self.unit * scale))
        self.draw.text(at, words, fill=self.ink, font=font, anchor=anchor)

    def head(self) -> Area:
        """Write a title on most charts, and return what is left of the page."""
        margin = self.unit * self.rng.choice((self.rng.uniform(3, 9), self.rng.uniform(3, 20)))
        top = margin
        if self.rng.random() < 0.6:
            title = f"{self.rng.choice(TOPICS)} by {self.rng.choice(('region', 'year', 'type'))}"
            self.text((self.width / 2, margin + self.unit * 3), title, scale=1.35)
            top += self.unit * 9
        return Area(margin, top, self.width - margin, self.height - margin)

    def legend(self, area: Area, names: int, chance: float = 0.45) -> Area:
        """Draw a legend on some charts, and return what is left of the area."""
        if self.rng.random() > chance:
            return area
        if self.rng.random() < 0.6:
            left = area.right - self.unit * self.rng.uniform(20, 28)
            for i in range(names):
                self._entry((left, area.top + self.unit * (8 + 8 * i)), i)
            return Area(area.left, area.top, left - self.unit * 3, area.bottom)
        for i in range(names):
            across = area.left + (area.right - area.left) * (i + 0.25) / names
            self._entry((across, area.bottom - self.unit * 2), i)
        return Area(area.left, area.top, area.right, area.bottom - self.unit * 8)

    def axes(self, area: Area, labels: int = 0, *, sideways: bool = False) -> Area:
        """Draw the frame, the grid and the tick labels of a chart.

        Args:
            area: Where the chart with its labels goes.
            labels: Number of categories to name; 0 for numbers.
            sideways: Whether the categories stand on the vertical axis.

        Returns:
            The inner area.
        """
        words = self.rng.choice(LABELS)[:labels]
        ticks = self.rng.randrange(4, 8)
        step = self.rng.choice((1, 5, 10, 20, 25, 100))
        numbers = [str(i * step) for i in range(ticks)]
        named = list(words) or numbers
        across, up = (numbers, named) if sideways else (named, numbers)
        gutter = self.unit * (13 if sideways and labels else 9)
        inner = Area(area.left + gutter, area.top, area.right, area.bottom - self.unit * 8)
        self._grid(inner, len(numbers), sideways=sideways)
        self._ticks(inner, across, up, centred=(bool(words) and not sideways, sideways))
        self._frame(inner)
        return inner

    def finish(self) -> Image.Image:
        """The page at its final size, RGB."""
        return self.image.resize(self.size, Image.Resampling.BOX)

    def _entry(self, at: tuple[float, float], index: int) -> None:
        half = self.unit * 1.6
        box = (at[0] - half, at[1] - half, at[0] + half, at[1] + half)
        self.draw.rectangle(box, fill=self.colours[index % len(self.colours)])
        self.text((at[0] + half * 2, at[1]), self.rng.choice(TOPICS), "lm", 0.85)

    def _grid(self, area: Area, count: int, *, sideways: bool) -> None:
        roll = self.rng.random()
        for i in range(count if roll < 0.65 else 0):
            share = i / max(1, count - 1)
            lines = [(area.at(0, share), area.at(1, share)), (area.at(share, 0), area.at(share, 1))]
            chosen = lines if roll < 0.2 else [lines[1] if sideways else lines[0]]
            for line in chosen:
                self.draw.line(line, fill=self.faint, width=self.stroke)

    def _ticks(
        self, area: Area, across: list[str], up: list[str],
        centred: tuple[bool, bool],
    ) -> None:  # fmt: skip
        for i, word in enumerate(across):
            share = (i + 0.5) / len(across) if centred[0] else i / max(1, len(across) - 1)
            x, y = area.at(share, 0)
            self.text((x, y + self.unit * 4), word, scale=0.85)
        for i, word in enumerate(up):
            share = (i + 0.5) / len(up) if centred[1] else i / max(1, len(up) - 1)
            x, y = area.at(0, share)
            self.text((x - self.unit * 2, y), word, "rm", 0.85)

    def _frame(self, area: Area) -> None:
        style = self.rng.random()
        corners = [area.at(0, 1), area.at(0, 0), area.at(1, 0)]
        if style < 0.25:
            corners = [*corners, area.at(1, 1), area.at(0, 1)]
        elif style < 0.4:
            corners = corners[1:]
        self.draw.line(corners, fill=self.ink, width=self.stroke)


def _scheme(rng: Random) -> list[RGB]:
    if rng.random() < 0.7:
        colours = list(rng.choice(_SCHEMES))
        rng.shuffle(colours)
        return colours
    start = rng.random()
    tones = [
        colorsys.hsv_to_rgb((start + i * rng.uniform(0.05, 0.3)) % 1, rng.uniform(0.4, 1), 0.8)
        for i in range(5)
    ]
    return [(round(r * 255), round(g * 255), round(b * 255)) for r, g, b in tones]
