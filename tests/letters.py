"""A dense text encoder that needs no model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ragsight import EncoderSpec
from ragsight.encoders import FloatArray


class LetterEncoder:
    """Counts letters: crude, but real and deterministic."""

    spec = EncoderSpec("letters", None, 26)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        rows = np.array([[t.lower().count(chr(97 + n)) for n in range(26)] for t in texts])
        lengths = np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
        return np.asarray(rows / lengths, dtype=np.float32)

    encode_queries = encode_documents
