"""What can be drawn, what may be trained on, and the tags that tell pictures apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from random import Random
from typing import TYPE_CHECKING

from ragsight.demo.drawing import (
    FIGURE_KINDS,
    PRODUCT_KINDS,
    SHAPE_KINDS,
    draw_figure,
    draw_product,
    draw_shape,
)
from ragsight.demo.palette import COLOURS, PATTERNS
from ragsight.demo.seeds import TRAINING

if TYPE_CHECKING:
    from PIL import Image

GROUPS: dict[str, tuple[str, ...]] = {
    "footwear": ("sneaker", "boot"),
    "bag": ("handbag", "backpack"),
    "clothing": ("t-shirt", "dress", "jacket", "trousers", "skirt", "scarf"),
    "furniture": ("chair", "sofa", "lamp"),
    "shape": SHAPE_KINDS,
    "chart": ("bar chart", "line chart", "pie chart", "scatter plot"),
    "diagram": ("flow diagram", "orbits"),
    "figure": FIGURE_KINDS,
}

_HELD_OUT_EVERY = 7
_WIDE_SIZES = ((250, 150), (240, 180), (280, 140), (180, 180), (300, 170), (200, 140))
_TALL_SIZES = ((150, 210), (180, 240), (240, 180), (160, 200))
_SQUARE_SIZES = (72, 88, 96, 112)


@dataclass(frozen=True)
class Sample:
    """One picture to draw; figures have no colour and no pattern."""

    kind: str
    colour: str | None
    pattern: str | None
    seed: int

    @property
    def tags(self) -> frozenset[str]:
        """Everything a caption may truly say about the picture."""
        groups = {name for name, members in GROUPS.items() if self.kind in members}
        names = (self.kind, self.colour, self.pattern, *groups)
        return frozenset(name for name in names if name is not None)


def is_held_out(kind: str, colour: str, pattern: str) -> bool:
    """Whether a product is one of the seventh that training never sees.

    The choice runs diagonally through the cube of kinds, colours and patterns, so every kind,
    colour and pattern is held out about equally often and none of them entirely.
    """
    place = PRODUCT_KINDS.index(kind) + 2 * COLOURS.index(colour) + 3 * PATTERNS.index(pattern)
    return place % _HELD_OUT_EVERY == 0


def combinations(*, held_out: bool) -> list[tuple[str, str, str]]:
    """All products as (kind, colour, pattern), either held out or trained on."""
    cube = product(PRODUCT_KINDS, COLOURS, PATTERNS)
    return [names for names in cube if is_held_out(*names) is held_out]


def training_samples(products: int = 20, shapes: int = 5, figures: int = 450) -> Iterator[Sample]:
    """The pictures to train on.

    Args:
        products: Pictures of each product that isn't held out.
        shapes: Pictures of each shape in each colour and pattern.
        figures: Pictures of each figure kind.

    Yields:
        Samples with seeds from the training range.
    """
    for kind, colour, pattern in combinations(held_out=False):
        for seed in TRAINING[:products]:
            yield Sample(kind, colour, pattern, seed)
    for kind, colour, pattern in product(SHAPE_KINDS, COLOURS, PATTERNS):
        for seed in TRAINING[:shapes]:
            yield Sample(kind, colour, pattern, seed)
    for kind in FIGURE_KINDS:
        for seed in TRAINING[:figures]:
            yield Sample(kind, None, None, seed)


def draw_sample(sample: Sample) -> Image.Image:
    """Draw a sample at a small size that varies with its seed."""
    rng = Random(f"size/{sample.kind}/{sample.seed}")
    if sample.colour is None or sample.pattern is None:
        sizes = _TALL_SIZES if sample.kind == "text page" else _WIDE_SIZES
        return draw_figure(sample.kind, seed=sample.seed, size=rng.choice(sizes))
    artist = draw_shape if sample.kind in SHAPE_KINDS else draw_product
    size = rng.choice(_SQUARE_SIZES)
    return artist(sample.kind, sample.colour, sample.pattern, seed=sample.seed, size=size)
