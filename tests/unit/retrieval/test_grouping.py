from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.chunks import Chunk, Source
from ragsight.errors import QueryError
from ragsight.retrieval.grouping import group_hits
from ragsight.retrieval.hits import Hit


def hit(
    score: float,
    uri: str = "a.pdf",
    page: int | None = None,
    metadata: dict[str, Any] | None = None,
) -> Hit:
    source = Source(uri=uri, page=page, part=str(score))
    return Hit(Chunk(text="x", source=source, metadata=metadata or {}), score)


def scores(hits: list[Hit]) -> list[float]:
    return [h.score for h in hits]


def test_the_best_hits_of_each_source_stay_in_rank_order() -> None:
    hits = [hit(9), hit(8), hit(7, "b.pdf"), hit(6), hit(5, "b.pdf"), hit(4, "b.pdf")]
    assert scores(group_hits(hits, "source", size=1)) == [9, 7]
    assert scores(group_hits(hits, "source", size=2)) == [9, 8, 7, 5]


def test_the_same_page_number_of_two_sources_is_two_pages() -> None:
    hits = [hit(9, page=1), hit(8, page=1), hit(7, page=2), hit(6, "b.pdf", page=1)]
    assert scores(group_hits(hits, "page", size=1)) == [9, 7, 6]


def test_hits_without_a_page_are_each_a_group_of_their_own() -> None:
    hits = [hit(9, "a.txt"), hit(8, "a.txt"), hit(7, page=1), hit(6, page=1)]
    assert scores(group_hits(hits, "page", size=1)) == [9, 8, 7]


def test_a_metadata_key_groups_by_its_value_and_type() -> None:
    values = [1, True, "1", 1, [1, 2], [1, 2], {"a": 1}, {"a": 1}, None, None]
    hits = [hit(10 - i, metadata={"key": value}) for i, value in enumerate(values)]
    assert scores(group_hits(hits, "key", size=1)) == [10, 9, 8, 6, 4, 2, 1]


def test_hits_without_the_metadata_key_all_stay() -> None:
    assert len(group_hits([hit(3), hit(2), hit(1)], "brand", size=1)) == 3


def test_a_function_of_the_chunk_groups_by_what_it_returns() -> None:
    hits = [hit(9, "a.pdf"), hit(8, "b.txt"), hit(7, "c.pdf"), hit(6, "nothing"), hit(5, "none")]

    def suffix(chunk: Chunk) -> str | None:
        return chunk.source.uri.partition(".")[2] or None

    assert scores(group_hits(hits, suffix, size=1)) == [9, 8, 6, 5]


def test_a_function_that_returns_what_can_not_be_compared_is_reported() -> None:
    with pytest.raises(QueryError, match="a list"):
        group_hits([hit(1)], lambda _: ["a"], size=1)  # type: ignore[arg-type, return-value]


def test_a_group_of_no_size_is_refused() -> None:
    with pytest.raises(QueryError, match="1 or more"):
        group_hits([], "source", size=0)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(1, 2)), max_size=15),
    st.integers(1, 4),
    st.sampled_from(["source", "page"]),
)
def test_no_group_is_larger_than_its_size_and_nothing_else_is_left_out(
    places: list[tuple[str, int | None]], size: int, key: str
) -> None:
    hits = [hit(-rank, uri, page) for rank, (uri, page) in enumerate(places)]
    kept = group_hits(hits, key, size=size)

    def group(h: Hit) -> object:
        place = h.chunk.source
        if key == "source":
            return place.uri
        return (place.uri, place.page) if place.page is not None else h.score

    assert kept == [h for h in hits if h in kept]
    in_hits, in_kept = Counter(map(group, hits)), Counter(map(group, kept))
    assert in_kept == Counter({g: min(n, size) for g, n in in_hits.items()})
    for h in hits:
        if h not in kept:
            assert all(k.score > h.score for k in kept if group(k) == group(h))
