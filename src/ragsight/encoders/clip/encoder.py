"""CLIP-family encoders: images and texts into one space, fast and exact."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from PIL import Image

from ragsight.chunks import ImageRef
from ragsight.encoders.base import (
    EncodedImages,
    EncoderSpec,
    FloatArray,
    SkipHandler,
    SkippedImage,
)
from ragsight.encoders.clip.checkpoint import DEFAULT_MODEL, DEMO_MODEL, Checkpoint
from ragsight.encoders.clip.fingerprints import digest_of
from ragsight.encoders.clip.options import BackendName, ClipOptions, DtypeName, check_choice
from ragsight.encoders.clip.parts import Choice, Parts, PreparedImage
from ragsight.encoders.clip.pipeline import batched, map_ahead, progress
from ragsight.encoders.clip.tokenizing import Windows
from ragsight.errors import EncoderError, InputError, RagsightError
from ragsight.images import ImageSource

__all__ = ["DEFAULT_MODEL", "DEMO_MODEL", "ClipEncoder"]

_BATCH = 16
_BATCH_AREA = _BATCH * 224 * 224
_TEXTS_AT_ONCE = 4096
"""Texts that are sorted by length together: enough for even batches, little to hold."""


class ClipEncoder:
    """Encodes images and texts into the space of one CLIP-family checkpoint.

    Any checkpoint works whose transformers class has `get_image_features` and
    `get_text_features` (CLIP, SigLIP, SigLIP 2, Chinese-CLIP, ...). Image size, normalisation,
    context length and lower-casing are the checkpoint's own. Nothing is loaded until the first
    call that needs it. One encoder may be used from several threads, and sent to other processes,
    which load the weights themselves.

    Images are opened upright and with transparency on white, see `ragsight.open_image`. Large
    JPEGs are decoded at a fraction of their size, still at least twice what the model sees:
    vectors agree with those of the transformers reference to a cosine of 0.9999 and more. With
    `exact` they are decoded in full, and the forward pass is transformers' own.

    Args:
        model: Name on the model hub, a local folder, or `DEMO_MODEL` for the small checkpoint
            inside this package, which knows drawings only.
        revision: Commit, tag or branch on the hub.
        device: A torch device; by default cuda, then mps, then cpu.
        batch_size: Images or texts in one forward pass; by default 16, and fewer for models whose
            images are larger than 224 by 224 pixels.
        local_files_only: Never ask the hub; use what is cached.
        dtype: Number format of the weights in torch; by default float16 on cuda, else float32.
        backend: `torch`; `onnx` for ONNX Runtime, which starts sooner and is faster on single
            texts; `onnx-int8` for its quantised and less exact form.
        exact: Take no shortcut that changes any pixel or the order of any sum.
        options: Threads, long texts, progress; see `ClipOptions`.

    Raises:
        ConfigurationError: If an argument makes no sense, or the device can't be used.
        ModelNotFoundError: On first use, if there is no such model.
        ModelUnavailableError: On first use, if the hub can't be reached and nothing is cached.

    Example:
        >>> encoder = ClipEncoder(DEMO_MODEL)
        >>> encoder.encode_texts(["a red sneaker"]).shape == (1, encoder.spec.dimension)
        True
    """

    def __init__(  # noqa: PLR0913 - what few need is in the options already
        self,
        model: str = DEFAULT_MODEL,
        *,
        revision: str | None = None,
        device: str | None = None,
        batch_size: int | None = None,
        local_files_only: bool = False,
        dtype: DtypeName = "auto",
        backend: BackendName = "torch",
        exact: bool = False,
        options: ClipOptions | None = None,
    ) -> None:
        if batch_size is not None and batch_size < 1:
            raise EncoderError(f"batch_size is {batch_size}; it must be 1 or more.")
        check_choice("dtype", dtype, get_args(DtypeName))
        check_choice("backend", backend, get_args(BackendName))
        self.batch_size = batch_size if batch_size is not None else _BATCH
        self.options = options if options is not None else ClipOptions()
        self._sized_by_memory = batch_size is None
        self._checkpoint = Checkpoint(model, revision, local_files_only)
        self._choice = Choice(device, dtype, backend, exact, self.options)
        self._lock = threading.RLock()
        self._parts: Parts | None = None
        self._spec: EncoderSpec | None = None
        self._fingerprint: str | None = None

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

    @property
    def fingerprint(self) -> str:
        """Digest of all that can change a vector, such as a cache needs for its keys.

        It covers the checkpoint (a local folder by its content, a model on the hub by its commit),
        dimension, preprocessing, backend, number format and what becomes of long texts. No
        weights are loaded; of a local folder some blocks of each file are read.
        """
        with self._lock:
            if self._fingerprint is None:
                dimension = self.spec.dimension
                facts = {**self._checkpoint.identity(), **self._choice.facts()}
                self._fingerprint = digest_of({**facts, "dimension": dimension})
            return self._fingerprint

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts; `options.long_texts` says what becomes of those beyond the context length.

        Args:
            texts: Any number of texts.

        Returns:
            Array of shape `(len(texts), dimension)`, rows of length 1.

        Raises:
            InputError: If something in the list is no text.
            EncoderError: If the checkpoint can't be loaded, or gives values that aren't finite.
        """
        if isinstance(texts, str):
            raise EncoderError("encode_texts takes a list of texts, and got one. Pass [text].")
        for index, text in enumerate(texts):
            if not isinstance(text, str):
                raise InputError(f"text {index} is of type {type(text).__name__}. Pass strings.")
        with progress(self.options.progress, texts, "text") as advance:
            rows = []
            for chunk in batched(texts, _TEXTS_AT_ONCE):
                rows.append(self._encode_chunk(chunk))
                advance(len(chunk))
        return self._joined(rows)

    async def aencode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts in a thread, as `encode_texts` does."""
        return await asyncio.to_thread(self.encode_texts, texts)

    def encode_images(
        self, images: Iterable[ImageSource], *, on_skip: SkipHandler | None = None
    ) -> FloatArray:
        """Encode images; only the vectors stay in memory.

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
        return self._joined([rows for _, rows in self._image_batches(images, on_skip)])

    async def aencode_images(
        self, images: Iterable[ImageSource], *, on_skip: SkipHandler | None = None
    ) -> FloatArray:
        """Encode images in a thread, as `encode_images` does; `on_skip` is called there too."""
        return await asyncio.to_thread(self.encode_images, images, on_skip=on_skip)

    def encode_images_with_report(
        self, images: Iterable[ImageSource], *, on_error: Literal["raise", "skip"] = "skip"
    ) -> EncodedImages:
        """Encode images and say which vector is whose, and which images have none.

        Args:
            images: Paths, bytes, Pillow images or references.
            on_error: `skip` encodes the others when an image can't be opened; `raise` stops.

        Returns:
            The vectors, the index of the image behind each, and the images skipped.

        Raises:
            ImageError: If an image can't be opened and `on_error` is `raise`.
            EncoderError: If the checkpoint can't be loaded, or gives values that aren't finite.

        Example:
            >>> encoder = ClipEncoder(DEMO_MODEL)
            >>> result = encoder.encode_images_with_report([b"no image", Image.new("RGB", (9, 9))])
            >>> result.indices, result.vectors.shape[0]
            ((1,), 1)
            >>> [(skipped.index, str(skipped.error)) for skipped in result.skipped]
            [(0, 'image of 8 bytes: this is not an image that can be read (...).')]
        """
        check_choice("on_error", on_error, ("raise", "skip"))
        skipped: list[SkippedImage] = []

        def note(index: int, error: RagsightError) -> None:
            skipped.append(SkippedImage(index, error))

        batches = list(self._image_batches(images, note if on_error == "skip" else None))
        indices = tuple(index for each, _ in batches for index in each)
        return EncodedImages(self._joined([rows for _, rows in batches]), indices, tuple(skipped))

    def stream_images(
        self, images: Iterable[ImageSource], *, on_skip: SkipHandler | None = None
    ) -> Iterator[tuple[int, FloatArray]]:
        """Encode images one batch after the other, in constant memory.

        Args:
            images: Any number of images, endless iterators among them. They are drawn as vectors
                are taken, some 20 ahead.
            on_skip: As for `encode_images`.

        Yields:
            Index of an image and its vector, `(dimension,)`, of length 1; in order, without those
            that were skipped.

        Raises:
            ImageError: If an image can't be opened and there is no `on_skip`.
            EncoderError: If the checkpoint can't be loaded, or gives values that aren't finite.
        """
        for indices, rows in self._image_batches(images, on_skip):
            yield from zip(indices, rows, strict=True)

    def _encode_chunk(self, texts: Sequence[str]) -> FloatArray:
        parts = self._loaded()
        # The weights first: of a model without a text tower they say more than its tokenizer does.
        _ = parts.backend
        windows = parts.tokenizer.windows(texts)
        if self.options.long_texts == "truncate":
            self._note_long_texts(texts, windows)
            return self._encode_tokens([each[0] for each in windows])
        vectors = self._encode_tokens([window for each in windows for window in each])
        if len(vectors) == len(texts):
            return vectors
        starts = np.cumsum([0, *(len(each) for each in windows[:-1])])
        # A last window of three words says less about the text than the full ones before it.
        weights = np.array([len(window) for each in windows for window in each], np.float32)
        return self._unit(np.add.reduceat(vectors * weights[:, None], starts))

    def _note_long_texts(self, texts: Sequence[str], windows: Sequence[Windows]) -> None:
        parts = self._loaded()
        for text, each in zip(texts, windows, strict=True):
            if len(each) > 1:
                parts.notice.give(text, sum(map(len, each)), parts.tokenizer.rules)
                return

    def _encode_tokens(self, texts: Sequence[Sequence[int]]) -> FloatArray:
        parts = self._loaded()
        rows = np.empty((len(texts), self.spec.dimension), np.float32)
        # Texts of like length together: little of a batch is filling.
        by_length = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for batch in batched(by_length, self.batch_size):
            ids, mask = parts.tokenizer.rules.batch([texts[index] for index in batch])
            rows[batch] = self._unit(parts.backend.embed_tokens(ids, mask))
        return rows

    def _image_batches(
        self, images: Iterable[ImageSource], on_skip: SkipHandler | None
    ) -> Iterator[tuple[list[int], FloatArray]]:
        if isinstance(images, str | bytes | Path | Image.Image | ImageRef):
            raise EncoderError("encode_images takes a list of images, and got one. Pass [image].")
        alone = isinstance(images, Sequence) and len(images) < 2
        workers = 0 if alone else self.options.usable_workers
        prepared = map_ahead(self._prepared, images, workers=workers, ahead=self.batch_size)
        batch: list[PreparedImage] = []
        indices: list[int] = []
        with (
            closing(prepared),
            progress(self.options.progress, images, "image") as advance,
        ):
            for index, image in enumerate(prepared):
                if isinstance(image, InputError):
                    if on_skip is None:
                        raise image
                    on_skip(index, image)
                    advance(1)
                    continue
                indices.append(index)
                batch.append(image)
                if len(batch) >= self._images_at_once(image):
                    yield indices, self._embedded(batch)
                    advance(len(batch))
                    batch, indices = [], []
            if batch:
                yield indices, self._embedded(batch)
                advance(len(batch))

    def _prepared(self, image: ImageSource) -> PreparedImage | InputError:
        try:
            return self._loaded().preparer.prepare(image)
        except InputError as error:
            return error

    def _images_at_once(self, image: PreparedImage) -> int:
        if not self._sized_by_memory:
            return self.batch_size
        values = image.size if isinstance(image, np.ndarray) else image["pixel_values"].numel()
        return max(1, min(self.batch_size, _BATCH_AREA // max(1, values // 3)))

    def _embedded(self, batch: Sequence[PreparedImage]) -> FloatArray:
        return self._unit(self._loaded().embed_images(batch))

    def _loaded(self) -> Parts:
        with self._lock:
            if self._parts is None:
                self._parts = Parts(self._checkpoint, self._choice)
            return self._parts

    def _joined(self, rows: list[FloatArray]) -> FloatArray:
        return np.concatenate(rows) if rows else np.empty((0, self.spec.dimension), np.float32)

    def _unit(self, rows: FloatArray) -> FloatArray:
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(norms).all() or not norms.all():
            raise EncoderError(
                f"{self._checkpoint.model} gave vectors that aren't finite or have no length: "
                "its weights are damaged. Download the checkpoint again."
            )
        return np.asarray(rows / norms, dtype=np.float32)
