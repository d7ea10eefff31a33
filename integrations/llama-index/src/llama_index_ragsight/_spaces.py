"""Which of a store's spaces a vector is from: that of the texts or that of the images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from ragsight import MultimodalStore
from ragsight.encoders import FloatArray
from ragsight.errors import InputError
from ragsight.spaces import SPACES, SpaceName

Space = Literal["text", "image"]
"""Where a vector is from: the embedding of the texts, or the encoder of the images."""

SAME = 0.999
"""Least cosine of two embeddings of one text: services don't repeat theirs to the last bit."""


def spaces_of(store: MultimodalStore, vector: FloatArray) -> dict[Space, SpaceName]:
    """The spaces whose vectors are as long as this one.

    Args:
        store: The store.
        vector: `(dimension,)`.

    Returns:
        The vector spaces by what they are of: texts, images, or both.

    Raises:
        InputError: If no vectors of the store have this length.
    """
    named = {name: spec for name, spec in store.spaces.items() if name in SPACES.spaces}
    lengths = {
        (SPACES.spaces[name].collection, name): spec.dimension
        for name, spec in named.items()
        if spec is not None and SPACES.spaces[name].form == "dense"
    }
    # Of spaces of one half and one length the first: the one that the framework's models fill.
    fitting: dict[Space, SpaceName] = {}
    for (collection, name), length in lengths.items():
        if length == len(vector):
            fitting.setdefault(collection, name)
    if not fitting:
        there = ", ".join(f"{half} vectors of {length}" for (half, _), length in lengths.items())
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
    texts, images = store.profile.text_encoder, store.profile.encoder
    return texts is not None and images is not None and texts.name == images.name
