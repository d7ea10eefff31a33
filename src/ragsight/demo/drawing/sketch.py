"""A canvas in unit coordinates that knows the pose, the colour and the pattern of its subject."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFilter

from ragsight.demo.palette import RGB, backdrop, contrast_of, darker, lighter, luminance, shade_of

if TYPE_CHECKING:
    from random import Random

    from ragsight.demo.drawing.paths import Path, Point

SUPERSAMPLING = 3

_GREY_OUTLINE_ABOVE = 0.8
_LINE_WIDTH = 0.011
_SHADOW_GRID = 48
# Light falls from above: the foot of a picture is up to a fifth darker.
_DUSK = 50


@dataclass(frozen=True)
class Pose:
    """How a subject stands in its picture."""

    angle: float = 0.0
    scale: float = 1.0
    stretch: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    mirror: bool = False

    @classmethod
    def random(cls, rng: Random, tilt: float = 8.0) -> Pose:
        """A pose varied within what leaves the subject whole; `tilt` in degrees."""
        return cls(
            angle=rng.uniform(-tilt, tilt),
            scale=rng.uniform(0.82, 1.0),
            stretch=rng.uniform(0.93, 1.07),
            shift=(rng.uniform(-0.04, 0.04), rng.uniform(-0.04, 0.04)),
            mirror=rng.random() < 0.5,
        )

    def place(self, point: Point) -> Point:
        """Move a point from the subject's coordinates to the picture's, both in 0..1."""
        x, y = point[0] - 0.5, point[1] - 0.5
        if self.mirror:
            x = -x
        x, y = x * self.scale * self.stretch, y * self.scale / self.stretch
        cos, sin = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        return x * cos - y * sin + 0.5 + self.shift[0], x * sin + y * cos + 0.5 + self.shift[1]


@dataclass(frozen=True)
class Finish:
    """What a subject is covered with."""

    body: RGB
    pattern: str
    contrast: RGB
    outline: RGB
    line: float = 1.0
    angle: float = 0.0
    period: float = 0.11
    phase: float = 0.0
    share: float = 0.36
    dusk: float = 1.0

    @classmethod
    def random(cls, colour: str, pattern: str, rng: Random) -> Finish:
        """A finish in a shade of the named colour, with a varied pattern."""
        body = shade_of(colour, rng)
        is_light = luminance(body) > _GREY_OUTLINE_ABOVE
        return cls(
            body=body,
            pattern=pattern,
            contrast=contrast_of(body, rng),
            outline=darker(body, rng.uniform(0.5, 0.62) if is_light else rng.uniform(0.55, 0.7)),
            line=rng.uniform(0.75, 1.25),
            angle=rng.choice((0.0, 90.0, 45.0, -45.0)) + rng.uniform(-8, 8),
            period=rng.uniform(0.095, 0.135),
            phase=rng.random(),
            share=rng.uniform(0.32, 0.42),
        )


class Sketch:
    """A square picture under construction.

    Example:
        >>> from random import Random
        >>> sketch = Sketch(256, Pose(), Finish.random("red", "striped", Random(1)))
        >>> sketch.fill([(0.2, 0.2), (0.8, 0.2), (0.5, 0.8)])
        >>> sketch.finish().size
        (256, 256)
    """

    def __init__(self, size: int, pose: Pose, finish: Finish) -> None:
        self.size = size
        self.pose = pose
        self.look = finish
        self._side = size * SUPERSAMPLING
        self._whole = (0, 0, self._side, self._side)
        self._image = Image.new("RGB", (self._side, self._side), (255, 255, 255))
        self._draw = ImageDraw.Draw(self._image)
        self._ramp = Image.linear_gradient("L").resize((self._side, self._side))
        self._cloth: dict[tuple[float, bool], Image.Image] = {}

    def scenery(self, rng: Random, ground: float = 0.88) -> None:
        """Paint a light background and, at height `ground`, a soft shadow."""
        top, bottom = backdrop(rng)
        self.clear(top)
        if rng.random() < 0.75:
            self._image.paste(bottom, self._whole, self._ramp)
        shadow = Image.new("L", (_SHADOW_GRID, _SHADOW_GRID))
        x, y = self.pose.place((0.5, ground))
        reach, depth = rng.uniform(0.26, 0.36), rng.uniform(0.025, 0.05)
        corners = (x - reach, y - depth, x + reach, y + depth)
        strength = rng.randrange(50, 100)
        ImageDraw.Draw(shadow).ellipse([c * _SHADOW_GRID for c in corners], fill=strength)
        blurred = shadow.filter(ImageFilter.GaussianBlur(1.6))
        mask = blurred.resize(self._image.size, Image.Resampling.BICUBIC)
        self._image.paste(darker(bottom, 0.55), self._whole, mask)

    def clear(self, rgb: RGB) -> None:
        """Paint the whole picture one colour."""
        self._image.paste(rgb, self._whole)

    def fill(
        self, path: Path, *, tone: float = 0.0, patterned: bool = True, outline: bool = True
    ) -> None:
        """Cover an area with the subject's own colour and pattern.

        Args:
            path: The area.
            tone: Below 0 darker, above 0 lighter, at most 1 in size.
            patterned: Whether the pattern runs over this area.
            outline: Whether to draw its edge.
        """
        self._paste(self._cloth_for(tone, patterned), path)
        if outline:
            self.line([*path, path[0]])

    def part(self, path: Path, rgb: RGB, *, outline: bool = True) -> None:
        """Cover an area with a colour that isn't the subject's (a sole, a clasp)."""
        self._draw.polygon(self._pixels(path), fill=rgb)
        if outline:
            self.line([*path, path[0]], rgb=darker(rgb, 0.5))

    def line(self, points: Sequence[Point], width: float = 1.0, rgb: RGB | None = None) -> None:
        """Draw a line, by default as thick and as dark as the outline."""
        thickness = max(1, round(self._side * _LINE_WIDTH * self.look.line * width))
        colour = rgb if rgb is not None else self.look.outline
        self._draw.line(self._pixels(points), fill=colour, width=thickness, joint="curve")

    def gloss(self, path: Path, strength: float = 0.3) -> None:
        """Lighten an area, as light on a smooth surface does."""
        self._paste((255, 255, 255), path, strength)

    def shade(self, path: Path, strength: float = 0.18) -> None:
        """Darken an area, as a fold or an inside does."""
        self._paste((0, 0, 0), path, strength)

    def finish(self) -> Image.Image:
        """The picture at its final size, RGB."""
        return self._image.resize((self.size, self.size), Image.Resampling.BOX)

    def _pixels(self, points: Sequence[Point]) -> list[tuple[float, float]]:
        placed = (self.pose.place(point) for point in points)
        return [(x * self._side, y * self._side) for x, y in placed]

    def _paste(self, cover: Image.Image | RGB, path: Path, strength: float = 1.0) -> None:
        pixels = self._pixels(path)
        left, top = (max(0, math.floor(min(p[axis] for p in pixels))) for axis in (0, 1))
        right, bottom = (
            min(self._side, math.ceil(max(p[axis] for p in pixels)) + 1) for axis in (0, 1)
        )
        if right <= left or bottom <= top:
            return
        mask = Image.new("L", (right - left, bottom - top))
        moved = [(x - left, y - top) for x, y in pixels]
        ImageDraw.Draw(mask).polygon(moved, fill=round(255 * strength))
        area = (left, top, right, bottom)
        self._image.paste(cover.crop(area) if isinstance(cover, Image.Image) else cover, area, mask)

    def _cloth_for(self, tone: float, patterned: bool) -> Image.Image:
        key = (tone, patterned)
        if key not in self._cloth:
            self._cloth[key] = self._weave(tone, patterned)
        return self._cloth[key]

    def _weave(self, tone: float, patterned: bool) -> Image.Image:
        def toned(rgb: RGB) -> RGB:
            return lighter(rgb, tone) if tone > 0 else darker(rgb, -tone)

        cloth = Image.new("RGB", (self._side, self._side), toned(self.look.body))
        if patterned and self.look.pattern == "striped":
            self._stripe(cloth, toned(self.look.contrast))
        elif patterned and self.look.pattern == "dotted":
            self._dot(cloth, toned(self.look.contrast))
        dusk = [round(_DUSK * self.look.dusk * (level / 255) ** 1.5) for level in range(256)]
        cloth.paste((0, 0, 0), self._whole, self._ramp.point(dusk))
        return cloth

    def _stripe(self, cloth: Image.Image, rgb: RGB) -> None:
        draw = ImageDraw.Draw(cloth)
        half = self.look.period * self.look.share / 2
        for index in range(-10, 22):
            at = (index + self.look.phase) * self.look.period
            corners = [(-1, at - half), (2, at - half), (2, at + half), (-1, at + half)]
            draw.polygon([self._turned(corner) for corner in corners], fill=rgb)

    def _dot(self, cloth: Image.Image, rgb: RGB) -> None:
        draw = ImageDraw.Draw(cloth)
        step = self.look.period * 1.1
        radius = step * (0.1 + self.look.share / 2) * self._side
        for row in range(-8, 20):
            for column in range(-8, 20):
                across = column + self.look.phase + 0.5 * (row % 2)
                x, y = self._turned((across * step, row * step * 0.87))
                if -radius < min(x, y) and max(x, y) < self._side + radius:
                    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=rgb)

    def _turned(self, point: Point) -> Point:
        angle = math.radians(self.look.angle)
        x, y = point[0] - 0.5, point[1] - 0.5
        turned = (
            x * math.cos(angle) - y * math.sin(angle),
            x * math.sin(angle) + y * math.cos(angle),
        )
        return (turned[0] + 0.5) * self._side, (turned[1] + 0.5) * self._side
