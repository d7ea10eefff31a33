"""Any LlamaIndex embedding for a ragsight index's dense text search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from llama_index.core.base.embeddings.base import BaseEmbedding, Embedding

from ragsight import EncoderSpec
from ragsight.encoders import FloatArray
from ragsight.errors import ConfigurationError, EncoderError


class EmbeddingTextEncoder:
    """A LlamaIndex embedding as the `text_encoder` of a ragsight store.

    Args:
        embed_model: The embedding.
        name: Name of the model, by default the embedding's own. It is kept with the index:
            opening the index with another is an error.
        dimension: Length of the vectors; by default one word is embedded to see.

    Raises:
        ConfigurationError: If there is no name.

    Example:
        >>> from llama_index.core.embeddings import MockEmbedding
        >>> EmbeddingTextEncoder(MockEmbedding(embed_dim=8), name="mock").spec.dimension
        8
    """

    def __init__(
        self, embed_model: BaseEmbedding, *, name: str | None = None, dimension: int | None = None
    ) -> None:
        self.embed_model = embed_model
        self._name = name if name is not None else embed_model.model_name
        self._dimension = dimension
        if self._name in {"", "unknown"}:
            raise ConfigurationError("The embedding doesn't name its model. Pass name=.")

    @property
    def spec(self) -> EncoderSpec:
        """Identity of the vectors."""
        if self._dimension is None:
            self._dimension = len(self.embed_model.get_query_embedding("dimension"))
        return EncoderSpec(self._name, None, self._dimension)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Embed passages: `(len(texts), dimension)`.

        Raises:
            EncoderError: If the embedding gives another number of vectors, or another dimension.
        """
        return self._checked(self.embed_model.get_text_embedding_batch(list(texts)), len(texts))

    def encode_queries(self, texts: Sequence[str]) -> FloatArray:
        """Embed questions: `(len(texts), dimension)`.

        Raises:
            EncoderError: If the embedding gives vectors of another dimension.
        """
        return self._checked([*map(self.embed_model.get_query_embedding, texts)], len(texts))

    def _checked(self, rows: list[Embedding], count: int) -> FloatArray:
        dimension = self.spec.dimension
        if len(rows) != count or any(len(row) != dimension for row in rows):
            raise EncoderError(
                f"{self._name}: the embedding gave {len(rows)} vectors for {count} texts, or not "
                f"all of them have {dimension} dimensions. Check the model and its options."
            )
        return np.asarray(rows, dtype=np.float32).reshape(count, dimension)
