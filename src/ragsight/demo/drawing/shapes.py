"""Plain geometric shapes in the same colours and patterns as the products."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from ragsight.demo.drawing.paths import box, curve, ellipse, regular, star
from ragsight.demo.drawing.products import require
from ragsight.demo.drawing.sketch import Finish, Pose, Sketch
from ragsight.demo.palette import COLOURS, PATTERNS, backdrop

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL import Image

    from ragsight.demo.drawing.paths import Path
    from ragsight.demo.palette import RGB

_MIDDLE = (0.5, 0.5)
_DARK: tuple[RGB, ...] = ((0, 0, 0), (30, 32, 38))


def _triangle() -> Path:
    return [(0.5, 0.14), (0.9, 0.84), (0.1, 0.84)]


def _cross() -> Path:
    corner = [(0.38, 0.1), (0.62, 0.1), (0.62, 0.38), (0.9, 0.38), (0.9, 0.62), (0.62, 0.62)]
    return [*corner, (0.62, 0.9), (0.38, 0.9), (0.38, 0.62), (0.1, 0.62), (0.1, 0.38), (0.38, 0.38)]


def _heart() -> Path:
    left = curve([(0.5, 0.3), (0.4, 0.16), (0.22, 0.15), (0.1, 0.3), (0.14, 0.5), (0.5, 0.88)])
    return [*left, *[(1 - x, y) for x, y in left[::-1]]]


def _ring() -> Path:
    # One path out and back: the even-odd fill leaves the hole open.
    return [*ellipse(_MIDDLE, 0.4), *ellipse(_MIDDLE, 0.24)[::-1]]


def _arrow() -> Path:
    tail = [(0.08, 0.38), (0.52, 0.38), (0.52, 0.18), (0.92, 0.5)]
    return [*tail, (0.52, 0.82), (0.52, 0.62), (0.08, 0.62)]


_OUTLINES: dict[str, Callable[[], Path]] = {
    "circle": lambda: ellipse(_MIDDLE, 0.4),
    "square": lambda: box(0.14, 0.14, 0.86, 0.86),
    "triangle": _triangle,
    "star": lambda: star((0.5, 0.52), 0.44, 0.18),
    "hexagon": lambda: regular(_MIDDLE, 0.42, 6),
    "diamond": lambda: [(0.5, 0.08), (0.82, 0.5), (0.5, 0.92), (0.18, 0.5)],
    "cross": _cross,
    "heart": _heart,
    "ring": _ring,
    "arrow": _arrow,
    "swatch": lambda: box(-1, -1, 2, 2),
}

SHAPE_KINDS: tuple[str, ...] = tuple(_OUTLINES)


def draw_shape(
    kind: str, colour: str, pattern: str = "plain", *, seed: int, size: int = 256
) -> Image.Image:
    """Draw a flat shape; the same arguments give the same pixels.

    Args:
        kind: One of `SHAPE_KINDS`; a swatch fills the whole picture.
        colour: One of `ragsight.demo.palette.COLOURS`.
        pattern: One of `ragsight.demo.palette.PATTERNS`.
        seed: Varies size, place, tilt, shade, outline and background.
        size: Side of the square picture in pixels.

    Returns:
        A square RGB picture.

    Raises:
        ConfigurationError: If the kind, the colour or the pattern isn't one of the known ones.
    """
    require(kind, SHAPE_KINDS, "shape")
    require(colour, COLOURS, "colour")
    require(pattern, PATTERNS, "pattern")
    rng = Random(f"shape/{kind}/{colour}/{pattern}/{seed}")
    finish = Finish.random(colour, pattern, rng)
    sketch = Sketch(size, _pose(kind, rng), replace(finish, dusk=rng.choice((0.0, 0.0, 1.0))))
    sketch.clear(_background(colour, rng))
    outlined = kind != "swatch" and (colour == "white" or rng.random() < 0.4)
    sketch.fill(_OUTLINES[kind](), outline=outlined and kind != "ring")
    if outlined and kind == "ring":
        for edge in (ellipse(_MIDDLE, 0.4), ellipse(_MIDDLE, 0.24)):
            sketch.line(edge)
    return sketch.finish()


def _pose(kind: str, rng: Random) -> Pose:
    tilt = 6.0 if kind in {"square", "diamond", "cross"} else 14.0
    shift = rng.uniform(-0.1, 0.1), rng.uniform(-0.1, 0.1)
    return Pose(rng.uniform(-tilt, tilt), rng.uniform(0.5, 1.05), rng.uniform(0.9, 1.1), shift)


def _background(colour: str, rng: Random) -> RGB:
    roll = rng.random()
    if colour != "black" and roll < 0.15:
        return rng.choice(_DARK)
    return backdrop(rng)[0] if colour == "white" or roll < 0.5 else (255, 255, 255)
