"""Renders the training pictures once, on every core, into one array."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tools.demo.training.samples import Sample, draw_sample

if TYPE_CHECKING:
    from collections.abc import Sequence

# A quarter larger than the model's input, so that a crop can move and zoom.
POOL_SIDE = 80
_CHUNK = 200


def render(samples: Sequence[Sample], side: int = POOL_SIDE, workers: int = 2) -> NDArray[np.uint8]:
    """Draw samples, cut to squares as the CLIP processor would.

    Args:
        samples: What to draw.
        side: Height and width of the result.
        workers: Number of processes; 1 draws in this one.

    Returns:
        An array of shape (samples, side, side, 3).
    """
    pool = np.empty((len(samples), side, side, 3), dtype=np.uint8)
    if workers == 1:
        for i, sample in enumerate(samples):
            pool[i] = _square(sample, side)
        return pool
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as executor:
        squares = executor.map(_square, samples, [side] * len(samples), chunksize=_CHUNK)
        for i, square in enumerate(squares):
            pool[i] = square
    return pool


def square_of(image: Image.Image, side: int) -> Image.Image:
    """Resize the shorter edge to `side`, bicubic, and cut out the middle."""
    share = side / min(image.size)
    width, height = (max(side, int(edge * share)) for edge in image.size)
    resized = image.resize((width, height), Image.Resampling.BICUBIC)
    left, top = (width - side) // 2, (height - side) // 2
    return resized.crop((left, top, left + side, top + side))


def _square(sample: Sample, side: int) -> NDArray[np.uint8]:
    return np.asarray(square_of(draw_sample(sample), side))
