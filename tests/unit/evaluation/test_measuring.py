from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight import Chunk, Hit, Source
from ragsight.errors import ConfigurationError
from ragsight.evaluation import MEASURES, LabelledQuery, score_hits
from ragsight.evaluation.references import labelled_ranking, references_of


def passage(name: str, *, uri: str = "/docs/manual.pdf", page: int | None = None) -> Chunk:
    return Chunk(id=name, text=name, source=Source(uri=uri, page=page))


def hits(*names: str) -> list[Hit]:
    return [Hit(passage(name), 1.0) for name in names]


def test_ndcg_equals_the_one_worked_out_by_hand() -> None:
    query = LabelledQuery(id="1", text="x", relevant={"a": 3, "b": 2, "c": 1, "d": 0})
    run = score_hits("mine", [query], [hits("b", "wrong", "a", "d", "c")], k=5)
    # Gains 2 0 3 0 1 over log2 of 2 3 4 5 6, beside 3 2 1 in the best order.
    gained = 2 / 1 + 3 / 2 + 1 / math.log2(6)
    best = 3 / 1 + 2 / math.log2(3) + 1 / 2
    assert run.mean("ndcg") == pytest.approx(gained / best)
    assert run.mean("ndcg") == pytest.approx(0.8162, abs=5e-5)


def test_recall_precision_and_reciprocal_rank_are_those_of_the_first_k() -> None:
    query = LabelledQuery(id="1", text="x", relevant={"a": 1, "b": 1, "c": 1, "d": 1})
    run = score_hits("mine", [query], [hits("wrong", "a", "b", "c")], k=3)
    assert run.mean("recall") == pytest.approx(2 / 4)
    assert run.mean("precision") == pytest.approx(2 / 3)
    assert run.mean("mrr") == pytest.approx(1 / 2)


def test_a_query_that_found_nothing_counts_as_zero() -> None:
    queries = [LabelledQuery(id=name, text="x", relevant={"a": 1}) for name in ("1", "2")]
    run = score_hits("mine", queries, [hits("a"), []], k=1)
    assert [run.mean(measure) for measure in MEASURES] == [0.5] * 4
    assert run.values("recall") == {"1": 1.0, "2": 0.0}


def test_a_ranking_longer_than_ten_keeps_its_order() -> None:
    names = [f"n{number}" for number in range(30)]
    query = LabelledQuery(id="1", text="x", relevant={"n24": 1})
    assert score_hits("mine", [query], [hits(*names)], k=30).mean("mrr") == pytest.approx(1 / 25)


def test_a_chunk_can_be_labelled_by_where_it_is() -> None:
    figure = Chunk(
        text="the pump",
        source=Source(uri="/docs/manual.pdf", page=4),
        metadata={"label": "Figure 3"},
    )
    assert list(references_of(figure)) == [
        figure.id,
        "/docs/manual.pdf#Figure 3",
        "manual.pdf#Figure 3",
        "/docs/manual.pdf#page=4",
        "manual.pdf#page=4",
        "/docs/manual.pdf",
        "manual.pdf",
    ]
    row = Chunk(text="shoe", source=Source(uri="shop.csv", part="row 3"))
    assert "shop.csv#row 3" in list(references_of(row))


def test_a_second_passage_of_a_labelled_page_takes_no_place() -> None:
    first, second = passage("a", page=4), passage("b", page=4)
    other = passage("c", page=5)
    labels = {"manual.pdf#page=4": 1}
    assert labelled_ranking([other, first, second], labels) == ["c", "manual.pdf#page=4"]
    assert labelled_ranking([first, second, other], labels) == ["manual.pdf#page=4", "c"]


def test_the_narrowest_label_is_answered_first() -> None:
    labels = {"a": 2, "manual.pdf": 1}
    assert labelled_ranking([passage("a"), passage("b")], labels) == ["a", "manual.pdf"]


@given(
    ranking=st.lists(st.sampled_from("abcdefgh"), unique=True),
    grades=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 3), min_size=1),
    k=st.integers(1, 10),
)
def test_measures_lie_between_zero_and_one_and_are_one_for_the_best_ranking(
    ranking: list[str], grades: dict[str, int], k: int
) -> None:
    if not any(grades.values()):
        grades["a"] = 1
    query = LabelledQuery(id="1", text="x", relevant=grades)
    run = score_hits("mine", [query], [hits(*ranking)], k=k)
    assert all(0 <= run.mean(measure) <= 1 + 1e-9 for measure in MEASURES)
    best = sorted(grades, key=lambda name: -grades[name])
    assert score_hits("best", [query], [hits(*best)], k=k).mean("ndcg") == pytest.approx(1)


def test_lists_that_do_not_fit_the_queries_are_refused() -> None:
    query = LabelledQuery(id="1", text="x", relevant={"a": 1})
    with pytest.raises(ConfigurationError, match="a list for each query"):
        score_hits("mine", [query], [])
    with pytest.raises(ConfigurationError, match="k must be 1"):
        score_hits("mine", [query], [[]], k=0)


def test_a_slide_is_named_by_its_slide_and_by_its_page() -> None:
    slide = Chunk(id="s", text="x", source=Source(uri="/docs/deck.pptx", page=4, unit="slide"))
    assert {"deck.pptx#slide=4", "deck.pptx#page=4"} <= set(references_of(slide))
    assert "manual.pdf#slide=4" not in set(references_of(passage("p", page=4)))
