"""CLIP as LangChain embeddings, and LangChain embeddings as ragsight's text encoder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, overload

import numpy as np
from langchain_core.embeddings import Embeddings
from langchain_core.runnables import run_in_executor

from ragsight import DEFAULT_MODEL, ClipEncoder, EncoderSpec, ImageTextEncoder
from ragsight.encoders import FloatArray, SkipHandler
from ragsight.encoders.cache import CachedEncoder, EmbeddingCache
from ragsight.errors import ConfigurationError, EncoderError
from ragsight.images import ImageSource


class ClipEmbeddings(Embeddings):
    """Embeds texts and images into one space.

    An image is a path, a URL of the web or of fsspec, a `data:` URI, encoded bytes, a Pillow image
    or an `ImageRef`. URLs of the web are fetched within the limits of `ragsight.images`: from
    public addresses only. The async methods leave the event loop free.

    Args:
        model: Name on the model hub or a local folder; see `ragsight.ClipEncoder`.
        encoder: An encoder that is there already, instead of a model.
        cache: Where embeddings are kept, so that an unchanged image or text is embedded once: a
            path, or an `EmbeddingCache`.
        **options: Passed to `ragsight.ClipEncoder`, such as `revision`, `device`, `batch_size`,
            `local_files_only`.

    Raises:
        ConfigurationError: If there is an encoder and a model or options too.

    Example:
        >>> embeddings = ClipEmbeddings("ragsight-demo")
        >>> len(embeddings.embed_query("a red sneaker")) == embeddings.encoder.spec.dimension
        True
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        encoder: ImageTextEncoder | None = None,
        cache: EmbeddingCache | str | Path | None = None,
        **options: Any,
    ) -> None:
        if encoder is not None and (model is not None or options):
            raise ConfigurationError("Give a model with its options, or an encoder, not both.")
        name = model if model is not None else DEFAULT_MODEL
        chosen = encoder if encoder is not None else ClipEncoder(name, **options)
        self.encoder = chosen if cache is None else CachedEncoder(chosen, cache)

    def __repr__(self) -> str:
        return f"ClipEmbeddings(encoder={self.encoder!r})"

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed texts: one vector of length 1 for each.

        Raises:
            EncoderError: If the model can't be loaded or used.
        """
        return _rows(self.encoder.encode_texts(texts))

    def embed_query(self, text: str) -> list[float]:
        """Embed one text, the same way as a document."""
        return self.embed_documents([text])[0]

    def embed_images(
        self, images: Iterable[ImageSource], *, on_skip: SkipHandler | None = None
    ) -> list[list[float]]:
        """Embed images: one vector of length 1 for each.

        Args:
            images: Any number of images, also a stream of them.
            on_skip: Called with index and error for an image that can't be opened; the image gets
                no vector. Without it the error is raised.

        Returns:
            Vectors in the space of the texts' vectors.

        Raises:
            ImageError: If an image can't be opened, fetched or decoded and there is no `on_skip`.
            EncoderError: If the model can't be loaded or used.
        """
        return _rows(self.encoder.encode_images(images, on_skip=on_skip))

    @overload
    def embed_image(self, image: ImageSource) -> list[float]: ...

    @overload
    def embed_image(self, *, uris: list[str]) -> list[list[float]]: ...

    def embed_image(
        self, image: ImageSource | None = None, *, uris: list[str] | None = None
    ) -> list[float] | list[list[float]]:
        """Embed one image.

        Args:
            image: The image.
            uris: Several paths or URLs instead, as langchain-chroma's image methods ask for them.

        Returns:
            The vector; with `uris` one for each.

        Raises:
            ConfigurationError: If there is neither or both.
        """
        if (image is None) == (uris is None):
            raise ConfigurationError("Give an image, or uris, not both.")
        if uris is not None:
            return self.embed_images(uris)
        assert image is not None
        return self.embed_images([image])[0]

    async def aembed_images(
        self, images: Iterable[ImageSource], *, on_skip: SkipHandler | None = None
    ) -> list[list[float]]:
        """Embed images in a thread, where `on_skip` is called too; see `embed_images`."""
        embed = partial(self.embed_images, on_skip=on_skip)
        return await run_in_executor(None, embed, images)

    async def aembed_image(self, image: ImageSource) -> list[float]:
        """Embed one image in a thread."""
        return await run_in_executor(None, self.embed_image, image)


class EmbeddingsTextEncoder:
    """Any LangChain embeddings as the `text_encoder` of a ragsight store.

    Args:
        embeddings: The embeddings.
        name: Name of the model. It is kept with the index: opening it with another is an error.
        dimension: Length of the vectors; by default one word is embedded to see.

    Example:
        >>> from langchain_core.embeddings import DeterministicFakeEmbedding
        >>> encoder = EmbeddingsTextEncoder(DeterministicFakeEmbedding(size=8), name="fake")
        >>> encoder.spec.dimension
        8
    """

    def __init__(self, embeddings: Embeddings, *, name: str, dimension: int | None = None) -> None:
        self.embeddings = embeddings
        self._name = name
        self._dimension = dimension

    @property
    def spec(self) -> EncoderSpec:
        """Identity of the vectors."""
        if self._dimension is None:
            self._dimension = len(self.embeddings.embed_query("dimension"))
        return EncoderSpec(self._name, None, self._dimension)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Embed passages: `(len(texts), dimension)`.

        Raises:
            EncoderError: If the embeddings give another number of vectors, or another dimension.
        """
        return self._checked(self.embeddings.embed_documents(list(texts)), len(texts))

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Embed questions: `(len(texts), dimension)`.

        Raises:
            EncoderError: If the embeddings give vectors of another dimension.
        """
        return self._checked([self.embeddings.embed_query(text) for text in texts], len(texts))

    def _checked(self, rows: list[list[float]], count: int) -> FloatArray:
        dimension = self.spec.dimension
        if len(rows) != count or any(len(row) != dimension for row in rows):
            raise EncoderError(
                f"{self._name}: the embeddings gave {len(rows)} vectors for {count} texts, or "
                f"not all of them have {dimension} dimensions. Check the model and its options."
            )
        return np.asarray(rows, dtype=np.float32).reshape(count, dimension)


def _rows(vectors: FloatArray) -> list[list[float]]:
    rows: list[list[float]] = vectors.tolist()
    return rows
