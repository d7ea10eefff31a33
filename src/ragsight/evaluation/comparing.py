"""Whether one set-up is better than another, or only luckier with these queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ragsight.errors import ConfigurationError, extra
from ragsight.evaluation.scores import Measure, RunScores

CONFIDENCE = 0.95
RESAMPLES = 10_000


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better one run is than another.

    Attributes:
        measure: What was compared.
        mean: Mean over the queries of the first run's value minus the second's.
        low: Lower end of the mean's 95% confidence interval.
        high: Its upper end.
        queries: How many queries were compared.

    Example:
        >>> Difference("ndcg", mean=0.04, low=0.01, high=0.07, queries=80).is_clear
        True
    """

    measure: Measure
    mean: float
    low: float
    high: float
    queries: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves 0 out: other queries of the kind would say the same."""
        return self.low > 0 or self.high < 0

    def to_dict(self) -> dict[str, Any]:
        """The difference as JSON-ready values."""
        return {
            "measure": self.measure,
            "mean": self.mean,
            "low": self.low,
            "high": self.high,
            "queries": self.queries,
            "is_clear": self.is_clear,
        }


def compare(
    run: RunScores,
    other: RunScores,
    measure: Measure = "ndcg",
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Difference:
    """Compare two runs query by query, with a paired bootstrap.

    The queries are drawn again with replacement, both runs' values together; the interval is made
    of the percentiles of the mean differences (Efron and Tibshirani, 1993, chapter 13).

    Args:
        run: A run.
        other: A run over the same queries.
        measure: What to compare.
        resamples: How often to draw.
        seed: Of the random numbers: the same runs give the same interval.

    Returns:
        The mean difference and its interval.

    Raises:
        ConfigurationError: If the runs have no query in common, or looked at different numbers of
            hits.
        MissingExtraError: If the extra `eval` isn't installed.

    Example:
        >>> compare(scores["fused"], scores["bm25"]).is_clear  # doctest: +SKIP
        False
    """
    if run.k != other.k:
        raise ConfigurationError(
            f"{run.name} looked at {run.k} hits and {other.name} at {other.k}: evaluate both with "
            "the same k."
        )
    mine, theirs = run.values(measure), other.values(measure)
    shared = [query for query in mine if query in theirs]
    if not shared:
        raise ConfigurationError(
            f"{run.name} and {other.name} have no query in common: compare runs over the same file."
        )
    differences = np.array([mine[query] - theirs[query] for query in shared])
    low, high = _interval(differences, resamples, seed)
    return Difference(measure, float(differences.mean()), low, high, len(shared))


def _interval(differences: np.ndarray[Any, Any], resamples: int, seed: int) -> tuple[float, float]:
    if np.ptp(differences) == 0:
        # Equal differences, a single one too, give the same mean however they are drawn.
        return float(differences[0]), float(differences[0])
    with extra("eval", "scipy"):
        from scipy.stats import bootstrap
    interval = bootstrap(
        (differences,),
        np.mean,
        n_resamples=resamples,
        confidence_level=CONFIDENCE,
        method="percentile",
        random_state=np.random.default_rng(seed),
    ).confidence_interval
    return float(interval.low), float(interval.high)
