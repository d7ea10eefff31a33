"""Points, vectors and shards in the embedded engine's own terms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import qdrant_edge as edge

from ragsight.encoders import SparseVector
from ragsight.store.engines.base import Found, Payload, Point, Vector
from ragsight.store.engines.edge_optimizer import INDEX_TYPES
from ragsight.store.schema import BM25, CLIP, DENSE, Collection, IndexKind

# Denser graphs and wider searches than the engine's own (16, 100, 128): words that search images
# are far from all images in CLIP's space, and sparse graphs lose their way there. Points are
# searched exactly until `optimize` builds a graph.
HNSW = edge.HnswIndexConfig(m=32, ef_construct=256, full_scan_threshold=10_000)


def edge_config(collection: Collection, profile: Payload) -> edge.EdgeConfig:
    """How a shard is made."""

    def dense(spec: Mapping[str, Any]) -> edge.EdgeVectorParams:
        return edge.EdgeVectorParams(size=spec["dimension"], distance=edge.Distance.Cosine)

    if collection == "image":
        return edge.EdgeConfig(vectors={CLIP: dense(profile["encoder"])}, hnsw_config=HNSW)
    text_encoder = profile.get("text_encoder")
    return edge.EdgeConfig(
        vectors=None if text_encoder is None else {DENSE: dense(text_encoder)},
        sparse_vectors={BM25: edge.EdgeSparseVectorParams(modifier=edge.Modifier.Idf)},
        hnsw_config=HNSW,
    )


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


def found_of(point: edge.ScoredPoint) -> Found:
    """A point that a search found."""
    return Found(str(point.id), point.score, point.payload)


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
