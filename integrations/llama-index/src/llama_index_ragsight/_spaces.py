"""Which of a store's spaces a vector is from: that of the texts or that of the images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ragsight import MultimodalStore
from ragsight.encoders import FloatArray
from ragsight.errors import InputError

Space = Literal["text", "image"]
"""Where a vector is from: the embedding of the texts, or the encoder of the images."""

SAME = 0.999
"""Least cosine of two embeddings of one text: services don't repeat theirs to the last bit."""


def spaces_of(store: MultimodalStore, vector: FloatArray) -> tuple[Space, ...]:
    """The spaces whose vectors are as long as this one.

    Args:
        store: The store.
        vector: `(dimension,)`.

    Returns:
        One space, or both.

    Raises:
        InputError: If no vectors of the store have this length.
    """
    lengths = _lengths(store)
    fitting = tuple(space for space, length in lengths.items() if length == len(vector))
    if not fitting:
        there = ", ".join(f"{space} vectors of {length}" for space, length in lengths.items())
        raise InputError(
            f"The embedding has {len(vector)} numbers; the index at {store.place} has {there}. "
            "Open the index with the embedding that is used: "
            "MultimodalVectorStore.open(..., embed_model=...)."
        )
    return fitting


def as_vector(embedding: Sequence[float]) -> FloatArray:
    """An embedding as an array, `(dimension,)`.

    Raises:
        InputError: If it isn't a list of finite numbers.
    """
    vector = np.asarray(embedding, dtype=np.float32)
    if vector.ndim != 1 or not np.isfinite(vector).all():
        raise InputError("An embedding is a list of finite numbers. Check the embedding model.")
    return vector


def is_same(one: FloatArray, other: FloatArray) -> bool:
    """Whether two vectors are embeddings of one text."""
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return length > 0 and float(one @ other) / length >= SAME


def shares_one_space(store: MultimodalStore) -> bool:
    """Whether texts and images are embedded by the same model."""
    texts = store.profile.text_encoder
    return texts is not None and texts.name == store.profile.encoder.name


def _lengths(store: MultimodalStore) -> dict[Space, int]:
    spec = store.profile.text_encoder
    lengths: dict[Space, int] = {} if spec is None else {"text": spec.dimension}
    return {**lengths, "image": store.profile.encoder.dimension}
