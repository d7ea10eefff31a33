from __future__ import annotations

import pytest

from drawings import text_chunk
from ragsight import MultimodalRetriever, MultimodalStore

KEYS = ("unit price", "Preis (€)", "a/b", "<b>", "größe", "$x", "x:y", "a,b", "日本", "1st")


@pytest.mark.parametrize("key", KEYS)
def test_a_column_may_be_called_anything_and_can_be_filtered_by(
    store: MultimodalStore, key: str
) -> None:
    cheap, dear = (text_chunk(f"pump {n}", **{key: n, f"{key} word": str(n)}) for n in (1, 9))
    store.upsert([cheap, dear])
    store.upsert([dear])
    retriever = MultimodalRetriever(store)
    for filter_ in (
        {key: {"gte": 5}},
        {key: 9},
        {f"metadata.{key}": {"gte": 5}},
        {f"{key} word": "9"},
    ):
        assert [hit.chunk.id for hit in retriever.retrieve("pump", filter=filter_)] == [dear.id]


def test_a_key_within_a_value_may_be_called_anything_too(store: MultimodalStore) -> None:
    store.upsert([text_chunk("pump", size={"outer width": 3})])
    retriever = MultimodalRetriever(store)
    assert len(retriever.retrieve("pump", filter={"size.outer width": 3})) == 1
    assert retriever.retrieve("pump", filter={"size.outer width": 4}) == []
