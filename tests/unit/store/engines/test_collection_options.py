from __future__ import annotations

from typing import Any

import pytest
from qdrant_client import models

from ragsight.encoders import EncoderSpec
from ragsight.store import CollectionOptions, IndexManifest
from ragsight.store.engines.collection_options import creation_arguments

PROFILE = IndexManifest(EncoderSpec("clip", None, 16), EncoderSpec("words", None, 8)).to_dict()
WITHOUT_WORDS = IndexManifest(EncoderSpec("clip", None, 16)).to_dict()


def test_without_options_the_server_s_own_defaults_are_left() -> None:
    text = creation_arguments("text", PROFILE, CollectionOptions())
    image = creation_arguments("image", PROFILE, CollectionOptions())
    assert set(text) == {"vectors_config", "sparse_vectors_config"}
    assert set(image) == {"vectors_config"}


def test_each_collection_has_its_vectors_compared_by_cosine() -> None:
    text = creation_arguments("text", PROFILE, CollectionOptions())
    image = creation_arguments("image", PROFILE, CollectionOptions())
    cosine = models.Distance.COSINE
    assert text["vectors_config"] == {"dense": models.VectorParams(size=8, distance=cosine)}
    assert image["vectors_config"] == {"clip": models.VectorParams(size=16, distance=cosine)}
    assert text["sparse_vectors_config"]["bm25"].modifier == models.Modifier.IDF


def test_an_index_without_a_text_encoder_has_no_dense_vectors() -> None:
    assert creation_arguments("text", WITHOUT_WORDS, CollectionOptions())["vectors_config"] == {}


SCALAR = models.ScalarQuantization(
    scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99)
)
BINARY = models.BinaryQuantization(binary=models.BinaryQuantizationConfig(always_ram=True))
PRODUCT = models.ProductQuantization(
    product=models.ProductQuantizationConfig(compression=models.CompressionRatio.X16)
)
HNSW = models.HnswConfigDiff(m=32, ef_construct=200, on_disk=True)


@pytest.mark.parametrize(
    ("option", "value", "argument", "expected"),
    [
        ("hnsw", HNSW, "hnsw_config", HNSW),
        ("quantization", SCALAR, "quantization_config", SCALAR),
        ("quantization", BINARY, "quantization_config", BINARY),
        ("quantization", PRODUCT, "quantization_config", PRODUCT),
        ("payload_on_disk", False, "on_disk_payload", False),
        ("shards", 4, "shard_number", 4),
        ("replicas", 2, "replication_factor", 2),
        ("write_consistency", 2, "write_consistency_factor", 2),
        ("shard_keys", ("a", "b"), "sharding_method", models.ShardingMethod.CUSTOM),
        (
            "optimizers",
            models.OptimizersConfigDiff(indexing_threshold=0),
            "optimizers_config",
            models.OptimizersConfigDiff(indexing_threshold=0),
        ),
    ],
)
def test_an_option_reaches_both_collections(
    option: str, value: Any, argument: str, expected: Any
) -> None:
    options = CollectionOptions(**{option: value})
    for collection in ("text", "image"):
        assert creation_arguments(collection, PROFILE, options)[argument] == expected


def test_vectors_on_disk_are_said_of_each_dense_vector() -> None:
    options = CollectionOptions(vectors_on_disk=True)
    for collection in ("text", "image"):
        [vector] = creation_arguments(collection, PROFILE, options)["vectors_config"].values()
        assert vector.on_disk is True


@pytest.mark.parametrize(
    ("key", "expected"),
    [(None, {}), ("a", {"shard_key_selector": "a"}), ("", {"shard_key_selector": ""})],
)
def test_a_shard_is_selected_only_if_one_is_named(
    key: str | None, expected: dict[str, Any]
) -> None:
    assert CollectionOptions(shard_key=key).shard_selector == expected
