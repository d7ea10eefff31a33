from __future__ import annotations

import gc
import io
import logging
import multiprocessing
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import (
    AutoTokenizer,
    CLIPImageProcessorPil,
    CLIPModel,
)

from ragsight import ClipEncoder
from ragsight.encoders import ClipOptions, FloatArray
from ragsight.errors import (
    InputError,
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


def test_an_encoder_survives_pickling(encoder: ClipEncoder) -> None:
    encoder.encode_texts(["load it"])
    copy = pickle.loads(pickle.dumps(encoder))
    np.testing.assert_array_equal(copy.encode_texts(["x"]), encoder.encode_texts(["x"]))


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def test_texts_of_all_lengths_keep_their_order(clip_folder: Path) -> None:
    texts = ["x" * (seed * 7 % 20) for seed in range(40)]
    encoder = ClipEncoder(str(clip_folder), batch_size=4)
    alone = np.concatenate([encoder.encode_texts([text]) for text in texts])
    np.testing.assert_allclose(encoder.encode_texts(texts), alone, atol=1e-6)


def test_a_text_that_is_cut_off_is_reported_once_for_an_encoder(
    clip_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = ClipEncoder(str(clip_folder))
    with caplog.at_level(logging.WARNING, "ragsight"):
        cut = encoder.encode_texts(["fits", "many words " * 200, "many words " * 300])
        encoder.encode_texts(["many words " * 400])
    assert len(caplog.records) == 1
    assert "many words" in caplog.text
    np.testing.assert_allclose(cut[1], cut[2], atol=1e-6)


def test_split_texts_are_the_mean_of_their_windows_weighted_by_tokens(
    clip_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    encoder = ClipEncoder(str(clip_folder), options=ClipOptions(long_texts="split"))
    # Of 24 tokens two are special: 22 letters fill a window.
    first, second = "abcdefghijklmnopqrstuv", "wx"
    found = encoder.encode_texts(["one", f"{first}{second}", "two"])
    # Inside a word the pieces are other tokens than at its end: take the windows as they are.
    parts = encoder._loaded().tokenizer.windows([f"{first}{second}"])[0]
    assert [len(part) for part in parts] == [24, 4]
    vectors = encoder._encode_tokens(parts)
    mean = vectors[0] * 24 + vectors[1] * 4
    np.testing.assert_allclose(found[1], mean / np.linalg.norm(mean), atol=1e-6)
    np.testing.assert_allclose(found[[0, 2]], encoder.encode_texts(["one", "two"]), atol=1e-6)
    assert not caplog.records


def test_what_is_no_text_is_named_by_its_place(encoder: ClipEncoder) -> None:
    with pytest.raises(InputError, match="text 1 is of type NoneType"):
        encoder.encode_texts(["a", None])  # type: ignore[list-item]


def encode_elsewhere(encoder: ClipEncoder, image: bytes) -> tuple[FloatArray, FloatArray]:
    return encoder.encode_texts(["red"]), encoder.encode_images([image])


def test_a_spawned_process_gives_the_same_vectors(encoder: ClipEncoder) -> None:
    image = png(picture(1))
    expected = encode_elsewhere(encoder, image)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        found = pool.apply(encode_elsewhere, (encoder, image))
    np.testing.assert_allclose(found[0], expected[0], atol=1e-6)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-6)


def test_loading_leaves_no_full_collection_to_the_first_questions(clip_folder: Path) -> None:
    begun: list[int] = []

    def note(phase: str, info: dict[str, Any]) -> None:
        begun.extend([info["generation"]] if phase == "start" else [])

    gc.callbacks.append(note)
    try:
        ClipEncoder(str(clip_folder)).encode_texts(["a shoe"])
    finally:
        gc.callbacks.remove(note)

    assert 2 in begun


def test_threads_share_an_encoder_that_is_not_loaded_yet(clip_folder: Path) -> None:
    encoder = ClipEncoder(str(clip_folder))
    found: list[tuple[FloatArray, FloatArray]] = []
    image = png(picture(1))
    threads = [
        threading.Thread(target=lambda: found.append(encode_elsewhere(encoder, image)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for texts, images in found:
        np.testing.assert_allclose(texts, found[0][0], atol=1e-6)
        np.testing.assert_allclose(images, found[0][1], atol=1e-6)
