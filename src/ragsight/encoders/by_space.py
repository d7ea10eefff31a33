"""Ask an encoder for the vectors of a space, whichever kind of encoder the space needs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from ragsight.encoders.base import (
    FloatArray,
    ImageEncoder,
    ImageTextEncoder,
    SkipHandler,
    TextEncoder,
)
from ragsight.encoders.bm25 import Bm25Encoder, SparseVector
from ragsight.errors import ConfigurationError
from ragsight.spaces import AskedBy, VectorSpace

Vector: TypeAlias = FloatArray | SparseVector
"""A vector of any form: `(dimension,)`, `(n, dimension)`, or weights of terms."""

SpaceEncoder: TypeAlias = ImageTextEncoder | ImageEncoder | TextEncoder | Bm25Encoder
"""What encodes for a space; see `ragsight.spaces.VectorSpace` for the methods that it calls."""


def encode_for_index(
    encoder: SpaceEncoder,
    space: VectorSpace,
    parts: Sequence[Any],
    on_skip: SkipHandler | None = None,
) -> Sequence[Vector]:
    """Encode texts or images that are to be found.

    Args:
        encoder: The space's.
        space: The space.
        parts: Texts, or images, as the space takes them.
        on_skip: Called with the place of an image that can't be used.

    Returns:
        A vector for each, but for images that were skipped.

    Raises:
        ConfigurationError: If the encoder can't do it.
    """
    if space.collection == "image":
        rows: Sequence[Vector] = _method(encoder, space, "encode_images")(parts, on_skip=on_skip)
        return rows
    vectors: Sequence[Vector] = _method(encoder, space, "encode_documents")(parts)
    return vectors


def encode_for_query(
    encoder: SpaceEncoder, space: VectorSpace, asked_by: AskedBy, parts: Sequence[Any]
) -> Sequence[Vector]:
    """Encode words or images that ask.

    Raises:
        ConfigurationError: If the encoder can't do it.
    """
    if asked_by == "image":
        return encode_for_index(encoder, space, parts)
    name = "encode_texts" if space.collection == "image" else "encode_queries"
    vectors: Sequence[Vector] = _method(encoder, space, name)(parts)
    return vectors


def _method(encoder: SpaceEncoder, space: VectorSpace, name: str) -> Callable[..., Any]:
    method = getattr(encoder, name, None)
    if method is None:
        raise ConfigurationError(
            f"The encoder of the space {space.name!r} has no method {name}. Add it, or ask the "
            "space otherwise."
        )
    return method  # type: ignore[no-any-return]
