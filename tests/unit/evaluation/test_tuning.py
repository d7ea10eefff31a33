"""Choosing weights by labelled questions, on a real store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drawings import text_chunk
from letters import LetterEncoder
from ragsight import ClipEncoder, LabelledQuery, MultimodalRetriever, MultimodalStore
from ragsight.errors import ConfigurationError
from ragsight.evaluation import Configuration, evaluate, tune
from ragsight.retrieval import RankingOptions

WORDS = ["pump", "valve", "filter", "bread", "moon", "ring", "crater", "comet", "orbit", "dust"]
TEXTS = [f"The {word} number {n} is here." for n, word in enumerate(WORDS * 3)]
QUERIES = [
    LabelledQuery(id=str(n), text=f"{word} number {n}", relevant={text_chunk(TEXTS[n]).id: 1})
    for n, word in enumerate(WORDS * 3)
]


@pytest.fixture(scope="module")
def store(encoder: ClipEncoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    place = tmp_path_factory.mktemp("tuned") / "i"
    with MultimodalStore.open(place, encoder=encoder, text_encoder=LetterEncoder()) as store:
        store.upsert([text_chunk(text) for text in TEXTS])
        yield store


def test_a_channel_that_misleads_loses_its_voice(store: MultimodalStore) -> None:
    misled = MultimodalRetriever(store, weights={"bm25": 0.25, "dense": 2.0})
    tuning = tune(misled, QUERIES, k=3)
    assert tuning.current == Configuration("rrf", 2.0, {"bm25": 0.25, "dense": 2.0}, 0.4)
    assert tuning.is_worth_it
    assert tuning.gain.queries == len(QUERIES)
    better = MultimodalRetriever(
        store,
        fusion=tuning.best.fusion,
        weights=tuning.best.weights,
        rrf_constant=tuning.best.rrf_constant,
        page_weight=tuning.best.page_weight,
    )
    reached = evaluate(better, QUERIES, k=3)["fused"].mean("ndcg")
    assert reached > evaluate(misled, QUERIES, k=3)["fused"].mean("ndcg")
    made = eval(tuning.best.code, {"MultimodalRetriever": MultimodalRetriever, "store": store})
    assert (made.fusion, made.ranking) == (
        tuning.best.fusion,
        RankingOptions(page_weight=tuning.best.page_weight, rrf_constant=tuning.best.rrf_constant),
    )
    assert {channel: made.weights[channel] for channel in tuning.best.weights} == dict(
        tuning.best.weights
    )


def test_what_is_right_already_is_kept(store: MultimodalStore) -> None:
    right = MultimodalRetriever(store, weights={"bm25": 1.0, "dense": 0.0})
    tuning = tune(right, QUERIES, k=3)
    assert not tuning.is_worth_it
    assert tuning.best == tuning.current
    assert tuning.to_dict()["is_worth_it"] is False


def test_too_few_queries_choose_nothing(store: MultimodalStore) -> None:
    with pytest.raises(ConfigurationError, match="9 queries are too few"):
        tune(MultimodalRetriever(store), QUERIES[:9])


def test_the_command_line_prints_the_configuration(
    store: MultimodalStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from ragsight.cli.evaluation import _show_tuning

    del tmp_path
    _show_tuning(tune(MultimodalRetriever(store), QUERIES, k=3))
    shown = capsys.readouterr().out
    assert "MultimodalRetriever(store, " in shown
    assert "queries that the choice didn't know" in shown
