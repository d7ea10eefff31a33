"""Weights and constants that suit one's own documents, chosen by one's own labelled questions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ragsight.chunks import Chunk
from ragsight.errors import ConfigurationError
from ragsight.evaluation.comparing import Difference, compare
from ragsight.evaluation.measuring import score_hits
from ragsight.evaluation.queries import LabelledQuery
from ragsight.evaluation.scores import Measure, RunScores
from ragsight.retrieval import Channel, Fusion, Hit, MultimodalRetriever, fuse
from ragsight.retrieval.units import PageKey, page_of, with_page_support

WEIGHTS = (0.0, 0.25, 0.5, 0.7, 1.0, 1.5, 2.0)
CONSTANTS = (1.0, 2.0, 5.0, 10.0, 20.0, 60.0)
PAGE_WEIGHTS = (0.0, 0.2, 0.4, 0.6, 1.0)
FUSIONS: tuple[Fusion, ...] = ("rrf", "relative", "dbsf")

FOLDS = 5
"""Parts of the questions; what is chosen by the others is measured on each."""

FEWEST_QUERIES = 2 * FOLDS
"""With fewer, a part would hold a single question."""

PASSES = 2
"""How often each setting is tried anew, with the others as they were found: more change nothing."""

POOL = 300
"""Fused hits of each question from which the channels' rankings are read back: all that channels
found at the usual depth of 50."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """How channels become one ranking.

    Attributes:
        fusion: How a place in a ranking counts.
        rrf_constant: How flat reciprocal ranks are; of `rrf` alone.
        weights: By channel.
        page_weight: How much what else was found of a page counts.

    Example:
        >>> Configuration("rrf", 2.0, {"bm25": 1.0}, 0.4).code
        "MultimodalRetriever(store, weights={'bm25': 1.0}, rrf_constant=2.0, page_weight=0.4)"
    """

    fusion: Fusion
    rrf_constant: float
    weights: Mapping[Channel, float]
    page_weight: float

    @property
    def code(self) -> str:
        """The Python that makes a retriever of it."""
        fusion = "" if self.fusion == "rrf" else f"fusion={self.fusion!r}, "
        constant = f"rrf_constant={self.rrf_constant}, " if self.fusion == "rrf" else ""
        return (
            f"MultimodalRetriever(store, {fusion}weights={dict(self.weights)}, "
            f"{constant}page_weight={self.page_weight})"
        )

    def to_dict(self) -> dict[str, Any]:
        """The configuration as JSON-ready values."""
        return {
            "fusion": self.fusion,
            "rrf_constant": self.rrf_constant,
            "weights": dict(self.weights),
            "page_weight": self.page_weight,
        }


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was found to suit the questions, and whether it would suit others.

    Attributes:
        best: The configuration that did best on all questions.
        current: That of the retriever.
        gain: What was chosen by four fifths of the questions minus the current one, measured on the
            fifth that wasn't looked at; all fifths together.
        measure: What was measured.

    Example:
        >>> kept = Configuration("rrf", 2.0, {"bm25": 1.0}, 0.4)
        >>> gain = Difference("ndcg", mean=0.01, low=-0.02, high=0.04, queries=50)
        >>> Tuning(kept, kept, gain, "ndcg").is_worth_it
        False
    """

    best: Configuration
    current: Configuration
    gain: Difference
    measure: Measure

    @property
    def is_worth_it(self) -> bool:
        """Whether questions that weren't looked at gain by it beyond chance."""
        return self.gain.is_clear and self.gain.mean > 0

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON-ready values."""
        return {
            "best": self.best.to_dict(),
            "current": self.current.to_dict(),
            "gain": self.gain.to_dict(),
            "is_worth_it": self.is_worth_it,
        }


def tune(
    retriever: MultimodalRetriever,
    queries: Sequence[LabelledQuery],
    *,
    k: int = 10,
    measure: Measure = "ndcg",
) -> Tuning:
    """Choose fusion, weights and constants by labelled questions.

    Each setting is tried in turn with the others as they are, twice through. So that luck isn't
    taken for skill, the gain is measured by cross-validation on questions that the choice didn't
    know, with a paired bootstrap.

    Args:
        retriever: The retriever; its channels' rankings are what is fused. A reranker of it takes
            no part.
        queries: Labelled queries; see `read_queries`. A hundred tell more than ten.
        k: How many hits count.
        measure: What shall be high.

    Returns:
        The best configuration, and whether it is worth it.

    Raises:
        ConfigurationError: If there are too few queries, or k is below 1.
        MissingExtraError: If the extra `eval` isn't installed.
        QueryError: If a query makes no sense to the retriever.
        StoreError: If the engine refuses.

    Example:
        >>> tuning = tune(retriever, read_queries("questions.jsonl"))  # doctest: +SKIP
        >>> tuning.best.code if tuning.is_worth_it else "the defaults"  # doctest: +SKIP
        'the defaults'
    """
    if len(queries) < FEWEST_QUERIES:
        raise ConfigurationError(
            f"{len(queries)} queries are too few to choose by: give {FEWEST_QUERIES} at the least."
        )
    found = _rankings(retriever, queries, k)
    channels = sorted({channel for each in found for channel in each.rankings})
    weights = {channel: retriever.weights[channel] for channel in channels}
    ranking = retriever.ranking
    current = Configuration(retriever.fusion, ranking.rrf_constant, weights, ranking.page_weight)
    scored = _Scored(queries, found, k, measure)
    everything = list(range(len(queries)))
    best = _chosen(current, partial(scored.mean, part=everything))
    parts = [everything[n::FOLDS] for n in range(FOLDS)]
    kept: dict[int, Configuration] = {}
    for part in parts:
        others = [index for index in everything if index not in set(part)]
        chosen = _chosen(current, partial(scored.mean, part=others))
        kept |= dict.fromkeys(part, chosen)
    gain = compare(
        scored.run("tuned", [kept[index] for index in everything]),
        scored.run("current", [current] * len(queries)),
        measure,
    )
    return Tuning(best, current, gain, measure)


@dataclass(frozen=True, slots=True)
class _Found:
    """What the channels found for a query."""

    rankings: dict[Channel, list[tuple[str, float]]]
    chunks: dict[str, Chunk]
    pages: dict[str, PageKey]

    def fused(self, tried: Configuration) -> list[Hit]:
        audible = {c: r for c, r in self.rankings.items() if tried.weights.get(c, 0.0) > 0}
        items = fuse(
            audible, weights=tried.weights, method=tried.fusion, rrf_constant=tried.rrf_constant
        )
        if len(audible) > 1:
            items = with_page_support(items, self.pages, tried.page_weight)
        return [Hit(self.chunks[item.id], item.score, item.channels) for item in items]


def _rankings(
    retriever: MultimodalRetriever, queries: Sequence[LabelledQuery], k: int
) -> list[_Found]:
    """Each channel's own ranking, from the explanations of the hits."""
    weights = {channel: weight or 1.0 for channel, weight in retriever.weights.items()}
    bare = MultimodalRetriever(retriever.store, weights=weights, page_weight=0.0)
    asked = [query.to_query(max(POOL, k), weights) for query in queries]
    found: list[_Found] = []
    for hits in bare.retrieve_many(asked):
        ranked: dict[Channel, list[tuple[int, str, float]]] = {}
        for hit in hits:
            for each in hit.channels:
                ranked.setdefault(each.channel, []).append((each.rank, hit.chunk.id, each.score))
        rankings = {c: [(id_, score) for _, id_, score in sorted(r)] for c, r in ranked.items()}
        pages = {hit.chunk.id: page_of(hit.chunk.source) for hit in hits}
        on_pages = {id_: page for id_, page in pages.items() if page is not None}
        found.append(_Found(rankings, {hit.chunk.id: hit.chunk for hit in hits}, on_pages))
    return found


class _Scored:
    """Scores configurations, each once."""

    def __init__(
        self, queries: Sequence[LabelledQuery], found: Sequence[_Found], k: int, measure: Measure
    ) -> None:
        self._queries = queries
        self._found = found
        self._k = k
        self._measure: Measure = measure
        self._known: dict[str, RunScores] = {}

    def mean(self, tried: Configuration, part: Sequence[int]) -> float:
        values = list(self._all(tried).values(self._measure).values())
        return float(np.mean([values[index] for index in part]))

    def run(self, name: str, tried: Sequence[Configuration]) -> RunScores:
        """The scores of a configuration for each query."""
        rows = [self._all(each).queries[index] for index, each in enumerate(tried)]
        return RunScores(name, self._k, tuple(rows))

    def _all(self, tried: Configuration) -> RunScores:
        if tried.code not in self._known:
            hits = [found.fused(tried) for found in self._found]
            self._known[tried.code] = score_hits(tried.code, self._queries, hits, k=self._k)
        return self._known[tried.code]


def _chosen(start: Configuration, value: Callable[[Configuration], float]) -> Configuration:
    """The best that is reached by changing one setting after the other."""
    best, highest = start, value(start)
    for _ in range(PASSES):
        before = best
        for tried in _neighbours(before):
            candidate = tried(best)
            if (reached := value(candidate)) > highest:
                best, highest = candidate, reached
        if best == before:
            break
    return best


def _neighbours(start: Configuration) -> Iterator[Callable[[Configuration], Configuration]]:
    """Changes of one setting each."""
    for fusion in FUSIONS:
        yield partial(replace, fusion=fusion)
    for constant in CONSTANTS:
        yield partial(replace, rrf_constant=constant)
    for channel in start.weights:
        for weight in WEIGHTS:
            yield partial(_weighed, channel=channel, weight=weight)
    for page_weight in PAGE_WEIGHTS:
        yield partial(replace, page_weight=page_weight)


def _weighed(kept: Configuration, channel: Channel, weight: float) -> Configuration:
    weights = {**kept.weights, channel: weight}
    # With no voice left there is no ranking.
    return replace(kept, weights=weights) if any(weights.values()) else kept
