"""The pictures of an index are its own, whoever else uses the blob store."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from qdrant_client import models

from fakes.qdrant_server import FakeQdrant
from ragsight import Chunk, ClipEncoder, MultimodalStore, Source
from ragsight.blobs import BlobStore
from ragsight.errors import StoreError
from ragsight.images import image_ref
from ragsight.store.picture_places import PicturePlace


@pytest.fixture
def server() -> Iterator[FakeQdrant]:
    with FakeQdrant() as fake:
        yield fake


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RAGSIGHT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def picture(shade: int, uri: str = "album") -> Chunk:
    photo = Image.new("RGB", (3, 3), (shade, 9, 200))
    return Chunk(text=f"shade {shade}", image=image_ref(photo), source=Source(uri=uri))


def shown(store: MultimodalStore) -> list[bool]:
    """Whether each picture that the index shows can be read."""
    images = [chunk.image for chunk in store.scroll() if chunk.image is not None]
    return [Path(image.uri).exists() for image in images]


def test_two_indexes_of_one_server_keep_their_pictures(
    server: FakeQdrant, encoder: ClipEncoder
) -> None:
    with (
        MultimodalStore.open(server.url, encoder=encoder, name="cats") as cats,
        MultimodalStore.open(server.url, encoder=encoder, name="dogs") as dogs,
    ):
        cats.upsert([picture(1), picture(2)])
        dogs.upsert([picture(2), picture(3)])
        assert cats.collect_garbage(grace_seconds=0).removed == 0
        assert shown(dogs) == [True, True]
        cats.delete_source("album")
        assert cats.collect_garbage(grace_seconds=0).removed == 2
        assert shown(dogs) == [True, True]


def test_indexes_of_two_servers_with_one_name_keep_their_pictures(
    server: FakeQdrant, encoder: ClipEncoder, tmp_path: Path
) -> None:
    bucket = tmp_path / "bucket"
    with (
        FakeQdrant() as other,
        MultimodalStore.open(server.url, encoder=encoder, blobs=bucket) as first,
        MultimodalStore.open(other.url, encoder=encoder, blobs=bucket) as second,
    ):
        first.upsert([picture(4)])
        second.upsert([picture(5)])
        first.collect_garbage(grace_seconds=0)
        second.collect_garbage(grace_seconds=0)
        assert shown(first) == shown(second) == [True]


def test_folders_that_share_a_blob_store_keep_their_pictures(
    encoder: ClipEncoder, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"encoder": encoder, "blobs": tmp_path / "shared"}
    with (
        MultimodalStore.open(tmp_path / "a", **options) as first,
        MultimodalStore.open(tmp_path / "b", **options) as second,
    ):
        first.upsert([picture(6)])
        second.upsert([picture(7)])
        first.collect_garbage(grace_seconds=0)
        assert shown(second) == [True]


def test_an_index_of_an_earlier_release_shows_its_pictures_and_is_never_collected(
    server: FakeQdrant, encoder: ClipEncoder, tmp_path: Path, older: Callable[[str], None]
) -> None:
    with MultimodalStore.open(server.url, encoder=encoder, name="old"):
        older("old")
    with MultimodalStore.open(server.url, encoder=encoder, name="old") as store:
        store.upsert([picture(8)])
        assert shown(store) == [True]
        with pytest.raises(StoreError, match=r"Nothing was removed. Export the index and restore"):
            store.collect_garbage(grace_seconds=0)
        assert store.export(tmp_path / "export").blobs == 1
    with MultimodalStore.restore(tmp_path / "export", server.url, name="new") as restored:
        assert shown(restored) == [True]
        assert restored.collect_garbage(grace_seconds=0).kept == 1


@pytest.fixture
def older(server: FakeQdrant) -> Callable[[str], None]:
    """Takes what this release notes out of an index's profile."""

    def forget(name: str) -> None:
        for half in ("text", "image"):
            collection = f"{name}-{half}"
            metadata = server.local.get_collection(collection).config.metadata
            assert metadata is not None
            del metadata["ragsight"]["pictures"]
            server.local.update_collection(collection, metadata=metadata)

    return forget


def test_an_alias_is_the_index_itself_and_its_twin_another(
    server: FakeQdrant, encoder: ClipEncoder
) -> None:
    with (
        MultimodalStore.open(server.url, encoder=encoder, name="v1") as old,
        MultimodalStore.open(server.url, encoder=encoder, name="v2") as new,
    ):
        old.upsert([picture(10)])
        new.upsert([picture(10), picture(11)])
        aliases: list[Any] = [
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(
                    collection_name=f"v2-{half}", alias_name=f"live-{half}"
                )
            )
            for half in ("text", "image")
        ]
        server.api.result("aliases", "", models.ChangeAliasesOperation(actions=aliases))
        with MultimodalStore.open(server.url, encoder=encoder, name="live") as live:
            live.delete_source("album")
            assert live.collect_garbage(grace_seconds=0).removed == 2
        assert shown(old) == [True]


def test_a_copy_of_an_index_is_not_collected(server: FakeQdrant, encoder: ClipEncoder) -> None:
    with MultimodalStore.open(server.url, encoder=encoder, name="first") as first:
        first.upsert([picture(12)])
        for half in ("text", "image"):  # as a snapshot recovered under another name
            made = server.api.created[f"first-{half}"]
            server.api.result("create", f"copy-{half}", made)
        with (
            MultimodalStore.open(server.url, encoder=encoder, name="copy") as copy,
            pytest.raises(StoreError, match="moved or copied"),
        ):
            copy.collect_garbage(grace_seconds=0)
        assert shown(first) == [True]


def test_an_index_remembers_its_blob_store(
    server: FakeQdrant, encoder: ClipEncoder, tmp_path: Path
) -> None:
    with MultimodalStore.open(server.url, encoder=encoder, blobs=tmp_path / "pictures") as store:
        store.upsert([picture(13)])
    with MultimodalStore.open(server.url, create=False) as again:
        assert shown(again) == [True]


def test_a_second_machine_says_once_where_the_pictures_are(
    server: FakeQdrant, encoder: ClipEncoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with MultimodalStore.open(server.url, encoder=encoder, blobs=tmp_path / "there") as store:
        store.upsert([picture(14)])
    (tmp_path / "there").rename(tmp_path / "elsewhere")
    with caplog.at_level(logging.WARNING), MultimodalStore.open(server.url, create=False) as second:
        assert len(list(second.scroll())) == 1
    (said,) = [r.getMessage() for r in caplog.records if "its pictures" in r.getMessage()]
    assert str(tmp_path / "there") in said
    assert "pass blobs=" in said
    with MultimodalStore.open(server.url, create=False, blobs=tmp_path / "elsewhere") as second:
        assert shown(second) == [True]


def test_a_part_reads_what_the_whole_holds_and_removes_none_of_it(tmp_path: Path) -> None:
    whole = BlobStore(tmp_path)
    ref = picture(15).image
    assert ref is not None
    kept = whole.keep(ref)
    part = whole.part("indexes/one")
    assert part.read(kept) == ref.data
    part.collect_garbage((), grace_seconds=0)
    assert whole.read(kept) == ref.data


@pytest.mark.parametrize("part", ["../../other", "", "A" * 32, "0" * 31])
def test_a_part_that_leaves_its_place_is_refused(part: str) -> None:
    with pytest.raises(TypeError, match="its pictures are at"):
        PicturePlace.from_dict({"url": "/x", "part": part, "holder": "h"})
