"""Tell two versions of one picture from two pictures that resemble each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

SIDE = 16
NEAR_BITS = 20
"""Most bits of 256 in which two versions of one picture differ. Text pages differ in more; with 64
bits they don't."""

FLAT_CELLS = 24
"""With fewer cells than this that differ from their neighbour a picture has no shape to compare."""

FLAT_STEP = 3
NEAR_COLOUR = 48
"""Largest difference of a cell's colour, of 255. Another compression or size makes one of 5 to 20;
another bar in a chart, or another colour of it, 150 and more, and the bits may not show it."""


@dataclass(frozen=True, slots=True)
class PerceptualHash:
    """A small description of what a picture looks like.

    Attributes:
        bits: 256-bit dHash: whether each cell is brighter than the one to its right.
        cells: Colours of 16x16 cells, RGB, row by row.

    Example:
        >>> picture = Image.radial_gradient("L").rotate(30).convert("RGB")
        >>> perceptual_hash(picture).is_near(perceptual_hash(picture.resize((100, 100))))
        True
    """

    bits: int
    cells: bytes

    def is_near(self, other: PerceptualHash) -> bool:
        """Whether the two are versions of one picture: scaled, or compressed anew."""
        if (self.bits ^ other.bits).bit_count() > NEAR_BITS:
            return False
        mine = np.frombuffer(self.cells, dtype=np.uint8).astype(np.int16)
        theirs = np.frombuffer(other.cells, dtype=np.uint8).astype(np.int16)
        return int(np.abs(mine - theirs).max()) <= NEAR_COLOUR


def perceptual_hash(image: Image.Image) -> PerceptualHash | None:
    """Describe an RGB picture, or `None` if it is so flat that it has nothing to go by."""
    # A plain `reduce` would be faster, but stretches what doesn't divide evenly.
    shape = (4 * (SIDE + 1), 4 * SIDE)
    small = image.resize(shape, Image.Resampling.BILINEAR, reducing_gap=2.0)
    grey = small.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BOX)
    values = np.asarray(grey, dtype=np.int16)
    steps = values[:, :-1] - values[:, 1:]
    if int((np.abs(steps) >= FLAT_STEP).sum()) < FLAT_CELLS:
        return None
    bits = int.from_bytes(np.packbits(steps > 0).tobytes(), "big")
    return PerceptualHash(bits, small.resize((SIDE, SIDE), Image.Resampling.BILINEAR).tobytes())
