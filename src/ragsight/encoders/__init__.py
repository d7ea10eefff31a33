"""Encoders: images and texts to vectors."""

from ragsight.encoders.base import (
    EncodedImages,
    EncoderSpec,
    FloatArray,
    ImageEncoder,
    ImageTextEncoder,
    SkipHandler,
    SkippedImage,
    TextEncoder,
)
from ragsight.encoders.bm25 import Bm25Encoder, SparseVector
from ragsight.encoders.by_space import (
    SpaceEncoder,
    Vector,
    encode_for_index,
    encode_for_query,
)
from ragsight.encoders.clip.encoder import DEFAULT_MODEL, DEMO_MODEL, ClipEncoder
from ragsight.encoders.clip.options import ClipOptions

__all__ = [
    "DEFAULT_MODEL",
    "DEMO_MODEL",
    "Bm25Encoder",
    "ClipEncoder",
    "ClipOptions",
    "EncodedImages",
    "EncoderSpec",
    "FloatArray",
    "ImageEncoder",
    "ImageTextEncoder",
    "SkipHandler",
    "SkippedImage",
    "SpaceEncoder",
    "SparseVector",
    "TextEncoder",
    "Vector",
    "encode_for_index",
    "encode_for_query",
]
