from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from drawings import noise
from ragsight.images.perceptual_hash import perceptual_hash


def scene(seed: int, size: tuple[int, int]) -> Image.Image:
    """Soft shapes unlike those of other seeds."""
    return noise(seed, (12, 9)).resize(size, Image.Resampling.BICUBIC)


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 500), width=st.integers(200, 900), height=st.integers(200, 900))
def test_a_picture_at_another_size_is_near_and_another_picture_is_not(
    seed: int, width: int, height: int
) -> None:
    large = scene(seed, (width, height))
    look = perceptual_hash(large)
    smaller = perceptual_hash(
        large.resize((width * 2 // 3, height * 2 // 3), Image.Resampling.LANCZOS)
    )
    other = perceptual_hash(scene(seed + 1, (width, height)))

    assert look is not None
    assert smaller is not None
    assert other is not None
    assert look.is_near(smaller)
    assert smaller.is_near(look)
    assert not look.is_near(other)


@pytest.mark.parametrize("size", [(1, 1), (3, 500), (17, 16), (400, 300)])
def test_a_picture_of_one_colour_has_nothing_to_go_by(size: tuple[int, int]) -> None:
    assert perceptual_hash(Image.new("RGB", size, "teal")) is None


def test_a_mirrored_picture_is_another_one() -> None:
    picture = scene(3, (400, 300))
    mirrored = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)

    look, other = perceptual_hash(picture), perceptual_hash(mirrored)

    assert look is not None
    assert other is not None
    assert not look.is_near(other)
