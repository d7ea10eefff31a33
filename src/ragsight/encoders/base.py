"""What the store and the retriever ask of an encoder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ragsight.errors import RagsightError
from ragsight.images import ImageSource

FloatArray: TypeAlias = NDArray[np.float32]

SkipHandler = Callable[[int, RagsightError], None]
"""Called with the index of an image that can't be encoded and the reason."""


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """What must be equal for two encoders' vectors to be comparable.

    Attributes:
        name: Model name or path.
        revision: Commit or tag on the model hub, where one was asked for.
        dimension: Length of the vectors.

    Example:
        >>> EncoderSpec(name="ragsight-demo", revision=None, dimension=96).dimension
        96
    """

    name: str
    revision: str | None
    dimension: int

    def to_dict(self) -> dict[str, Any]:
        """The specification as JSON-ready values."""
        return asdict(self)

    def __str__(self) -> str:
        at = f"@{self.revision}" if self.revision is not None else ""
        return f"{self.name}{at} ({self.dimension} dimensions)"


@dataclass(frozen=True, slots=True)
class SkippedImage:
    """An image that got no vector.

    Attributes:
        index: Its place in the input, from 0.
        error: Why, naming the image.

    Example:
        >>> from ragsight.errors import ImageError
        >>> str(SkippedImage(2, ImageError("broken.png: not an image")).error)
        'broken.png: not an image'
    """

    index: int
    error: RagsightError


@dataclass(frozen=True, slots=True)
class EncodedImages:
    """Vectors of the images that could be encoded, and what became of the others.

    Attributes:
        vectors: `(len(indices), dimension)`, rows of length 1.
        indices: For each row the place of its image in the input, ascending.
        skipped: The images without a row, in order.

    Example:
        >>> from ragsight import ClipEncoder
        >>> found = ClipEncoder("ragsight-demo").encode_images_with_report(["absent.png"])
        >>> found.vectors.shape, found.indices, found.skipped[0].index
        ((0, 96), (), 0)
    """

    vectors: FloatArray
    indices: tuple[int, ...]
    skipped: tuple[SkippedImage, ...]


@runtime_checkable
class ImageTextEncoder(Protocol):
    """Encodes images and texts into one space, such as CLIP does.

    Example:
        >>> from ragsight import ClipEncoder
        >>> isinstance(ClipEncoder("ragsight-demo"), ImageTextEncoder)
        True
    """

    @property
    def spec(self) -> EncoderSpec:
        """Identity of the vectors."""
        ...

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts: `(len(texts), dimension)`, rows of length 1."""
        ...

    def encode_images(
        self, images: Iterable[ImageSource], *, on_skip: SkipHandler | None = None
    ) -> FloatArray:
        """Encode images: one row of length 1 for each that wasn't skipped, in order."""
        ...


@runtime_checkable
class ImageEncoder(Protocol):
    """Encodes images alone, for spaces that no words ask.

    Example:
        >>> from ragsight import ClipEncoder
        >>> isinstance(ClipEncoder("ragsight-demo"), ImageEncoder)
        True
    """

    @property
    def spec(self) -> EncoderSpec:
        """Identity of the vectors."""
        ...

    def encode_images(
        self, images: Iterable[ImageSource], *, on_skip: SkipHandler | None = None
    ) -> FloatArray:
        """Encode images: one row for each that wasn't skipped, in order."""
        ...


@runtime_checkable
class TextEncoder(Protocol):
    """Encodes text for dense text retrieval; wrap any embedding model in these three members.

    Example:
        >>> class Lengths:
        ...     spec = EncoderSpec("lengths", None, 1)
        ...
        ...     def encode_documents(self, texts):
        ...         return np.array([[len(text)] for text in texts], dtype=np.float32)
        ...
        ...     encode_queries = encode_documents
        >>> Lengths().encode_queries(["valve"]).shape
        (1, 1)
    """

    @property
    def spec(self) -> EncoderSpec:
        """Identity of the vectors."""
        ...

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Encode passages: `(len(texts), dimension)`."""
        ...

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Encode questions: `(len(texts), dimension)`."""
        ...
