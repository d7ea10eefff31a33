"""What an evaluation found out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from ragsight.errors import InputError

Measure = Literal["recall", "precision", "mrr", "ndcg"]
"""Of the first k: the share of what is relevant that was found; the share of what was found that is
relevant; the inverse of the first relevant one's rank; the discounted gain by grade, over that of
the best ranking there could be."""

MEASURES: tuple[Measure, ...] = get_args(Measure)


@dataclass(frozen=True, slots=True)
class QueryScores:
    """How a run did on one query; each measure is between 0 and 1."""

    query_id: str
    recall: float
    precision: float
    mrr: float
    ndcg: float

    def __getitem__(self, measure: Measure) -> float:
        value: float = getattr(self, measure)
        return value


@dataclass(frozen=True, slots=True)
class RunScores:
    """How one set-up did on all queries.

    Attributes:
        name: Names the set-up, such as `fused` or `text_to_image`.
        k: How many hits were looked at.
        queries: One entry for each query, in order.
        seconds: Wall time of the searches, all in all, where it was taken.

    Example:
        >>> run = RunScores("fused", 10, (QueryScores("1", 1.0, 0.1, 0.5, 0.63),))
        >>> run.mean("mrr")
        0.5
    """

    name: str
    k: int
    queries: tuple[QueryScores, ...]
    seconds: float | None = None

    def mean(self, measure: Measure) -> float:
        """Mean over the queries."""
        return sum(query[measure] for query in self.queries) / len(self.queries)

    def values(self, measure: Measure) -> dict[str, float]:
        """The measure by query."""
        return {query.query_id: query[measure] for query in self.queries}

    def to_dict(self) -> dict[str, Any]:
        """The run as JSON-ready values."""
        return {
            "name": self.name,
            "k": self.k,
            "seconds": self.seconds,
            "mean": {measure: self.mean(measure) for measure in MEASURES},
            "queries": [
                {"id": query.query_id, **{measure: query[measure] for measure in MEASURES}}
                for query in self.queries
            ],
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> RunScores:
        """Read what `to_dict` wrote.

        Raises:
            InputError: If it is something else.
        """
        try:
            queries = tuple(
                QueryScores(query["id"], *(float(query[measure]) for measure in MEASURES))
                for query in data["queries"]
            )
            if not queries:
                raise ValueError("it has no queries")
            return cls(data["name"], int(data["k"]), queries, data["seconds"])
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"This is no saved run: {error!r}. Save one with `ragsight eval --save FILE`."
            ) from error


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a retriever did, as it is and with each of its channels alone.

    Attributes:
        runs: The retriever as it is (`fused`) first, then its channels.

    Example:
        >>> scores = RunScores("fused", 10, (QueryScores("1", 1.0, 0.1, 0.5, 0.63),))
        >>> Evaluation((scores,))["fused"].mean("recall")
        1.0
    """

    runs: tuple[RunScores, ...]

    def __getitem__(self, name: str) -> RunScores:
        for run in self.runs:
            if run.name == name:
                return run
        raise KeyError(f"There is no run {name!r}; there are {', '.join(r.name for r in self)}.")

    def __iter__(self) -> Iterator[RunScores]:
        return iter(self.runs)

    def to_dict(self) -> dict[str, Any]:
        """The evaluation as JSON-ready values."""
        return {"runs": [run.to_dict() for run in self.runs]}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Evaluation:
        """Read what `to_dict` wrote.

        Raises:
            InputError: If it is something else.
        """
        runs = data.get("runs") if isinstance(data, Mapping) else None
        if not isinstance(runs, list) or not runs:
            raise InputError("This is no saved evaluation: it has no list of 'runs'.")
        return cls(tuple(RunScores.from_dict(run) for run in runs))
