"""The colours and patterns that every drawing in the demo is made of."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from random import Random

RGB: TypeAlias = tuple[int, int, int]

PATTERNS: tuple[str, ...] = ("plain", "striped", "dotted")

# Several anchors a colour, so that the model learns "blue" and not one blue.
SHADES: dict[str, tuple[RGB, ...]] = {
    "black": ((34, 34, 38), (22, 22, 24), (44, 42, 44)),
    "white": ((250, 250, 248), (244, 243, 240), (255, 255, 255)),
    "grey": ((140, 143, 148), (118, 120, 124), (160, 160, 160)),
    "red": ((212, 38, 42), (232, 24, 24), (186, 28, 40), (255, 12, 12)),
    "orange": ((246, 128, 28), (255, 146, 20), (236, 112, 22), (255, 160, 16)),
    "yellow": ((250, 212, 48), (255, 226, 60), (242, 202, 28), (255, 250, 24)),
    "green": ((50, 150, 72), (24, 118, 58), (104, 182, 70), (10, 150, 20)),
    "blue": ((42, 98, 206), (28, 64, 172), (44, 126, 222), (16, 24, 240)),
    "purple": ((126, 62, 170), (104, 44, 150), (146, 84, 190), (128, 10, 130)),
    "pink": ((246, 140, 182), (250, 164, 196), (240, 116, 168), (255, 178, 198)),
    "brown": ((122, 78, 48), (102, 62, 36), (142, 94, 60)),
}

COLOURS: tuple[str, ...] = tuple(SHADES)

_GREYS = frozenset({"black", "white", "grey"})
_LIGHT_LUMINANCE = 0.55
_PAPER_LIGHTS: tuple[RGB, ...] = ((252, 250, 244), (240, 236, 226), (255, 255, 255))
_INKS: tuple[RGB, ...] = ((40, 40, 46), (26, 28, 34))


def luminance(rgb: RGB) -> float:
    """Perceived brightness between 0 and 1 (Rec. 601 weights on gamma-encoded values)."""
    red, green, blue = rgb
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """Blend two colours; `share` 0 gives the first, 1 the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def darker(rgb: RGB, amount: float) -> RGB:
    """Move a colour towards black by a share between 0 and 1."""
    return mix(rgb, (0, 0, 0), amount)


def lighter(rgb: RGB, amount: float) -> RGB:
    """Move a colour towards white by a share between 0 and 1."""
    return mix(rgb, (255, 255, 255), amount)


def shade_of(colour: str, rng: Random) -> RGB:
    """Pick one shade of a named colour, slightly moved in hue and brightness.

    Args:
        colour: One of `COLOURS`.
        rng: Source of the variation.

    Returns:
        A colour that a person still calls by that name.
    """
    red, green, blue = (channel / 255 for channel in rng.choice(SHADES[colour]))
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if colour not in _GREYS:
        hue = (hue + rng.uniform(-0.008, 0.008)) % 1
        saturation = min(1.0, saturation * rng.uniform(0.93, 1.05))
    value = min(1.0, value * rng.uniform(0.95, 1.05))
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def contrast_of(rgb: RGB, rng: Random) -> RGB:
    """Choose the colour of stripes or dots on a body of this colour.

    Only near-neutral colours and deep tones of the body's own hue are used, so the body keeps
    the only colour name in the picture.
    """
    if luminance(rgb) < _LIGHT_LUMINANCE:
        return rng.choice(_PAPER_LIGHTS)
    return rng.choice((*_INKS, darker(rgb, 0.68)))


def backdrop(rng: Random) -> tuple[RGB, RGB]:
    """Two light, nearly neutral tones for the top and the bottom of a background."""
    hue, saturation = rng.random(), rng.uniform(0.0, 0.10)
    tones: list[RGB] = []
    for value in (rng.uniform(0.90, 1.0), rng.uniform(0.80, 0.97)):
        red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
        tones.append((round(red * 255), round(green * 255), round(blue * 255)))
    return tones[0], tones[1]
