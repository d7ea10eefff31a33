"""Resize, crop and normalisation of a checkpoint's images, read from its configuration.

The transformers image processors (their Pillow variants) are the reference. Those that resize, crop
and normalise, and no more, are described by a recipe. It resizes and crops in 8 bits, and leaves
the normalisation to one step later; the pixels are the reference's to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from ragsight.encoders.base import FloatArray
from ragsight.encoders.clip.backends import PixelArray

_HALF = (0.5, 0.5, 0.5)
_OPENAI = {
    "image_mean": (0.48145466, 0.4578275, 0.40821073),
    "image_std": (0.26862954, 0.26130258, 0.27577711),
    "size": {"shortest_edge": 224},
    "crop_size": {"height": 224, "width": 224},
    "do_center_crop": True,
}
_COMMON = {
    "do_resize": True,
    "do_rescale": True,
    "do_normalize": True,
    "resample": int(Image.Resampling.BICUBIC),
    "rescale_factor": 1 / 255,
}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "CLIPImageProcessor": {**_COMMON, **_OPENAI},
    "ChineseCLIPImageProcessor": {**_COMMON, **_OPENAI},
    "SiglipImageProcessor": {
        **_COMMON,
        "image_mean": _HALF,
        "image_std": _HALF,
        "size": {"height": 224, "width": 224},
    },
}
"""Class attributes of transformers' processors, which a saved configuration may leave out."""

_STEPS = (
    "preprocess",
    "_preprocess",
    "_preprocess_image_like_inputs",
    "process_image",
    "resize",
    "center_crop",
    "rescale",
    "normalize",
)

LARGEST_RESIZED = 16_000_000
"""Pixels. A strip 1 pixel wide would be blown up to gigabytes before most of it is cropped off."""


@dataclass(frozen=True)
class ImagePreprocessing:
    """Resize, crop and normalisation, as a checkpoint's configuration states them.

    Attributes:
        resize: The shorter edge, or `(height, width)`, or None for no resizing.
        crop: `(height, width)` of the centre crop, or None.
        resample: Pillow's number of the resampling filter.
        rescale: Factor from 0-255 to the range that mean and std belong to.
        mean: Mean of the three channels; zeros without normalisation.
        std: Standard deviation of the three channels; ones without normalisation.

    Example:
        >>> recipe = ImagePreprocessing(resize=224, crop=(224, 224))
        >>> recipe.apply(Image.new("RGB", (640, 480))).shape
        (224, 224, 3)
    """

    resize: int | tuple[int, int] | None
    crop: tuple[int, int] | None
    resample: int = int(Image.Resampling.BICUBIC)
    rescale: float = 1 / 255
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> ImagePreprocessing | None:
        """Read the JSON of an image processor; None if it isn't one whose steps are known here."""
        kind = config.get("image_processor_type", config.get("feature_extractor_type"))
        if not isinstance(kind, str) or "auto_map" in config:
            return None
        kind = kind.replace("FeatureExtractor", "ImageProcessor").removesuffix("Fast")
        defaults = _DEFAULTS.get(kind)
        # What null stands for depends on the entry and the release of transformers.
        if defaults is None or any(config.get(name, "") is None for name in defaults):
            return None
        return _recipe({**defaults, **config})

    @classmethod
    def from_processor(cls, processor: Any) -> ImagePreprocessing | None:
        """Read a transformers processor; None if it has steps of its own."""
        from transformers.image_processing_backends import PilBackend

        kind = type(processor)
        if not isinstance(processor, PilBackend) or any(
            getattr(kind, step) is not getattr(PilBackend, step) for step in _STEPS
        ):
            return None
        return _recipe(processor.to_dict())

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of what comes out."""
        if self.crop is not None:
            return self.crop
        assert isinstance(self.resize, tuple)
        return self.resize

    def resized_size(self, size: tuple[int, int]) -> tuple[int, int]:
        """Width and height after resizing an image of that width and height."""
        if self.resize is None:
            return size
        if isinstance(self.resize, tuple):
            return self.resize[1], self.resize[0]
        short, long = min(size), max(size)
        # transformers cuts the fraction off. Rounding it instead would stretch the image by a
        # pixel, and move its vector further than any shortcut in decoding does.
        scaled = int(self.resize * long / short)
        return (self.resize, scaled) if size[0] <= size[1] else (scaled, self.resize)

    def apply(self, image: Image.Image) -> PixelArray:
        """Resize and crop an RGB image: `(height, width, 3)`.

        Beyond 16 million pixels after resizing, which takes an image hundreds of times longer than
        wide, only the part that is kept is computed; a value may then differ by 1 from the
        reference.
        """
        size = self.resized_size(image.size)
        resample = Image.Resampling(self.resample)
        if self.crop is not None and size[0] * size[1] > LARGEST_RESIZED:
            image = _resized_window(image, size, self.crop, resample)
        elif self.resize is not None:
            image = image.resize(size, resample)
        return self.cropped(np.asarray(image))

    def cropped(self, pixels: PixelArray) -> PixelArray:
        """Crop at the centre, with black around an image that is too small."""
        if self.crop is None:
            return np.array(pixels)
        height, width = self.crop
        top, left = ((p - c) // 2 for p, c in zip(pixels.shape, self.crop, strict=False))
        kept = pixels[max(0, top) : max(0, top) + height, max(0, left) : max(0, left) + width]
        if kept.shape[:2] == self.crop:
            return np.array(kept)
        canvas = np.zeros((height, width, 3), np.uint8)
        # Where the frame can't be equal on both sides, the reference makes it wider before.
        above, before = ((c - k + 1) // 2 for c, k in zip(self.crop, kept.shape, strict=False))
        canvas[above : above + kept.shape[0], before : before + kept.shape[1]] = kept
        return canvas

    def table(self) -> FloatArray:
        """Normalised value of each 8-bit value in each channel, `(3, 256)`: the reference's own.

        It rescales in float64, then normalises in float32.
        """
        scaled = (np.arange(256, dtype=np.float64) * self.rescale).astype(np.float32)
        mean, std = (np.array(each, np.float32)[:, None] for each in (self.mean, self.std))
        table: FloatArray = (scaled[None] - mean) / std
        return table


def _recipe(values: Mapping[str, Any]) -> ImagePreprocessing | None:
    """Rules from a processor's values; None where they say more than a recipe can hold."""
    resize = _resize_rule(values.get("size")) if values.get("do_resize") else None
    crop = _crop_rule(values.get("crop_size")) if values.get("do_center_crop") else None
    mean, std = (
        _channels(values.get(name)) if values.get("do_normalize") else neutral
        for name, neutral in (("image_mean", (0.0,) * 3), ("image_std", (1.0,) * 3))
    )
    understood = (
        (resize is not None or not values.get("do_resize"))
        and (crop is not None or not values.get("do_center_crop"))
        and (crop is not None or isinstance(resize, tuple))
        and not values.get("do_pad")
        and "use_square_size" not in values
        and isinstance(values.get("resample"), int)
    )
    if not understood or mean is None or std is None:
        return None
    factor = float(values["rescale_factor"]) if values.get("do_rescale") else 1.0
    return ImagePreprocessing(resize, crop, int(values["resample"]), factor, mean, std)


def _resize_rule(size: Any) -> int | tuple[int, int] | None:
    if isinstance(size, int):
        return size
    keys = _stated(size)
    if set(keys) == {"shortest_edge"}:
        return int(keys["shortest_edge"])
    return _crop_rule(size)


def _crop_rule(size: Any) -> tuple[int, int] | None:
    if isinstance(size, int):
        return size, size
    keys = _stated(size)
    return (keys["height"], keys["width"]) if set(keys) == {"height", "width"} else None


def _stated(size: Any) -> dict[str, int]:
    if isinstance(size, list | tuple) and len(size) == 2:
        return {"height": size[0], "width": size[1]}
    if not isinstance(size, Mapping):
        return {}
    return {name: value for name, value in size.items() if value is not None}


def _channels(values: Any) -> tuple[float, ...] | None:
    if not isinstance(values, list | tuple) or len(values) != 3:
        return None
    return tuple(float(value) for value in values)


def _resized_window(
    image: Image.Image, size: tuple[int, int], crop: tuple[int, int], resample: Image.Resampling
) -> Image.Image:
    """Resize to `size`, but compute only the centre that a crop keeps."""
    box: list[float] = []
    kept = []
    for full, original, wanted in zip(size, image.size, (crop[1], crop[0]), strict=True):
        start = max(0, (full - wanted) // 2)
        kept.append(min(full, wanted))
        box += [start * original / full, (start + kept[-1]) * original / full]
    return image.resize((kept[0], kept[1]), resample, (box[0], box[2], box[1], box[3]))
