"""Checkpoints of every family give the vectors of transformers' own classes."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoImageProcessor, AutoModel, AutoTokenizer

from checkpoints import CONTEXT, FAMILIES, edit_json, make_siglip
from drawings import noise
from ragsight import ClipEncoder
from ragsight.encoders.base import FloatArray
from ragsight.encoders.clip.checkpoint import Checkpoint
from ragsight.encoders.clip.tokenizing import load_text_tokenizer
from ragsight.errors import ConfigurationError, MissingExtraError

TEXTS = [
    "a red shoe",
    "one",
    "",
    "UPPER and lower",
    "红色的鞋子",
    "a text that is much longer than the others, and than the context",
]
IMAGES = [noise(1, (60, 40)), noise(2, (33, 90)), noise(3, (32, 32)), noise(4, (1, 30))]


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return FAMILIES[request.param](tmp_path_factory.mktemp(request.param))


def unit(rows: Any) -> FloatArray:
    array = rows.numpy()
    return array / np.linalg.norm(array, axis=1, keepdims=True)


def reference_texts(folder: Path, texts: list[str]) -> FloatArray:
    model, tokenizer = AutoModel.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    padding = "max_length" if model.config.model_type.startswith("siglip") else True
    tokens = tokenizer(
        texts, padding=padding, truncation=True, max_length=CONTEXT, return_tensors="pt"
    )
    with torch.no_grad():
        return unit(model.eval().get_text_features(**tokens).pooler_output)


def reference_images(folder: Path, images: list[Any]) -> FloatArray:
    model = AutoModel.from_pretrained(folder).eval()
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    with torch.no_grad():
        pixels = processor(images=images, return_tensors="pt")
        return unit(model.get_image_features(**pixels).pooler_output)


def test_texts_are_encoded_as_the_reference_does_in_a_batch(family: Path) -> None:
    vectors = ClipEncoder(str(family)).encode_texts(TEXTS)
    np.testing.assert_allclose(vectors, reference_texts(family, TEXTS), atol=2e-6)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_alone_is_encoded_as_the_reference_does(family: Path, text: str) -> None:
    vectors = ClipEncoder(str(family)).encode_texts([text])
    np.testing.assert_allclose(vectors, reference_texts(family, [text]), atol=2e-6)


@pytest.mark.parametrize("exact", [True, False])
def test_images_are_encoded_as_the_reference_does(family: Path, exact: bool) -> None:
    vectors = ClipEncoder(str(family), exact=exact).encode_images(IMAGES)
    np.testing.assert_allclose(vectors, reference_images(family, IMAGES), atol=2e-6)


def test_the_specification_states_the_width_of_the_vectors(family: Path) -> None:
    encoder = ClipEncoder(str(family))
    assert encoder.encode_texts(["a"]).shape[1] == encoder.spec.dimension
    assert encoder.encode_images([noise(1)]).shape[1] == encoder.spec.dimension


def test_the_tokenizers_library_gives_the_ids_of_transformers(family: Path) -> None:
    tokenizer = load_text_tokenizer(Checkpoint(str(family)))
    reference = AutoTokenizer.from_pretrained(family)
    expected = reference(TEXTS, truncation=True, max_length=CONTEXT)["input_ids"]
    assert [windows[0] for windows in tokenizer.windows(TEXTS)] == expected


def test_images_that_keep_their_shape_need_the_torch_backend(tmp_path: Path) -> None:
    folder = FAMILIES["siglip2-naflex"](tmp_path)
    with pytest.raises(ConfigurationError, match="only backend='torch'"):
        ClipEncoder(str(folder), backend="onnx").encode_images([noise(1)])


@pytest.mark.skipif(
    find_spec("sentencepiece") is not None,
    reason="needs sentencepiece to be missing",
)
def test_a_tokenizer_that_needs_sentencepiece_says_how_to_get_it(tmp_path: Path) -> None:
    folder = make_siglip(tmp_path)
    edit_json(folder / "tokenizer_config.json", tokenizer_class="SiglipTokenizer")
    with pytest.raises(MissingExtraError, match="pip install sentencepiece"):
        ClipEncoder(str(folder)).encode_texts(["a"])
