"""What bounds our search in `search.py`: the engine without our code, and numpy."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import qdrant_edge as edge
from search_data import DEPTH, DIMENSION, FILTERED_TO, Block, FloatArray, K, Question, number_of

from ragsight import Bm25Encoder


class BareEngine:
    """The engine of our index without our code: the same requests, the same payload read.

    Attributes:
        engine_seconds: Of the last answer, how long the engine's own call took.
    """

    _CONDITIONS: ClassVar = {
        "1% filter": edge.RangeFloat(
            gte=FILTERED_TO["1% filter"], lte=FILTERED_TO["1% filter"], gt=None, lt=None
        ),
        "10% filter": edge.RangeFloat(lt=FILTERED_TO["10% filter"], gte=None, lte=None, gt=None),
    }

    engine_seconds = 0.0

    def open(self, folder: Path) -> None:
        """Open a copy of our index."""
        self._images = edge.EdgeShard.load(str(folder / "image"))
        self._texts = edge.EdgeShard.load(str(folder / "text"))
        self._bm25 = Bm25Encoder()

    def add(self, block: Block) -> None:
        """Refuse: it opens what our store wrote."""
        raise NotImplementedError

    def build(self) -> None:
        """Do nothing."""

    def ask(self, case: str, question: Question) -> Any:
        """Ask the shards, and read what they answered."""
        vector = question.vector.tolist()
        if case != "hybrid":
            filter_ = self._filter(case)
            self.engine_seconds, found = _asked(self._images, vector, "clip", K, filter_)
            return found
        words = self._bm25.encode_query(question.text)
        sparse = edge.SparseVector(list(words.indices), list(words.values))
        of_words, _ = _asked(self._texts, sparse, "bm25", DEPTH, None)
        of_images, found = _asked(self._images, vector, "clip", DEPTH, None)
        self.engine_seconds = of_words + of_images
        return found

    def _filter(self, case: str) -> edge.Filter | None:
        if case not in self._CONDITIONS:
            return None
        condition = edge.FieldCondition("metadata.percent", range=self._CONDITIONS[case])
        return edge.Filter(must=[condition])

    def numbers(self, answer: Any) -> list[int]:
        """The products in an answer."""
        return [number_of(id_) for id_, _, _ in answer]

    def close(self) -> None:
        """Close the shards."""
        for shard in (self._images, self._texts):
            shard.close()


def _asked(
    shard: edge.EdgeShard, vector: Any, using: str, limit: int, filter_: edge.Filter | None
) -> tuple[float, list[tuple[str, float, Any]]]:
    request = edge.QueryRequest(
        limit=limit,
        query=edge.Query.Nearest(vector, using=using),
        filter=filter_,
        with_payload=["page_content", "metadata", "ragsight"] if limit == K else False,
        params=edge.SearchParams(hnsw_ef=256),
    )
    batch = edge.QueryBatchRequest([request])
    started = time.perf_counter()
    points = shard.query_batch(batch)[0]
    seconds = time.perf_counter() - started
    return seconds, [(str(point.id), point.score, point.payload) for point in points]


class ExactNumpy:
    """Every vector multiplied with the question's: the floor, and the truth for recall."""

    def open(self, folder: Path) -> None:
        """Load the vectors that were written, or begin without any."""
        self._file = folder / "vectors"
        if self._file.exists():
            self._vectors = np.fromfile(self._file, np.float32).reshape(-1, DIMENSION)
            self._percent = np.arange(len(self._vectors)) % 100

    def add(self, block: Block) -> None:
        """Append the vectors to a file."""
        with self._file.open("ab") as file:
            block.vectors.tofile(file)

    def build(self) -> None:
        """Load what was written."""
        self.open(self._file.parent)

    def ask(self, case: str, question: Question) -> Any:
        """Multiply, and sort the best."""
        if case == "hybrid":
            raise NotImplementedError
        if case == "no filter":
            return _best(self._vectors @ question.vector)
        bound = FILTERED_TO[case]
        mask = self._percent == bound if case == "1% filter" else self._percent < bound
        fitting = np.flatnonzero(mask)
        return fitting[_best(self._vectors[fitting] @ question.vector)]

    def numbers(self, answer: Any) -> list[int]:
        """The products in an answer."""
        return [int(n) for n in answer]

    def close(self) -> None:
        """Forget the vectors."""
        del self._vectors


def _best(scores: FloatArray) -> Any:
    best = np.argpartition(-scores, min(K, len(scores) - 1))[:K]
    return best[np.argsort(-scores[best], kind="stable")]
