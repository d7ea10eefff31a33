"""Export a checkpoint's two towers from torch to a folder of ONNX graphs."""

from __future__ import annotations

import logging
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ragsight.encoders.base import FloatArray
from ragsight.encoders.clip.checkpoint import Checkpoint
from ragsight.encoders.clip.image_preprocessing import ImagePreprocessing
from ragsight.encoders.onnx.manifest import Closeness, Manifest, Precision, Tower, file_digest
from ragsight.errors import EncoderError, extra

if TYPE_CHECKING:
    from ragsight.encoders.clip.text_weights import TextTower
    from ragsight.encoders.clip.vision_weights import VisionTower

AGREEMENT = 0.99999
"""Least cosine between a graph's vectors and the model's."""

ABANDONED = 24 * 3600
"""Seconds after which an export that never ended is cleared away."""

_logger = logging.getLogger("ragsight")


def export_towers(
    checkpoint: Checkpoint, recipe: ImagePreprocessing, precision: Precision, folder: Path
) -> Manifest:
    """Write a checkpoint's towers into a folder, all of them or nothing.

    Each graph is compared with the torch model on generated images and texts before the folder is
    put in place.

    Args:
        checkpoint: What to export.
        recipe: Normalisation of the pixels, which the vision graph applies.
        precision: `int8` quantises the weights of all linear layers, and activations as they come.
        folder: Where the graphs go; what is there is replaced.

    Returns:
        What was written.

    Raises:
        MissingExtraError: If `onnx` isn't installed.
        EncoderError: If the checkpoint can't be loaded, has an architecture that isn't known
            here, or damaged weights; if a graph doesn't agree with it; if the folder can't be
            written.
    """
    with extra("onnx", "onnx"):
        import onnx  # noqa: F401 - the modules that build graphs import it at their top
    source = _load(checkpoint, recipe)
    try:
        with _new_folder(folder) as part:
            manifest = _write(source, precision, part)
    except OSError as error:
        raise EncoderError(
            f"{folder}: the exported model can't be written ({error}). Free some space, or pass "
            "another cache_folder."
        ) from error
    for name, each in manifest.closeness.items():
        _logger.info(
            "%s in int8: cosine to fp32 on generated %s, their mean taken away: %.4f in the mean, "
            "%.4f at least",
            checkpoint.model,
            name,
            each.mean,
            each.least,
        )
    return manifest


@dataclass(frozen=True, slots=True)
class _Source:
    """A loaded model with its towers."""

    checkpoint: Checkpoint
    recipe: ImagePreprocessing
    model: Any
    vision: VisionTower
    text: TextTower


def _load(checkpoint: Checkpoint, recipe: ImagePreprocessing) -> _Source:
    from ragsight.encoders.clip.text_weights import read_text_tower
    from ragsight.encoders.clip.vision_weights import read_vision_tower

    model = checkpoint.load_model().eval()
    vision = read_vision_tower(model, mean=recipe.mean, std=recipe.std, rescale=recipe.rescale)
    text = read_text_tower(model)
    if vision is None or text is None:
        raise EncoderError(
            f"{checkpoint.model} is a {type(model).__name__} with parts for which there is no ONNX "
            "graph; there are graphs for CLIP, SigLIP and Chinese-CLIP. Use backend='torch'."
        )
    if recipe.size != (vision.image_size, vision.image_size):
        raise EncoderError(
            f"{checkpoint.model}: its image processor makes images of {recipe.size} pixels, and "
            f"its model takes {vision.image_size} by {vision.image_size}. Correct the checkpoint."
        )
    return _Source(checkpoint, recipe, model, vision, text)


def _write(source: _Source, precision: Precision, folder: Path) -> Manifest:
    exact = folder / "fp32" if precision == "int8" else folder
    exact.mkdir(exist_ok=True)
    vectors = _write_exact(source, exact)
    close: dict[str, Closeness] = {}
    if precision == "int8":
        close = _write_quantised(source, exact, folder, vectors)
        shutil.rmtree(exact)
    recipe, text = source.recipe, source.text
    manifest = Manifest(
        model=source.checkpoint.model,
        precision=precision,
        dimension=vectors["vision"].shape[1],
        image_size=source.vision.image_size,
        context_length=len(text.positions),
        normalisation={"rescale": recipe.rescale, "mean": recipe.mean, "std": recipe.std},
        versions=_versions(),
        files={path.name: file_digest(path) for path in sorted(folder.iterdir())},
        closeness=close,
    )
    manifest.write(folder)
    return manifest


def _write_exact(source: _Source, folder: Path) -> Mapping[Tower, FloatArray]:
    """Write the graphs and return their vectors of the probes, which agree with the model's."""
    from ragsight.encoders.onnx.towers import save_text_graph, save_vision_graph

    save_vision_graph(source.vision, folder / "vision.onnx")
    save_text_graph(source.text, folder / "text.onnx")
    found = _vectors(source, folder)
    for tower, reference in _references(source).items():
        if not np.isfinite(reference).all():
            raise EncoderError(
                f"{source.checkpoint.model} gives vectors that aren't finite: its weights are "
                "damaged. Download the checkpoint again."
            )
        products = (found[tower] * reference).sum(axis=1)
        lengths = (np.linalg.norm(each, axis=1) for each in (found[tower], reference))
        if not (products >= AGREEMENT * np.prod(list(lengths), axis=0)).all():
            raise EncoderError(
                f"{source.checkpoint.model}: its {tower} tower computes something else in "
                f"transformers {version('transformers')} than the ONNX graph does. "
                "Use backend='torch'."
            )
    return found


def _write_quantised(
    source: _Source, exact: Path, folder: Path, reference: Mapping[Tower, FloatArray]
) -> dict[str, Closeness]:
    from onnxruntime.quantization import QuantType, quantize_dynamic

    from ragsight.encoders.onnx.probes import closeness

    for name in ("vision.onnx", "text.onnx"):
        with _no_new_handler():
            quantize_dynamic(
                exact / name,
                folder / name,
                op_types_to_quantize=["MatMul"],
                per_channel=True,
                weight_type=QuantType.QInt8,
                # Without VNNI, products of 8 bits are added in 16, which 8-bit weights overflow.
                reduce_range=True,
                use_external_data_format=True,
                # Products of two activations, as in attention, stay in float32.
                extra_options={"MatMulConstBOnly": True},
            )
    found = _vectors(source, folder)
    names: dict[Tower, str] = {"vision": "images", "text": "texts"}
    return {name: closeness(found[tower], reference[tower]) for tower, name in names.items()}


@contextmanager
def _no_new_handler() -> Iterator[None]:
    """Keep `logging.info`, which the quantiser calls, from giving the root logger a handler."""
    nothing = logging.NullHandler()
    logging.getLogger().addHandler(nothing)
    try:
        yield
    finally:
        logging.getLogger().removeHandler(nothing)


def _vectors(source: _Source, folder: Path) -> Mapping[Tower, FloatArray]:
    """The graphs' vectors of the probes."""
    from ragsight.encoders.onnx.probes import probe_images, probe_texts
    from ragsight.encoders.onnx.session import open_session, run_text, run_vision

    vision, text = (open_session(folder / f"{name}.onnx", None) for name in ("vision", "text"))
    rows = [run_text(text, ids, mask) for ids, mask in probe_texts(source.text)]
    images = probe_images(source.vision.image_size)
    return {"vision": run_vision(vision, images), "text": np.concatenate(rows)}


def _references(source: _Source) -> Mapping[Tower, FloatArray]:
    """The torch model's vectors of the probes."""
    import torch

    from ragsight.encoders.clip.fast_vision import reference_features
    from ragsight.encoders.onnx.probes import probe_images, probe_texts

    model, recipe = source.model, source.recipe
    images = torch.from_numpy(probe_images(source.vision.image_size))
    rows = reference_features(
        model, images, mean=recipe.mean, std=recipe.std, rescale=recipe.rescale
    )
    with torch.inference_mode():
        texts = [
            model.get_text_features(
                input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)
            ).pooler_output
            for ids, mask in probe_texts(source.text)
        ]
    return {"vision": rows.numpy(), "text": torch.cat(texts).numpy()}


def _versions() -> dict[str, str]:
    from ragsight.encoders.onnx.graph import OPSET

    packages = ("ragsight", "torch", "transformers", "onnx", "onnxruntime")
    return {**{name: version(name) for name in packages}, "opset": str(OPSET)}


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """A folder that takes another's place when the block ends well, and is gone if it doesn't."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    _clear_abandoned(folder)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{folder.name}.", suffix=".part"))
    try:
        yield part
        _put_in_place(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _put_in_place(part: Path, folder: Path) -> None:
    try:
        part.replace(folder)
    except OSError:
        # What another made meanwhile is the same, and its files may be about to be opened.
        if not _is_whole(folder):
            _exchange(part, folder)


def _is_whole(folder: Path) -> bool:
    manifest = Manifest.read(folder)
    return manifest is not None and all(
        manifest.is_intact(folder, tower) for tower in ("vision", "text")
    )


def _exchange(part: Path, folder: Path) -> None:
    # A folder can't be replaced in one step; whoever has its files open keeps them.
    old = part.with_suffix(".old")
    with suppress(FileNotFoundError):
        folder.replace(old)
        shutil.rmtree(old, ignore_errors=True)
    try:
        part.replace(folder)
    except OSError:
        # Another process was faster, and what it made is the same.
        if Manifest.read(folder) is None:
            raise


def _clear_abandoned(folder: Path) -> None:
    for path in folder.parent.glob(f"{folder.name}.*.part"):
        if time.time() - path.stat().st_mtime > ABANDONED:
            shutil.rmtree(path, ignore_errors=True)
