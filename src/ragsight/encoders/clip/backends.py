"""What runs a checkpoint's two towers: torch, or ONNX Runtime."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ragsight.encoders.base import FloatArray

PixelArray: TypeAlias = NDArray[np.uint8]
"""Resized and cropped images: `(images, height, width, 3)`, 0 to 255, not yet normalised."""

TokenArray: TypeAlias = NDArray[np.int64]
"""Token ids, or their mask of ones and zeros: `(texts, length)`."""


class TowerBackend(Protocol):
    """Turns pixels and tokens into vectors; they aren't of length 1 yet."""

    def embed_pixels(self, pixels: PixelArray) -> FloatArray:
        """Normalise pixels as the checkpoint says and encode them: `(images, dimension)`."""
        ...

    def embed_tokens(self, ids: TokenArray, mask: TokenArray) -> FloatArray:
        """Encode tokenised texts: `(texts, dimension)`."""
        ...
