from __future__ import annotations

import itertools
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.retrieval import CHANNELS, Channel, Fusion, fuse

EVEN = dict.fromkeys(CHANNELS, 1.0)
METHODS = get_args(Fusion)

scores = st.floats(-100, 100, allow_nan=False).map(lambda score: round(score, 3))
ranking = st.dictionaries(st.sampled_from("abcdefghij"), scores, max_size=10).map(
    lambda found: sorted(found.items(), key=lambda item: (-item[1], item[0]))
)
rankings = st.dictionaries(st.sampled_from(CHANNELS), ranking)
methods = st.sampled_from(METHODS)


def test_reciprocal_rank_fusion_adds_weight_over_constant_plus_rank() -> None:
    found: dict[Channel, list[tuple[str, float]]] = {
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
def test_every_id_comes_back_once_with_all_its_channels(
    found: dict[Channel, list[tuple[str, float]]], method: Fusion
) -> None:
    fused = fuse(found, weights=EVEN, method=method)
    assert {item.id for item in fused} == {id_ for r in found.values() for id_, _ in r}
    assert len({item.id for item in fused}) == len(fused)
    assert sum(len(item.channels) for item in fused) == sum(map(len, found.values()))


@given(rankings, methods)
def test_a_score_is_the_sum_of_its_contributions_and_the_order_follows_it(
    found: dict[Channel, list[tuple[str, float]]], method: Fusion
) -> None:
    fused = fuse(found, weights=EVEN, method=method)
    assert [(-item.score, item.id) for item in fused] == sorted((-i.score, i.id) for i in fused)
    for item in fused:
        assert item.score == pytest.approx(sum(c.contribution for c in item.channels))


@given(rankings, methods, st.sampled_from(CHANNELS))
def test_a_channel_of_weight_zero_changes_no_score(
    found: dict[Channel, list[tuple[str, float]]], method: Fusion, muted: Channel
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
