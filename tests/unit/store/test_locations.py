from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import AsyncQdrantClient, QdrantClient

from fakes.qdrant_server import FakeQdrant
from ragsight.blobs import BlobStore, default_blob_folder
from ragsight.encoders import EncoderSpec
from ragsight.errors import (
    ConfigurationError,
    EncoderMismatchError,
    StoreError,
    StoreNotFoundError,
)
from ragsight.steps import run
from ragsight.store import (
    CollectionOptions,
    ForeignCollections,
    IndexManifest,
    RetryOptions,
    StoreOptions,
)
from ragsight.store.engines.base import Engine
from ragsight.store.engines.edge import EdgeEngine
from ragsight.store.engines.qdrant import ClientEngine
from ragsight.store.locations import (
    Location,
    attach_engine,
    check_encoder,
    open_blobs,
    open_engine,
    open_profile,
    start_with,
    stored_profile,
)

CLIP = EncoderSpec("clip", None, 4)
OTHER = EncoderSpec("other", "v2", 4)


@pytest.fixture
def server() -> Iterator[FakeQdrant]:
    with FakeQdrant() as fake:
        yield fake


def engine_at(location: Location, **client: Any) -> Engine:
    return open_engine(location, name="shop", options=StoreOptions(), client=client)


def test_each_sort_of_place_has_its_engine(tmp_path: Path) -> None:
    assert isinstance(engine_at(tmp_path / "index"), EdgeEngine)
    assert isinstance(engine_at(str(tmp_path / "index")), EdgeEngine)
    remote: list[Location] = ["http://127.0.0.1:9", "https://qdrant.example:6333"]
    local: list[Location] = [":memory:", QdrantClient(":memory:"), AsyncQdrantClient(":memory:")]
    for location in (*remote, *local):
        engine = engine_at(location)
        assert isinstance(engine, ClientEngine)
        assert engine.is_remote is (location in remote)
        assert "shop-text, shop-image" in engine.place
        engine.close()


def test_options_of_a_client_reach_it(server: FakeQdrant) -> None:
    engine = engine_at(server.url, headers={"x-team": "a"}, timeout=7, prefer_grpc=False)
    run(stored_profile(engine))
    assert server.requests[0].headers["x-team"] == "a"
    engine.close()


def test_grpc_is_asked_for_by_an_option() -> None:
    engine = open_engine(
        "http://127.0.0.1:9",
        name="shop",
        options=StoreOptions(retries=RetryOptions(attempts=1)),
        client={"prefer_grpc": True, "grpc_port": 9},
    )
    with pytest.raises(StoreError, match="gRPC UNAVAILABLE"):
        run(stored_profile(engine))
    engine.close()


def test_options_of_a_server_make_no_sense_with_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="api_key, timeout are for a Qdrant server"):
        engine_at(tmp_path, api_key="k", timeout=3)
    options = StoreOptions(collections=CollectionOptions(replicas=2))
    with pytest.raises(ConfigurationError, match="CollectionOptions are for a Qdrant server"):
        open_engine(tmp_path, name="shop", options=options, client={})
    with pytest.raises(ConfigurationError, match="parallel is 0"):
        StoreOptions(parallel=0)


@pytest.mark.parametrize("url", ["grpc://127.0.0.1:6334", "http://localhost:port"])
def test_a_url_that_no_client_takes_is_reported(url: str) -> None:
    with pytest.raises(StoreError, match="no Qdrant client can be made"):
        engine_at(url)


def test_images_are_kept_near_the_points(tmp_path: Path) -> None:
    given = BlobStore(tmp_path / "given")
    assert open_blobs(":memory:", given) is given
    assert (
        open_blobs("http://127.0.0.1:9", tmp_path / "named").url
        == BlobStore(tmp_path / "named").url
    )
    assert open_blobs(tmp_path / "index", None).url == BlobStore(tmp_path / "index" / "blobs").url
    assert open_blobs("http://127.0.0.1:9", None).url == BlobStore(default_blob_folder()).url
    first, second = open_blobs(":memory:", None), open_blobs(QdrantClient(":memory:"), None)
    assert first.url.startswith("memory://")
    assert first.url != second.url


@pytest.mark.parametrize("kind", ["folder", "server"])
def test_an_index_can_t_be_read_where_there_is_none(
    kind: str, tmp_path: Path, server: FakeQdrant
) -> None:
    engine = engine_at(tmp_path / "index" if kind == "folder" else server.url)
    assert run(stored_profile(engine)) is None
    opening = open_profile(engine, encoders={}, language="english", create=True)
    with pytest.raises(StoreNotFoundError, match="Give an encoder to make one"):
        run(opening)
    opening = open_profile(engine, encoders={}, language="english", create=False)
    with pytest.raises(StoreNotFoundError, match="Index something first"):
        run(opening)
    engine.close()


@pytest.mark.parametrize("kind", ["folder", "server"])
def test_an_index_is_made_once_and_then_must_fit(
    kind: str, tmp_path: Path, server: FakeQdrant
) -> None:
    place = tmp_path / "index" if kind == "folder" else server.url
    first = engine_at(place)
    run(start_with(first, IndexManifest(CLIP, None, "german")))
    first.close()
    again = engine_at(place)
    assert run(stored_profile(again)) == IndexManifest(CLIP, None, "german")
    run(start_with(again, IndexManifest(CLIP, None, "german")))
    again.close()
    other = engine_at(place)
    with pytest.raises(EncoderMismatchError, match="Choose another place"):
        run(start_with(other, IndexManifest(OTHER, None, "german")))
    other.close()


def test_a_collection_of_somebody_else_is_not_taken_for_an_index(server: FakeQdrant) -> None:
    client = QdrantClient(url=server.url, check_compatibility=False)
    client.create_collection("shop-text", vectors_config={})
    engine = engine_at(client)
    with pytest.raises(StoreError, match="Was it made by ragsight"):
        run(stored_profile(engine))
    client.close()


@pytest.mark.parametrize(
    ("stored", "message"),
    [(OTHER, r"made with other@v2 \(4 dimensions\)"), (None, "made without one")],
)
def test_another_encoder_is_refused_with_both_names(
    stored: EncoderSpec | None, message: str
) -> None:
    check_encoder("shop", "text", CLIP, CLIP)
    with pytest.raises(EncoderMismatchError, match=rf"the text encoder is clip .*{message}"):
        check_encoder("shop", "text", stored, CLIP)


def test_only_named_collections_on_a_server_or_client_are_attached(tmp_path: Path) -> None:
    options = StoreOptions()
    with pytest.raises(StoreError, match="Name a text or an image collection"):
        attach_engine("http://127.0.0.1:9", ForeignCollections(), options=options, client={})
    named = ForeignCollections(text="theirs")
    for place in (tmp_path, ":memory:"):
        with pytest.raises(StoreError, match=r"attached on a server or through a client"):
            attach_engine(place, named, options=options, client={})
