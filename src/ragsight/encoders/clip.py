"""CLIP-family encoders through transformers."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ragsight.encoders.base import EncoderSpec, FloatArray, SkipHandler
from ragsight.encoders.checkpoint import DEFAULT_MODEL, DEMO_MODEL, Checkpoint
from ragsight.errors import EncoderError, ImageError, InputError
from ragsight.images import ImageSource, describe_image, open_image

if TYPE_CHECKING:
    import torch
    from PIL import Image

__all__ = ["DEFAULT_MODEL", "DEMO_MODEL", "ClipEncoder"]

T = TypeVar("T")


class ClipEncoder:
    """Encodes images and texts into the space of one CLIP-family checkpoint.

    Any checkpoint works whose transformers class has `get_image_features` and
    `get_text_features` (CLIP, SigLIP, Chinese-CLIP, ...). Nothing is loaded until the first call
    that needs it. One encoder may be used from several threads.

    Args:
        model: Name on the model hub, a local folder, or `DEMO_MODEL` for the small checkpoint
            inside this package, which knows drawings only.
        revision: Commit, tag or branch on the hub.
        device: A torch device; by default cuda, then mps, then cpu.
        batch_size: Images or texts in one forward pass.
        local_files_only: Never ask the hub; use what is cached.

    Raises:
        ModelNotFoundError: On first use, if there is no such model.
        ModelUnavailableError: On first use, if the hub can't be reached and nothing is cached.

    Example:
        >>> encoder = ClipEncoder(DEMO_MODEL)
        >>> encoder.encode_texts(["a red sneaker"]).shape == (1, encoder.spec.dimension)
        True
    """

    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        *,
        revision: str | None = None,
        device: str | None = None,
        batch_size: int = 16,
        local_files_only: bool = False,
    ) -> None:
        if batch_size < 1:
            raise EncoderError(f"batch_size is {batch_size}; it must be 1 or more.")
        self._checkpoint = Checkpoint(model, revision, local_files_only)
        self._device = device
        self.batch_size = batch_size
        self._lock = threading.RLock()
        self._parts: _Parts | None = None
        self._spec: EncoderSpec | None = None

    def __repr__(self) -> str:
        return f"ClipEncoder({self._checkpoint.model!r})"

    def __getstate__(self) -> dict[str, Any]:
        # Weights are loaded again on the other side: sending them costs more than reading them.
        return {**self.__dict__, "_lock": None, "_parts": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _lock=threading.RLock())

    @property
    def spec(self) -> EncoderSpec:
        """Identity of the vectors; reads the checkpoint's configuration, not its weights."""
        with self._lock:
            if self._spec is None:
                checkpoint = self._checkpoint
                dimension = checkpoint.dimension()
                self._spec = EncoderSpec(checkpoint.model, checkpoint.revision, dimension)
            return self._spec

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts; what exceeds the model's context length is cut off.

        Args:
            texts: Any number of texts.

        Returns:
            Array of shape `(len(texts), dimension)`, rows of length 1.

        Raises:
            EncoderError: If the checkpoint can't be loaded, or gives values that aren't finite.
        """
        parts = self._loaded()
        rows = [parts.embed_texts(batch) for batch in _batched(texts, self.batch_size)]
        return self._normalised(rows)

    def encode_images(
        self, images: Iterable[ImageSource], *, on_skip: SkipHandler | None = None
    ) -> FloatArray:
        """Encode images, holding one batch of pixels in memory at a time.

        Args:
            images: Paths, bytes, Pillow images or references.
            on_skip: Called with index and error for an image that can't be opened; the image gets
                no row. Without it the error is raised.

        Returns:
            Array of shape `(images that weren't skipped, dimension)`, rows of length 1.

        Raises:
            ImageError: If an image can't be opened and there is no `on_skip`.
            EncoderError: If the checkpoint can't be loaded, or gives values that aren't finite.
        """
        pixels = self._preprocessed(images, on_skip)
        rows = [self._loaded().embed_pixels(batch) for batch in _batched(pixels, self.batch_size)]
        return self._normalised(rows)

    def _preprocessed(
        self, images: Iterable[ImageSource], on_skip: SkipHandler | None
    ) -> Iterator[torch.Tensor]:
        for index, image in enumerate(images):
            try:
                # Opened before the model is loaded: no weights are read for broken images alone.
                upright = open_image(image)
                yield self._loaded().pixels(upright, describe_image(image))
            except InputError as error:
                if on_skip is None:
                    raise
                on_skip(index, error)

    def _loaded(self) -> _Parts:
        with self._lock:
            if self._parts is None:
                self._parts = _Parts(self._checkpoint, self._device)
            return self._parts

    def _normalised(self, batches: list[FloatArray]) -> FloatArray:
        if not batches:
            return np.empty((0, self.spec.dimension), np.float32)
        rows = np.concatenate(batches)
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or not norms.all():
            raise EncoderError(
                f"{self._checkpoint.model} gave vectors that aren't finite or have no length: "
                "its weights are damaged. Download the checkpoint again."
            )
        return np.asarray(rows / norms, dtype=np.float32)


class _Parts:
    """The loaded model with its image processor and tokenizer."""

    def __init__(self, checkpoint: Checkpoint, device: str | None) -> None:
        import torch

        self._torch = torch
        self.device = torch.device(device if device is not None else _best_device(torch))
        self.model = checkpoint.load_model().to(self.device).eval()
        self._checkpoint = checkpoint
        # Loads what a search by words, or an index of images only, may never need; and the fast
        # tokenizers refuse to be set up by one thread while another one encodes.
        self._lock = threading.Lock()
        self._processor: Any = None
        self._tokenizer: Any = None
        text_config = getattr(self.model.config, "text_config", self.model.config)
        self.context_length = int(getattr(text_config, "max_position_embeddings", 77))
        # SigLIP learned from texts padded to the full length, and reads shorter ones wrongly.
        is_siglip = str(self.model.config.model_type).startswith("siglip")
        self.padding: bool | str = "max_length" if is_siglip else True

    def pixels(self, image: Image.Image, name: str) -> torch.Tensor:
        """Preprocess one opened image: `(3, height, width)`."""
        with self._lock:
            if self._processor is None:
                self._processor = self._checkpoint.load_image_processor()
        try:
            features = self._processor(images=image, return_tensors="pt")
        except ValueError as error:
            raise ImageError(
                f"{name}: the image can't be prepared for the model ({error})."
            ) from error
        pixels: torch.Tensor = features["pixel_values"][0]
        return pixels

    def embed_pixels(self, batch: Sequence[torch.Tensor]) -> FloatArray:
        with self._torch.inference_mode():
            pixels = self._torch.stack(list(batch)).to(self.device, self.model.dtype)
            return self._array(self.model.get_image_features(pixel_values=pixels))

    def embed_texts(self, batch: Sequence[str]) -> FloatArray:
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = self._checkpoint.load_tokenizer()
            tokens = self._tokenizer(
                list(batch),
                padding=self.padding,
                truncation=True,
                max_length=self.context_length,
                return_tensors="pt",
            )
        with self._torch.inference_mode():
            return self._array(self.model.get_text_features(**tokens.to(self.device)))

    def _array(self, output: Any) -> FloatArray:
        features = getattr(output, "pooler_output", output)
        array: FloatArray = features.float().cpu().numpy()
        return array


def _best_device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
