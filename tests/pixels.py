"""An encoder of pictures that needs no model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ragsight import open_image
from ragsight.encoders import EncoderSpec, FloatArray


class PixelEncoder:
    """Pictures by their colour; words are as grey as can be."""

    spec = EncoderSpec("pixels", None, 3)

    def encode_images(self, images: Iterable[Any], **_: Any) -> FloatArray:
        """One row for each picture: `(n, 3)`."""
        rows = [np.asarray(open_image(image).convert("RGB")).mean(axis=(0, 1)) for image in images]
        return _unit(np.array(rows, dtype=np.float32).reshape(-1, 3) + 1)

    def encode_texts(self, texts: Iterable[str], **_: Any) -> FloatArray:
        """One row for each text: `(n, 3)`."""
        return _unit(np.ones((len(list(texts)), 3), dtype=np.float32))


def _unit(rows: FloatArray) -> FloatArray:
    unit: FloatArray = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit
