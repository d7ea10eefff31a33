"""How collections on a server are made: vectors, graphs, compression, shards, copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ragsight.lazy import LazyModule
from ragsight.store.schema import BM25, CLIP, DENSE, Collection

if TYPE_CHECKING:
    from qdrant_client import models
else:
    models = LazyModule("qdrant_client.models")


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionOptions:
    """Options of collections on a Qdrant server; None leaves the server's own default.

    They count when an index is made; `shard_key` and `search` count on each opening.

    Attributes:
        hnsw: Graph of the dense vectors.
        quantization: Compression of the dense vectors: scalar, binary or product.
        vectors_on_disk: Keep the original vectors on disk rather than in memory.
        payload_on_disk: Keep payloads on disk rather than in memory.
        shards: Number of shards (with custom sharding, of each shard key).
        replicas: How many nodes of a cluster hold each shard.
        write_consistency: How many replicas must have a write before it is acknowledged.
        shard_keys: Make these shards by name (custom sharding).
        shard_key: Shard that is written to and searched; None for all.
        tenant: Metadata key that tells tenants apart: each one's points are kept together.
        optimizers: When segments are merged and graphs are built.
        search: Width of searches, exactness, rescoring of quantised vectors.

    Example:
        >>> from qdrant_client import models
        >>> compressed = models.ScalarQuantization(
        ...     scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8)
        ... )
        >>> CollectionOptions(quantization=compressed, vectors_on_disk=True, replicas=2).replicas
        2
    """

    hnsw: models.HnswConfigDiff | None = None
    quantization: models.QuantizationConfig | None = None
    vectors_on_disk: bool | None = None
    payload_on_disk: bool | None = None
    shards: int | None = None
    replicas: int | None = None
    write_consistency: int | None = None
    shard_keys: Sequence[str] = ()
    shard_key: str | None = None
    tenant: str | None = None
    optimizers: models.OptimizersConfigDiff | None = None
    search: models.SearchParams | None = None

    @property
    def shard_selector(self) -> dict[str, Any]:
        """Arguments that direct a request to the shard."""
        return {} if self.shard_key is None else {"shard_key_selector": self.shard_key}


def creation_arguments(
    collection: Collection, profile: Mapping[str, Any], options: CollectionOptions
) -> dict[str, Any]:
    """Arguments of `QdrantClient.create_collection`, without name and metadata."""
    arguments = {
        **_vectors(collection, profile, options),
        "hnsw_config": options.hnsw,
        "quantization_config": options.quantization,
        "on_disk_payload": options.payload_on_disk,
        "shard_number": options.shards,
        "replication_factor": options.replicas,
        "write_consistency_factor": options.write_consistency,
        "sharding_method": models.ShardingMethod.CUSTOM if options.shard_keys else None,
        "optimizers_config": options.optimizers,
    }
    return {name: value for name, value in arguments.items() if value is not None}


def _vectors(
    collection: Collection, profile: Mapping[str, Any], options: CollectionOptions
) -> dict[str, Any]:
    def dense(spec: Mapping[str, Any]) -> models.VectorParams:
        return models.VectorParams(
            size=spec["dimension"],
            distance=models.Distance.COSINE,
            on_disk=options.vectors_on_disk,
        )

    if collection == "image":
        return {"vectors_config": {CLIP: dense(profile["encoder"])}}
    text_encoder = profile.get("text_encoder")
    return {
        "vectors_config": {} if text_encoder is None else {DENSE: dense(text_encoder)},
        "sparse_vectors_config": {BM25: models.SparseVectorParams(modifier=models.Modifier.IDF)},
    }
