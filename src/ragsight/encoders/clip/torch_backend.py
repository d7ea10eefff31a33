"""The two towers on torch: cuda, mps or cpu, by the same code."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ragsight.encoders.base import FloatArray
from ragsight.encoders.clip.backends import PixelArray, TokenArray
from ragsight.encoders.clip.options import DtypeName
from ragsight.encoders.clip.preprocessing import ImagePreprocessing, ModelInputs
from ragsight.errors import ConfigurationError, EncoderError

if TYPE_CHECKING:
    import torch

Tower: TypeAlias = "Callable[[torch.Tensor], Any]"
"""From 8-bit pixels `(images, height, width, 3)` to features."""


def pick_device(wanted: str | None) -> str:
    """The device that was asked for, else cuda, then mps, then cpu."""
    if wanted is not None:
        return wanted
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def pick_dtype(wanted: DtypeName, device: str) -> DtypeName:
    """The number format for a device.

    Automatically float16 on cuda, else float32.

    Raises:
        ConfigurationError: If bfloat16 is asked of a CPU that has none: it would be emulated, and
            eight times slower than float32.
    """
    if wanted == "auto":
        return "float16" if device.startswith("cuda") else "float32"
    if wanted == "bfloat16" and device.startswith("cpu") and not _cpu_has_bfloat16():
        raise ConfigurationError(
            "dtype is 'bfloat16', which this CPU doesn't have: it would be several times slower "
            "than 'float32'. Use dtype='auto'."
        )
    return wanted


def _cpu_has_bfloat16() -> bool:
    import torch

    # Named differently by torch release; what can't be asked for is taken to be missing.
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported", "_is_arm_bf16_supported")
    found = (getattr(torch.cpu, name, None) for name in probes)
    return any(probe() for probe in found if probe is not None)


class TorchBackend:
    """Runs a transformers model.

    Args:
        model: With `get_image_features` and `get_text_features`.
        recipe: Asked for the normalisation of pixels when the first image comes. It gives None
            if the checkpoint's own processor does all.
        device: A torch device.
        dtype: Number format of the weights.
        exact: Leave the forward pass to transformers, instead of to an equal one with fewer
            steps, whose results may differ in the last bits.

    Raises:
        ConfigurationError: If the device can't be used.

    Example:
        >>> from ragsight.encoders.clip.checkpoint import Checkpoint
        >>> model = Checkpoint("ragsight-demo").load_model()
        >>> towers = TorchBackend(model, lambda: None, "cpu", "float32")
        >>> towers.embed_tokens(np.array([[1598, 7, 1599]]), np.ones((1, 3), np.int64)).shape
        (1, 96)
    """

    def __init__(
        self,
        model: Any,
        recipe: Callable[[], ImagePreprocessing | None],
        device: str,
        dtype: DtypeName,
        *,
        exact: bool = False,
    ) -> None:
        import torch

        self._torch = torch
        self._dtype = getattr(torch, dtype)
        try:
            self._model = model.eval().requires_grad_(False).to(device, self._dtype)
        except (RuntimeError, AssertionError) as error:
            raise ConfigurationError(
                f"The device {device!r} can't be used ({error}). Pass another, or none."
            ) from error
        self._device = torch.device(device)
        self._recipe = recipe
        self._exact = exact
        self._lock = threading.Lock()
        self._tower: Tower | None = None
        self._text_tower: Tower | None = None
        self._texts_begun = False

    def embed_pixels(self, pixels: PixelArray) -> FloatArray:
        """Normalise pixels as the checkpoint says and encode them: `(images, dimension)`."""
        tower = self._pixel_tower()
        with self._torch.inference_mode():
            return _array(tower(self._torch.from_numpy(pixels).to(self._device)))

    def embed_inputs(self, images: Sequence[ModelInputs]) -> FloatArray:
        """Encode what the checkpoint's own processor made: `(images, dimension)`."""
        shapes = {tuple(value.shape for value in image.values()) for image in images}
        if len(shapes) > 1:
            return np.concatenate([self.embed_inputs([image]) for image in images])
        with self._torch.inference_mode():
            joined = {
                name: self._on_device(self._torch.cat([image[name] for image in images]))
                for name in images[0]
            }
            return _array(self._model.get_image_features(**joined))

    def _on_device(self, values: torch.Tensor) -> torch.Tensor:
        return values.to(self._device, self._dtype if values.is_floating_point() else None)

    def embed_tokens(self, ids: TokenArray, mask: TokenArray) -> FloatArray:
        """Encode tokenised texts: `(texts, dimension)`."""
        tower = self._token_tower()
        values = self._torch.from_numpy(ids).to(self._device)
        with self._torch.inference_mode():
            # The fast tower takes any text that begins its row: what fills it up comes after.
            if tower is not None and mask[:, 0].all():
                return _array(tower(values))
            inputs = {"input_ids": values}
            # Without filling there is nothing to mask, and attention has a faster way.
            if not mask.all():
                inputs["attention_mask"] = self._torch.from_numpy(mask).to(self._device)
            return _array(self._model.get_text_features(**inputs))

    def _token_tower(self) -> Tower | None:
        with self._lock:
            if not self._texts_begun:
                self._texts_begun = True
                self._text_tower = None if self._exact else self._make_text_tower()
            return self._text_tower

    def _make_text_tower(self) -> Tower | None:
        from ragsight.encoders.clip.fast_text import fast_text_tower

        return fast_text_tower(self._model)

    def _pixel_tower(self) -> Tower:
        # Made when an image comes: a search by words alone shouldn't wait for it.
        with self._lock:
            if self._tower is None:
                self._tower = self._make_tower()
            return self._tower

    def _make_tower(self) -> Tower:
        from ragsight.encoders.clip.fast_vision import fast_vision_tower

        recipe = self._recipe()
        if recipe is None:
            raise EncoderError("This checkpoint takes what its own image processor makes.")
        if not self._exact:
            tower = fast_vision_tower(
                self._model, mean=recipe.mean, std=recipe.std, rescale=recipe.rescale
            )
            if tower is not None:
                return tower
        table = self._torch.from_numpy(recipe.table()).to(self._device, self._dtype)
        return lambda pixels: self._model.get_image_features(
            pixel_values=_normalised(pixels, table)
        )


def _normalised(pixels: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
    """Look the normalised values of 8-bit pixels up: `(images, 3, height, width)`."""
    import torch

    channels = (table[channel][pixels[..., channel].long()] for channel in range(len(table)))
    return torch.stack(tuple(channels), dim=1)


def _array(output: Any) -> FloatArray:
    features = getattr(output, "pooler_output", output)
    array: FloatArray = features.float().cpu().numpy()
    return array
