"""The embedded engine: two qdrant-edge shards in one folder, no server.

This is the one module that knows qdrant-edge, whose interface still moves between releases.
"""

from __future__ import annotations

import json
import os
import threading
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import qdrant_edge as edge
from qdrant_client import models

from ragsight.encoders import FloatArray, SparseVector
from ragsight.errors import StoreError, StoreLockedError
from ragsight.store.edge_filters import edge_filter
from ragsight.store.engine import Found, Payloads, Point, Vector, VectorSearch, ranked
from ragsight.store.schema import BM25, CLIP, COLLECTIONS, DENSE, INDEXED_KEYS, Collection

# Denser graphs and wider searches than the engine's own (16, 100, 128): words that search images
# are far from all images in CLIP's space, and sparse graphs lose their way there. Points are
# searched exactly until `optimize` builds a graph.
HNSW = edge.HnswIndexConfig(m=32, ef_construct=256, full_scan_threshold=10_000)
SEARCH_WIDTH = 256

PROFILE_FILE = "ragsight.json"
_INDEX_TYPES = {
    "keyword": edge.PayloadSchemaType.Keyword,
    "integer": edge.PayloadSchemaType.Integer,
}


class EdgeEngine:
    """Qdrant's engine in this process, on a folder that one process opens at a time.

    Args:
        folder: The index's folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)
        self._shards: dict[Collection, edge.EdgeShard] = {}
        self._write_lock = threading.Lock()

    @property
    def place(self) -> str:
        """The folder."""
        return str(self._folder)

    def read_profile(self) -> Mapping[str, Any] | None:
        """Read the profile file; None where there is none."""
        try:
            profile = json.loads((self._folder / PROFILE_FILE).read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise StoreError(
                f"{self._folder / PROFILE_FILE} can't be read ({error}). "
                "Restore it, or index again."
            ) from error
        return profile if isinstance(profile, dict) else {}

    def create(self, profile: Mapping[str, Any]) -> None:
        """Make the folder, its profile and both shards."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary = self._folder / f"{PROFILE_FILE}.part"
            temporary.write_text(json.dumps(profile, indent=2), encoding="utf-8")
            temporary.replace(self._folder / PROFILE_FILE)
        except OSError as error:
            raise StoreError(
                f"{self._folder}: the index can't be made there ({error}). Choose another folder."
            ) from error
        self.start()

    def start(self) -> None:
        """Open both shards; one that a crash kept from being made is made now."""
        profile = self.read_profile()
        if profile is None:
            raise StoreError(f"{self._folder}: there is no index here.")
        try:
            for collection in COLLECTIONS:
                self._shards[collection] = self._open_shard(collection, profile)
        except BaseException:
            self.close()
            raise

    def _open_shard(self, collection: Collection, profile: Mapping[str, Any]) -> edge.EdgeShard:
        path = self._folder / collection
        if (path / "edge_config.json").exists():
            with self._guard():
                return edge.EdgeShard.load(str(path))
        with self._guard():
            path.mkdir(parents=True, exist_ok=True)
            shard = edge.EdgeShard.create(str(path), _config(collection, profile))
            for key, kind in INDEXED_KEYS.items():
                shard.update(edge.UpdateOperation.create_field_index(key, _INDEX_TYPES[kind]))
            return shard

    def upsert(self, collection: Collection, points: Sequence[Point]) -> None:
        """Write points through the write-ahead log."""
        if points:
            self._update(
                collection,
                edge.UpdateOperation.upsert_points([_edge_point(point) for point in points]),
            )

    def delete(self, collection: Collection, ids: Sequence[str]) -> None:
        """Remove points."""
        if ids:
            self._update(collection, edge.UpdateOperation.delete_points(list(ids)))

    def _update(self, collection: Collection, operation: edge.UpdateOperation) -> None:
        shard = self._shard(collection)
        with self._write_lock, self._guard():
            shard.update(operation)

    def search(self, collection: Collection, searches: Sequence[VectorSearch]) -> list[list[Found]]:
        """Run the rankings as one planned batch."""
        requests = [
            edge.QueryRequest(
                limit=search.limit,
                query=edge.Query.Nearest(_edge_vector(search.vector), using=search.using),
                filter=edge_filter(search.filter),
                with_payload=True,
                params=edge.SearchParams(hnsw_ef=max(SEARCH_WIDTH, search.limit)),
            )
            for search in searches
        ]
        shard = self._shard(collection)
        with self._guard():
            results = shard.query_batch(edge.QueryBatchRequest(requests))
        return [
            ranked([Found(str(p.id), p.score, p.payload or {}) for p in points])
            for points in results
        ]

    def retrieve(self, collection: Collection, ids: Sequence[str]) -> Payloads:
        """Read payloads by id."""
        shard = self._shard(collection)
        with self._guard():
            records = shard.retrieve(list(ids), with_payload=True, with_vector=False)
        return [record.payload or {} for record in records]

    def vector(self, collection: Collection, point: str, using: str) -> FloatArray | None:
        """Read one dense vector."""
        shard = self._shard(collection)
        with self._guard():
            records = shard.retrieve([point], with_payload=False, with_vector=[using])
        if not records or not isinstance(records[0].vector, dict):
            return None
        values = records[0].vector.get(using)
        return None if values is None else np.asarray(values, dtype=np.float32)

    def scroll(
        self,
        collection: Collection,
        *,
        filter: models.Filter | None,
        limit: int,
        offset: str | None = None,
    ) -> tuple[Payloads, str | None]:
        """Read a page of payloads."""
        shard = self._shard(collection)
        request = edge.ScrollRequest(
            limit=limit,
            offset=None if offset is None else uuid.UUID(offset),
            filter=edge_filter(filter),
            with_payload=True,
        )
        with self._guard():
            records, following = shard.scroll(request)
        payloads: Payloads = [record.payload or {} for record in records]
        return payloads, None if following is None else str(following)

    def count(self, collection: Collection, filter: models.Filter | None = None) -> int:
        """Count points exactly."""
        shard = self._shard(collection)
        request = edge.CountRequest(exact=True, filter=edge_filter(filter))
        with self._guard():
            return shard.count(request)

    def optimize(self) -> None:
        """Build HNSW graphs; holds the interpreter for as long as it takes."""
        for collection in COLLECTIONS:
            shard = self._shard(collection)
            with self._write_lock, self._guard():
                shard.optimize()

    def close(self) -> None:
        """Flush and release the folder."""
        while self._shards:
            _, shard = self._shards.popitem()
            with self._write_lock, self._guard():
                shard.flush()
                shard.close()

    def _shard(self, collection: Collection) -> edge.EdgeShard:
        try:
            return self._shards[collection]
        except KeyError:
            raise StoreError(f"{self._folder}: the index is closed. Open it again.") from None

    @contextmanager
    def _guard(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise _mapped(error, self._folder) from error
        except Exception as error:
            # The engine raises bare Exception for all that goes wrong in it; others are bugs.
            if type(error) is not Exception:
                raise
            raise _mapped(error, self._folder) from error


def _mapped(error: Exception, folder: Path) -> StoreError:
    text = str(error)
    if "WouldBlock" in text or "failed to open WAL" in text:
        return StoreLockedError(
            f"{folder}: the index is open already, in this process or another (this one is "
            f"{os.getpid()}). Close it there, or use a Qdrant server for several processes."
        )
    return StoreError(f"{folder}: the engine refused ({text}).")


def _config(collection: Collection, profile: Mapping[str, Any]) -> edge.EdgeConfig:
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


def _edge_point(point: Point) -> edge.Point:
    vectors: dict[str, Any] = {name: _edge_vector(v) for name, v in point.vectors.items()}
    return edge.Point(point.id, vectors, dict(point.payload))


def _edge_vector(vector: Vector) -> Any:
    if isinstance(vector, SparseVector):
        return edge.SparseVector(list(vector.indices), list(vector.values))
    return vector.tolist()
