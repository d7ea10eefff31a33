"""Vectors of checkpoints in real shapes against transformers' own classes, file to vector.

The weights are random, which makes all vectors nearly alike; so the mean vector is subtracted
before the cosine is taken, where a difference would otherwise hide.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel

from checkpoints import make_vit_b32, make_vit_l14
from drawings import noise
from ragsight import ClipEncoder
from ragsight.encoders import ClipOptions, FloatArray

TEXTS = [
    "red",
    "a photo of a red shoe",
    "A LONGER text, with some Punctuation: and the number 12.",
    "日本語の説明",
    "",
    "many words " * 40,
]


@dataclass(frozen=True)
class Reference:
    """A checkpoint and what transformers makes of texts and files with it."""

    folder: Path
    images: FloatArray
    texts: FloatArray


def photo(size: tuple[int, int], seed: int) -> Image.Image:
    coarse, middle, fine = (
        noise(3 * seed + step, shape).resize(size, Image.Resampling.BICUBIC)
        for step, shape in enumerate(((5, 4), (40, 30), (400, 300)))
    )
    return Image.blend(Image.blend(coarse, middle, 0.4), fine, 0.1)


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=format, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def files() -> list[bytes]:
    """Files of which the reference and `open_image` make the same image."""
    return [
        encoded(photo((4000, 3000), 1), "JPEG", quality=90),
        encoded(photo((1501, 2003), 2), "JPEG", quality=75),
        encoded(photo((640, 480), 3), "JPEG"),
        encoded(photo((1300, 1000), 4).convert("CMYK"), "JPEG"),
        encoded(photo((2400, 1600), 5).convert("L"), "JPEG"),
        encoded(photo((800, 600), 6), "PNG"),
        encoded(photo((600, 900), 7), "WEBP"),
        encoded(photo((300, 200), 8).quantize(64), "PNG"),
        encoded(photo((1, 90), 9), "PNG"),
    ]


def make_reference(folder: Path, files: list[bytes]) -> Reference:
    model = CLIPModel.from_pretrained(folder).eval()
    processor = CLIPImageProcessorPil.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    images = [Image.open(io.BytesIO(data)) for data in files]
    with torch.inference_mode():
        pixels = processor(images=images, return_tensors="pt")
        rows = model.get_image_features(**pixels).pooler_output.numpy()
        tokens = tokenizer(TEXTS, padding=True, truncation=True, return_tensors="pt")
        words = model.get_text_features(**tokens).pooler_output.numpy()
    return Reference(folder, rows, words)


@pytest.fixture(
    scope="module",
    params=[(make_vit_b32, 12), (make_vit_l14, 3)],
    ids=["ViT-B/32", "ViT-L/14 of reduced depth"],
)
def reference(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, files: list[bytes]
) -> Reference:
    make: Callable[..., Path] = request.param[0]
    folder = make(tmp_path_factory.mktemp("clip"), layers=request.param[1])
    return make_reference(folder, files)


def cosines(left: FloatArray, right: FloatArray) -> FloatArray:
    left, right = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (left, right))
    return (left * right).sum(axis=1)


def centred_cosines(found: FloatArray, expected: FloatArray) -> FloatArray:
    expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    mean = expected.mean(axis=0)
    return cosines(found - mean, expected - mean)


@pytest.mark.slow
def test_exact_vectors_are_the_references(reference: Reference, files: list[bytes]) -> None:
    encoder = ClipEncoder(str(reference.folder), exact=True)
    images, texts = encoder.encode_images(files), encoder.encode_texts(TEXTS)
    assert cosines(images, reference.images).min() >= 0.999999
    assert cosines(texts, reference.texts).min() >= 0.999999
    assert centred_cosines(images, reference.images).min() >= 0.99999
    assert centred_cosines(texts, reference.texts).min() >= 0.99999


@pytest.mark.slow
def test_default_vectors_differ_from_the_reference_by_less_than_jpeg_does(
    reference: Reference, files: list[bytes]
) -> None:
    encoder = ClipEncoder(str(reference.folder))
    images, texts = encoder.encode_images(files), encoder.encode_texts(TEXTS)
    assert centred_cosines(images, reference.images).min() >= 0.9999
    assert centred_cosines(texts, reference.texts).min() >= 0.99999


@pytest.mark.slow
def test_one_by_one_gives_the_vectors_of_a_batch(reference: Reference, files: list[bytes]) -> None:
    encoder = ClipEncoder(str(reference.folder), options=ClipOptions(workers=0))
    alone = np.concatenate([encoder.encode_images([data]) for data in files[2:]])
    together = encoder.encode_images(files[2:])
    assert centred_cosines(alone, together).min() >= 0.99999
    words = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    assert centred_cosines(words, encoder.encode_texts(TEXTS)).min() >= 0.99999
