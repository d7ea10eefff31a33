"""BM25 as sparse vectors: keyword search that needs no model and no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragsight.characters import encodable
from ragsight.errors import ConfigurationError
from ragsight.lazy import LazyModule

if TYPE_CHECKING:
    import qdrant_edge
else:
    qdrant_edge = LazyModule("qdrant_edge")


@dataclass(frozen=True, slots=True)
class SparseVector:
    """Non-zero entries of a sparse vector.

    Attributes:
        indices: Positions, ascending, none twice.
        values: Their weights.
    """

    indices: tuple[int, ...]
    values: tuple[float, ...]


class Bm25Encoder:
    """Term weights of BM25; the engine multiplies the inverse document frequency in.

    Tokens are lower-cased, stripped of stop words and stemmed for the language. The weights are
    those of Qdrant's own BM25 (k = 1.2, b = 0.75), so that a collection stays readable by other
    Qdrant clients.

    Args:
        language: Language of stop words and stemmer, such as `english` or `german`.
        average_length: Expected tokens in a passage, stop words left out; 100 fits passages of some
            1,000 characters.

    Raises:
        ConfigurationError: If the language isn't known.

    Example:
        >>> bm25 = Bm25Encoder()
        >>> bm25.encode_query("sneakers") == bm25.encode_query("sneaker")
        True
    """

    def __init__(self, language: str = "english", *, average_length: float = 100.0) -> None:
        self.language = language
        try:
            config = qdrant_edge.Bm25Config(language=language, avg_len=average_length)
            self._bm25 = qdrant_edge.Bm25(config)
        except Exception as error:
            raise ConfigurationError(
                f"BM25 has no rules for the language {language!r} ({error})."
            ) from error

    def encode_documents(self, texts: Sequence[str]) -> list[SparseVector]:
        """Weigh the terms of passages."""
        return [_sparse(self._bm25.embed_document(encodable(text))) for text in texts]

    def encode_query(self, text: str) -> SparseVector:
        """Weigh the terms of a question; empty where it has none but stop words."""
        return _sparse(self._bm25.embed_query(encodable(text)))

    def encode_queries(self, texts: Sequence[str]) -> list[SparseVector]:
        """Weigh the terms of questions."""
        return [self.encode_query(text) for text in texts]


def _sparse(vector: qdrant_edge.SparseVector) -> SparseVector:
    return SparseVector(tuple(vector.indices), tuple(vector.values))
