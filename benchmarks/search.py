"""Retrieval through ragsight: the embedded engine beside qdrant-client's local mode.

    python benchmarks/search.py --points 10000

Both engines hold the same passages with 512-dimensional dense vectors and BM25 vectors, and answer
the same queries, one after the other in turn, so that a machine whose speed drifts slows both.
Reported are medians of a whole `retrieve` call, encoding of the query excluded, and their ratio.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from ragsight import Chunk, EncoderSpec, MultimodalRetriever, MultimodalStore, Query, Source
from ragsight.retrieval import Channel

T = TypeVar("T")

DIMENSION = 512
WORDS = 2_000
QUERIES = 20

RANDOM = np.random.default_rng(7)
WORD_VECTORS = RANDOM.normal(size=(WORDS, DIMENSION)).astype(np.float32)


class WordEncoder:
    """Encodes a text of numbered words as the mean of their random vectors."""

    spec = EncoderSpec("benchmark-words", None, DIMENSION)

    def encode_documents(self, texts: Sequence[str]) -> np.ndarray:
        """One row of length 1 for each text."""
        rows = np.stack([WORD_VECTORS[[int(w[1:]) for w in t.split()]].mean(axis=0) for t in texts])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    encode_queries = encode_documents
    encode_texts = encode_documents

    def encode_images(self, images: object, *, on_skip: object = None) -> np.ndarray:
        """Encode no images: there are none here."""
        del images, on_skip
        return np.empty((0, DIMENSION), np.float32)


def passages(count: int) -> list[Chunk]:
    """Passages of twelve words, word frequencies falling as in real text."""
    picks = np.minimum(RANDOM.zipf(1.3, size=(count, 12)), WORDS) - 1
    return [
        Chunk(
            text=" ".join(f"w{word}" for word in words),
            source=Source(uri="/benchmark", part=str(n)),
            metadata={"percent": n % 100},
        )
        for n, words in enumerate(picks)
    ]


def queries(
    chunks: Sequence[Chunk], filter_: dict[str, object] | None, weights: dict[Channel, float]
) -> list[Query]:
    """Questions of eight words out of a passage, the same for every engine."""
    random = np.random.default_rng(11)
    picked = [chunks[n].text.split() for n in random.integers(0, len(chunks), QUERIES)]
    texts = [" ".join(random.permutation(words)[:8]) for words in picked]
    return [Query(text=text, k=10, filter=filter_, weights=weights) for text in texts]


DENSE_ONLY: dict[Channel, float] = {"bm25": 0.0, "text_to_image": 0.0}
HYBRID: dict[Channel, float] = {"text_to_image": 0.0}
CASES: dict[str, tuple[dict[str, object] | None, dict[Channel, float]]] = {
    "dense, no filter": (None, DENSE_ONLY),
    "dense, 1% filter": ({"percent": 7}, DENSE_ONLY),
    "dense, 10% filter": ({"percent": {"lt": 10}}, DENSE_ONLY),
    "dense + BM25": (None, HYBRID),
}


def timed(call: Callable[[], T]) -> tuple[float, T]:
    """Wall time of a call in seconds, and what it returned."""
    started = time.perf_counter()
    result = call()
    return time.perf_counter() - started, result


def compare(ours: MultimodalRetriever, theirs: MultimodalRetriever, asked: Sequence[Query]) -> str:
    """Medians of both, their ratio, and how much of the first ten they share."""
    times: list[tuple[float, float]] = []
    shared: list[float] = []
    for query in asked:
        (our_time, our_hits), (their_time, their_hits) = (
            timed(lambda retriever=retriever, query=query: retriever.retrieve(query))
            for retriever in (ours, theirs)
        )
        times.append((our_time, their_time))
        reference = {hit.chunk.id for hit in their_hits}
        shared.append(len(reference & {hit.chunk.id for hit in our_hits}) / len(reference))
    our_ms, their_ms = (1000 * statistics.median(column) for column in zip(*times, strict=True))
    ratio = their_ms / our_ms
    return f"{our_ms:12.2f}{their_ms:12.2f}{ratio:8.1f}{statistics.mean(shared):13.3f}"


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, default=10_000)
    points = parser.parse_args().points
    chunks, encoder = passages(points), WordEncoder()
    with (
        tempfile.TemporaryDirectory() as folder,
        MultimodalStore.open(folder, encoder=encoder, text_encoder=encoder) as embedded,
        MultimodalStore.open(":memory:", encoder=encoder, text_encoder=encoder) as local,
    ):
        print(f"{points:,} points, {DIMENSION} dimensions, {QUERIES} queries, medians")
        ours, theirs = (
            timed(lambda store=store: store.upsert(chunks))[0] for store in (embedded, local)
        )
        graph, _ = timed(embedded.optimize)
        print(
            f"ingest: embedded {ours:.1f} s, then {graph:.1f} s for the graph; local {theirs:.1f} s"
        )
        print(f"{'':18}{'embedded ms':>12}{'local ms':>12}{'ratio':>8}{'same top 10':>13}")
        for case, (filter_, weights) in CASES.items():
            asked = queries(chunks, filter_, weights)
            row = compare(MultimodalRetriever(embedded), MultimodalRetriever(local), asked)
            print(f"{case:18}{row}")


if __name__ == "__main__":
    main()
