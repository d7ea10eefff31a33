"""Metadata that JSON lacks: converted or refused as in the core, at the cost of one node."""

from __future__ import annotations

import math
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from llama_index.core.schema import Document, TextNode
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters

from llama_index_ragsight import MultimodalVectorStore
from ragsight import ClipEncoder, RagsightError
from ragsight.errors import MetadataError


def _nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


BAD = [math.nan, b"abc", object(), 2**70, _nested(130), {(1, 2): 3}]


async def test_a_bad_node_costs_itself_only_and_the_index_opens_again(
    encoder: ClipEncoder, tmp_path: Path
) -> None:
    problems: list[RagsightError] = []
    place = tmp_path / "index"
    bad = [TextNode(id_=f"bad {n}", text="b", metadata={"v": v}) for n, v in enumerate(BAD)]
    good = TextNode(
        id_="good", text="a", metadata={"at": datetime(2026, 1, 5), "n": np.int64(3), "k": {1: 2}}
    )
    store = MultimodalVectorStore.open(place, encoder=encoder, on_error=problems.append)
    store.add([*bad, good])
    await store.async_add(bad[:1])
    assert store.client.counts().texts == 1
    assert len(problems) == len(BAD) + 1
    assert all(isinstance(problem, MetadataError) for problem in problems)
    assert str(problems[0]).startswith("Chunk 'bad 0' of 'bad 0': its metadata['v'] is nan")
    store.client.close()
    store = MultimodalVectorStore.open(place, encoder=encoder)
    [node] = store.get_nodes()
    store.client.close()
    assert (node.node_id, node.metadata["at"], node.metadata["n"], node.metadata["k"]) == (
        "good", "2026-01-05T00:00:00", 3, {"1": 2},
    )  # fmt: skip
    assert good.metadata["at"] == datetime(2026, 1, 5)


def test_a_filter_compares_with_the_stored_form(encoder: ClipEncoder) -> None:
    store = MultimodalVectorStore.open(":memory:", encoder=encoder)
    key = uuid.UUID(int=4)
    store.add([TextNode(id_="a", text="a", metadata={"key": key}), Document(id_="b", text="b")])
    filters = MetadataFilters(filters=[MetadataFilter(key="key", value=str(key))])
    assert [node.node_id for node in store.get_nodes(filters=filters)] == ["a"]
    store.client.close()


def test_a_handler_that_raises_stops_before_anything_of_the_batch_is_written(
    encoder: ClipEncoder,
) -> None:
    def stop(error: RagsightError) -> None:
        raise error

    store = MultimodalVectorStore.open(":memory:", encoder=encoder, on_error=stop)
    with pytest.raises(MetadataError, match="bad"):
        store.add([TextNode(text="a"), TextNode(id_="bad", text="b", metadata={"v": 1j})])
    assert store.client.counts().texts == 0
    store.client.close()
