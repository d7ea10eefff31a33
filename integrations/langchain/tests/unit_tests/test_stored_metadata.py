"""Metadata that JSON lacks: converted or refused as in the core, at the cost of one document."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.documents import Document

from drawings import noise
from langchain_ragsight import ClipEmbeddings, MultimodalVectorStore
from ragsight import ClipEncoder, RagsightError
from ragsight.errors import MetadataError

CYCLE: list[Any] = []
CYCLE.append(CYCLE)
BAD = [math.nan, b"abc", object(), 2**70, CYCLE, {(1, 2): 3}]


@pytest.fixture
def store(encoder: ClipEncoder, tmp_path: Path) -> Iterator[MultimodalVectorStore]:
    opened = MultimodalVectorStore.from_documents(
        [], ClipEmbeddings(encoder=encoder), location=str(tmp_path / "index")
    )
    with opened.store:
        yield opened


def test_what_json_lacks_is_stored_as_its_json_form(store: MultimodalVectorStore) -> None:
    given = {"at": datetime(2026, 1, 5), "n": np.int64(3), "id": uuid.UUID(int=1), "s": (1, 2)}
    [id_] = store.add_documents([Document("x", metadata=given)])
    [found] = store.get_by_ids([id_])
    assert found.metadata == {
        "at": "2026-01-05T00:00:00",
        "n": 3,
        "id": "00000000-0000-0000-0000-000000000001",
        "s": [1, 2],
    }
    assert given["s"] == (1, 2)


async def test_a_bad_document_costs_itself_only(store: MultimodalVectorStore) -> None:
    texts = [f"row {n}" for n in range(len(BAD) + 1)]
    metadatas: list[dict[str, Any]] = [{}, *({"rating": value} for value in BAD)]
    for add in (store.add_texts, store.aadd_texts):
        problems: list[RagsightError] = []
        added = add(texts, metadatas, ids=texts, on_error=problems.append)
        assert (added if isinstance(added, list) else await added) == ["row 0"]
        assert len(problems) == len(BAD)
        for text, problem in zip(texts[1:], problems, strict=True):
            assert isinstance(problem, MetadataError)
            assert str(problem).startswith(f"Chunk {text!r} of {text!r}: its metadata['rating']")
    with pytest.raises(MetadataError, match="'row 3'"):
        store.add_texts(texts[3:4], metadatas[3:4], ids=texts[3:4])
    assert store.store.counts().texts == 1


def test_a_bad_image_costs_itself_only(store: MultimodalVectorStore) -> None:
    problems: list[RagsightError] = []
    metadatas = [{"v": math.inf}, {"v": np.float32(0.5)}]
    added = store.add_images(
        [noise(0), noise(1)], metadatas, ids=["a", "b"], on_error=problems.append
    )
    assert added == ["b"]
    assert len(problems) == 1
    assert store.get_by_ids(["b"])[0].metadata["v"] == 0.5


def test_ids_that_are_numbers_become_text_and_others_are_refused(
    store: MultimodalVectorStore,
) -> None:
    assert store.add_texts(["a"], ids=[5]) == ["5"]  # type: ignore[list-item]
    assert store.get_by_ids(["5"])[0].page_content == "a"
    with pytest.raises(MetadataError, match="id is of type tuple"):
        store.add_texts(["a"], ids=[(1, 2)])  # type: ignore[list-item]
