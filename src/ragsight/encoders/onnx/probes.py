"""Generated images and texts on which an export is compared with the model it was made from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ragsight.encoders.base import FloatArray
from ragsight.encoders.clip.backends import PixelArray, TokenArray
from ragsight.encoders.clip.text_weights import TextTower
from ragsight.encoders.onnx.manifest import Closeness

IMAGES = 24
LENGTHS = (3, 7, 12, 20)
TEXTS_OF_A_LENGTH = 8


def probe_images(size: int) -> PixelArray:
    """Noise over slopes and rectangles, the same each time: `(IMAGES, size, size, 3)`."""
    random = np.random.default_rng(0)
    across = np.linspace(0, 1, size)
    images = np.empty((IMAGES, size, size, 3), np.uint8)
    for index in range(IMAGES):
        colours = random.uniform(0, 255, (3, 3))
        values = (
            colours[0] + across[:, None, None] * colours[1] - across[None, :, None] * colours[2]
        )
        top, left = random.integers(0, size, 2)
        height, width = random.integers(1, size, 2)
        values[top : top + height, left : left + width] = random.uniform(0, 255, 3)
        values += random.normal(0, random.uniform(2, 40), values.shape)
        images[index] = values.clip(0, 255)
    return images


def probe_texts(tower: TextTower) -> Iterator[tuple[TokenArray, TokenArray]]:
    """Batches of random ids that end as the tower's texts do, with masks; the last is padded."""
    random = np.random.default_rng(0)
    context, vocabulary = len(tower.positions), len(tower.words)
    ends = {"end": tower.end, "highest": vocabulary - 1}
    for length in sorted({min(length, context) for length in LENGTHS}):
        ids = random.integers(0, vocabulary - 1, (TEXTS_OF_A_LENGTH, length))
        mask = np.ones_like(ids)
        if tower.pooled in ends:
            end = ends[tower.pooled]
            ids[ids == end] = (end + 1) % (vocabulary - 1)
            ids[:, -1] = end
        yield ids, mask
    if length > 2:
        ids, mask = ids[:2].copy(), mask[:2].copy()
        ids[:, -2:] = ids[:, -1:]
        mask[:, -1] = 0
        yield ids, mask


def closeness(found: FloatArray, reference: FloatArray) -> Closeness:
    """Cosines of rows with those of a reference, after its mean is taken from both."""
    mean = reference.mean(axis=0, dtype=np.float64)
    first, second = found - mean, reference - mean
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosines = (first * second).sum(axis=1) / lengths
    return Closeness(mean=float(cosines.mean()), least=float(cosines.min()))
