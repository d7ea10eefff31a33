"""The two towers on ONNX Runtime: exported once, then run without torch or transformers."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from ragsight.encoders.base import FloatArray
from ragsight.encoders.clip.backends import PixelArray, TokenArray
from ragsight.encoders.clip.checkpoint import Checkpoint
from ragsight.encoders.clip.fingerprints import digest_of
from ragsight.encoders.clip.image_preprocessing import ImagePreprocessing
from ragsight.encoders.clip.preprocessing import ImagePreparer
from ragsight.encoders.onnx.manifest import FORMAT, Closeness, Manifest, Precision, Tower
from ragsight.encoders.onnx.session import open_session, run_text, run_vision
from ragsight.errors import ConfigurationError, EncoderError, extra


def default_onnx_folder() -> Path:
    """Where exported models go: `onnx` in `$RAGSIGHT_HOME` or `~/.ragsight`."""
    home = os.environ.get("RAGSIGHT_HOME")
    return (Path(home) if home else Path.home() / ".ragsight").absolute() / "onnx"


def onnx_backend(
    checkpoint: Checkpoint,
    recipe: ImagePreprocessing | None = None,
    *,
    precision: Precision = "fp32",
    cache_folder: Path | None = None,
    threads: int | None = None,
) -> OnnxBackend:
    """Run a checkpoint on ONNX Runtime, exporting it first if that wasn't done yet.

    An export takes seconds and as much space as the weights. It is made again when the checkpoint,
    its preprocessing or its files change.

    Args:
        checkpoint: A CLIP, SigLIP or Chinese-CLIP checkpoint.
        recipe: How its pixels are normalised; by default as the checkpoint says.
        precision: `fp32` gives the torch model's vectors; `int8` is smaller and faster, and how
            far its vectors are off is measured at export.
        cache_folder: Where exports are kept; by default `default_onnx_folder()`.
        threads: Threads of one forward pass; by default one for each core.

    Returns:
        The backend; the weights are loaded when they are first needed.

    Raises:
        MissingExtraError: If `onnxruntime` isn't installed, or `onnx`, which only exporting needs.
        ConfigurationError: If there is no such precision.
        EncoderError: If the checkpoint can't be loaded or exported.

    Example:
        >>> from ragsight.encoders.clip.checkpoint import DEMO_MODEL
        >>> backend = onnx_backend(Checkpoint(DEMO_MODEL), cache_folder=Path("onnx-example"))
        >>> backend.manifest.dimension
        96
    """
    if precision not in get_args(Precision):
        raise ConfigurationError(f"precision is {precision!r}; it must be 'fp32' or 'int8'.")
    with extra("onnx", "onnxruntime"):
        import onnxruntime  # noqa: F401 - said now, not at the first image
    if recipe is None:
        recipe = ImagePreparer(checkpoint, exact=False).recipe
    if recipe is None:
        raise EncoderError(
            f"{checkpoint.model} prepares images in a way of its own, for which there is no ONNX "
            "graph. Use backend='torch'."
        )
    root = cache_folder if cache_folder is not None else default_onnx_folder()
    folder = Path(root) / _folder_name(checkpoint, recipe, precision)
    return OnnxBackend(_Export(checkpoint, recipe, precision, folder), threads)


def _folder_name(checkpoint: Checkpoint, recipe: ImagePreprocessing, precision: Precision) -> str:
    facts = {
        "format": FORMAT,
        "checkpoint": checkpoint.identity(),
        "normalisation": [recipe.rescale, recipe.mean, recipe.std],
        "size": recipe.size,
    }
    if precision == "int8":
        facts["weights"] = "7 bits"  # those of 8, which earlier releases made, are made anew
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", checkpoint.model).strip("-.")[-40:]
    return f"{name}-{digest_of(facts)[:16]}-{precision}"


@dataclass(frozen=True, slots=True)
class _Export:
    """An export that may have yet to be made."""

    checkpoint: Checkpoint
    recipe: ImagePreprocessing
    precision: Precision
    folder: Path

    def manifest(self) -> Manifest:
        """Read the manifest, or export."""
        found = Manifest.read(self.folder)
        return found if found is not None else self._make()

    def graph(self, tower: Tower) -> Path:
        """A tower's graph, whose files are as they were written; exported again if they aren't."""
        if not self.manifest().is_intact(self.folder, tower):
            self._make()
        return self.folder / f"{tower}.onnx"

    def _make(self) -> Manifest:
        from ragsight.encoders.onnx.export import export_towers

        return export_towers(self.checkpoint, self.recipe, self.precision, self.folder)


class OnnxBackend:
    """Runs an exported checkpoint; safe to use from several threads.

    Args:
        export: The export.
        threads: Threads of one forward pass; by default one for each core.

    Attributes:
        manifest: What was exported, made by which versions, and how close `int8` is to `fp32`.

    Example:
        >>> import numpy as np
        >>> from ragsight.encoders.clip.checkpoint import DEMO_MODEL
        >>> backend = onnx_backend(Checkpoint(DEMO_MODEL), cache_folder=Path("onnx-example"))
        >>> backend.embed_pixels(np.zeros((2, 64, 64, 3), np.uint8)).shape
        (2, 96)
    """

    def __init__(self, export: _Export, threads: int | None) -> None:
        self.manifest = export.manifest()
        self._export = export
        self._threads = threads
        self._lock = threading.Lock()
        self._sessions: dict[Tower, Any] = {}

    @property
    def closeness(self) -> Mapping[str, Closeness]:
        """Of `int8` to `fp32`, for `images` and `texts`; empty for `fp32`."""
        return self.manifest.closeness

    def embed_pixels(self, pixels: PixelArray) -> FloatArray:
        """Normalise pixels as the checkpoint says and encode them: `(images, dimension)`.

        Raises:
            EncoderError: If the images aren't of the size that the model takes.
        """
        size = self.manifest.image_size
        if pixels.shape[1:] != (size, size, 3):
            raise EncoderError(
                f"The pixels are of shape {pixels.shape}; this model takes uint8 of shape "
                f"(images, {size}, {size}, 3)."
            )
        return run_vision(self._session("vision"), pixels)

    def embed_tokens(self, ids: TokenArray, mask: TokenArray) -> FloatArray:
        """Encode tokenised texts: `(texts, dimension)`.

        Raises:
            EncoderError: If a text is longer than the model's context.
        """
        longest = self.manifest.context_length
        if ids.shape[1] > longest:
            raise EncoderError(
                f"A text has {ids.shape[1]} tokens; this model takes at most {longest}."
            )
        return run_text(self._session("text"), ids, mask)

    def _session(self, tower: Tower) -> Any:
        with self._lock:
            if tower not in self._sessions:
                self._sessions[tower] = open_session(self._export.graph(tower), self._threads)
            return self._sessions[tower]
