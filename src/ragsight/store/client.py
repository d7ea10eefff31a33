"""The engine over a `QdrantClient`: a server, a cluster, or qdrant-client's local mode."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import httpx
import numpy as np
from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import QdrantException
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException
from qdrant_client.local.qdrant_local import QdrantLocal

from ragsight.encoders import FloatArray, SparseVector
from ragsight.errors import StoreError
from ragsight.store.engine import Found, Payloads, Point, Vector, VectorSearch, ranked
from ragsight.store.schema import BM25, CLIP, COLLECTIONS, DENSE, INDEXED_KEYS, Collection

PROFILE_KEY = "ragsight"
_INDEX_TYPES = {
    "keyword": models.PayloadSchemaType.KEYWORD,
    "integer": models.PayloadSchemaType.INTEGER,
}


class ClientEngine:
    """Two collections, `<name>-text` and `<name>-image`, behind a Qdrant client.

    Args:
        client: The client; closed with the engine only if the engine's maker owns it.
        name: Prefix of the collections.
        owns_client: Whether closing the engine closes the client.
    """

    def __init__(self, client: QdrantClient, *, name: str, owns_client: bool) -> None:
        self._client = client
        self._name = name
        self._owns_client = owns_client
        self._closed = False
        local = getattr(client, "_client", None)
        self._is_local = isinstance(local, QdrantLocal)
        # Local mode loses points when threads write at once.
        self._lock: AbstractContextManager[Any] = (
            threading.RLock() if self._is_local else nullcontext()
        )

    @property
    def place(self) -> str:
        """The collections' name at the client's address."""
        address = getattr(getattr(self._client, "_client", None), "rest_uri", "local Qdrant")
        return f"{address} ({self._name})"

    def read_profile(self) -> Mapping[str, Any] | None:
        """Read the profile from the text collection's metadata."""
        name = self._collection("text")
        with self._guard():
            if not self._client.collection_exists(name):
                return None
            info = self._client.get_collection(name)
        profile = (info.config.metadata or {}).get(PROFILE_KEY, {})
        return profile if isinstance(profile, dict) else {}

    def create(self, profile: Mapping[str, Any]) -> None:
        """Make both collections; the text one, which holds the profile, last."""
        for collection in reversed(COLLECTIONS):
            name = self._collection(collection)
            with self._guard():
                if not self._client.collection_exists(name):
                    self._client.create_collection(name, **_collection_options(collection, profile))
                    self._create_indexes(name)

    def _create_indexes(self, name: str) -> None:
        if self._is_local:
            return  # Local mode scans; asking for an index only makes it warn.
        for key, kind in INDEXED_KEYS.items():
            self._client.create_payload_index(name, key, field_schema=_INDEX_TYPES[kind])

    def start(self) -> None:
        """Check that both collections are there."""
        for collection in COLLECTIONS:
            name = self._collection(collection)
            with self._guard():
                exists = self._client.collection_exists(name)
            if not exists:
                raise StoreError(
                    f"{self.place}: the collection {name!r} is missing. Delete "
                    f"{self._name + '-text'!r} and index again."
                )

    def upsert(self, collection: Collection, points: Sequence[Point]) -> None:
        """Write points and wait until they are applied."""
        if not points:
            return
        structs = [
            models.PointStruct(
                id=point.id,
                vector={name: _client_vector(v) for name, v in point.vectors.items()},
                payload=dict(point.payload),
            )
            for point in points
        ]
        name = self._collection(collection)
        with self._guard():
            self._client.upsert(name, structs, wait=True)

    def delete(self, collection: Collection, ids: Sequence[str]) -> None:
        """Remove points."""
        if ids:
            name = self._collection(collection)
            selector = models.PointIdsList(points=list(ids))
            with self._guard():
                self._client.delete(name, selector, wait=True)

    def search(self, collection: Collection, searches: Sequence[VectorSearch]) -> list[list[Found]]:
        """Run the rankings in one request."""
        requests = [
            models.QueryRequest(
                query=_client_vector(search.vector),
                using=search.using,
                filter=search.filter,
                limit=search.limit,
                with_payload=True,
            )
            for search in searches
        ]
        name = self._collection(collection)
        with self._guard():
            responses = self._client.query_batch_points(name, requests)
        return [
            ranked([Found(str(p.id), p.score, p.payload or {}) for p in response.points])
            for response in responses
        ]

    def retrieve(self, collection: Collection, ids: Sequence[str]) -> Payloads:
        """Read payloads by id."""
        name = self._collection(collection)
        with self._guard():
            records = self._client.retrieve(name, list(ids), with_payload=True)
        return [record.payload or {} for record in records]

    def vector(self, collection: Collection, point: str, using: str) -> FloatArray | None:
        """Read one dense vector."""
        name = self._collection(collection)
        with self._guard():
            records = self._client.retrieve(name, [point], with_vectors=[using], with_payload=False)
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
        name = self._collection(collection)
        with self._guard():
            records, following = self._client.scroll(
                name, scroll_filter=filter, limit=limit, offset=offset
            )
        payloads: Payloads = [record.payload or {} for record in records]
        return payloads, None if following is None else str(following)

    def count(self, collection: Collection, filter: models.Filter | None = None) -> int:
        """Count points exactly."""
        name = self._collection(collection)
        with self._guard():
            return self._client.count(name, count_filter=filter, exact=True).count

    def optimize(self) -> None:
        """Do nothing: a server optimises by itself, and local mode has no index."""

    def close(self) -> None:
        """Close the client if it is ours."""
        if self._owns_client and not self._closed:
            self._client.close()
        self._closed = True

    def _collection(self, collection: Collection) -> str:
        return f"{self._name}-{collection}"

    @contextmanager
    def _guard(self) -> Iterator[None]:
        if self._closed:
            raise StoreError(f"{self.place}: the index is closed. Open it again.")
        try:
            with self._lock:
                yield
        except (ApiException, ResponseHandlingException, httpx.HTTPError, OSError) as error:
            raise StoreError(
                f"{self.place}: the Qdrant server can't be reached or refused ({error}). "
                "Check its address, the API key, and that it is running."
            ) from error
        except (QdrantException, ValueError) as error:
            raise StoreError(f"{self.place}: the engine refused ({error}).") from error


def _collection_options(collection: Collection, profile: Mapping[str, Any]) -> dict[str, Any]:
    def dense(spec: Mapping[str, Any]) -> models.VectorParams:
        return models.VectorParams(size=spec["dimension"], distance=models.Distance.COSINE)

    metadata = {PROFILE_KEY: dict(profile)}
    if collection == "image":
        return {"vectors_config": {CLIP: dense(profile["encoder"])}, "metadata": metadata}
    text_encoder = profile.get("text_encoder")
    return {
        "vectors_config": {} if text_encoder is None else {DENSE: dense(text_encoder)},
        "sparse_vectors_config": {BM25: models.SparseVectorParams(modifier=models.Modifier.IDF)},
        "metadata": metadata,
    }


def _client_vector(vector: Vector) -> Any:
    if isinstance(vector, SparseVector):
        return models.SparseVector(indices=list(vector.indices), values=list(vector.values))
    return vector.tolist()
