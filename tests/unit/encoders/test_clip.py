from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoTokenizer, CLIPImageProcessorPil, CLIPModel

from ragsight import ClipEncoder
from ragsight.errors import (
    EncoderError,
    ImageError,
    ModelNotFoundError,
    ModelUnavailableError,
    RagsightError,
)


def picture(seed: int, size: tuple[int, int] = (60, 40)) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(noise)


def test_images_are_encoded_as_the_transformers_reference_does(
    encoder: ClipEncoder, clip_folder: Path
) -> None:
    images = [picture(1), picture(2, (33, 90)), picture(3, (32, 32))]
    model = CLIPModel.from_pretrained(clip_folder).eval()
    processor = CLIPImageProcessorPil.from_pretrained(clip_folder)
    with torch.no_grad():
        pixels = processor(images=images, return_tensors="pt")
        reference = model.get_image_features(**pixels).pooler_output.numpy()
    reference /= np.linalg.norm(reference, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.encode_images(images), reference, atol=1e-5)


def test_texts_are_encoded_as_the_transformers_reference_does(
    encoder: ClipEncoder, clip_folder: Path
) -> None:
    texts = ["a red shoe", "one", "a much longer text than the others"]
    model = CLIPModel.from_pretrained(clip_folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(clip_folder)
    with torch.no_grad():
        tokens = tokenizer(texts, padding=True, truncation=True, return_tensors="pt")
        reference = model.get_text_features(**tokens).pooler_output.numpy()
    reference /= np.linalg.norm(reference, axis=1, keepdims=True)
    np.testing.assert_allclose(encoder.encode_texts(texts), reference, atol=1e-5)


def test_vectors_are_float32_rows_of_length_one(encoder: ClipEncoder) -> None:
    rows = encoder.encode_texts(["one", "two", "three"])
    assert rows.dtype == np.float32
    assert rows.shape == (3, encoder.spec.dimension)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1.0, atol=1e-6)


def test_the_batch_size_does_not_change_the_vectors(clip_folder: Path) -> None:
    images = [picture(seed) for seed in range(5)]
    one = ClipEncoder(str(clip_folder), batch_size=1).encode_images(images)
    many = ClipEncoder(str(clip_folder), batch_size=4).encode_images(images)
    np.testing.assert_allclose(one, many, atol=1e-5)


def test_nothing_to_encode_gives_an_empty_array_of_the_right_width(encoder: ClipEncoder) -> None:
    assert encoder.encode_images([]).shape == (0, encoder.spec.dimension)
    assert encoder.encode_texts([]).shape == (0, encoder.spec.dimension)


def test_a_text_longer_than_the_context_is_cut_off_instead_of_failing(
    encoder: ClipEncoder,
) -> None:
    assert encoder.encode_texts(["many words " * 200]).shape == (1, encoder.spec.dimension)


def test_a_broken_image_is_named(encoder: ClipEncoder, tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"broken\.png"):
        encoder.encode_images([path])


def test_a_skipped_image_is_reported_by_index_and_costs_no_other(encoder: ClipEncoder) -> None:
    skipped: list[tuple[int, RagsightError]] = []
    rows = encoder.encode_images(
        [picture(1), b"no image", picture(2)],
        on_skip=lambda index, error: skipped.append((index, error)),
    )
    assert [index for index, _ in skipped] == [1]
    np.testing.assert_allclose(rows, encoder.encode_images([picture(1), picture(2)]), atol=1e-6)


def test_an_encoder_survives_pickling(encoder: ClipEncoder) -> None:
    encoder.encode_texts(["load it"])
    copy = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(copy.encode_texts(["x"]), encoder.encode_texts(["x"]))


def test_a_missing_folder_is_an_unknown_model() -> None:
    with pytest.raises(ModelNotFoundError, match="no/such/folder"):
        _ = ClipEncoder("/no/such/folder").spec


def test_a_model_that_is_not_cached_says_the_hub_is_out_of_reach() -> None:
    encoder = ClipEncoder("openai/clip-vit-base-patch32", local_files_only=True)
    with pytest.raises(ModelUnavailableError, match="ragsight-demo"):
        encoder.encode_texts(["x"])


def test_a_folder_without_a_model_is_reported(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(EncoderError, match="can't be loaded"):
        _ = ClipEncoder(str(tmp_path)).spec


def test_weights_that_are_not_finite_are_reported(clip_folder: Path, tmp_path: Path) -> None:
    model = CLIPModel.from_pretrained(clip_folder)
    with torch.no_grad():
        model.text_projection.weight.fill_(float("nan"))
    model.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(clip_folder).save_pretrained(tmp_path)
    CLIPImageProcessorPil.from_pretrained(clip_folder).save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match="weights are damaged"):
        ClipEncoder(str(tmp_path)).encode_texts(["x"])


def test_a_batch_size_below_one_is_refused() -> None:
    with pytest.raises(EncoderError, match="batch_size"):
        ClipEncoder(batch_size=0)


def test_broken_images_alone_load_no_weights(tmp_path: Path) -> None:
    encoder = ClipEncoder(str(tmp_path / "no-model-here"))
    (tmp_path / "no-model-here").mkdir()
    (tmp_path / "no-model-here" / "config.json").write_text('{"projection_dim": 16}')
    skipped: list[int] = []
    rows = encoder.encode_images([b"no image"], on_skip=lambda index, _: skipped.append(index))
    assert (rows.shape, skipped) == ((0, 16), [0])
