from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.errors import ConfigurationError, InputError
from ragsight.evaluation import Evaluation, QueryScores, RunScores, compare


def run(values: list[float], *, name: str = "run", k: int = 10) -> RunScores:
    scores = (QueryScores(str(i), value, value, value, value) for i, value in enumerate(values))
    return RunScores(name, k, tuple(scores))


def test_a_difference_that_every_query_shows_is_clear() -> None:
    better = run([0.6 + 0.01 * i for i in range(30)])
    worse = run([0.3 + 0.005 * i for i in range(30)])
    difference = compare(better, worse)
    assert difference.mean == pytest.approx(0.3725)
    assert 0.3 < difference.low < difference.mean < difference.high < 0.4
    assert difference.is_clear
    assert compare(worse, better).is_clear


def test_a_difference_that_queries_disagree_about_is_not() -> None:
    difference = compare(run([1.0, 0.0] * 10), run([0.0, 0.9] * 10))
    assert difference.mean == pytest.approx(0.05)
    assert difference.low < 0 < difference.high
    assert not difference.is_clear


def test_equal_runs_differ_by_nothing() -> None:
    difference = compare(run([0.2, 0.8]), run([0.2, 0.8]))
    assert (difference.mean, difference.low, difference.high) == (0, 0, 0)
    assert not difference.is_clear


def test_the_same_runs_give_the_same_interval() -> None:
    runs = run([0.1, 0.9, 0.4]), run([0.3, 0.2, 0.2])
    assert compare(*runs) == compare(*runs)


def test_only_queries_of_both_are_compared() -> None:
    difference = compare(run([0.5, 0.7, 0.9]), run([0.5, 0.6]))
    assert difference.queries == 2
    assert difference.mean == pytest.approx(0.05)


def test_runs_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="same k"):
        compare(run([0.5]), run([0.5], k=5))
    other = RunScores("other", 10, (QueryScores("elsewhere", 1, 1, 1, 1),))
    with pytest.raises(ConfigurationError, match="no query in common"):
        compare(run([0.5]), other)


@given(
    pairs=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=12),
)
def test_the_interval_holds_the_mean_and_turns_round_with_the_runs(
    pairs: list[tuple[float, float]],
) -> None:
    one, two = run([a for a, _ in pairs]), run([b for _, b in pairs])
    there, back = compare(one, two, resamples=500), compare(two, one, resamples=500)
    assert there.low - 1e-9 <= there.mean <= there.high + 1e-9
    assert (back.mean, back.low, back.high) == pytest.approx((-there.mean, -there.high, -there.low))


def test_an_evaluation_survives_json() -> None:
    evaluation = Evaluation((run([0.5, 1.0], name="fused"), run([0.1, 0.2], name="bm25")))
    assert Evaluation.from_dict(json.loads(json.dumps(evaluation.to_dict()))) == evaluation


@pytest.mark.parametrize(
    "data",
    [
        [],
        {},
        {"runs": []},
        {"runs": [{"name": "x"}]},
        {"runs": [3]},
        {"runs": [{"name": "x", "k": 10, "seconds": None, "queries": []}]},
    ],
)
def test_what_is_no_evaluation_is_refused(data: Any) -> None:
    with pytest.raises(InputError, match="no saved"):
        Evaluation.from_dict(data)


def test_a_run_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(KeyError, match="there are run"):
        Evaluation((run([1.0]),))["dense"]
