"""Encoders: images and texts to vectors."""

from ragsight.encoders.base import (
    EncoderSpec,
    FloatArray,
    ImageTextEncoder,
    SkipHandler,
    TextEncoder,
)
from ragsight.encoders.bm25 import Bm25Encoder, SparseVector
from ragsight.encoders.clip import DEFAULT_MODEL, DEMO_MODEL, ClipEncoder

__all__ = [
    "DEFAULT_MODEL",
    "DEMO_MODEL",
    "Bm25Encoder",
    "ClipEncoder",
    "EncoderSpec",
    "FloatArray",
    "ImageTextEncoder",
    "SkipHandler",
    "SparseVector",
    "TextEncoder",
]
