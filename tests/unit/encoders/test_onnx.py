from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModel, CLIPModel

from checkpoints import (
    CONTEXT,
    IMAGE_SIZE,
    edit_json,
    make_chinese_clip,
    make_clip,
    make_siglip,
    make_siglip2_naflex,
)
from drawings import noise
from ragsight.encoders import ClipEncoder, ClipOptions
from ragsight.encoders.base import FloatArray
from ragsight.encoders.clip.checkpoint import Checkpoint
from ragsight.encoders.clip.preprocessing import ImagePreparer
from ragsight.encoders.onnx import OnnxBackend, default_onnx_folder, onnx_backend
from ragsight.encoders.onnx.manifest import MANIFEST, Manifest
from ragsight.errors import ConfigurationError, EncoderError, MissingExtraError

FAMILIES = {"clip": make_clip, "siglip": make_siglip, "chinese-clip": make_chinese_clip}


@pytest.fixture(scope="module", params=FAMILIES)
def family(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = FAMILIES[request.param](tmp_path_factory.mktemp(request.param))
    return strengthened(folder)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return strengthened(make_clip(tmp_path_factory.mktemp("clip")))


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the checkpoints that no test changes are exported to, once."""
    return tmp_path_factory.mktemp("onnx")


@pytest.fixture(scope="module")
def single_export(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("single")
    onnx_backend(Checkpoint(str(clip)), cache_folder=folder)
    return folder


@pytest.fixture
def own_exports(single_export: Path, tmp_path: Path) -> Path:
    """A copy of an export for a test that damages it."""
    return Path(shutil.copytree(single_export, tmp_path / "onnx"))


def strengthened(folder: Path) -> Path:
    """Make weights large enough for every part of the towers to matter."""
    model = AutoModel.from_pretrained(folder)
    random = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            scale = weight.shape[-1] ** -0.5 if weight.dim() > 1 else 0.5
            weight.normal_(0, 1.5 * scale, generator=random)
    model.save_pretrained(folder)
    return folder


def pixels(count: int) -> Any:
    shape = (count, IMAGE_SIZE, IMAGE_SIZE, 3)
    return np.random.default_rng(3).integers(0, 256, shape, dtype=np.uint8)


def tokens(folder: Path, count: int, length: int) -> Any:
    text = AutoModel.from_pretrained(folder).config.text_config
    ids = np.random.default_rng(length).integers(0, text.vocab_size - 2, (count, length))
    ids[:, -1] = text.eos_token_id if text.eos_token_id is not None else 1
    return ids


def reference_images(folder: Path, images: Any) -> FloatArray:
    recipe = ImagePreparer(Checkpoint(str(folder)), exact=True).recipe
    assert recipe is not None
    values = np.stack([recipe.table()[channel][images[..., channel]] for channel in range(3)], 1)
    model = AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        return model.get_image_features(torch.from_numpy(values)).pooler_output.numpy()


def reference_texts(folder: Path, ids: Any, mask: Any) -> FloatArray:
    model = AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        features = model.get_text_features(
            input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)
        )
    return features.pooler_output.numpy()


def least_cosine(first: FloatArray, second: FloatArray) -> float:
    products = (first.astype(np.float64) * second).sum(axis=1)
    lengths = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    return float((products / lengths).min())


@pytest.mark.parametrize("count", [1, 5])
def test_images_are_encoded_as_torch_does(family: Path, exports: Path, count: int) -> None:
    backend = onnx_backend(Checkpoint(str(family)), cache_folder=exports)
    rows = backend.embed_pixels(pixels(count))
    assert rows.dtype == np.float32
    assert rows.shape == (count, backend.manifest.dimension)
    assert least_cosine(rows, reference_images(family, pixels(count))) >= 0.99999


@pytest.mark.parametrize(("count", "length"), [(1, 1), (1, 9), (4, 6), (2, CONTEXT)])
def test_texts_of_any_length_are_encoded_as_torch_does(
    family: Path, exports: Path, count: int, length: int
) -> None:
    backend = onnx_backend(Checkpoint(str(family)), cache_folder=exports)
    ids = tokens(family, count, length)
    rows = backend.embed_tokens(ids, np.ones_like(ids))
    assert least_cosine(rows, reference_texts(family, ids, np.ones_like(ids))) >= 0.99999


def test_filling_is_masked_as_torch_does(family: Path, exports: Path) -> None:
    backend = onnx_backend(Checkpoint(str(family)), cache_folder=exports)
    ids = tokens(family, 3, 9)
    ids[1, 5:] = ids[1, -1]
    mask = np.ones_like(ids)
    mask[1, 6:] = 0
    rows = backend.embed_tokens(ids, mask)
    assert least_cosine(rows, reference_texts(family, ids, mask)) >= 0.99999


def test_old_configurations_take_the_highest_id_for_the_end(clip: Path, tmp_path: Path) -> None:
    old = Path(shutil.copytree(clip, tmp_path / "old"))
    text = json.loads((old / "config.json").read_text(encoding="utf-8"))["text_config"]
    edit_json(old / "config.json", text_config={**text, "eos_token_id": 2})
    ids = np.array([[7, text["vocab_size"] - 1, 2, 9], [2, 5, 9, text["vocab_size"] - 1]])
    mask = np.ones_like(ids)
    rows = onnx_backend(Checkpoint(str(old)), cache_folder=tmp_path).embed_tokens(ids, mask)
    assert least_cosine(rows, reference_texts(old, ids, mask)) >= 0.99999


def test_an_encoder_gives_the_same_vectors_on_both_backends(clip: Path, exports: Path) -> None:
    options = ClipOptions(cache_folder=exports)
    ours = ClipEncoder(str(clip), backend="onnx", options=options)
    theirs = ClipEncoder(str(clip))
    texts = ["one", "a longer text", "many words " * 20]
    images = [noise(1, (60, 40)), noise(2, (33, 90))]
    assert least_cosine(ours.encode_texts(texts), theirs.encode_texts(texts)) >= 0.99999
    assert least_cosine(ours.encode_images(images), theirs.encode_images(images)) >= 0.99999


@pytest.mark.parametrize("precision", ["fp32", "int8"])
def test_once_exported_neither_torch_nor_transformers_is_imported(
    clip: Path, exports: Path, precision: str
) -> None:
    onnx_backend(Checkpoint(str(clip)), precision=precision, cache_folder=exports)  # type: ignore[arg-type]
    backend = "onnx" if precision == "fp32" else "onnx-int8"
    script = f"""
import sys
from pathlib import Path
from PIL import Image
from ragsight.encoders import ClipEncoder, ClipOptions
options = ClipOptions(cache_folder=Path({str(exports)!r}))
encoder = ClipEncoder({str(clip)!r}, backend={backend!r}, options=options)
encoder.encode_texts(["a red shoe"])
encoder.encode_images([Image.new("RGB", (50, 40))])
print([name for name in ("torch", "transformers", "onnx") if name in sys.modules])
"""
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env=os.environ
    )
    assert run.stdout.strip() == "[]"


def folder_of(exports: Path, precision: str = "fp32") -> Path:
    (folder,) = exports.glob(f"*-{precision}")
    return folder


def test_an_export_is_made_once(clip: Path, own_exports: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in own_exports.rglob("*")}
    backend = onnx_backend(Checkpoint(str(clip)), cache_folder=own_exports)
    backend.embed_pixels(pixels(1))
    assert {path: path.stat().st_mtime_ns for path in own_exports.rglob("*")} == before


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def delete(path: Path) -> None:
    path.unlink()


def overwrite(path: Path) -> None:
    path.write_bytes(b"[]")


@pytest.mark.parametrize("damage", [flip_a_bit, cut_off, delete, overwrite])
@pytest.mark.parametrize("name", ["text.onnx.data", "text.onnx", MANIFEST])
def test_a_damaged_export_is_noticed_and_made_again(
    clip: Path, own_exports: Path, damage: Any, name: str
) -> None:
    ids = tokens(clip, 2, 6)
    expected = reference_texts(clip, ids, np.ones_like(ids))
    folder = folder_of(own_exports)
    damage(folder / name)
    backend = onnx_backend(Checkpoint(str(clip)), cache_folder=own_exports)
    assert least_cosine(backend.embed_tokens(ids, np.ones_like(ids)), expected) >= 0.99999
    manifest = Manifest.read(folder)
    assert manifest is not None
    assert manifest.is_intact(folder, "text")
    assert manifest.is_intact(folder, "vision")


def test_a_checkpoint_trained_further_is_exported_anew(clip: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(clip, tmp_path / "clip"))
    onnx_backend(Checkpoint(str(folder)), cache_folder=tmp_path / "onnx").embed_pixels(pixels(1))
    model = CLIPModel.from_pretrained(folder)
    with torch.no_grad():
        model.visual_projection.weight.mul_(torch.linspace(-1, 1, 16)[:, None])
    model.save_pretrained(folder)
    again = onnx_backend(Checkpoint(str(folder)), cache_folder=tmp_path / "onnx")
    rows = again.embed_pixels(pixels(3))
    assert least_cosine(rows, reference_images(folder, pixels(3))) >= 0.99999


def test_other_normalisation_is_another_export(clip: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(clip, tmp_path / "clip"))
    onnx_backend(Checkpoint(str(folder)), cache_folder=tmp_path / "onnx")
    edit_json(folder / "preprocessor_config.json", image_mean=[0.1, 0.5, 0.9])
    again = onnx_backend(Checkpoint(str(folder)), cache_folder=tmp_path / "onnx")
    rows = again.embed_pixels(pixels(3))
    assert least_cosine(rows, reference_images(folder, pixels(3))) >= 0.99999


def test_int8_is_close_and_says_how_close(
    clip: Path, exports: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="ragsight"):
        backend = onnx_backend(Checkpoint(str(clip)), precision="int8", cache_folder=tmp_path)
    assert set(backend.closeness) == {"images", "texts"}
    for each in backend.closeness.values():
        assert 0.8 < each.least <= each.mean < 1
    assert f"{backend.closeness['images'].mean:.4f} in the mean" in caplog.text
    again = onnx_backend(Checkpoint(str(clip)), precision="int8", cache_folder=tmp_path)
    assert again.closeness == backend.closeness
    exact = onnx_backend(Checkpoint(str(clip)), cache_folder=exports)
    assert exact.closeness == {}
    rows, expected = (each.embed_pixels(pixels(4)) for each in (backend, exact))
    assert 0.95 < least_cosine(rows, expected) < 0.999999
    assert sorted(path.name for path in folder_of(tmp_path, "int8").iterdir()) == [
        MANIFEST,
        "text.onnx",
        "text.onnx.data",
        "vision.onnx",
        "vision.onnx.data",
    ]


def test_the_manifest_says_what_was_exported_and_by_what(clip: Path, exports: Path) -> None:
    manifest = onnx_backend(Checkpoint(str(clip)), cache_folder=exports).manifest
    assert manifest.model == str(clip)
    assert manifest.precision == "fp32"
    assert (manifest.dimension, manifest.image_size, manifest.context_length) == (16, 32, CONTEXT)
    assert manifest.normalisation["rescale"] == pytest.approx(1 / 255)
    assert manifest.versions["torch"] == version("torch")
    assert set(manifest.versions) == {
        *("ragsight", "torch", "transformers", "onnx", "onnxruntime", "opset")
    }


def with_relu(folder: Path) -> None:
    vision = json.loads((folder / "config.json").read_text(encoding="utf-8"))["vision_config"]
    edit_json(folder / "config.json", vision_config={**vision, "hidden_act": "relu"})


def with_nan(folder: Path) -> None:
    model = CLIPModel.from_pretrained(folder)
    with torch.no_grad():
        model.text_projection.weight.fill_(float("nan"))
    model.save_pretrained(folder)


def with_another_size(folder: Path) -> None:
    edit_json(folder / "preprocessor_config.json", crop_size={"height": 24, "width": 24})


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (with_relu, r"there is no ONNX graph.*Use backend='torch'"),
        (with_nan, r"weights are damaged"),
        (with_another_size, r"makes images of \(24, 24\) pixels.*takes 32 by 32"),
    ],
)
def test_what_cannot_be_exported_is_explained_and_leaves_nothing_behind(
    clip: Path, tmp_path: Path, spoil: Any, message: str
) -> None:
    folder = Path(shutil.copytree(clip, tmp_path / "clip"))
    spoil(folder)
    with pytest.raises(EncoderError, match=message):
        onnx_backend(Checkpoint(str(folder)), cache_folder=tmp_path / "onnx")
    assert not list((tmp_path / "onnx").glob("*"))


def test_a_model_that_takes_patches_is_left_to_torch(tmp_path: Path) -> None:
    folder = make_siglip2_naflex(tmp_path / "naflex")
    with pytest.raises(EncoderError, match="Use backend='torch'"):
        onnx_backend(Checkpoint(str(folder)), cache_folder=tmp_path)


def test_a_folder_that_cannot_be_written_is_named(clip: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    with pytest.raises(EncoderError, match=r"file.*can't be written.*another cache_folder"):
        onnx_backend(Checkpoint(str(clip)), cache_folder=blocked)


def test_exports_that_never_ended_are_cleared_away_after_a_day(
    clip: Path, own_exports: Path
) -> None:
    folder = folder_of(own_exports)
    old, recent = (folder.with_name(f"{folder.name}.{name}.part") for name in ("old", "recent"))
    for path in (old, recent):
        path.mkdir()
    os.utime(old, (0, 0))
    (folder / MANIFEST).unlink()
    onnx_backend(Checkpoint(str(clip)), cache_folder=own_exports)
    assert not old.exists()
    assert recent.exists()


def test_several_that_export_at_once_all_get_what_they_wanted(clip: Path, tmp_path: Path) -> None:
    def embed(_: int) -> FloatArray:
        backend = onnx_backend(Checkpoint(str(clip)), cache_folder=tmp_path)
        return backend.embed_pixels(pixels(2))

    expected = reference_images(clip, pixels(2))
    with ThreadPoolExecutor(3) as pool:
        for rows in pool.map(embed, range(3)):
            assert least_cosine(rows, expected) >= 0.99999
    assert [path.name for path in tmp_path.iterdir()] == [folder_of(tmp_path).name]


def test_one_backend_serves_several_threads(clip: Path, exports: Path) -> None:
    backend = onnx_backend(Checkpoint(str(clip)), cache_folder=exports, threads=1)
    expected = backend.embed_pixels(pixels(3))
    with ThreadPoolExecutor(4) as pool:
        for rows in pool.map(lambda _: backend.embed_pixels(pixels(3)), range(12)):
            np.testing.assert_allclose(rows, expected, rtol=1e-5)


@pytest.fixture
def backend(clip: Path, exports: Path) -> OnnxBackend:
    return onnx_backend(Checkpoint(str(clip)), cache_folder=exports)


def test_pixels_of_another_size_are_refused(backend: OnnxBackend) -> None:
    with pytest.raises(EncoderError, match=r"takes uint8 of shape \(images, 32, 32, 3\)"):
        backend.embed_pixels(np.zeros((1, 40, 32, 3), np.uint8))


def test_texts_beyond_the_context_are_refused(backend: OnnxBackend) -> None:
    ids = np.ones((1, CONTEXT + 1), np.int64)
    with pytest.raises(EncoderError, match="25 tokens; this model takes at most 24"):
        backend.embed_tokens(ids, ids)


def test_another_precision_is_refused(clip: Path) -> None:
    with pytest.raises(ConfigurationError, match="'fp32' or 'int8'"):
        onnx_backend(Checkpoint(str(clip)), precision="int4")  # type: ignore[arg-type]


@pytest.mark.parametrize("missing", ["onnxruntime", "onnx"])
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=rf"'{missing}'.*pip install 'ragsight\[onnx\]'"):
        onnx_backend(Checkpoint(str(clip)), cache_folder=tmp_path)


def test_exports_go_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGSIGHT_HOME", str(tmp_path))
    assert default_onnx_folder() == tmp_path / "onnx"
    monkeypatch.delenv("RAGSIGHT_HOME")
    assert default_onnx_folder() == Path.home() / ".ragsight" / "onnx"
