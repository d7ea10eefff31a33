"""Order hits anew with a model that reads the query and each hit together."""

from __future__ import annotations

import hashlib
import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np

from ragsight.chunks import Chunk
from ragsight.encoders.clip.checkpoint import Checkpoint, no_weights_bar
from ragsight.errors import EncoderError, ModelNotFoundError, ModelUnavailableError, QueryError
from ragsight.retrieval.hits import Hit
from ragsight.steps import InThread

if TYPE_CHECKING:
    from ragsight.encoders import FloatArray
    from ragsight.retrieval.query import Query

MAX_LENGTH = 512
"""Tokens of query and text together that a cross-encoder reads unless told otherwise: what most of
them were trained on, and about as much as a passage has."""


class Reranker(Protocol):
    """Orders hits anew: any function of the query and the hits, best first.

    It returns every hit that it is given, with its own score in `score` and `reranked`;
    `place_by_score` does both. One that also has `arerank` is asked without a thread in async code.
    """

    def __call__(self, query: str | Query, hits: Sequence[Hit], /) -> list[Hit]:
        """Return the hits in their new order."""
        ...


@runtime_checkable
class AsyncReranker(Protocol):
    """A reranker that can be awaited."""

    async def arerank(self, query: str | Query, hits: Sequence[Hit], /) -> list[Hit]:
        """Return the hits in their new order without blocking the event loop."""
        ...


async def arerank(reranker: Reranker, query: str | Query, hits: Sequence[Hit]) -> list[Hit]:
    """Rerank without blocking the event loop: by the reranker's own `arerank`, or in a thread."""
    if isinstance(reranker, AsyncReranker):
        return await reranker.arerank(query, hits)
    return await InThread(reranker, query, hits).aperform()


def place_by_score(hits: Sequence[Hit], scores: Sequence[float | None]) -> list[Hit]:
    """Put hits in the order of a reranker's scores.

    A hit without a score (a picture, to a model that reads text only) keeps its place, and the
    others are ordered among their places. Its score becomes that of the hit above it (at the top:
    below it), so that the order is one of falling scores; its `reranked` stays as it was. Equal
    scores keep their order.

    Args:
        hits: Best first.
        scores: Of each hit, the larger the better; `None` where there is no score.

    Returns:
        All hits, best first; as they were if none has a score.

    Raises:
        QueryError: If there isn't one score for each hit, or one is not a number.

    Example:
        >>> from ragsight.chunks import Chunk, Source
        >>> hits = [Hit(Chunk(text=text, source=Source(uri="a.txt")), 0.5) for text in "abc"]
        >>> [(hit.chunk.text, hit.score) for hit in place_by_score(hits, [0.1, None, 0.9])]
        [('c', 0.9), ('b', 0.9), ('a', 0.1)]
    """
    if len(scores) != len(hits) or any(s is not None and math.isnan(s) for s in scores):
        raise QueryError(
            f"The reranker gave the scores {list(scores)} for {len(hits)} hits. It must give one "
            "number, or None, for each."
        )
    scored = [
        replace(hit, score=score, reranked=score)
        for hit, score in zip(hits, scores, strict=True)
        if score is not None
    ]
    if not scored:
        return list(hits)
    scored.sort(key=lambda hit: -hit.score)
    return list(_merged(hits, scores, scored))


def _merged(
    hits: Sequence[Hit], scores: Sequence[float | None], scored: Sequence[Hit]
) -> Iterator[Hit]:
    ordered = iter(scored)
    above = scored[0].score
    for hit, score in zip(hits, scores, strict=True):
        placed = replace(hit, score=above) if score is None else next(ordered)
        above = placed.score
        yield placed


CROSS_ENCODER = "cross-encoder"

DEFAULT_CROSS_ENCODER = "cross-encoder/ms-marco-MiniLM-L6-v2"
"""22 million parameters, Apache-2.0, English: small enough for a CPU. For other languages name a
multilingual one, such as BAAI/bge-reranker-v2-m3."""

SCORES_REMEMBERED = 8192
"""Pairs of query and text whose scores are kept, some 100 bytes each: asking again, or for the next
page of a ranking, costs nothing."""


def reranker_of(given: Reranker | str | None) -> Reranker | None:
    """The reranker that is meant: itself, or one by name.

    Raises:
        QueryError: If there is none of that name.

    Example:
        >>> reranker_of("cross-encoder:BAAI/bge-reranker-v2-m3")
        CrossEncoderReranker('BAAI/bge-reranker-v2-m3')
    """
    if not isinstance(given, str):
        return given
    kind, _, model = given.partition(":")
    if kind != CROSS_ENCODER:
        raise QueryError(
            f"There is no reranker {given!r}; there is {CROSS_ENCODER!r}, also with a model "
            f"({CROSS_ENCODER}:MODEL), or give any function of the query and the hits."
        )
    return CrossEncoderReranker(model if model else DEFAULT_CROSS_ENCODER)


def reranked_text(chunk: Chunk) -> str:
    """What a reranker reads: headings, text and caption, and the words in the picture."""
    seen = str(chunk.metadata.get("ocr_text") or "")
    words = chunk.indexed_text
    return words if not seen.strip() or seen in words else f"{words}\n\n{seen}"


class CrossEncoderReranker:
    """Scores each hit's text against the query's with a cross-encoder.

    Slower than the encoders that search, and better at telling the right passage from one that
    merely shares its words: ask it for the first 20 to 50 hits. It reads headings, texts, captions
    and words in pictures; hits without any keep their places (see `place_by_score`), and so do all
    hits of a query without words. Scores are remembered.

    Nothing is loaded until the first call. One reranker may be used from several threads.

    Args:
        model: A text classifier with one label (its logit is the relevance) or two (the second one
            is "relevant"): a name on the model hub such as `BAAI/bge-reranker-v2-m3`, or a local
            folder. By default a small English one, `cross-encoder/ms-marco-MiniLM-L6-v2`.
        revision: Commit, tag or branch on the hub.
        device: A torch device; by default cuda, then mps, then cpu.
        batch_size: Pairs in one forward pass.
        max_length: Tokens of query and text together; what is longer is cut off, the longer of the
            two first. By default 512, or the model's own limit where that is less.
        local_files_only: Never ask the hub; use what is cached.

    Raises:
        QueryError: If the batch size or the length makes no sense.

    Example:
        >>> reranker = CrossEncoderReranker("BAAI/bge-reranker-v2-m3", max_length=1024)
        >>> reranker
        CrossEncoderReranker('BAAI/bge-reranker-v2-m3')
        >>> reranker("red shoes", [])
        []
    """

    def __init__(
        self,
        model: str = DEFAULT_CROSS_ENCODER,
        *,
        revision: str | None = None,
        device: str | None = None,
        batch_size: int = 16,
        max_length: int | None = None,
        local_files_only: bool = False,
    ) -> None:
        if batch_size < 1:
            raise QueryError(f"batch_size is {batch_size}; it must be 1 or more.")
        if max_length is not None and max_length < 1:
            raise QueryError(f"max_length is {max_length}; it must be 1 or more.")
        self._checkpoint = _Classifier(model, revision, local_files_only)
        self._device = device
        self._max_length = max_length
        self.batch_size = batch_size
        self._lock = threading.Lock()
        self._parts: _Parts | None = None
        self._scores: dict[tuple[str, bytes], float] = {}

    def __repr__(self) -> str:
        return f"CrossEncoderReranker({self._checkpoint.model!r})"

    def __call__(self, query: str | Query, hits: Sequence[Hit]) -> list[Hit]:
        """Order hits by how well their texts answer the query.

        Args:
            query: Words, or a whole `Query`, of which the words count.
            hits: Best first.

        Returns:
            All of them; scores run from 0 to 1.

        Raises:
            EncoderError: If the checkpoint can't be loaded, or gives values that aren't finite.
        """
        words = query_words(query)
        texts = [reranked_text(hit.chunk) for hit in hits] if words else []
        positions = [i for i, text in enumerate(texts) if text.strip()]
        if not positions:
            return list(hits)
        scores: list[float | None] = [None] * len(hits)
        relevance = self.score(words, [texts[i] for i in positions])
        for position, score in zip(positions, relevance, strict=True):
            scores[position] = score
        return place_by_score(hits, scores)

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """How well texts answer a query, each from 0 to 1.

        Raises:
            EncoderError: If the checkpoint can't be loaded, or gives values that aren't finite.
        """
        keys = [(query, hashlib.sha256(text.encode()).digest()) for text in texts]
        with self._lock:
            known = {key: self._scores[key] for key in keys if key in self._scores}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        if missing:
            known |= zip(missing, self._scored(query, list(missing.values())), strict=True)
            with self._lock:
                self._scores.update((key, known[key]) for key in missing)
                while len(self._scores) > SCORES_REMEMBERED:
                    del self._scores[next(iter(self._scores))]
        return [known[key] for key in keys]

    def _scored(self, query: str, texts: Sequence[str]) -> list[float]:
        parts = self._loaded()
        # Texts of like length share a batch, so that little of it is padding.
        order = sorted(range(len(texts)), key=lambda i: -len(texts[i]))
        logits = np.empty(len(texts), dtype=np.float64)
        for start in range(0, len(order), self.batch_size):
            batch = order[start : start + self.batch_size]
            logits[batch] = parts.logits(query, [texts[i] for i in batch])
        if not np.isfinite(logits).all():
            raise EncoderError(
                f"{self._checkpoint.model} gave scores that aren't finite: its weights are "
                "damaged. Download the checkpoint again."
            )
        return [_sigmoid(logit) for logit in logits.tolist()]

    def _loaded(self) -> _Parts:
        with self._lock:
            if self._parts is None:
                self._parts = _Parts(self._checkpoint, self._device, self._max_length)
            return self._parts


def query_words(query: str | Query) -> str:
    """The words of a query, without blanks around them; empty if it has none."""
    text = query if isinstance(query, str) else query.text
    return text.strip() if text is not None else ""


class _Classifier(Checkpoint):
    """A checkpoint of a text classifier."""

    def load_model(self) -> Any:
        """Load the weights, in float32."""
        import torch
        from transformers import AutoModelForSequenceClassification

        with no_weights_bar():
            model, report = self._load(
                AutoModelForSequenceClassification.from_pretrained,
                dtype=torch.float32,
                output_loading_info=True,
            )
        missing = sorted(n for n in report["missing_keys"] if not n.endswith("position_ids"))
        # What is missing is filled with random numbers, and so would be the order of the hits.
        if missing:
            raise EncoderError(
                f"{self.model} is not a cross-encoder: it has no {missing[0]}. Use a checkpoint "
                "that was trained to rank, such as BAAI/bge-reranker-v2-m3."
            )
        if model.config.num_labels > 2:
            raise EncoderError(
                f"{self.model} sorts texts into {model.config.num_labels} classes. A cross-encoder "
                "has one output, or two of which the second one means relevant."
            )
        return model

    def _not_found(self, reason: str) -> ModelNotFoundError:
        return ModelNotFoundError(
            f"{self.model}: {reason}. Give a name from the model hub such as "
            "BAAI/bge-reranker-v2-m3, or the path of a folder."
        )

    def _unavailable(self) -> ModelUnavailableError:
        return ModelUnavailableError(
            f"{self.model}: the model hub can't be reached and the model isn't in the cache. "
            "Connect to the internet, or give the path of a downloaded checkpoint."
        )


class _Parts:
    """The loaded model with its tokenizer."""

    def __init__(self, checkpoint: _Classifier, device: str | None, max_length: int | None) -> None:
        import torch

        self._torch = torch
        self._device = torch.device(device if device is not None else _best_device(torch))
        self._model = checkpoint.load_model().to(self._device).eval()
        self._tokenizer = checkpoint.load_tokenizer()
        positions = getattr(self._model.config, "max_position_embeddings", None)
        longest = min(self._tokenizer.model_max_length, positions or MAX_LENGTH)
        self._max_length = min(max_length if max_length is not None else MAX_LENGTH, longest)
        # The fast tokenizers refuse to be set up by one thread while another one encodes.
        self._lock = threading.Lock()

    def logits(self, query: str, texts: Sequence[str]) -> FloatArray:
        """Relevance of each text, any number: `(len(texts),)`."""
        with self._lock:
            tokens = self._tokenizer(
                [query] * len(texts),
                list(texts),
                padding=True,
                truncation="longest_first",
                max_length=self._max_length,
                return_tensors="pt",
            )
        with self._torch.inference_mode():
            output = self._model(**tokens.to(self._device)).logits.float().cpu().numpy()
        # Of two, the difference is the logit of the second one's softmax.
        relevance: FloatArray = (
            output[:, -1] - output[:, 0] if output.shape[1] == 2 else output[:, 0]
        )
        return relevance


def _best_device(torch: Any) -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _sigmoid(logit: float) -> float:
    # Of the negative absolute value, which can't overflow.
    share = math.exp(-abs(logit))
    return 1.0 / (1.0 + share) if logit >= 0 else share / (1.0 + share)
