"""Every product kind, and the function that draws one."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from ragsight.demo.drawing import carried, clothing, household
from ragsight.demo.drawing.sketch import Finish, Pose, Sketch
from ragsight.demo.palette import COLOURS, PATTERNS
from ragsight.errors import ConfigurationError

if TYPE_CHECKING:
    from PIL import Image

_ARTISTS: dict[str, Callable[[Sketch, Random], None]] = {
    "t-shirt": clothing.t_shirt,
    "dress": clothing.dress,
    "jacket": clothing.jacket,
    "trousers": clothing.trousers,
    "skirt": clothing.skirt,
    "scarf": clothing.scarf,
    "cap": clothing.cap,
    "sneaker": carried.sneaker,
    "boot": carried.boot,
    "handbag": carried.handbag,
    "backpack": carried.backpack,
    "umbrella": carried.umbrella,
    "watch": carried.watch,
    "suitcase": carried.suitcase,
    "mug": household.mug,
    "teapot": household.teapot,
    "bottle": household.bottle,
    "chair": household.chair,
    "sofa": household.sofa,
    "lamp": household.lamp,
    "guitar": household.guitar,
}

# Where a kind meets the floor, and the kinds that look wrong when they lean.
_GROUND = {"sneaker": 0.79, "cap": 0.68, "mug": 0.82, "teapot": 0.83, "sofa": 0.83, "lamp": 0.9}
_UPRIGHT = frozenset({"chair", "sofa", "lamp", "mug", "teapot", "bottle", "suitcase"})

PRODUCT_KINDS: tuple[str, ...] = tuple(_ARTISTS)


def draw_product(
    kind: str, colour: str, pattern: str = "plain", *, seed: int, size: int = 256
) -> Image.Image:
    """Draw a product; the same arguments give the same pixels.

    Args:
        kind: One of `PRODUCT_KINDS`.
        colour: One of `ragsight.demo.palette.COLOURS`.
        pattern: One of `ragsight.demo.palette.PATTERNS`.
        seed: Varies pose, proportions, shade, background and pattern.
        size: Side of the square picture in pixels.

    Returns:
        A square RGB picture.

    Raises:
        ConfigurationError: If the kind, the colour or the pattern isn't one of the known ones.

    Example:
        >>> draw_product("sneaker", "red", "striped", seed=7).size
        (256, 256)
    """
    require(kind, PRODUCT_KINDS, "product kind")
    require(colour, COLOURS, "colour")
    require(pattern, PATTERNS, "pattern")
    rng = Random(f"product/{kind}/{colour}/{pattern}/{seed}")
    pose = Pose.random(rng, tilt=3.0 if kind in _UPRIGHT else 8.0)
    sketch = Sketch(size, pose, Finish.random(colour, pattern, rng))
    sketch.scenery(rng, _GROUND.get(kind, 0.88))
    _ARTISTS[kind](sketch, rng)
    return sketch.finish()


def require(value: str, known: tuple[str, ...], what: str) -> None:
    """Refuse a name that isn't one of the known ones.

    Raises:
        ConfigurationError: If `value` isn't in `known`.
    """
    if value not in known:
        raise ConfigurationError(
            f"Can't draw the {what} {value!r}; choose one of {', '.join(known)}."
        )
