"""Encoders: images and texts to vectors."""

from ragsight.encoders.base import (
    EncodedImages,
    EncoderSpec,
    FloatArray,
    ImageTextEncoder,
    SkipHandler,
    SkippedImage,
    TextEncoder,
)
from ragsight.encoders.bm25 import Bm25Encoder, SparseVector
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
    "ImageTextEncoder",
    "SkipHandler",
    "SkippedImage",
    "SparseVector",
    "TextEncoder",
]
