"""Images on their way through a cached encoder, a bounded number at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from ragsight.encoders.base import FloatArray
from ragsight.encoders.cache.content import ImageContent, image_content
from ragsight.encoders.cache.embedding_cache import CacheKey
from ragsight.errors import InputError, RagsightError
from ragsight.images import ImageSource

WINDOW_IMAGES = 256
"""Images that are looked up together."""

WINDOW_BYTES = 64 * 2**20
"""Bytes of images in memory beyond which no more are added to a window: 64 MiB."""


@dataclass(slots=True, eq=False)
class WindowImage:
    """One image on its way through a window.

    Attributes:
        index: Its place in the input, from 0.
        content: What to encode, and what tells it from others.
        error: Why it has no vector.
        key: What its vector is kept under; None if its content can't be told.
        vector: Its vector, once it is known.
    """

    index: int
    content: ImageContent
    error: RagsightError | None = None
    key: CacheKey | None = None
    vector: FloatArray | None = None

    @property
    def is_missing(self) -> bool:
        """Whether it still has to be encoded."""
        return self.vector is None and self.error is None


def first_of_equals(window: Sequence[WindowImage]) -> list[WindowImage]:
    """For each image the first one with the same key; itself if it has none."""
    first: dict[CacheKey, WindowImage] = {}
    return [image if image.key is None else first.setdefault(image.key, image) for image in window]


def image_windows(
    images: Iterable[ImageSource], *, stop_at_error: bool
) -> Iterator[list[WindowImage]]:
    """Draw images and group them.

    Args:
        images: Any number of images.
        stop_at_error: End a window at the first image that can't be read, since what comes after
            it will not be wanted.

    Yields:
        Images in order. One that isn't on this machine and can't be read carries its error.
    """
    window: list[WindowImage] = []
    held = 0
    for index, source in enumerate(images):
        try:
            image = WindowImage(index, image_content(source))
        except InputError as error:
            image = WindowImage(index, ImageContent(source), error)
        window.append(image)
        held += image.content.held_bytes
        # What comes before a failure still has to be encoded: it may fail first.
        is_last = stop_at_error and image.error is not None
        if is_last or len(window) == WINDOW_IMAGES or held >= WINDOW_BYTES:
            yield window
            window, held = [], 0
    if window:
        yield window
