from __future__ import annotations

import math
import uuid
from pathlib import Path

import numpy as np
import pytest
import qdrant_edge as edge
from hypothesis import given
from hypothesis import strategies as st
from qdrant_client import QdrantClient, models

from ragsight.encoders import Bm25Encoder, FloatArray, SparseVector
from ragsight.errors import QueryError
from ragsight.retrieval.negatives import SPARSE_THRESHOLD, away_from

strengths = st.floats(0.01, 3.0)
seeds = st.integers(0, 2**32 - 1)
weights = st.floats(0.1, 5.0).map(lambda value: round(value, 3))
sparse = st.dictionaries(st.integers(0, 12), weights, min_size=1, max_size=6).map(
    lambda terms: SparseVector(tuple(sorted(terms)), tuple(terms[i] for i in sorted(terms)))
)


def rows(seed: int, count: int) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float32)


def cosine(a: FloatArray, b: FloatArray) -> float:
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@given(seeds, strengths, st.integers(1, 4))
def test_a_dense_query_ends_up_as_far_away_as_rocchio_says(
    seed: int, strength: float, examples: int
) -> None:
    query, *negatives = rows(seed, examples + 1)
    moved = away_from(query, negatives, strength=strength)
    mean = np.mean([n / np.linalg.norm(n) for n in negatives], axis=0)
    expected = query / np.linalg.norm(query) - strength * mean
    assert moved.dtype == np.float32
    assert np.linalg.norm(moved) == pytest.approx(1.0, abs=1e-6)
    assert cosine(moved, expected) == pytest.approx(1.0, abs=1e-5)


@given(seeds, strengths)
def test_one_example_is_further_from_the_query_after_than_before(
    seed: int, strength: float
) -> None:
    query, negative = rows(seed, 2)
    moved = away_from(query, [negative], strength=strength)
    assert cosine(moved, negative) < cosine(query, negative)


def test_the_length_of_a_dense_example_does_not_matter() -> None:
    query, negative = rows(1, 2)
    once, tenfold = (away_from(query, [n], strength=0.5) for n in (negative, 10 * negative))
    np.testing.assert_allclose(once, tenfold, atol=1e-6)


def test_at_strength_zero_or_without_examples_a_query_stays_as_it_is() -> None:
    query, negative = rows(1, 2)
    words = SparseVector((1, 2), (1.0, 1.0))
    assert away_from(query, [negative], strength=0.0) is query
    assert away_from(query, [], strength=1.0) is query
    assert away_from(words, [words], strength=0.0) is words
    assert away_from(words, [], strength=1.0) is words


def test_a_query_of_which_nothing_would_be_left_stays_as_it_is() -> None:
    query = rows(1, 1)[0]
    words = SparseVector((1, 2), (1.0, 0.5))
    assert away_from(query, [3 * query], strength=1.0) is query
    assert away_from(words, [words], strength=1.0) is words
    assert away_from(words, [words], strength=2.0) is words


def test_examples_without_length_are_left_out() -> None:
    query, negative = rows(1, 2)
    both = away_from(query, [np.zeros(8, np.float32), negative], strength=0.5)
    np.testing.assert_array_equal(both, away_from(query, [negative], strength=0.5))
    words, empty = SparseVector((1,), (1.0,)), SparseVector((), ())
    assert away_from(words, [empty], strength=0.5) == words
    assert away_from(empty, [words], strength=0.5) == empty


@given(sparse, st.lists(sparse, min_size=1, max_size=3), strengths)
def test_a_sparse_query_loses_what_its_examples_have_and_nothing_else(
    query: SparseVector, negatives: list[SparseVector], strength: float
) -> None:
    moved = away_from(query, negatives, strength=strength)
    size = math.hypot(*query.values)
    expected = dict(zip(query.indices, query.values, strict=True))
    for negative in negatives:
        for index, value in zip(negative.indices, negative.values, strict=True):
            share = strength * size * value / math.hypot(*negative.values) / len(negatives)
            expected[index] = expected.get(index, 0.0) - share
    best = max(expected.values())
    if best <= 0.0:
        assert moved is query
    if best < 1e-4 * size:
        return  # on the border to nothing, where rounding decides
    found = dict(zip(moved.indices, moved.values, strict=True))
    assert list(moved.indices) == sorted(found)
    for index, weight in expected.items():
        assert found.get(index, 0.0) == pytest.approx(weight, abs=1e-4)
    untouched = set(query.indices).difference(*(n.indices for n in negatives))
    assert all(found[i] == query.values[query.indices.index(i)] for i in untouched)


def test_a_term_that_an_example_takes_whole_is_gone_and_finds_nothing_more() -> None:
    query, negative = SparseVector((1, 2), (1.0, 1.0)), SparseVector((1,), (3.0,))
    moved = away_from(query, [negative], strength=1 / math.sqrt(2))
    assert moved == SparseVector((2,), (1.0,))


@pytest.mark.parametrize("strength", [-0.1, math.nan, math.inf])
def test_a_strength_that_makes_no_sense_is_refused(strength: float) -> None:
    query = rows(1, 1)[0]
    with pytest.raises(QueryError, match="strength"):
        away_from(query, [query], strength=strength)


def test_examples_of_another_kind_or_encoder_are_refused() -> None:
    query, words = rows(1, 1)[0], SparseVector((1,), (1.0,))
    for vector, negative in [(query, words), (words, query), (query, query[:4])]:
        with pytest.raises(QueryError, match="can't be moved away"):
            away_from(vector, [negative], strength=0.5)  # type: ignore[call-overload]


TEXTS = [
    "leather boots for winter",
    "rubber boots for rain",
    "leather belt",
    "boots",
    "canvas shoes, no leather, boots are elsewhere",
    "a green tent",
] + [f"boots of kind {n} with leather of sort {n % 7}" for n in range(200)]


@pytest.mark.parametrize("optimised", [False, True])
def test_every_engine_finds_the_same_with_negative_weights_and_nothing_by_them_alone(
    tmp_path: Path, optimised: bool
) -> None:
    bm25 = Bm25Encoder()
    points = {
        str(uuid.UUID(int=n + 1)): vector for n, vector in enumerate(bm25.encode_documents(TEXTS))
    }
    query = away_from(bm25.encode_query("boots"), [bm25.encode_query("leather")], strength=0.5)
    assert min(query.values) < 0.0 < max(query.values)

    embedded = _embedded(tmp_path, points, query, optimised)
    local = _local(points, query)

    assert [score for _, score in embedded] == pytest.approx([s for _, s in local], abs=1e-4)
    assert dict(embedded) == pytest.approx(dict(local), abs=1e-4)
    found = [TEXTS[uuid.UUID(id_).int - 1] for id_, _ in embedded]
    assert set(found[:2]) == {"boots", "rubber boots for rain"}
    assert not {"leather belt", "a green tent"} & set(found)


def _embedded(
    folder: Path, points: dict[str, SparseVector], query: SparseVector, optimised: bool
) -> list[tuple[str, float]]:
    sparse_vectors = {"bm25": edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)}
    shard = edge.EdgeShard.create(
        str(folder), edge.EdgeConfig(vectors={}, sparse_vectors=sparse_vectors)
    )
    shard.update(
        edge.UpdateOperation.upsert_points(
            [
                edge.Point(id_, {"bm25": edge.SparseVector(list(v.indices), list(v.values))}, {})
                for id_, v in points.items()
            ]
        )
    )
    if optimised:
        shard.optimize()
    asked = edge.SparseVector(list(query.indices), list(query.values))
    found = shard.query(
        edge.QueryRequest(
            query=edge.Query.Nearest(asked, using="bm25"),
            limit=500,
            score_threshold=SPARSE_THRESHOLD,
        )
    )
    shard.close()
    return [(str(point.id), point.score) for point in found]


def _local(points: dict[str, SparseVector], query: SparseVector) -> list[tuple[str, float]]:
    client = QdrantClient(":memory:")
    params = models.SparseVectorParams(modifier=models.Modifier.IDF)
    client.create_collection("c", vectors_config={}, sparse_vectors_config={"bm25": params})
    client.upsert(
        "c",
        [
            models.PointStruct(
                id=id_,
                vector={
                    "bm25": models.SparseVector(indices=list(v.indices), values=list(v.values))
                },
            )
            for id_, v in points.items()
        ],
    )
    found = client.query_points(
        "c",
        query=models.SparseVector(indices=list(query.indices), values=list(query.values)),
        using="bm25",
        limit=500,
        score_threshold=SPARSE_THRESHOLD,
    ).points
    client.close()
    return [(str(point.id), point.score) for point in found]
