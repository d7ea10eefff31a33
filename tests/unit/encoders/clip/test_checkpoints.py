from __future__ import annotations

import io
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from huggingface_hub.errors import LocalEntryNotFoundError
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (
    AutoTokenizer,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
    ViTConfig,
    ViTModel,
)

from checkpoints import make_siglip
from ragsight import ClipEncoder
from ragsight.encoders import ClipOptions, FloatArray
from ragsight.errors import (
    ConfigurationError,
    EncoderError,
    ModelNotFoundError,
    ModelUnavailableError,
)


def picture(seed: int, size: tuple[int, int] = (60, 40)) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(noise)


def test_a_missing_folder_is_an_unknown_model() -> None:
    with pytest.raises(ModelNotFoundError, match="no/such/folder"):
        _ = ClipEncoder("/no/such/folder").spec


def test_a_model_that_is_not_cached_says_the_hub_is_out_of_reach() -> None:
    encoder = ClipEncoder("openai/clip-vit-base-patch32", local_files_only=True)
    with pytest.raises(ModelUnavailableError, match="ragsight-demo"):
        encoder.encode_texts(["x"])


def test_images_for_a_model_that_is_not_cached_say_so_too() -> None:
    encoder = ClipEncoder("openai/clip-vit-base-patch32", local_files_only=True)
    with pytest.raises(ModelUnavailableError, match="can't be reached"):
        encoder.encode_images([picture(1)])
    with pytest.raises(ModelNotFoundError, match="no/such/folder"):
        ClipEncoder("/no/such/folder").encode_images([picture(1)])


def test_words_are_encoded_without_an_image_processor(
    clip_folder: Path, tmp_path: Path, encoder: ClipEncoder
) -> None:
    folder = copy_of(clip_folder, tmp_path / "clip")
    (folder / "preprocessor_config.json").unlink()
    found = ClipEncoder(str(folder)).encode_texts(["red"])
    np.testing.assert_allclose(found, encoder.encode_texts(["red"]), atol=1e-6)


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


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def encode_elsewhere(encoder: ClipEncoder, image: bytes) -> tuple[FloatArray, FloatArray]:
    return encoder.encode_texts(["red"]), encoder.encode_images([image])


def copy_of(folder: Path, target: Path, change: Any = None) -> Path:
    """Copy a checkpoint, and its weights through a function."""
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    if change is not None:
        weights = load_file(target / "model.safetensors")
        save_file(change(weights), target / "model.safetensors", metadata={"format": "pt"})
    return target


def test_weights_that_are_missing_are_reported_instead_of_made_up(
    clip_folder: Path, tmp_path: Path
) -> None:
    def without_text(weights: dict[str, Any]) -> dict[str, Any]:
        return {name: each for name, each in weights.items() if "text" not in name}

    folder = copy_of(clip_folder, tmp_path / "clip", without_text)
    with pytest.raises(EncoderError, match=r"text_model.*would be random"):
        ClipEncoder(str(folder)).encode_texts(["x"])


def test_a_checkpoint_without_its_scale_still_gives_vectors(
    clip_folder: Path, tmp_path: Path, encoder: ClipEncoder
) -> None:
    def unscaled(weights: dict[str, Any]) -> dict[str, Any]:
        return {name: each for name, each in weights.items() if name != "logit_scale"}

    folder = copy_of(clip_folder, tmp_path / "clip", unscaled)
    found = ClipEncoder(str(folder)).encode_texts(["x"])
    np.testing.assert_allclose(found, encoder.encode_texts(["x"]), atol=1e-6)


def test_a_checkpoint_without_a_text_tower_is_named(tmp_path: Path) -> None:
    config = CLIPVisionConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2
    )
    CLIPVisionModelWithProjection(config).save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match="either images or texts"):
        ClipEncoder(str(tmp_path)).encode_texts(["x"])


def test_a_model_of_images_alone_has_no_specification(tmp_path: Path) -> None:
    config = ViTConfig(
        hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2
    )
    ViTModel(config).save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match="vit model, which has no shared space"):
        _ = ClipEncoder(str(tmp_path)).spec


def test_damaged_weights_are_reported_for_images_too(clip_folder: Path, tmp_path: Path) -> None:
    def damaged(weights: dict[str, Any]) -> dict[str, Any]:
        weights["visual_projection.weight"].fill_(float("nan"))
        return weights

    folder = copy_of(clip_folder, tmp_path / "clip", damaged)
    with pytest.raises(EncoderError, match="weights are damaged"):
        ClipEncoder(str(folder)).encode_images([picture(1)])


def test_a_cut_off_weights_file_is_reported(clip_folder: Path, tmp_path: Path) -> None:
    folder = copy_of(clip_folder, tmp_path / "clip")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(EncoderError, match="can't be loaded"):
        ClipEncoder(str(folder)).encode_texts(["x"])


@pytest.mark.parametrize(
    ("options", "word"),
    [({"dtype": "float8"}, "dtype"), ({"backend": "jax"}, "backend")],
)
def test_choices_that_are_none_are_refused_at_once(options: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigurationError, match=word):
        ClipEncoder(**options)


def test_the_fingerprint_follows_everything_that_changes_vectors(
    clip_folder: Path, tmp_path: Path
) -> None:
    model = str(clip_folder)

    def retrained(weights: dict[str, Any]) -> dict[str, Any]:
        weights["text_projection.weight"] += 1e-3
        return weights

    variants = [
        ClipEncoder(model),
        ClipEncoder(model, exact=True),
        ClipEncoder(model, dtype="float16"),
        ClipEncoder(model, backend="onnx"),
        ClipEncoder(model, backend="onnx-int8"),
        ClipEncoder(model, options=ClipOptions(long_texts="split")),
        ClipEncoder(str(make_siglip(tmp_path / "siglip"))),
        ClipEncoder(str(copy_of(clip_folder, tmp_path / "retrained", retrained))),
    ]
    assert len({encoder.fingerprint for encoder in variants}) == len(variants)


def test_the_fingerprint_ignores_what_changes_no_vector(clip_folder: Path, tmp_path: Path) -> None:
    moved = copy_of(clip_folder, tmp_path / "moved")
    expected = ClipEncoder(str(clip_folder)).fingerprint
    for encoder in (
        ClipEncoder(str(moved)),
        ClipEncoder(str(clip_folder), batch_size=3, device="cpu"),
        ClipEncoder(str(clip_folder), options=ClipOptions(workers=1, progress=True, threads=1)),
        pickle.loads(pickle.dumps(ClipEncoder(str(clip_folder)))),
    ):
        assert encoder.fingerprint == expected


def test_specification_and_fingerprint_load_no_weights(clip_folder: Path, tmp_path: Path) -> None:
    folder = copy_of(clip_folder, tmp_path / "clip")
    (folder / "model.safetensors").write_bytes(b"no weights")
    encoder = ClipEncoder(str(folder))
    assert encoder.spec.dimension == 16
    assert len(encoder.fingerprint) == 64


def test_a_checkpoint_on_the_hub_is_told_by_its_commit(
    clip_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The cache as huggingface_hub lays it out, with two commits of one model.
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    model = tmp_path / "models--someone--clip"
    for commit in ("a" * 40, "b" * 40):
        (model / "snapshots").mkdir(parents=True, exist_ok=True)
        copy_of(clip_folder, model / "snapshots" / commit)
    (model / "refs").mkdir()
    fingerprints = {}
    for commit in ("a" * 40, "b" * 40):
        (model / "refs" / "main").write_text(commit)
        encoder = ClipEncoder("someone/clip", local_files_only=True)
        assert encoder.spec.dimension == 16
        fingerprints[commit] = encoder.fingerprint
        pinned = ClipEncoder("someone/clip", revision=commit, local_files_only=True)
        assert pinned.fingerprint == encoder.fingerprint
    assert len(set(fingerprints.values())) == 2


def test_onnx_needs_neither_torch_nor_transformers_once_it_is_exported(
    clip_folder: Path, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    options = ClipOptions(cache_folder=tmp_path)
    encoder = ClipEncoder(str(clip_folder), backend="onnx", options=options)
    expected = encode_elsewhere(encoder, png(picture(1)))
    code = (
        "import sys; from pathlib import Path; from PIL import Image;"
        "from ragsight.encoders import ClipEncoder, ClipOptions;"
        f"e = ClipEncoder({str(clip_folder)!r}, backend='onnx',"
        f" options=ClipOptions(cache_folder=Path({str(tmp_path)!r})));"
        "e.encode_images([Image.new('RGB', (50, 40))]); e.fingerprint;"
        "print(e.encode_texts(['red']).tolist());"
        "print('torch' in sys.modules, 'transformers' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    vectors, loaded = result.stdout.strip().split("\n")
    assert loaded == "False False"
    np.testing.assert_allclose(eval(vectors), expected[0], atol=1e-6)


def test_onnx_gives_the_vectors_of_torch(
    clip_folder: Path, encoder: ClipEncoder, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnx")
    other = ClipEncoder(
        str(clip_folder), backend="onnx", options=ClipOptions(cache_folder=tmp_path)
    )
    images = [picture(seed) for seed in range(3)]
    texts = ["red", "a longer text about a shoe"]
    np.testing.assert_allclose(
        other.encode_images(images), encoder.encode_images(images), atol=1e-5
    )
    np.testing.assert_allclose(other.encode_texts(texts), encoder.encode_texts(texts), atol=1e-5)


def test_a_hub_out_of_reach_is_asked_for_the_configuration_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def unreachable(_model: str, name: str, **_options: Any) -> str:
        asked.append(name)
        raise LocalEntryNotFoundError("the hub can't be reached")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", unreachable)
    with pytest.raises(ModelUnavailableError, match="can't be reached"):
        _ = ClipEncoder("openai/clip-vit-base-patch32").spec
    assert asked == ["config.json"]
