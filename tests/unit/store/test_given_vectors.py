from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from letters import LetterEncoder
from ragsight import Chunk, ClipEncoder, MultimodalRetriever, MultimodalStore, Query, Source
from ragsight.encoders import SparseVector
from ragsight.errors import ConfigurationError, InputError, QueryError, RagsightError
from ragsight.images import image_ref
from ragsight.store import EncodedChunk

TEXT = LetterEncoder()
IMAGES = ClipEncoder("ragsight-demo")


def _unit(dimension: int, at: int) -> np.ndarray:
    row = np.zeros(dimension, np.float32)
    row[at] = 1
    return row


def _text(name: str) -> Chunk:
    return Chunk(text=name, source=Source(uri=f"{name}.txt"), id=name)


def _image(name: str, colour: str) -> Chunk:
    image = image_ref(Image.new("RGB", (8, 8), colour))
    return Chunk(image=image, source=Source(uri=f"{name}.png"), id=name)


@pytest.fixture(params=["memory", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MultimodalStore]:
    place = ":memory:" if request.param == "memory" else tmp_path / "index"
    with MultimodalStore.open(place, encoder=IMAGES, text_encoder=TEXT) as opened:
        yield opened


def test_given_vectors_are_stored_and_found_by_given_ones(store: MultimodalStore) -> None:
    dense, clip = TEXT.spec.dimension, IMAGES.spec.dimension
    written = store.upsert(
        [
            EncodedChunk(_text("one"), {"dense": _unit(dense, 0)}),
            EncodedChunk(_text("two"), {"dense": _unit(dense, 1).tolist()}),
            EncodedChunk(_image("red", "red"), {"clip": _unit(clip, 2)}),
            _text("three"),
        ]
    )
    assert written == 4
    retriever = MultimodalRetriever(store)
    assert retriever.retrieve(Query(vectors={"dense": _unit(dense, 1)}))[0].chunk.id == "two"
    hits = retriever.retrieve(vectors={"image_to_image": _unit(clip, 2)})
    assert [hit.chunk.id for hit in hits] == ["red"]
    assert hits[0].why.startswith("image_to_image #1")


def test_what_comes_without_a_vector_is_encoded(store: MultimodalStore) -> None:
    store.upsert([EncodedChunk(_text("pump"), {"dense": _unit(TEXT.spec.dimension, 0)})])
    hits = MultimodalRetriever(store, weights={"dense": 0}).retrieve("pump")
    assert [hit.chunk.id for hit in hits] == ["pump"]


def test_a_given_query_vector_takes_the_place_of_encoding(store: MultimodalStore) -> None:
    store.upsert(
        [_text("pump"), EncodedChunk(_text("x"), {"dense": _unit(TEXT.spec.dimension, 3)})]
    )
    retriever = MultimodalRetriever(store, weights={"bm25": 0, "text_to_image": 0})
    query = Query(text="pump", vectors={"dense": _unit(TEXT.spec.dimension, 3)})
    assert retriever.retrieve(query)[0].chunk.id == "x"


BAD: list[tuple[dict[str, Any], type[RagsightError], str]] = [
    ({"dense": [0.1, 0.2]}, InputError, r"'one' of one\.txt.*has the shape \(2,\)"),
    ({"dense": np.full(TEXT.spec.dimension, np.nan)}, InputError, "aren't finite"),
    ({"dense": ["a"]}, InputError, "is none"),
    ({"clip": np.zeros(IMAGES.spec.dimension)}, InputError, "no image that it could be of"),
    ({"bm25": [0.1]}, InputError, "must be sparse"),
    ({"nothing": [0.1]}, ConfigurationError, "no vectors of 'nothing'; it has"),
]


@pytest.mark.parametrize(("vectors", "kind", "message"), BAD)
def test_a_vector_that_doesn_t_fit_is_refused_by_name(
    store: MultimodalStore, vectors: dict[str, Any], kind: type[RagsightError], message: str
) -> None:
    with pytest.raises(kind, match=message):
        store.upsert([_text("good"), EncodedChunk(_text("one"), vectors)])
    assert store.counts().texts == 0


def test_one_that_doesn_t_fit_costs_itself_only(store: MultimodalStore) -> None:
    told: list[str] = []
    bad = EncodedChunk(_text("bad"), {"dense": [1.0]})
    store.upsert([_text("good"), bad], on_error=lambda chunk, _: told.append(chunk.id))
    assert told == ["bad"]
    assert [chunk.id for chunk in store.scroll()] == ["good"]


def test_words_may_come_as_a_sparse_vector(store: MultimodalStore) -> None:
    words = SparseVector((7, 9), (1.0, 2.0))
    store.upsert([EncodedChunk(_text("odd"), {"bm25": words})])
    hits = MultimodalRetriever(store).retrieve(Query(vectors={"bm25": SparseVector((9,), (1.0,))}))
    assert [hit.chunk.id for hit in hits] == ["odd"]


@pytest.mark.parametrize("name", ["dense", "image_to_image"])
def test_a_query_vector_that_doesn_t_fit_is_refused(store: MultimodalStore, name: str) -> None:
    with pytest.raises(QueryError, match=r"has the shape \(1,\)"):
        MultimodalRetriever(store).retrieve(Query(vectors={name: [0.5]}))
    with pytest.raises(QueryError, match="no channel or space 'nothing'"):
        MultimodalRetriever(store).retrieve(Query(vectors={"nothing": [0.5]}))


async def test_clearing_removes_chunks_and_records(store: MultimodalStore) -> None:
    store.replace("a.txt", [_text("one")])
    store.clear()
    assert (store.counts().texts, store.counts().sources) == (0, 0)
    await store.aupsert([EncodedChunk(_text("two"), {"dense": _unit(TEXT.spec.dimension, 0)})])
    await store.aclear()
    assert store.counts().texts == 0
    store.upsert([_text("three")])
    assert store.counts().texts == 1
