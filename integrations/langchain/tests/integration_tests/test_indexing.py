"""LangChain's indexing API, with all ways of cleaning up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager, aindex, index

from drawings import noise
from langchain_ragsight import ClipEmbeddings, ImageLoader, MultimodalVectorStore
from ragsight import ClipEncoder

OPTIONS: dict[str, Any] = {"source_id_key": "source", "key_encoder": "sha256"}


@pytest.fixture
def vectorstore(encoder: ClipEncoder) -> Iterator[MultimodalVectorStore]:
    opened = MultimodalVectorStore.from_texts([], ClipEmbeddings(encoder=encoder))
    with opened.store:
        yield opened


@pytest.fixture
def records() -> InMemoryRecordManager:
    manager = InMemoryRecordManager("test")
    manager.create_schema()
    return manager


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two different pictures with one caption."""
    for name, seed in (("a", 0), ("b", 1)):
        noise(seed).save(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.txt").write_text("A shoe")
    return tmp_path


def _images(vectorstore: MultimodalVectorStore) -> set[str]:
    return {chunk.source.name for chunk in vectorstore.store.scroll() if chunk.image is not None}


def _numbers(result: Any) -> Sequence[int]:
    return [result[f"num_{what}"] for what in ("added", "updated", "skipped", "deleted")]


@pytest.mark.parametrize("cleanup", [None, "incremental", "full", "scoped_full"])
async def test_images_with_one_caption_stay_two_and_are_indexed_once(
    cleanup: Any, vectorstore: MultimodalVectorStore, records: InMemoryRecordManager, photos: Path
) -> None:
    loader = ImageLoader(photos)

    first = index(loader, records, vectorstore, cleanup=cleanup, **OPTIONS)
    again = await aindex(loader, records, vectorstore, cleanup=cleanup, **OPTIONS)

    assert _numbers(first) == [2, 0, 0, 0]
    assert _numbers(again) == [0, 0, 2, 0]
    assert vectorstore.store.counts().images == 2
    found = vectorstore.similarity_search_by_image(noise(1), k=1)
    assert found[0].metadata["source"] == str(photos / "b.png")


@pytest.mark.parametrize("cleanup", ["incremental", "full", "scoped_full"])
async def test_a_picture_that_was_drawn_anew_replaces_the_old_one(
    cleanup: Any, vectorstore: MultimodalVectorStore, records: InMemoryRecordManager, photos: Path
) -> None:
    index(ImageLoader(photos), records, vectorstore, cleanup=cleanup, **OPTIONS)

    noise(7).save(photos / "b.png")
    result = await aindex(ImageLoader(photos), records, vectorstore, cleanup=cleanup, **OPTIONS)

    assert _numbers(result) == [1, 0, 1, 1]
    ((found, score),) = vectorstore.similarity_search_by_image_with_score(noise(7), k=1)
    assert found.metadata["source"] == str(photos / "b.png")
    assert score == pytest.approx(1.0, abs=1e-4)
    assert vectorstore.store.counts().images == 2


def test_a_picture_that_is_gone_goes_with_a_full_clean_up_only(
    vectorstore: MultimodalVectorStore, records: InMemoryRecordManager, photos: Path
) -> None:
    index(ImageLoader(photos), records, vectorstore, cleanup="full", **OPTIONS)
    (photos / "b.png").unlink()

    left = index(ImageLoader(photos), records, vectorstore, cleanup="incremental", **OPTIONS)
    assert _numbers(left) == [0, 0, 1, 0]
    assert _images(vectorstore) == {"a.png", "b.png"}

    gone = index(ImageLoader(photos), records, vectorstore, cleanup="full", **OPTIONS)
    assert _numbers(gone) == [0, 0, 1, 1]
    assert _images(vectorstore) == {"a.png"}


@pytest.mark.parametrize("key_encoder", ["sha256", "blake2b", "sha512"])
def test_hashes_of_any_kind_are_ids(
    key_encoder: Any, vectorstore: MultimodalVectorStore, records: InMemoryRecordManager
) -> None:
    documents = [Document(page_content=text, metadata={"source": text}) for text in "abc"]

    index(documents, records, vectorstore, source_id_key="source", key_encoder=key_encoder)

    keys = records.list_keys()
    assert {d.page_content for d in vectorstore.get_by_ids(keys)} == set("abc")
    assert {d.id for d in vectorstore.get_by_ids(keys)} == set(keys)


def test_everything_can_be_written_anew(
    vectorstore: MultimodalVectorStore, records: InMemoryRecordManager, photos: Path
) -> None:
    index(ImageLoader(photos), records, vectorstore, **OPTIONS)

    result = index(ImageLoader(photos), records, vectorstore, force_update=True, **OPTIONS)

    assert _numbers(result) == [0, 2, 0, 0]
    assert vectorstore.store.counts().images == 2
