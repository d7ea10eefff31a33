"""Planets, their orbits and the phases of the moon."""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from ragsight.demo.palette import RGB, darker, lighter, mix

if TYPE_CHECKING:
    from random import Random

    from ragsight.demo.drawing.plot import Paper

_NIGHTS: tuple[RGB, ...] = ((4, 5, 14), (12, 14, 32), (0, 0, 0), (22, 18, 44))
_DAYS: tuple[RGB, ...] = ((255, 255, 255), (245, 243, 236))
_MOONS: tuple[RGB, ...] = ((238, 234, 218), (214, 214, 210), (250, 240, 196))


@dataclass(frozen=True)
class _Face:
    lit: RGB
    maria: list[tuple[float, float, float]]

    def draw(self, side: int) -> Image.Image:
        """The full moon, as a square."""
        image = Image.new("RGB", (side, side), self.lit)
        draw = ImageDraw.Draw(image)
        for x, y, size in self.maria:
            cx, cy, r = (x + 1) * side / 2, (y + 1) * side / 2, size * side / 2
            draw.ellipse((cx - r, cy - r, cx + r, cy + r), fill=darker(self.lit, 0.3))
        return image.filter(ImageFilter.GaussianBlur(side / 50)) if self.maria else image


def planet(paper: Paper) -> None:
    """A shaded globe, often banded, ringed or cratered, mostly before a starry sky."""
    rng = paper.rng
    paper.image.paste(_sky(paper, dark=0.75), (0, 0, paper.width, paper.height))
    radius = round(min(paper.width, paper.height) * rng.uniform(0.22, 0.42))
    centre = (
        round(paper.width * rng.uniform(0.42, 0.58)),
        round(paper.height * rng.uniform(0.44, 0.56)),
    )
    ringed = rng.random() < 0.3
    tilt = rng.uniform(-30, 30)
    if ringed:
        _ring(paper, centre, radius, tilt, (180, 360))
    globe, mask = _globe(rng, radius * 2)
    paper.image.paste(globe, (centre[0] - radius, centre[1] - radius), mask)
    if ringed:
        _ring(paper, centre, radius, tilt, (0, 180))


def moon_phases(paper: Paper) -> None:
    """Moons from new to full in a row, in a grid or around a circle."""
    rng = paper.rng
    paper.image.paste(_sky(paper, dark=0.7), (0, 0, paper.width, paper.height))
    lit = rng.choice(_MOONS)
    count = rng.choice((5, 6, 7, 8, 8, 9))
    layout = rng.choice(("row", "row", "grid", "circle"))
    places, radius = _places(paper, count, layout)
    labelled = rng.random() < 0.35
    start = rng.choice((0.0, 0.0, 0.5))
    maria = _maria(rng) if rng.random() < 0.6 else []
    for i, place in enumerate(places):
        _moon(paper, place, radius, (start + i / count) % 1, _Face(lit, maria))
        if labelled:
            words = rng.choice(("New", "Crescent", "Quarter", "Gibbous", "Full"))
            paper.text((place[0], place[1] + radius * 1.35), words, scale=0.8)


def orbits(paper: Paper) -> None:
    """Planets as dots on the rings they follow around a sun."""
    rng = paper.rng
    night = rng.random() < 0.4
    if night:
        paper.image.paste(_sky(paper, dark=1.0), (0, 0, paper.width, paper.height))
    centre = paper.width / 2, paper.height / 2
    reach, flat = min(centre) * rng.uniform(0.8, 1.0), rng.choice((1.0, 1.0, 0.6, 0.4))
    count = rng.randrange(1, 8)
    colours = [paper.ink, *paper.colours]
    for i in range(count):
        radius = reach * (i + 1.5) / (count + 1)
        w, h = radius * min(1.5, 1 / flat), radius * flat
        box = (centre[0] - w, centre[1] - h, centre[0] + w, centre[1] + h)
        line = rng.choice((paper.ink, mix(paper.ink, paper.background, 0.5), rng.choice(colours)))
        paper.draw.ellipse(box, outline=line, width=paper.stroke)
        angle = rng.uniform(0, 2 * math.pi)
        at = centre[0] + w * math.cos(angle), centre[1] + h * math.sin(angle)
        _ball(paper, at, paper.unit * rng.uniform(1.0, 2.6), rng.choice(paper.colours))
        if rng.random() < 0.4:
            name = rng.choice(("Earth", "Mars", "Venus", "Jupiter", "Launch", "Arrival"))
            paper.text((at[0], at[1] + paper.unit * 5), name, scale=0.8)
    sun = rng.choice(((250, 180, 30), (255, 210, 60), (240, 140, 30)))
    _ball(paper, centre, paper.unit * rng.uniform(2.5, 6), sun)


def _ball(paper: Paper, at: tuple[float, float], radius: float, rgb: RGB) -> None:
    box = (at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius)
    paper.draw.ellipse(box, fill=rgb)


def _sky(paper: Paper, dark: float) -> Image.Image:
    rng = paper.rng
    night = rng.random() < dark
    tone = rng.choice(_NIGHTS if night else _DAYS)
    sky = Image.new("RGB", (paper.width, paper.height), tone)
    paper.ink = (230, 230, 226) if night else (30, 30, 34)
    draw = ImageDraw.Draw(sky)
    for _ in range(rng.randrange(0, 120) if night else 0):
        x, y = rng.uniform(0, paper.width), rng.uniform(0, paper.height)
        size = paper.unit * rng.uniform(0.15, 0.6)
        draw.ellipse((x - size, y - size, x + size, y + size), fill=(255, 255, 240))
    return sky


def _globe(rng: Random, side: int) -> tuple[Image.Image, Image.Image]:
    """A shaded ball and its round mask."""
    ground = _ground(rng)
    ball = Image.new("RGB", (side, side), ground)
    _surface(ImageDraw.Draw(ball), rng, side, ground)
    ball = ball.rotate(rng.uniform(-25, 25), Image.Resampling.BICUBIC, fillcolor=ground)
    ball = ball.filter(ImageFilter.GaussianBlur(side / 90))
    light = ImageChops.invert(Image.radial_gradient("L")).resize((side * 2, side * 2))
    x, y = round(side * rng.uniform(0.2, 0.75)), round(side * rng.uniform(0.3, 0.8))
    light = light.crop((x, y, x + side, y + side))
    floor = rng.uniform(0.0, 0.35)
    levels = [round(255 * min(1.0, floor + 1.35 * max(0, v - 90) / 165)) for v in range(256)]
    shaded = ImageChops.multiply(ball, light.point(levels).convert("RGB"))
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).ellipse((0, 0, side - 1, side - 1), fill=255)
    return shaded, mask


def _ground(rng: Random) -> RGB:
    red, green, blue = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.1, 0.75), 0.9)
    return round(red * 255), round(green * 255), round(blue * 255)


def _surface(draw: ImageDraw.ImageDraw, rng: Random, side: int, ground: RGB) -> None:
    style = rng.choice(("bands", "bands", "land", "craters", "smooth"))
    if style == "bands":
        y = 0.0
        while y < side:
            depth = side * rng.uniform(0.04, 0.14)
            tone = rng.choice((lighter, darker))(ground, rng.uniform(0.05, 0.45))
            draw.rectangle((0, y, side, y + depth), fill=tone)
            y += depth + side * rng.uniform(0, 0.06)
    elif style == "land":
        land = rng.choice(((70, 140, 70), (180, 150, 90), mix(ground, (120, 70, 30), 0.6)))
        for _ in range(rng.randrange(8, 22)):
            x, y, r = rng.uniform(0, side), rng.uniform(0, side), side * rng.uniform(0.04, 0.17)
            draw.ellipse((x - r * 1.3, y - r, x + r * 1.3, y + r), fill=land)
    elif style == "craters":
        for _ in range(rng.randrange(8, 26)):
            x, y, r = rng.uniform(0, side), rng.uniform(0, side), side * rng.uniform(0.02, 0.09)
            draw.ellipse((x - r, y - r, x + r, y + r), fill=darker(ground, rng.uniform(0.15, 0.4)))


def _ring(
    paper: Paper, centre: tuple[int, int], radius: int, tilt: float, arc: tuple[int, int]
) -> None:
    """Half of a tilted ring: the far half is drawn before the globe, the near one after."""
    layer = Image.new("L", (paper.width, paper.height))
    draw = ImageDraw.Draw(layer)
    for reach, level in ((1.85, 210), (1.62, 140)):
        w, h = radius * reach, radius * reach * 0.3
        box = (centre[0] - w, centre[1] - h, centre[0] + w, centre[1] + h)
        draw.arc(box, *arc, fill=level, width=max(2, round(radius * 0.13)))
    turned = layer.rotate(tilt, Image.Resampling.BICUBIC, center=centre)
    paper.image.paste((214, 196, 160), (0, 0, paper.width, paper.height), turned)


def _places(paper: Paper, count: int, layout: str) -> tuple[list[tuple[float, float]], float]:
    width, height = paper.width, paper.height
    if layout == "row":
        radius = min(width / count * 0.4, height * 0.3)
        return [(width * (i + 0.5) / count, height / 2) for i in range(count)], radius
    if layout == "grid":
        columns = math.ceil(count / 2)
        radius = min(width / columns * 0.36, height * 0.17)
        cells = [(width * (i % columns + 0.5) / columns, i // columns) for i in range(count)]
        return [(x, height * (0.27 + 0.46 * row)) for x, row in cells], radius
    reach = min(width, height) * 0.36
    angles = [2 * math.pi * i / count for i in range(count)]
    ring = [(width / 2 + reach * math.cos(a), height / 2 - reach * math.sin(a)) for a in angles]
    return ring, reach * 0.27


def _maria(rng: Random) -> list[tuple[float, float, float]]:
    """Places and sizes of dark plains, in moon radii."""
    return [
        (rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.8), rng.uniform(0.08, 0.34))
        for _ in range(rng.randrange(5, 14))
    ]


def _moon(paper: Paper, at: tuple[float, float], radius: float, phase: float, face: _Face) -> None:
    """A moon at a share of its month: 0 is new, 0.5 full, waxing on the right."""
    side = max(4, round(radius * 2))
    night = mix((52, 54, 62), face.lit, paper.rng.choice((0.0, 0.12)))
    disc = Image.new("L", (side, side))
    ImageDraw.Draw(disc).ellipse((0, 0, side - 1, side - 1), fill=255)
    day = ImageChops.multiply(disc, _daylight(side, phase))
    corner = round(at[0] - radius), round(at[1] - radius)
    area = (*corner, corner[0] + side, corner[1] + side)
    paper.image.paste(night, area, disc)
    paper.image.paste(face.draw(side), area, day)


def _daylight(side: int, phase: float) -> Image.Image:
    """White where the sun shines on a moon that fills the square."""
    mask = Image.new("L", (side, side))
    draw = ImageDraw.Draw(mask)
    waxing = phase < 0.5
    half = (side / 2, 0, side, side) if waxing else (0, 0, side / 2, side)
    draw.rectangle(half, fill=255)
    bulge = math.cos(2 * math.pi * phase)
    width = side / 2 * abs(bulge)
    if width >= 1:
        inner = (side / 2 - width, -1, side / 2 + width, side)
        draw.ellipse(inner, fill=0 if bulge > 0 else 255)
    return mask
