"""The places that a store's tests run on: each engine, and a real server where there is one."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from qdrant_client import QdrantClient, models

from fakes.qdrant_server import FakeQdrant
from ragsight import MultimodalStore

URL = os.environ.get("RAGSIGHT_TEST_QDRANT_URL", "")
KEY = os.environ.get("RAGSIGHT_TEST_QDRANT_API_KEY")
GRPC_PORT = int(os.environ.get("RAGSIGHT_TEST_QDRANT_GRPC_PORT", "6334"))

ENGINES = [
    "embedded",
    "memory",
    "local",
    "stand-in",
    "strict",
    *(["server-rest", "server-grpc"] if URL else []),
]
"""The embedded engine, local mode in memory and on disk, the stand-in for a server, the
same with strict mode as Qdrant's cloud sets it on every collection, a server."""


@contextmanager
def opened(engine: str, folder: Path, server: FakeQdrant, **options: Any) -> Iterator[Any]:
    """An empty store on an engine.

    Args:
        engine: One of `ENGINES`.
        folder: An empty folder.
        server: The stand-in; one with strict mode for `strict`.
        **options: Arguments of `MultimodalStore.open`.
    """
    options = {"blobs": folder / "blobs", "name": f"test-{uuid.uuid4().hex}", **options}
    if engine == "embedded":
        del options["blobs"]
        with MultimodalStore.open(folder / "index", **options) as store:
            yield store
    elif engine == "memory":
        with MultimodalStore.open(":memory:", **options) as store:
            yield store
    elif engine == "local":
        client = QdrantClient(path=str(folder / "local"))
        with MultimodalStore.open(client, **options) as store:
            yield store
        client.close()
    elif engine in {"stand-in", "strict"}:
        with MultimodalStore.open(server.url, **options) as store:
            yield store
    else:
        with _on_real_server(engine, options) as store:
            yield store


@contextmanager
def strict_server() -> Iterator[FakeQdrant]:
    """A stand-in that filters by keys with an index only, as Qdrant's cloud does."""
    with FakeQdrant() as server:
        server.api.default_mode = models.StrictModeConfig(
            enabled=True, unindexed_filtering_retrieve=False, unindexed_filtering_update=False
        )
        yield server


@contextmanager
def _on_real_server(engine: str, options: dict[str, Any]) -> Iterator[MultimodalStore]:
    client = {"api_key": KEY, "grpc_port": GRPC_PORT, "prefer_grpc": engine == "server-grpc"}
    other = QdrantClient(URL, timeout=10, check_compatibility=False, **client)
    try:
        other.get_collections()
    except grpc.RpcError as error:
        pytest.skip(f"no gRPC at {URL}, port {GRPC_PORT} ({type(error).__name__})")
    try:
        with MultimodalStore.open(URL, **client, **options) as store:
            yield store
    finally:
        for collection in ("text", "image"):
            other.delete_collection(f"{options['name']}-{collection}")
        other.close()
