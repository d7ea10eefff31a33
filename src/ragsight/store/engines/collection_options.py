"""How collections on a server are made: vectors, graphs, compression, shards, copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ragsight.lazy import LazyModule
from ragsight.spaces import Collection
from ragsight.store.schema import vectors_of

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
    dense: dict[str, models.VectorParams] = {}
    sparse: dict[str, models.SparseVectorParams] = {}
    for indexed in vectors_of(profile, collection):
        if indexed.encoder is None:
            modifier = models.Modifier.IDF
            sparse[indexed.space.name] = models.SparseVectorParams(modifier=modifier)
        elif indexed.space.form == "sparse":
            sparse[indexed.space.name] = models.SparseVectorParams()
        else:
            is_multi = indexed.space.form == "multi"
            dense[indexed.space.name] = models.VectorParams(
                size=indexed.encoder.dimension,
                distance=models.Distance.COSINE,
                on_disk=options.vectors_on_disk,
                multivector_config=_multi() if is_multi else None,
            )
    return {"vectors_config": dense, **({"sparse_vectors_config": sparse} if sparse else {})}


def _multi() -> models.MultiVectorConfig:
    return models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
