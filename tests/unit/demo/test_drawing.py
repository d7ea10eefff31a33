from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ragsight.demo.drawing import (
    FIGURE_KINDS,
    PRODUCT_KINDS,
    SHAPE_KINDS,
    draw_figure,
    draw_product,
    draw_shape,
)
from ragsight.demo.palette import COLOURS, PATTERNS, SHADES
from ragsight.errors import ConfigurationError


def share_of_colour(image: Image.Image, colour: str) -> float:
    """Share of pixels near any shade of a colour, in day or in the dusk at the foot."""
    pixels = np.asarray(image).reshape(-1, 1, 3).astype(float)
    shades = np.array([[c * light for c in s] for s in SHADES[colour] for light in (0.8, 0.9, 1)])
    return float((np.abs(pixels - shades).max(axis=2).min(axis=1) < 30).mean())


@pytest.mark.parametrize("kind", PRODUCT_KINDS)
def test_every_product_draws_in_its_colour_with_every_pattern(kind: str) -> None:
    for colour in COLOURS:
        for pattern in PATTERNS:
            image = draw_product(kind, colour, pattern, seed=3, size=36)
            assert image.size == (36, 36)
            assert image.mode == "RGB"
            assert share_of_colour(image, colour) > 0.02, (colour, pattern)


@pytest.mark.parametrize("kind", SHAPE_KINDS)
def test_every_shape_draws_in_its_colour_with_every_pattern(kind: str) -> None:
    for colour in COLOURS:
        for pattern in PATTERNS:
            image = draw_shape(kind, colour, pattern, seed=5, size=24)
            assert share_of_colour(image, colour) > 0.01, (colour, pattern)


@pytest.mark.parametrize("kind", FIGURE_KINDS)
def test_every_figure_draws_at_the_size_asked_for(kind: str) -> None:
    for seed in range(6):
        image = draw_figure(kind, seed=seed, size=(120, 80))
        assert image.size == (120, 80)
        assert np.asarray(image).std() > 3


def test_the_same_seed_gives_the_same_pixels() -> None:
    first = draw_product("teapot", "green", "dotted", seed=11, size=48)
    again = draw_product("teapot", "green", "dotted", seed=11, size=48)
    assert first.tobytes() == again.tobytes()
    figures = [draw_figure("scatter plot", seed=4, size=(90, 60)).tobytes() for _ in range(2)]
    assert figures[0] == figures[1]


def test_another_seed_gives_another_picture() -> None:
    pictures = {draw_product("boot", "red", "plain", seed=s, size=32).tobytes() for s in range(8)}
    assert len(pictures) == 8


def test_stripes_and_dots_bring_a_contrast_that_plain_cloth_lacks() -> None:
    spread = {
        pattern: np.mean(
            [
                np.asarray(draw_shape("swatch", "blue", pattern, seed=s, size=40)).std(axis=(0, 1))
                for s in range(5)
            ]
        )
        for pattern in PATTERNS
    }
    assert spread["striped"] > 5 * spread["plain"]
    assert spread["dotted"] > 5 * spread["plain"]


@pytest.mark.parametrize(
    ("kind", "colour", "pattern"),
    [("car", "red", "plain"), ("mug", "teal", "plain"), ("mug", "red", "checked")],
)
def test_an_unknown_name_is_refused_with_the_names_there_are(
    kind: str, colour: str, pattern: str
) -> None:
    with pytest.raises(ConfigurationError, match="choose one of"):
        draw_product(kind, colour, pattern, seed=0)
