"""Encoders with a memory: an unchanged image is never embedded twice."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from ragsight.chunks import ImageRef
from ragsight.encoders.base import (
    EncodedImages,
    EncoderSpec,
    FloatArray,
    ImageTextEncoder,
    SkipHandler,
    SkippedImage,
)
from ragsight.encoders.cache.content import FileState, file_digest, text_digest
from ragsight.encoders.cache.embedding_cache import CacheKey, EmbeddingCache
from ragsight.encoders.cache.windows import WindowImage, first_of_equals, image_windows
from ragsight.encoders.clip.options import check_choice
from ragsight.encoders.clip.pipeline import batched
from ragsight.errors import EncoderError, InputError, RagsightError
from ragsight.images import ImageSource

_TEXT_WINDOW = 1024


class CachedEncoder:
    """An encoder that looks up what it has seen before, and encodes only the rest.

    Images are told apart by their bytes (Pillow images by their pixels), never by their names. A
    local file is hashed once: as long as its path, size and times stay, its digest is taken from
    the cache, as git does. Texts are told apart by their exact characters. The cached vectors are
    those the encoder gave, bit by bit.

    Args:
        encoder: Any encoder of images and texts.
        cache: The cache, or a path for one.
        trust_file_times: Take a file's digest from the cache. Set it to false on file systems
            whose times can't be trusted; then every file is read each time.

    Example:
        >>> from ragsight.encoders import DEMO_MODEL, ClipEncoder
        >>> encoder = CachedEncoder(ClipEncoder(DEMO_MODEL), "cache-example.sqlite")
        >>> encoder.encode_texts(["a red sneaker"]).shape == (1, encoder.spec.dimension)
        True
    """

    def __init__(
        self,
        encoder: ImageTextEncoder,
        cache: EmbeddingCache | str | Path,
        *,
        trust_file_times: bool = True,
    ) -> None:
        self.encoder = encoder
        self.cache = cache if isinstance(cache, EmbeddingCache) else EmbeddingCache(cache)
        self.trust_file_times = trust_file_times

    def __repr__(self) -> str:
        return f"CachedEncoder({self.encoder!r}, {self.cache!r})"

    @property
    def spec(self) -> EncoderSpec:
        """Identity of the vectors: the encoder's own."""
        return self.encoder.spec

    @property
    def fingerprint(self) -> str:
        """What embeddings are kept under: the encoder's fingerprint, or its class and `spec`."""
        own = getattr(self.encoder, "fingerprint", None)
        if isinstance(own, str):
            return own
        kind = type(self.encoder)
        spec = json.dumps(self.encoder.spec.to_dict(), sort_keys=True)
        return f"{kind.__module__}.{kind.__qualname__} {spec}"

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts; see the encoder.

        Args:
            texts: Any number of texts.

        Returns:
            Array of shape `(len(texts), dimension)`, rows of length 1.

        Raises:
            InputError: If something in the list is no text.
            EncoderError: If the encoder fails.
        """
        if isinstance(texts, str):
            raise EncoderError("encode_texts takes a list of texts, and got one. Pass [text].")
        for index, text in enumerate(texts):
            if not isinstance(text, str):
                raise InputError(f"text {index} is of type {type(text).__name__}. Pass strings.")
        fingerprint = self.fingerprint
        windows = [self._text_window(some, fingerprint) for some in batched(texts, _TEXT_WINDOW)]
        return self._joined(windows)

    def encode_images(
        self, images: Iterable[ImageSource], *, on_skip: SkipHandler | None = None
    ) -> FloatArray:
        """Encode images; a few hundred paths, or 64 MiB of images, are held at a time.

        Args:
            images: Paths, URLs, bytes, Pillow images or references.
            on_skip: Called with index and error for an image that can't be opened; the image gets
                no row. Without it the error is raised.

        Returns:
            Array of shape `(images that weren't skipped, dimension)`, rows of length 1.

        Raises:
            ImageError: If an image can't be opened and there is no `on_skip`.
            EncoderError: If the encoder fails, or gives another number of rows than images.
        """
        return self._joined([rows for _, rows in self._image_windows(images, on_skip)])

    def encode_images_with_report(
        self, images: Iterable[ImageSource], *, on_error: Literal["raise", "skip"] = "skip"
    ) -> EncodedImages:
        """Encode images and say which vector is whose, and which images have none.

        Args:
            images: Paths, URLs, bytes, Pillow images or references.
            on_error: `skip` encodes the others when an image can't be opened; `raise` stops.

        Returns:
            The vectors, the index of the image behind each, and the images skipped.

        Raises:
            ConfigurationError: If `on_error` is neither.
            ImageError: If an image can't be opened and `on_error` is `raise`.
            EncoderError: If the encoder fails.
        """
        check_choice("on_error", on_error, ("raise", "skip"))
        skipped: list[SkippedImage] = []

        def note(index: int, error: RagsightError) -> None:
            skipped.append(SkippedImage(index, error))

        windows = list(self._image_windows(images, note if on_error == "skip" else None))
        indices = tuple(index for each, _ in windows for index in each)
        return EncodedImages(self._joined([rows for _, rows in windows]), indices, tuple(skipped))

    def stream_images(
        self, images: Iterable[ImageSource], *, on_skip: SkipHandler | None = None
    ) -> Iterator[tuple[int, FloatArray]]:
        """Encode images in constant memory, however many there are.

        Args:
            images: Any number of images; some 256 are drawn at a time.
            on_skip: As for `encode_images`.

        Yields:
            Index of an image and its vector, `(dimension,)`, of length 1; in order, without those
            that were skipped.

        Raises:
            ImageError: If an image can't be opened and there is no `on_skip`.
            EncoderError: If the encoder fails.
        """
        for indices, rows in self._image_windows(images, on_skip):
            yield from zip(indices, rows, strict=True)

    async def aencode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts in a thread, so that the event loop runs on."""
        return await asyncio.to_thread(self.encode_texts, texts)

    async def aencode_images(
        self, images: Iterable[ImageSource], *, on_skip: SkipHandler | None = None
    ) -> FloatArray:
        """Encode images in a thread, where `on_skip` is called too."""
        return await asyncio.to_thread(self.encode_images, images, on_skip=on_skip)

    def _image_windows(
        self, images: Iterable[ImageSource], on_skip: SkipHandler | None
    ) -> Iterator[tuple[list[int], FloatArray]]:
        if isinstance(images, str | bytes | Path | Image.Image | ImageRef):
            raise EncoderError("encode_images takes a list of images, and got one. Pass [image].")
        fingerprint = self.fingerprint
        for window in image_windows(images, stop_at_error=on_skip is None):
            yield self._image_window(window, fingerprint, on_skip)

    def _text_window(self, texts: Sequence[str], fingerprint: str) -> FloatArray:
        keys = [CacheKey(text_digest(text), fingerprint) for text in texts]
        vectors = self._cached(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in vectors}
        if missing:
            rows = self._checked(self.encoder.encode_texts(list(missing.values())), len(missing))
            fresh = dict(zip(missing, rows, strict=True))
            self.cache.put_many(fresh)
            vectors |= fresh
        return np.stack([vectors[key] for key in keys])

    def _image_window(
        self, window: Sequence[WindowImage], fingerprint: str, on_skip: SkipHandler | None
    ) -> tuple[list[int], FloatArray]:
        self._add_digests(window)
        for image in window:
            if image.content.digest is not None:
                image.key = CacheKey(image.content.digest, fingerprint)
        vectors = self._cached([image.key for image in window if image.key is not None])
        for image in window:
            image.vector = None if image.key is None else vectors.get(image.key)
        twins = first_of_equals(window)
        firsts = [image for image, twin in zip(window, twins, strict=True) if image is twin]
        missing = [image for image in firsts if image.is_missing]
        self._encode(missing, skip=on_skip is not None)
        indices: list[int] = []
        rows: list[FloatArray] = []
        for image, twin in zip(window, twins, strict=True):
            if twin.vector is not None:
                indices.append(image.index)
                rows.append(twin.vector)
            elif twin.error is not None:
                if on_skip is None:
                    raise twin.error
                on_skip(image.index, twin.error)
        return indices, np.stack(rows) if rows else self._joined([])

    def _add_digests(self, window: Sequence[WindowImage]) -> None:
        unread = [
            (image.content, image.content.file)
            for image in window
            if image.content.digest is None and image.content.file is not None
        ]
        trusted = [file for _, file in unread] if self.trust_file_times else []
        known = self.cache.get_digests(trusted)
        fresh: dict[FileState, str] = {}
        for content, file in unread:
            content.digest = known.get(file) or file_digest(file.path)
            if content.digest is not None and file not in known:
                fresh[file] = content.digest
        self.cache.put_digests(fresh)

    def _encode(self, missing: Sequence[WindowImage], *, skip: bool) -> None:
        if not missing:
            return
        skipped: dict[int, RagsightError] = {}
        on_skip = skipped.__setitem__ if skip else None
        sources = [image.content.source for image in missing]
        rows = self.encoder.encode_images(sources, on_skip=on_skip)
        kept = [image for place, image in enumerate(missing) if place not in skipped]
        for image, row in zip(kept, self._checked(rows, len(kept)), strict=True):
            image.vector = row
        for place, error in skipped.items():
            missing[place].error = error
        # A file that was written to meanwhile may be encoded as it is now, not as it was hashed.
        self.cache.put_many(
            {
                image.key: image.vector
                for image in kept
                if image.key is not None and image.vector is not None and image.content.is_unchanged
            }
        )

    def _cached(self, keys: Sequence[CacheKey]) -> dict[CacheKey, FloatArray]:
        found = self.cache.get_many(dict.fromkeys(keys))
        width = (self.spec.dimension,) if found else ()
        return {key: vector for key, vector in found.items() if vector.shape == width}

    def _checked(self, rows: FloatArray, count: int) -> FloatArray:
        if len(rows) != count:
            raise EncoderError(
                f"{self.encoder!r} gave {len(rows)} vectors for {count} inputs. An encoder must "
                "give one for each, and report each image it skips."
            )
        return rows

    def _joined(self, windows: list[FloatArray]) -> FloatArray:
        if not windows:
            return np.empty((0, self.spec.dimension), np.float32)
        return np.concatenate(windows)
