"""BM25 as sparse vectors: keyword search that needs no model and no network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from ragsight.characters import encodable
from ragsight.chunks import Chunk
from ragsight.encoders.terms import ReferenceKind, is_reference, reference, terms
from ragsight.errors import ConfigurationError
from ragsight.lazy import LazyModule

if TYPE_CHECKING:
    import qdrant_edge
else:
    qdrant_edge = LazyModule("qdrant_edge")

Analyzer = Literal[1, 2]
"""How texts become terms: 1 as Qdrant's own BM25 does it, 2 as `ragsight.encoders.terms` does."""

ANALYZER: Analyzer = 2

AUTO = "auto"
"""The language of each text by its stop words, and questions in all of them."""

DEFAULT_LANGUAGE = "english"

STEMMED_LANGUAGES = (
    DEFAULT_LANGUAGE,
    "arabic",
    "danish",
    "dutch",
    "finnish",
    "french",
    "german",
    "greek",
    "hungarian",
    "italian",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "spanish",
    "swedish",
    "turkish",
)
"""The languages that the engine has a stemmer and stop words for."""

REFERENCE_WEIGHT = 2.0
"""What a reference counts in a question, beside a word: who names page 14 means that page. With 1
a few common words outvote it (`benchmarks/pages.py`: recall@1 .395, .419 with 2 and with 3)."""

_TELLING = 200
"""Different terms of a text by which its language is told: more cost time and tell no more."""

_FEWEST_STOP_WORDS = 2
"""With fewer stop words a text, such as the name of a product, tells no language; `die` alone would
make a German text of an English one."""


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

    Terms are those of `ragsight.encoders.terms` (numbers however they are written, codes whole and
    in parts, words inside sentences without blanks, references such as `Figure 3`), without stop
    words and stemmed for the language. The weights are those of Qdrant's own BM25 (k = 1.2,
    b = 0.75), and so are the indices of plain words: other Qdrant clients read a collection, too.

    Args:
        language: Language of stop words and stemmer, such as `english` or `german`. With `auto`
            each text has its own, by its stop words, and a question is asked in all of them.
        average_length: Expected tokens in a passage, stop words left out; 100 fits passages of some
            1,000 characters.
        analyzer: 1 for the terms of Qdrant's own BM25 (`Qdrant/bm25`), of which the collections of
            other programs and the indexes of early releases are.

    Raises:
        ConfigurationError: If the language or the analyzer isn't known.

    Example:
        >>> bm25 = Bm25Encoder()
        >>> bm25.encode_query("sneakers") == bm25.encode_query("sneaker")
        True
        >>> bm25.encode_query("$1,299.00") == bm25.encode_query("1299")
        True
    """

    def __init__(
        self,
        language: str = DEFAULT_LANGUAGE,
        *,
        average_length: float = 100.0,
        analyzer: Analyzer = ANALYZER,
    ) -> None:
        if analyzer not in {1, ANALYZER}:
            raise ConfigurationError(
                f"There is no analyzer {analyzer!r} of texts; there are 1 and {ANALYZER}. An index "
                "of a later release needs that release."
            )
        self.language = language
        self.analyzer = analyzer
        self._average_length = average_length
        if language != AUTO:
            self._engines = {language: self._engine(language)}
        elif analyzer == 1:
            self._engines = {DEFAULT_LANGUAGE: self._engine(DEFAULT_LANGUAGE)}
        else:
            self._engines = {name: self._engine(name) for name in STEMMED_LANGUAGES}
            self._stop_words = {name: _stop_words(name) for name in STEMMED_LANGUAGES}

    def encode_documents(self, texts: Sequence[str]) -> list[SparseVector]:
        """Weigh the terms of passages."""
        return [self._document(self._terms(text)) for text in texts]

    def encode_chunks(self, chunks: Sequence[Chunk]) -> list[SparseVector]:
        """Weigh the terms of chunks: those of `indexed_text`, their pages and their labels."""
        return [
            self._document([*self._terms(chunk.indexed_text), *self._places(chunk)])
            for chunk in chunks
        ]

    def encode_query(self, text: str) -> SparseVector:
        """Weigh the terms of a question; empty where it has none but stop words."""
        found = self._terms(text)
        weights = self._weighed(found)
        named = [term for term in found if is_reference(term)] if self.analyzer != 1 else []
        if named:
            weights |= dict.fromkeys(self._weighed(named), REFERENCE_WEIGHT)
        indices = sorted(weights)
        return SparseVector(tuple(indices), tuple(weights[index] for index in indices))

    def _weighed(self, found: Sequence[str]) -> dict[int, float]:
        """The weights of a question's terms, in all languages that it may be in."""
        words = " ".join(found)
        return {
            index: value
            for engine in self._engines.values()
            for vector in [engine.embed_query(words)]
            for index, value in zip(vector.indices, vector.values, strict=True)
        }

    def encode_queries(self, texts: Sequence[str]) -> list[SparseVector]:
        """Weigh the terms of questions."""
        return [self.encode_query(text) for text in texts]

    def language_of(self, text: str) -> str:
        """The language whose stop words and stemmer a text gets.

        Example:
            >>> Bm25Encoder("auto").language_of("Der Motor wird mit dem Schalter an der Seite aus")
            'german'
        """
        return self._told(self._terms(text))

    def _document(self, found: Sequence[str]) -> SparseVector:
        engine = self._engines[self._told(found)]
        return _sparse(engine.embed_document(" ".join(found)))

    def _terms(self, text: str) -> list[str]:
        # The engine takes texts of the first analyzer apart by itself.
        return [encodable(text)] if self.analyzer == 1 else terms(encodable(text))

    def _places(self, chunk: Chunk) -> list[str]:
        """What a question that names a page or a figure names it by."""
        if self.analyzer == 1:
            return []
        source = chunk.source
        pages = [] if source.page is None else [str(source.page)]
        if source.page_label is not None and source.page_label.strip():
            pages.append("".join(source.page_label.split()))
        kind: ReferenceKind = "page"
        label = terms(str(chunk.metadata.get("label") or ""))
        labelled = [term for term in label if is_reference(term) and term not in terms(chunk.text)]
        return [*(reference(kind, page) for page in dict.fromkeys(pages)), *labelled]

    def _told(self, found: Sequence[str]) -> str:
        if len(self._engines) == 1:
            return next(iter(self._engines))
        telling = list(dict.fromkeys(found))[:_TELLING]
        words = " ".join(telling)
        counts = {
            name: len(telling) - len(engine.embed_query(words).indices)
            for name, engine in self._stop_words.items()
        }
        best = max(counts, key=lambda name: counts[name])
        return best if counts[best] >= _FEWEST_STOP_WORDS else DEFAULT_LANGUAGE

    def _engine(self, language: str) -> qdrant_edge.Bm25:
        types = qdrant_edge.TokenizerType
        # Terms come with blanks between them.
        tokenizer = types.Word if self.analyzer == 1 else types.Whitespace
        try:
            config = qdrant_edge.Bm25Config(
                language=language, avg_len=self._average_length, tokenizer=tokenizer
            )
            return qdrant_edge.Bm25(config)
        except Exception as error:
            raise ConfigurationError(
                f"BM25 has no rules for the language {language!r} ({error}). With "
                f"language={AUTO!r} each text's own is taken."
            ) from error


def _stop_words(language: str) -> qdrant_edge.Bm25:
    """What leaves out the stop words of a language, and nothing else."""
    config = qdrant_edge.Bm25Config(
        language=language,
        tokenizer=qdrant_edge.TokenizerType.Whitespace,
        stemmer=qdrant_edge.DisabledStemmer(),
    )
    return qdrant_edge.Bm25(config)


def _sparse(vector: qdrant_edge.SparseVector) -> SparseVector:
    return SparseVector(tuple(vector.indices), tuple(vector.values))
