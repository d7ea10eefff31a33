"""The measures, by the code that information retrieval measures with (trec_eval)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ragsight.errors import ConfigurationError, extra
from ragsight.evaluation.queries import LabelledQuery
from ragsight.evaluation.references import labelled_ranking
from ragsight.evaluation.scores import MEASURES, Measure, QueryScores, RunScores
from ragsight.retrieval import Hit

if TYPE_CHECKING:
    import ir_measures

__all__ = ["MEASURES", "Measure", "score_hits"]


def score_hits(
    name: str,
    queries: Sequence[LabelledQuery],
    found: Sequence[Sequence[Hit]],
    *,
    k: int = 10,
    seconds: float | None = None,
) -> RunScores:
    """Score what any set-up found, retriever of ours or not.

    Recall, precision, reciprocal rank and nDCG of the first k are those of `trec_eval`: nDCG takes
    the grade as the gain and the binary logarithm of the rank plus 1 as the discount (Järvelin and
    Kekäläinen, 2002); precision divides by k, however few were found.

    Args:
        name: Names the set-up.
        queries: The labelled queries.
        found: The hits of each query, best first.
        k: How many of them count.
        seconds: Wall time of the searches, to keep with the scores.

    Returns:
        The scores, query by query.

    Raises:
        ConfigurationError: If `queries` and `found` differ in length, there are no queries, or k
            is below 1.
        MissingExtraError: If the extra `eval` isn't installed.
    """
    if len(queries) != len(found) or not queries or k < 1:
        raise ConfigurationError(
            f"{len(queries)} queries, {len(found)} lists of hits, k={k}: there must be a list for "
            "each query, one query at least, and k must be 1 or more."
        )
    rankings = {
        query.id: labelled_ranking([hit.chunk for hit in hits], query.relevant)[:k]
        for query, hits in zip(queries, found, strict=True)
    }
    return RunScores(name, k, _scored(queries, rankings, k), seconds)


def _scored(
    queries: Sequence[LabelledQuery], rankings: dict[str, list[str]], k: int
) -> tuple[QueryScores, ...]:
    with extra("eval", "ir_measures"):
        import ir_measures
    at_k = _measures_at(k)
    judged = {query.id: dict(query.relevant) for query in queries}
    # trec_eval orders by score alone: strictly falling ones keep the ranking as it is.
    ranked = {
        query: {reference: float(-rank) for rank, reference in enumerate(references)}
        for query, references in rankings.items()
    }
    values = {
        (metric.query_id, metric.measure): float(metric.value)
        for metric in ir_measures.iter_calc(list(at_k.values()), judged, ranked)
    }
    return tuple(
        QueryScores(query.id, *(values.get((query.id, at_k[name]), 0.0) for name in MEASURES))
        for query in queries
    )


def _measures_at(k: int) -> dict[Measure, ir_measures.measures.Measure]:
    from ir_measures import RR, P, R, nDCG

    return {"recall": R @ k, "precision": P @ k, "mrr": RR @ k, "ndcg": nDCG @ k}
