"""From an image to the pixels a checkpoint expects, as its own image processor makes them.

Where a recipe describes the processor, it is followed; any other processor is called itself.

What comes before that differs from the reference on purpose. `open_image` makes an upright RGB
image; the reference ignores EXIF rotation, clips 16 bits to 8, and in older releases drops
transparency, so that what is hidden shows. For such files the pixels are those that the reference
makes of the image from `open_image`.
"""

from __future__ import annotations

import io
import struct
import threading
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageOps

from ragsight.chunks import ImageRef
from ragsight.encoders.clip.backends import PixelArray
from ragsight.encoders.clip.checkpoint import Checkpoint
from ragsight.encoders.clip.image_preprocessing import LARGEST_RESIZED, ImagePreprocessing
from ragsight.errors import ImageError
from ragsight.images import (
    MAX_PIXELS,
    ImageSource,
    describe_image,
    open_image,
    read_image_bytes,
)
from ragsight.images.opening import to_rgb

__all__ = ["ImagePreparer", "ImagePreprocessing", "ModelInputs"]

ModelInputs: TypeAlias = Mapping[str, Any]
"""What a transformers image processor made of one image: tensors with a first axis of 1."""

_CONFIG = "preprocessor_config.json"
_JPEG_MAGIC = b"\xff\xd8\xff"
_DAMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    MemoryError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
_ORIENTATION_TAG = 0x0112
_SIDEWAYS = frozenset({5, 6, 7, 8})


class ImagePreparer:
    """Opens images and makes them ready for one checkpoint, from any thread.

    Args:
        checkpoint: Where the rules come from; they are read when the first image needs them.
        exact: Decode JPEGs at full size. Otherwise a large one is decoded at a half, a quarter or
            an eighth of it, but at least at twice the size the model sees. That takes a fraction
            of the time, and changes the pixels by less than JPEG itself does: some 50 dB.

    Example:
        >>> preparer = ImagePreparer(Checkpoint("ragsight-demo"), exact=False)
        >>> preparer.prepare(Image.new("RGB", (640, 480))).shape
        (64, 64, 3)
    """

    def __init__(self, checkpoint: Checkpoint, *, exact: bool) -> None:
        self._checkpoint = checkpoint
        self._exact = exact
        self._lock = threading.Lock()
        self._rules: tuple[ImagePreprocessing | None, Any] | None = None

    @property
    def recipe(self) -> ImagePreprocessing | None:
        """The checkpoint's rules; None if only its own processor knows them."""
        return self._loaded()[0]

    def prepare(self, source: ImageSource) -> PixelArray | ModelInputs:
        """Open and prepare one image.

        Raises:
            SourceNotFoundError: If there is no such file.
            ImageError: If it can't be opened, or the model's processor refuses it.
            EncoderError: If the checkpoint has no usable image processor.
        """
        source = _in_hand(source)
        jpeg = _jpeg_bytes(source) if not self._exact else None
        if jpeg is not None and (recipe := self.recipe) is not None:
            reduced = _reduced_jpeg(jpeg, recipe)
            if reduced is not None:
                return reduced
        # Opened before the rules are loaded: nothing is loaded for broken images alone.
        image = open_image(source)
        recipe, processor = self._loaded()
        if recipe is not None:
            return recipe.apply(image)
        try:
            inputs: ModelInputs = processor(images=image, return_tensors="pt")
        except ValueError as error:
            name = describe_image(source)
            raise ImageError(
                f"{name}: the image can't be prepared for the model ({error})."
            ) from error
        return inputs

    def _loaded(self) -> tuple[ImagePreprocessing | None, Any]:
        with self._lock:
            if self._rules is None:
                self._rules = self._load()
            return self._rules

    def _load(self) -> tuple[ImagePreprocessing | None, Any]:
        nested = self._checkpoint.read_json("processor_config.json").get("image_processor")
        config = nested if nested is not None else self._checkpoint.read_json(_CONFIG)
        recipe = ImagePreprocessing.from_config(config)
        if recipe is not None:
            return recipe, None
        # Of a checkpoint that isn't there, or can't be had, this says why.
        self._checkpoint.load_config()
        processor = self._checkpoint.load_image_processor()
        return ImagePreprocessing.from_processor(processor), processor


def _in_hand(source: ImageSource) -> Image.Image | ImageRef:
    """The source with its bytes read, under the name that it has."""
    if isinstance(source, Image.Image):
        return source
    if isinstance(source, ImageRef) and source.data is not None:
        return source
    data = read_image_bytes(source)
    return ImageRef(
        uri=describe_image(source),
        sha256="",
        mime="",
        width=0,
        height=0,
        size=len(data),
        data=data,
    )


def _jpeg_bytes(source: Image.Image | ImageRef) -> bytes | None:
    if isinstance(source, Image.Image) or source.data is None:
        return None
    return source.data if source.data.startswith(_JPEG_MAGIC) else None


def _reduced_jpeg(data: bytes, recipe: ImagePreprocessing) -> PixelArray | None:
    """Prepare a JPEG from a smaller decoding of it.

    Returns:
        None if no smaller decoding is large enough, or if there is anything wrong with the file.
    """
    try:
        image = Image.open(io.BytesIO(data), formats=("JPEG",))
        sideways = image.getexif().get(_ORIENTATION_TAG) in _SIDEWAYS
        upright = image.size[::-1] if sideways else image.size
        wanted = recipe.resized_size((upright[0], upright[1]))
        wanted = wanted[::-1] if sideways else wanted
        if wanted[0] * wanted[1] > LARGEST_RESIZED or image.width * image.height > MAX_PIXELS:
            return None
        full = image.size
        drafted = image.draft(image.mode, (2 * wanted[0], 2 * wanted[1]))
        if drafted is None or image.size == full:
            return None
        # The last column and row of a smaller decoding may stand for less than a whole pixel.
        small = to_rgb(image).resize(wanted, Image.Resampling(recipe.resample), box=drafted[1])
        return recipe.cropped(np.asarray(ImageOps.exif_transpose(small)))
    except _DAMAGE:
        return None
