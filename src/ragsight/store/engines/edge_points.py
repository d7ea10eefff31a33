"""Points, vectors and shards in the embedded engine's own terms."""

from __future__ import annotations

from typing import Any

import numpy as np
import qdrant_edge as edge

from ragsight.encoders import SparseVector, Vector
from ragsight.spaces import Collection
from ragsight.store.engines.base import Payload, Point, ScoredPoint
from ragsight.store.engines.edge_optimizer import INDEX_TYPES
from ragsight.store.schema import IndexKind, vectors_of

# Denser graphs and wider searches than the engine's own (16, 100, 128): words that search images
# are far from all images in CLIP's space, and sparse graphs lose their way there. Points are
# searched exactly until `optimize` builds a graph.
HNSW = edge.HnswIndexConfig(m=32, ef_construct=256, full_scan_threshold=10_000)

NO_VECTOR = "none"
"""A vector that no point has: the engine makes no shard without one, and an index may have images
in no space."""

_MULTI = edge.MultiVectorConfig(edge.MultiVectorComparator.MaxSim)


def edge_config(collection: Collection, profile: Payload) -> edge.EdgeConfig:
    """How a shard is made."""
    dense: dict[str, edge.EdgeVectorParams] = {}
    sparse: dict[str, edge.EdgeSparseVectorParams] = {}
    for indexed in vectors_of(profile, collection):
        if indexed.encoder is None:
            modifier = edge.Modifier.Idf
            sparse[indexed.space.name] = edge.EdgeSparseVectorParams(modifier=modifier)
        elif indexed.space.form == "sparse":
            sparse[indexed.space.name] = edge.EdgeSparseVectorParams()
        else:
            is_multi = indexed.space.form == "multi"
            dense[indexed.space.name] = edge.EdgeVectorParams(
                size=indexed.encoder.dimension,
                distance=edge.Distance.Cosine,
                multivector_config=_MULTI if is_multi else None,
            )
    if not dense and not sparse:
        sparse[NO_VECTOR] = edge.EdgeSparseVectorParams()
    return edge.EdgeConfig(vectors=dense or None, sparse_vectors=sparse or None, hnsw_config=HNSW)


def indexing(key: str, kind: IndexKind) -> edge.UpdateOperation:
    """The operation that indexes a key of the payload."""
    return edge.UpdateOperation.create_field_index(key, INDEX_TYPES[kind])


def edge_point(point: Point) -> edge.Point:
    """A point as the engine takes it."""
    vectors: dict[str, Any] = {name: edge_vector(v) for name, v in point.vectors.items()}
    return edge.Point(point.id, vectors, dict(point.payload))


def edge_vector(vector: Vector) -> Any:
    """A vector as the engine takes it."""
    if isinstance(vector, SparseVector):
        return edge.SparseVector(list(vector.indices), list(vector.values))
    return vector.tolist()


def found_of(point: edge.ScoredPoint) -> ScoredPoint:
    """A point that a search found."""
    return ScoredPoint(str(point.id), point.score, point.payload)


def point_of(record: edge.Record) -> Point:
    """A point that was read."""
    payload = record.payload if record.payload is not None else {}
    named = record.vector if isinstance(record.vector, dict) else {}
    vectors: dict[str, Vector] = {}
    for name, value in named.items():
        if isinstance(value, edge.SparseVector):
            vectors[name] = SparseVector(tuple(value.indices), tuple(value.values))
        else:
            vectors[name] = np.asarray(value, dtype=np.float32)
    return Point(str(record.id), payload, vectors)
