"""What `ClipEncoder` loads of a checkpoint, each part when it is first needed."""

from __future__ import annotations

import gc
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ragsight.encoders.base import FloatArray
from ragsight.encoders.clip.backends import PixelArray, TowerBackend
from ragsight.encoders.clip.checkpoint import Checkpoint
from ragsight.encoders.clip.options import BackendName, ClipOptions, DtypeName
from ragsight.encoders.clip.preprocessing import ImagePreparer, ModelInputs
from ragsight.encoders.clip.tokenizing import LongTextNotice, TextTokenizer, load_text_tokenizer
from ragsight.errors import ConfigurationError

PreparedImage: TypeAlias = PixelArray | ModelInputs
"""Pixels, or what the checkpoint's own processor made."""


@dataclass(frozen=True)
class Choice:
    """What was chosen of the ways to run a checkpoint; see `ClipEncoder`."""

    device: str | None
    dtype: DtypeName
    backend: BackendName
    exact: bool
    options: ClipOptions

    def facts(self) -> dict[str, Any]:
        """What of it changes vectors, as JSON-ready values."""
        return {
            # To be counted up whenever a release of this package changes vectors.
            "scheme": 1,
            "backend": self.backend,
            "dtype": self._dtype(),
            "exact": self.exact,
            "long_texts": self.options.long_texts,
        }

    def load_backend(self, checkpoint: Checkpoint, preparer: ImagePreparer) -> TowerBackend:
        """Load the weights into the backend."""
        if self.backend == "torch":
            return self._load_torch(checkpoint, preparer)
        from ragsight.encoders.onnx import onnx_backend

        recipe = preparer.recipe
        if recipe is None:
            raise ConfigurationError(
                f"{checkpoint.model} prepares images in a way of its own, which only "
                "backend='torch' supports."
            )
        backend: TowerBackend = onnx_backend(
            checkpoint,
            recipe,
            precision="int8" if self.backend == "onnx-int8" else "fp32",
            cache_folder=self.options.cache_folder,
            threads=self.options.threads,
        )
        return backend

    def _load_torch(self, checkpoint: Checkpoint, preparer: ImagePreparer) -> TowerBackend:
        import torch

        from ragsight.encoders.clip.torch_backend import TorchBackend, pick_device

        if self.options.threads is not None:
            torch.set_num_threads(self.options.threads)
        backend = TorchBackend(
            checkpoint.load_model(),
            # Read when an image comes: words are encoded without it.
            lambda: preparer.recipe,
            pick_device(self.device),
            self._dtype(),
            exact=self.exact,
        )
        # What was imported for it makes a full collection due. Left alone it comes among the first
        # questions, and stops every thread, a server's event loop too, for some 300 ms.
        gc.collect()
        return backend

    def _dtype(self) -> DtypeName:
        if self.backend != "torch":
            return "float32"
        from ragsight.encoders.clip.torch_backend import pick_device, pick_dtype

        return pick_dtype(self.dtype, pick_device(self.device))


class Parts:
    """The preparer, the tokenizer and the towers of one checkpoint; safe to use from threads.

    Args:
        checkpoint: Where they come from.
        choice: How they are run.

    Attributes:
        preparer: Makes images ready.
        notice: Warns of the first text that is cut off.
    """

    def __init__(self, checkpoint: Checkpoint, choice: Choice) -> None:
        self.preparer = ImagePreparer(checkpoint, exact=choice.exact)
        self.notice = LongTextNotice()
        self._checkpoint = checkpoint
        self._choice = choice
        self._lock = threading.RLock()
        self._backend: TowerBackend | None = None
        self._tokenizer: TextTokenizer | None = None

    @property
    def tokenizer(self) -> TextTokenizer:
        """The tokenizer; loads it, but no weights."""
        with self._lock:
            if self._tokenizer is None:
                self._tokenizer = load_text_tokenizer(self._checkpoint)
            return self._tokenizer

    @property
    def backend(self) -> TowerBackend:
        """The towers; loads the weights."""
        with self._lock:
            if self._backend is None:
                self._backend = self._choice.load_backend(self._checkpoint, self.preparer)
            return self._backend

    def embed_images(self, batch: Sequence[PreparedImage]) -> FloatArray:
        """Encode prepared images: `(images, dimension)`, rows not of length 1."""
        pixels = [image for image in batch if isinstance(image, np.ndarray)]
        if len(pixels) == len(batch):
            return self.backend.embed_pixels(np.stack(pixels))
        from ragsight.encoders.clip.torch_backend import TorchBackend

        backend = self.backend
        assert isinstance(backend, TorchBackend)  # the others refuse such checkpoints
        return backend.embed_inputs([image for image in batch if not isinstance(image, np.ndarray)])
