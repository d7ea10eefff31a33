"""Vectors that a caller brings: of chunks, and of queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from ragsight.chunks import Chunk
from ragsight.encoders import FloatArray, SparseVector, Vector
from ragsight.errors import ConfigurationError, InputError
from ragsight.spaces import SpaceName
from ragsight.store.schema import IndexedSpace, IndexManifest


@dataclass(frozen=True, slots=True)
class EncodedChunk:
    """A chunk with vectors that were made elsewhere; what it has none of is encoded as ever.

    Attributes:
        chunk: The chunk.
        vectors: By space, such as `dense` (of its text) or `clip` (of its image): a numpy array or
            a list of numbers, of the space's dimension; `SparseVector` for `bm25`; an array of
            shape (vectors, dimension) for a space of several vectors.

    Example:
        >>> from ragsight import Chunk, Source
        >>> chunk = Chunk(text="Red shoes", source=Source(uri="shop.csv"))
        >>> sorted(EncodedChunk(chunk, {"dense": [0.1, 0.9]}).vectors)
        ['dense']
    """

    chunk: Chunk
    vectors: Mapping[SpaceName, Vector] = field(compare=False)


GivenVectors: TypeAlias = dict[str, dict[SpaceName, Vector]]
"""Vectors by the chunk's id and by space."""


def parted(
    chunks: Iterable[Chunk | EncodedChunk], profile: IndexManifest, place: str
) -> tuple[list[Chunk], GivenVectors]:
    """Chunks and the vectors that come with them.

    Raises:
        ConfigurationError: If the index has no such space.
        InputError: If a vector has another form or dimension than its space, numbers that aren't
            finite, or is of an image or text that the chunk doesn't have.
    """
    plain: list[Chunk] = []
    given: GivenVectors = {}
    for item in chunks:
        chunk = item.chunk if isinstance(item, EncodedChunk) else item
        plain.append(chunk)
        # Of chunks with one id the last one counts, with its vectors or without.
        given.pop(chunk.id, None)
        if isinstance(item, EncodedChunk):
            given[chunk.id] = _checked(item, profile, place)
    return plain, given


def _checked(item: EncodedChunk, profile: IndexManifest, place: str) -> dict[SpaceName, Vector]:
    chunk = item.chunk
    what = f"Chunk {chunk.id!a} of {chunk.source}"
    checked: dict[SpaceName, Vector] = {}
    for name, vector in item.vectors.items():
        indexed = indexed_space(name, profile, place)
        is_image = indexed.space.collection == "image"
        if chunk.image is None if is_image else not chunk.text.strip():
            raise InputError(
                f"{what}: it comes with a vector of {name!r}, and has no "
                f"{'image' if is_image else 'text'} that it could be of."
            )
        checked[name] = checked_vector(indexed, vector, what)
    return checked


def indexed_space(name: SpaceName, profile: IndexManifest, place: str) -> IndexedSpace:
    """A space of an index.

    Raises:
        ConfigurationError: If it hasn't got it.
    """
    if name not in profile.spaces:
        raise ConfigurationError(
            f"{place}: the index has no vectors of {name!r}; it has {', '.join(profile.spaces)}. "
            "Open it with the encoder that makes them, when it is made."
        )
    return profile.spaces[name]


def checked_vector(indexed: IndexedSpace, vector: Vector, what: str) -> Vector:
    """A vector as the engines take it: sparse, or an array of float32.

    Args:
        indexed: The space that it is of.
        vector: The vector.
        what: What it belongs to, for the message.

    Raises:
        InputError: If it doesn't fit the space.
    """
    space = indexed.space
    if isinstance(vector, SparseVector) or space.form == "sparse":
        if not isinstance(vector, SparseVector) or space.form != "sparse":
            raise InputError(f"{what}: the vector of {space.name!r} must be {space.form}.")
        _check_finite(np.asarray(vector.values), space.name, what)
        return vector
    try:
        row = np.asarray(vector, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{what}: the vector of {space.name!r} is none ({error}).") from error
    shape = (indexed.encoder.dimension,) if indexed.encoder is not None else row.shape[-1:]
    if row.ndim != (2 if space.form == "multi" else 1) or row.shape[-1:] != shape or not row.size:
        wanted = f"({'n, ' if space.form == 'multi' else ''}{shape[0] if shape else '?'})"
        raise InputError(
            f"{what}: the vector of {space.name!r} has the shape {row.shape}, and the index's have "
            f"{wanted}. Use the encoder that the index was made with."
        )
    _check_finite(row, space.name, what)
    return row


def _check_finite(numbers: FloatArray, space: SpaceName, what: str) -> None:
    if not np.isfinite(numbers).all():
        raise InputError(f"{what}: the vector of {space!r} has numbers that aren't finite.")
