from __future__ import annotations

import itertools
from typing import get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from qdrant_client import models
from qdrant_client.hybrid.fusion import (
    distribution_based_score_fusion,
    reciprocal_rank_fusion,
)

from ragsight.retrieval import CHANNELS, Channel, Fusion, fuse

EVEN = dict.fromkeys(CHANNELS, 1.0)
METHODS = get_args(Fusion)

scores = st.floats(-100, 100, allow_nan=False).map(lambda score: round(score, 3))
ranking = st.dictionaries(st.sampled_from("abcdefghij"), scores, max_size=10).map(
    lambda found: sorted(found.items(), key=lambda item: (-item[1], item[0]))
)
rankings = st.dictionaries(st.sampled_from(CHANNELS), ranking)
methods = st.sampled_from(METHODS)
weights = st.fixed_dictionaries(
    {channel: st.integers(0, 20).map(lambda n: n / 4) for channel in CHANNELS}
)
Found = dict[Channel, list[tuple[str, float]]]


def as_qdrant(found: Found) -> list[list[models.ScoredPoint]]:
    return [
        [models.ScoredPoint(id=ord(id_), version=0, score=score) for id_, score in ranking]
        for ranking in found.values()
    ]


def by_id(points: list[models.ScoredPoint]) -> dict[str, float]:
    return {chr(int(point.id)): point.score for point in points}


def test_reciprocal_rank_fusion_adds_weight_over_constant_plus_rank() -> None:
    found: Found = {
        "bm25": [("a", 9.0), ("b", 3.0)],
        "text_to_image": [("b", 0.3)],
    }
    fused = fuse(found, weights=EVEN | {"text_to_image": 2.0})
    assert [item.id for item in fused] == ["b", "a"]
    assert fused[0].score == pytest.approx(1 / 4 + 2 / 3)
    assert [(c.channel, c.rank) for c in fused[0].channels] == [("text_to_image", 1), ("bm25", 2)]


def test_relative_scores_run_from_zero_to_one_within_a_channel() -> None:
    fused = fuse({"bm25": [("a", 8.0), ("b", 5.0), ("c", 4.0)]}, weights=EVEN, method="relative")
    assert [(item.id, item.score) for item in fused] == [("a", 1.0), ("b", 0.25), ("c", 0.0)]


def test_distribution_based_scores_put_the_mean_at_one_half() -> None:
    fused = fuse({"bm25": [("a", 3.0), ("b", 2.0), ("c", 1.0)]}, weights=EVEN, method="dbsf")
    assert fused[1].score == pytest.approx(0.5)
    assert fused[0].score - 0.5 == pytest.approx(0.5 - fused[2].score)


def test_ties_break_by_id() -> None:
    fused = fuse({"bm25": [("b", 1.0)], "dense": [("a", 1.0)]}, weights=EVEN)
    assert [item.id for item in fused] == ["a", "b"]


def test_no_rankings_give_no_hits() -> None:
    assert fuse({}, weights=EVEN) == []
    assert [fuse({"bm25": []}, weights=EVEN, method=method) for method in METHODS] == [[], [], []]


@given(rankings, methods)
def test_every_id_comes_back_once_with_all_its_channels(found: Found, method: Fusion) -> None:
    fused = fuse(found, weights=EVEN, method=method)
    assert {item.id for item in fused} == {id_ for r in found.values() for id_, _ in r}
    assert len({item.id for item in fused}) == len(fused)
    assert sum(len(item.channels) for item in fused) == sum(map(len, found.values()))


@given(rankings, methods)
def test_a_score_is_the_sum_of_its_contributions_and_the_order_follows_it(
    found: Found, method: Fusion
) -> None:
    fused = fuse(found, weights=EVEN, method=method)
    assert [(-item.score, item.id) for item in fused] == sorted((-i.score, i.id) for i in fused)
    for item in fused:
        assert item.score == pytest.approx(sum(c.contribution for c in item.channels))


@given(rankings, methods, st.sampled_from(CHANNELS))
def test_a_channel_of_weight_zero_changes_no_score(
    found: Found, method: Fusion, muted: Channel
) -> None:
    with_muted = fuse(found, weights=EVEN | {muted: 0.0}, method=method)
    without = fuse({c: r for c, r in found.items() if c != muted}, weights=EVEN, method=method)
    heard = {item.id: item.score for item in without}
    assert all(item.score == pytest.approx(heard.get(item.id, 0.0)) for item in with_muted)


@given(ranking, methods)
def test_one_channel_alone_keeps_its_order_of_scores(
    found: list[tuple[str, float]], method: Fusion
) -> None:
    position = {item.id: item.score for item in fuse({"bm25": found}, weights=EVEN, method=method)}
    kept = [position[id_] for id_, _ in found]
    assert all(a >= b - 1e-12 for a, b in itertools.pairwise(kept))


@given(rankings)
def test_reciprocal_ranks_are_those_of_qdrant_which_counts_from_zero(found: Found) -> None:
    fused = fuse(found, weights=EVEN, rrf_constant=1.0)
    theirs = reciprocal_rank_fusion(as_qdrant(found), limit=99, ranking_constant_k=2)
    assert {item.id: item.score for item in fused} == pytest.approx(by_id(theirs))


@given(rankings)
def test_distribution_based_scores_are_those_of_qdrant(found: Found) -> None:
    # Beyond this the client's own arithmetic on nearly equal scores loses too many digits.
    assume(all(r[0][1] == r[-1][1] or r[0][1] - r[-1][1] > 0.01 for r in found.values() if r))
    fused = fuse(found, weights=EVEN, method="dbsf")
    theirs = distribution_based_score_fusion(as_qdrant(found), limit=99)
    assert {item.id: item.score for item in fused} == pytest.approx(by_id(theirs), abs=1e-6)


def test_an_outlier_among_many_counts_no_more_than_the_whole_weight() -> None:
    ranking = [("best", 100.0), *((f"{n:02}", 1.0) for n in range(30))]
    assert fuse({"bm25": ranking}, weights=EVEN, method="dbsf")[0].score == 1.0


@given(rankings, weights, methods)
def test_the_order_in_which_channels_are_given_changes_nothing(
    found: Found, weights: dict[Channel, float], method: Fusion
) -> None:
    turned = dict(reversed(found.items()))
    assert fuse(found, weights=weights, method=method) == fuse(
        turned, weights=weights, method=method
    )


@given(rankings, weights, methods, st.sampled_from(CHANNELS), st.sampled_from("abcdefghij"))
def test_a_louder_channel_never_lowers_a_score_and_raises_what_it_found(
    found: Found, weights: dict[Channel, float], method: Fusion, channel: Channel, id_: str
) -> None:
    louder = weights | {channel: weights[channel] + 1.0}
    before = {item.id: item.score for item in fuse(found, weights=weights, method=method)}
    after = {item.id: item.score for item in fuse(found, weights=louder, method=method)}
    assert all(after[i] >= before[i] for i in before)
    assert {i for i in before if after[i] > before[i]} <= {i for i, _ in found.get(channel, [])}
    if method == "rrf" and id_ in {i for i, _ in found.get(channel, [])}:
        assert after[id_] > before[id_]


@given(rankings, st.floats(0.5, 4.0), st.floats(-5.0, 5.0), methods)
def test_the_scale_of_a_channels_scores_does_not_matter(
    found: Found, factor: float, offset: float, method: Fusion
) -> None:
    moved: Found = {
        channel: [(id_, factor * score + offset) for id_, score in ranking]
        for channel, ranking in found.items()
    }
    # Scores that differ by rounding alone may become equal when they are scaled.
    assume(all(len({*map(_score, found[c])}) == len({*map(_score, moved[c])}) for c in found))
    before = {item.id: item.score for item in fuse(found, weights=EVEN, method=method)}
    after = {item.id: item.score for item in fuse(moved, weights=EVEN, method=method)}
    assert after == pytest.approx(before, abs=1e-6)


def _score(item: tuple[str, float]) -> float:
    return item[1]


@given(rankings, weights, methods)
def test_each_channel_keeps_its_own_rank_and_score(
    found: Found, weights: dict[Channel, float], method: Fusion
) -> None:
    for item in fuse(found, weights=weights, method=method):
        for said in item.channels:
            assert found[said.channel][said.rank - 1] == (item.id, said.score)
            assert 0.0 <= said.contribution <= weights[said.channel]
        shares = [said.contribution for said in item.channels]
        assert shares == sorted(shares, reverse=True)


@given(rankings, methods, st.integers(0, 12))
def test_a_limit_keeps_the_first_of_all(found: Found, method: Fusion, limit: int) -> None:
    whole = fuse(found, weights=EVEN, method=method)
    assert fuse(found, weights=EVEN, method=method, limit=limit) == whole[:limit]
