from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from qdrant_client import QdrantClient, models

from drawings import text_chunk
from ragsight.encoders import EncoderSpec
from ragsight.errors import EncoderMismatchError, StoreError
from ragsight.store import ForeignCollections, IndexManifest, parse_filter
from ragsight.store.layout import Layout, check_dimension, foreign_layout, own_layout
from ragsight.store.payloads import point_id, to_payload
from ragsight.store.schema import Collection


def dense(size: int = 4, distance: models.Distance = models.Distance.COSINE) -> models.VectorParams:
    return models.VectorParams(size=size, distance=distance)


def info(vectors: Any, *sparse: str) -> models.CollectionInfo:
    client = QdrantClient(":memory:")
    params = {name: models.SparseVectorParams() for name in sparse}
    client.create_collection("c", vectors_config=vectors, sparse_vectors_config=params)
    return client.get_collection("c")


def layout(
    foreign: ForeignCollections,
    text: Any = None,
    image: Any = None,
    *,
    sparse: tuple[str, ...] = (),
    samples: Mapping[Collection, Mapping[str, object]] | None = None,
) -> Layout:
    infos: dict[Collection, models.CollectionInfo] = {}
    if foreign.text is not None:
        infos["text"] = info(text, *sparse)
    if foreign.image is not None:
        infos["image"] = info(image)
    return foreign_layout(foreign, infos, samples if samples is not None else {})


def test_ours_has_dense_vectors_where_it_has_their_encoder() -> None:
    clip, words = EncoderSpec("clip", None, 4), EncoderSpec("words", None, 4)
    assert set(own_layout(IndexManifest(clip)).targets) == {"bm25", "clip"}
    assert set(own_layout(IndexManifest(clip, words)).targets) == {"bm25", "clip", "dense"}


def test_the_only_vector_is_found_with_and_without_a_name() -> None:
    both = ForeignCollections(text="t", image="i")
    found = layout(both, dense(), {"pixels": dense()})
    assert found.targets == {"dense": ("text", ""), "clip": ("image", "pixels")}
    assert not found.is_own


def test_a_vector_that_is_named_is_taken() -> None:
    several = {"small": dense(2), "large": dense(8)}
    found = layout(ForeignCollections(text="t", dense="large"), several)
    assert found.targets == {"dense": ("text", "large")}


def test_bm25_is_searched_only_if_named() -> None:
    kinds = layout(ForeignCollections(text="t"), dense(), sparse=("words",)).targets
    assert set(kinds) == {"dense"}
    named = layout(ForeignCollections(text="t", bm25="words"), {}, sparse=("words", "splade"))
    assert named.targets == {"bm25": ("text", "words")}


@pytest.mark.parametrize(
    ("foreign", "message"),
    [
        (ForeignCollections(text="t"), r"'t' has several vectors \(large, small\): name"),
        (ForeignCollections(text="t", dense="huge"), r"no vector 'huge'; it has 'large', 'small'"),
        (ForeignCollections(text="t", dense="small", bm25="x"), r"no vector 'x'; it has 'words'"),
        (ForeignCollections(text="t", dense="large"), "'large' of 't' is compared by Euclid"),
    ],
)
def test_what_can_t_be_searched_is_reported(foreign: ForeignCollections, message: str) -> None:
    several = {"small": dense(2), "large": dense(8, models.Distance.EUCLID)}
    with pytest.raises(StoreError, match=message):
        layout(foreign, several, sparse=("words",))


def test_dot_product_ranks_as_cosine_does() -> None:
    found = layout(ForeignCollections(text="t"), dense(distance=models.Distance.DOT))
    assert set(found.targets) == {"dense"}


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ({"page_content": "a", "metadata": {"source": "x"}}, "metadata.source"),
        ({"page_content": "a", "metadata": None}, "metadata.source"),
        ({"_node_content": "{}", "source": "x"}, "source"),
        ({"text": "a", "source": "x"}, "source"),
        (to_payload(text_chunk("a")), "ragsight.source.uri"),
    ],
)
def test_keys_of_a_filter_are_where_the_points_have_them(
    sample: dict[str, Any], expected: str
) -> None:
    found = layout(ForeignCollections(text="t"), dense(), samples={"text": sample})
    parsed = parse_filter({"source": "x"}, fields=found.fields)
    assert parsed is not None
    assert isinstance(parsed.must, list)
    assert isinstance(parsed.must[0], models.FieldCondition)
    assert parsed.must[0].key == expected


def test_an_encoder_of_another_dimension_is_refused() -> None:
    there = info({"words": dense(8)})
    check_dimension("shop", there, "words", EncoderSpec("right", None, 8))
    with pytest.raises(EncoderMismatchError, match=r"shop: .* 8 dimensions.*wrong.*4 dimensions"):
        check_dimension("shop", there, "words", EncoderSpec("wrong", None, 4))


def test_a_foreign_chunk_is_its_point() -> None:
    foreign = layout(ForeignCollections(text="t"), dense())
    assert foreign.point_id("7") == "7"
    assert own_layout(IndexManifest(EncoderSpec("clip", None, 4))).point_id("7") == point_id("7")
