"""Run a retriever over labelled queries."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from ragsight.evaluation.measuring import score_hits
from ragsight.evaluation.queries import LabelledQuery
from ragsight.evaluation.scores import Evaluation, RunScores
from ragsight.retrieval import Channel, MultimodalRetriever
from ragsight.spaces import SPACES

FUSED = "fused"

# Several chunks may stand for one label (the passages of a page), and count once.
_LOOK_PAST = 3


def evaluate(
    retriever: MultimodalRetriever,
    queries: Sequence[LabelledQuery],
    *,
    k: int = 10,
    channels: bool = True,
) -> Evaluation:
    """Measure a retriever, as it is and with each of its channels alone.

    Args:
        retriever: The retriever; its weights, fusion and reranker are what is measured.
        queries: Labelled queries; see `read_queries`.
        k: How many hits count.
        channels: Whether to measure the channels too. Those that find nothing for any query, such
            as one whose collection is empty, are left out.

    Returns:
        The scores: `fused` first, then each channel of `ragsight.spaces.SPACES`.

    Raises:
        ConfigurationError: If there are no queries, or k is below 1.
        MissingExtraError: If the extra `eval` isn't installed.
        QueryError: If a query makes no sense to the retriever.
        ImageError: If a query's image can't be opened.
        StoreError: If the engine refuses.

    Example:
        >>> scores = evaluate(retriever, read_queries("questions.jsonl"))  # doctest: +SKIP
        >>> scores["fused"].mean("ndcg"), scores["bm25"].mean("ndcg")  # doctest: +SKIP
        (0.84, 0.79)
    """
    # The first query loads the models, which is no part of a query's time.
    retriever.retrieve_many([query.to_query(k) for query in queries[:1]])
    fused, _ = _run(FUSED, retriever, queries, k)
    runs = [fused]
    if channels:
        for channel in SPACES.channels:
            alone, speaks = _run(channel, retriever, queries, k, _only(channel))
            runs += [alone] if speaks else []
    return Evaluation(tuple(runs))


def _run(
    name: str,
    retriever: MultimodalRetriever,
    queries: Sequence[LabelledQuery],
    k: int,
    weights: Mapping[Channel, float] | None = None,
) -> tuple[RunScores, bool]:
    """The scores of a set-up, and whether it found anything at all."""
    asked = [query.to_query(_LOOK_PAST * k, weights) for query in queries]
    started = time.perf_counter()
    found = retriever.retrieve_many(asked)
    seconds = time.perf_counter() - started
    return score_hits(name, queries, found, k=k, seconds=seconds), any(found)


def _only(channel: Channel) -> dict[Channel, float]:
    return {each: float(each == channel) for each in SPACES.channels}
