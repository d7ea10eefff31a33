from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from checkpoints import make_clip, make_siglip2_naflex
from drawings import noise
from ragsight.encoders.base import FloatArray
from ragsight.encoders.clip import torch_backend
from ragsight.encoders.clip.backends import PixelArray
from ragsight.encoders.clip.checkpoint import Checkpoint
from ragsight.encoders.clip.preprocessing import ImagePreparer, ImagePreprocessing
from ragsight.encoders.clip.torch_backend import TorchBackend, pick_device, pick_dtype
from ragsight.errors import ConfigurationError


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return Checkpoint(str(make_clip(tmp_path_factory.mktemp("clip"))))


@pytest.fixture(scope="module")
def recipe(checkpoint: Checkpoint) -> ImagePreprocessing:
    found = ImagePreparer(checkpoint, exact=True).recipe
    assert found is not None
    return found


def backend(checkpoint: Checkpoint, recipe: ImagePreprocessing, **options: Any) -> TorchBackend:
    chosen = {"device": "cpu", "dtype": "float32", **options}
    return TorchBackend(checkpoint.load_model(), lambda: recipe, **chosen)


def pixels(recipe: ImagePreprocessing, count: int = 3) -> PixelArray:
    return np.stack([recipe.apply(noise(seed)) for seed in range(count)])


def tokens(count: int = 3) -> tuple[Any, Any]:
    ids = np.tile(np.array([512, 7, 8, 513], np.int64), (count, 1))
    return ids, np.ones_like(ids)


def cosines(left: FloatArray, right: FloatArray) -> FloatArray:
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return (left * right).sum(axis=1) / norms


def test_exact_features_are_the_models_own_to_the_bit(
    checkpoint: Checkpoint, recipe: ImagePreprocessing
) -> None:
    model, processor = checkpoint.load_model().eval(), checkpoint.load_image_processor()
    images = [noise(seed) for seed in range(3)]
    with torch.inference_mode():
        inputs = processor(images=images, return_tensors="pt")
        expected = model.get_image_features(**inputs).pooler_output.numpy()
        ids, mask = tokens()
        texts = model.get_text_features(input_ids=torch.from_numpy(ids)).pooler_output.numpy()
    exact = backend(checkpoint, recipe, exact=True)
    np.testing.assert_array_equal(exact.embed_pixels(pixels(recipe)), expected)
    np.testing.assert_array_equal(exact.embed_tokens(ids, mask), texts)


def test_the_default_differs_from_the_model_in_the_last_bits_only(
    checkpoint: Checkpoint, recipe: ImagePreprocessing
) -> None:
    exact, fast = backend(checkpoint, recipe, exact=True), backend(checkpoint, recipe)
    for left, right in (
        (exact.embed_pixels(pixels(recipe)), fast.embed_pixels(pixels(recipe))),
        (exact.embed_tokens(*tokens()), fast.embed_tokens(*tokens())),
    ):
        assert cosines(left, right).min() > 0.999999


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_smaller_number_formats_give_float32_rows_close_to_the_full_ones(
    dtype: str, checkpoint: Checkpoint, recipe: ImagePreprocessing
) -> None:
    small, full = backend(checkpoint, recipe, dtype=dtype), backend(checkpoint, recipe)
    for left, right in (
        (small.embed_pixels(pixels(recipe)), full.embed_pixels(pixels(recipe))),
        (small.embed_tokens(*tokens()), full.embed_tokens(*tokens())),
    ):
        assert left.dtype == np.float32
        assert 0.99 < cosines(left, right).min() < 1


def test_what_fills_up_before_a_text_is_masked(
    checkpoint: Checkpoint, recipe: ImagePreprocessing
) -> None:
    ids = np.array([[513, 513, 512, 7, 513], [512, 9, 8, 7, 513]], np.int64)
    mask = np.array([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]], np.int64)
    fast, exact = backend(checkpoint, recipe), backend(checkpoint, recipe, exact=True)
    np.testing.assert_allclose(
        fast.embed_tokens(ids, mask), exact.embed_tokens(ids, mask), atol=1e-6
    )


def test_rows_can_be_used_in_gradients(checkpoint: Checkpoint, recipe: ImagePreprocessing) -> None:
    rows = torch.from_numpy(backend(checkpoint, recipe).embed_pixels(pixels(recipe)))
    weight = torch.ones(rows.shape[1], requires_grad=True)
    (rows @ weight).sum().backward()
    assert weight.grad is not None


def test_many_threads_get_the_vectors_of_one(
    checkpoint: Checkpoint, recipe: ImagePreprocessing
) -> None:
    shared = backend(checkpoint, recipe)
    expected = backend(checkpoint, recipe).embed_pixels(pixels(recipe))
    found: list[FloatArray] = []

    def work() -> None:
        shared.embed_tokens(*tokens())
        found.append(shared.embed_pixels(pixels(recipe)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for rows in found:
        np.testing.assert_allclose(rows, expected, atol=1e-6)


def test_inputs_of_different_shapes_are_encoded_one_by_one(tmp_path: Path) -> None:
    folder = make_siglip2_naflex(tmp_path)
    checkpoint = Checkpoint(str(folder))
    processor = checkpoint.load_image_processor()
    inputs = [
        processor(images=noise(seed), max_num_patches=patches, return_tensors="pt")
        for seed, patches in ((1, 9), (2, 16), (3, 16))
    ]
    towers = TorchBackend(checkpoint.load_model(), lambda: None, "cpu", "float32")
    together = towers.embed_inputs(inputs)
    alone = np.concatenate([towers.embed_inputs([each]) for each in inputs])
    np.testing.assert_allclose(together, alone, atol=1e-6)


def test_a_device_that_is_not_there_is_named(
    checkpoint: Checkpoint, recipe: ImagePreprocessing
) -> None:
    with pytest.raises(ConfigurationError, match="'nonsense'"):
        backend(checkpoint, recipe, device="nonsense")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs cuda to be missing")
def test_cuda_without_a_graphics_card_is_refused(
    checkpoint: Checkpoint, recipe: ImagePreprocessing
) -> None:
    with pytest.raises(ConfigurationError, match="'cuda'"):
        backend(checkpoint, recipe, device="cuda")


@pytest.mark.parametrize(
    ("device", "dtype"),
    [("cuda", "float16"), ("cuda:1", "float16"), ("mps", "float32"), ("cpu", "float32")],
)
def test_the_number_format_follows_the_device(device: str, dtype: str) -> None:
    assert pick_dtype("auto", device) == dtype
    assert pick_dtype("float32", device) == "float32"


def test_the_device_that_was_asked_for_is_taken() -> None:
    assert pick_device("cuda:3") == "cuda:3"
    assert pick_device(None) in {"cuda", "mps", "cpu"}


def test_bfloat16_is_refused_on_a_cpu_that_lacks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch_backend, "_cpu_has_bfloat16", lambda: False)
    with pytest.raises(ConfigurationError, match="bfloat16"):
        pick_dtype("bfloat16", "cpu")
    assert pick_dtype("auto", "cpu") == "float32"
    assert pick_dtype("bfloat16", "cuda") == "bfloat16"


@pytest.mark.parametrize(
    "name", ["_is_avx512_bf16_supported", "_is_amx_tile_supported", "_is_arm_bf16_supported"]
)
def test_bfloat16_is_allowed_on_a_cpu_that_has_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for probe in ("_is_avx512_bf16_supported", "_is_amx_tile_supported", "_is_arm_bf16_supported"):
        monkeypatch.setattr(torch.cpu, probe, lambda has=probe == name: has, raising=False)
    assert pick_dtype("bfloat16", "cpu") == "bfloat16"
    monkeypatch.setattr(torch.cpu, name, lambda: False)
    with pytest.raises(ConfigurationError):
        pick_dtype("bfloat16", "cpu")
