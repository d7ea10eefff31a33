from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ragsight.errors import QueryError
from ragsight.retrieval.diversity import (
    cosine_similarities,
    maximal_marginal_relevance,
    scaled_relevance,
)

Candidates = tuple[list[float], NDArray[np.float64]]

shares = st.integers(0, 20).map(lambda n: n / 20)
lambdas = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.7, 0.9, 1.0])


@st.composite
def candidates(draw: st.DrawFn) -> Candidates:
    count = draw(st.integers(1, 8))
    relevance = draw(st.lists(shares, min_size=count, max_size=count))
    pairs = np.eye(count)
    for i in range(count):
        for j in range(i):
            pairs[i, j] = pairs[j, i] = draw(shares)
    return relevance, pairs


def vector(*values: float) -> NDArray[np.float32]:
    return np.array(values, dtype=np.float32)


def test_a_twin_of_a_chosen_candidate_gives_way_to_a_different_one() -> None:
    pairs = [[1, 0.99, 0.1], [0.99, 1, 0.1], [0.1, 0.1, 1]]
    chosen = maximal_marginal_relevance([1.0, 0.95, 0.4], pairs, 2, diversity_lambda=0.5)
    assert chosen == [0, 2]


@given(candidates())
def test_at_lambda_one_the_order_is_that_of_relevance(found: Candidates) -> None:
    relevance, pairs = found
    chosen = maximal_marginal_relevance(relevance, pairs, 99, diversity_lambda=1.0)
    assert chosen == sorted(range(len(relevance)), key=lambda i: -relevance[i])


def test_at_lambda_one_a_ranking_stays_as_it_is() -> None:
    chosen = maximal_marginal_relevance(
        [0.9, 0.5, 0.5, 0.1], np.ones((4, 4)), 4, diversity_lambda=1
    )
    assert chosen == [0, 1, 2, 3]


def test_at_lambda_zero_relevance_chooses_the_first_only() -> None:
    pairs = [[1, 0.9, 0.5, 0.1], [0.9, 1, 0.2, 0.3], [0.5, 0.2, 1, 0.4], [0.1, 0.3, 0.4, 1]]
    chosen = maximal_marginal_relevance([0.5, 1.0, 0.9, 0.8], pairs, 4, diversity_lambda=0.0)
    # After 1, the least like it is 2; of the others 3 is at most 0.4 like one of the two, 0 is 0.9.
    assert chosen == [1, 2, 3, 0]


@given(candidates(), st.integers(0, 10), lambdas)
def test_each_choice_is_the_best_by_the_formula_and_the_earliest_of_equals(
    found: Candidates, k: int, share: float
) -> None:
    relevance, pairs = found
    chosen = maximal_marginal_relevance(relevance, pairs, k, diversity_lambda=share)
    assert len(chosen) == min(k, len(relevance)) == len(set(chosen))
    for place, index in enumerate(chosen):
        before = chosen[:place]

        def marginal(i: int, before: list[int] = before) -> float:
            nearest = max((pairs[i, j] for j in before), default=0.0)
            return float(share * relevance[i] - (1 - share) * nearest) if before else relevance[i]

        rest = [i for i in range(len(relevance)) if i not in before]
        best = max(marginal(i) for i in rest)
        assert marginal(index) == pytest.approx(best)
        assert index == min(i for i in rest if marginal(i) >= marginal(index))


@given(candidates(), lambdas, st.integers(1, 8))
def test_a_shorter_choice_is_the_beginning_of_a_longer_one(
    found: Candidates, share: float, k: int
) -> None:
    whole = maximal_marginal_relevance(*found, 99, diversity_lambda=share)
    assert maximal_marginal_relevance(*found, k, diversity_lambda=share) == whole[:k]


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_lambda_outside_of_its_range_is_refused(share: float) -> None:
    with pytest.raises(QueryError, match="lambda"):
        maximal_marginal_relevance([1.0], [[1.0]], 1, diversity_lambda=share)


def test_similarities_of_other_candidates_are_refused() -> None:
    with pytest.raises(QueryError, match="2 candidates"):
        maximal_marginal_relevance([1.0, 0.5], np.eye(3), 1, diversity_lambda=0.5)


def test_no_candidates_give_no_choice() -> None:
    assert maximal_marginal_relevance([], cosine_similarities([]), 5, diversity_lambda=0.5) == []


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=8))
def test_scaled_relevance_runs_from_zero_to_one_and_keeps_the_order(scores: list[float]) -> None:
    scaled = scaled_relevance(scores)
    assert scaled.max() == 1.0
    assert scaled.min() == (0.0 if len(set(scores)) > 1 else 1.0)
    order = np.argsort(scores)
    assert (np.diff(scaled[order]) >= 0).all()


def test_candidates_are_as_alike_as_their_most_alike_vectors() -> None:
    pairs = cosine_similarities(
        [
            {"clip": vector(1, 0), "dense": vector(1, 0, 0)},
            {"clip": vector(0, 2), "dense": vector(3, 4, 0)},
            {"clip": vector(3, 4)},
        ]
    )
    assert pairs[0, 1] == pytest.approx(0.6)
    assert pairs[0, 2] == pytest.approx(0.6)
    assert pairs[1, 2] == pytest.approx(0.8)


def test_candidates_without_a_vector_in_common_are_not_alike() -> None:
    pairs = cosine_similarities([{"clip": vector(1, 0)}, {"dense": vector(1, 0)}, {}])
    np.testing.assert_array_equal(pairs, np.diag([1.0, 1.0, 0.0]))


def test_opposite_vectors_are_less_alike_than_unrelated_ones() -> None:
    pairs = cosine_similarities([{"clip": vector(1, 0)}, {"clip": vector(-1, 0)}])
    assert pairs[0, 1] == -1.0


def test_a_vector_without_length_counts_as_missing() -> None:
    pairs = cosine_similarities([{"clip": vector(0, 0)}, {"clip": vector(1, 0)}])
    np.testing.assert_array_equal(pairs, np.diag([0.0, 1.0]))


def test_vectors_of_two_encoders_are_refused() -> None:
    with pytest.raises(QueryError, match="differ in length"):
        cosine_similarities([{"clip": vector(1, 0)}, {"clip": vector(1, 0, 0)}])


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_similarities_are_symmetric_and_what_float32_loses_is_a_tie(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count, 16)).astype(np.float32)
    exact = cosine_similarities([{"clip": row} for row in rows])
    units = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    stored = cosine_similarities([{"clip": row} for row in units.astype(np.float32)])
    np.testing.assert_array_equal(exact, exact.T)
    np.testing.assert_allclose(stored, exact, atol=2e-6)
    np.testing.assert_array_equal(np.diag(exact), 1.0)
    assert np.abs(exact).max() <= 1.0
