from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drawings import noise, noise_ref
from ragsight import BlobStore, image_ref, open_image
from ragsight.blobs import default_blob_folder
from ragsight.errors import StoreError


@pytest.fixture(params=["local", "memory"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path if request.param == "local" else f"memory://{tmp_path.name}")


def test_an_image_is_kept_under_its_digest_and_opens_again(blobs: BlobStore) -> None:
    ref = noise_ref(1)
    kept = blobs.keep(ref)
    assert (kept.uri, kept.data) == (f"blob:{ref.sha256}", None)
    located = blobs.locate(kept)
    assert located.uri.endswith(f"{ref.sha256}.png")
    assert open_image(located).tobytes() == open_image(ref).tobytes()


def test_keeping_an_image_twice_writes_it_once(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    for _ in range(2):
        blobs.keep(noise_ref(1))
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_a_kept_reference_can_be_kept_again(blobs: BlobStore) -> None:
    kept = blobs.keep(noise_ref(1))
    assert blobs.keep(kept) == kept


def test_a_file_that_changed_since_it_was_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    noise(1).save(path)
    ref = image_ref(path)
    noise(2).save(path)
    with pytest.raises(StoreError, match="changed"):
        BlobStore(tmp_path / "blobs").keep(ref)


def test_a_place_that_can_not_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="can't be stored"):
        BlobStore(tmp_path / "file").keep(noise_ref(1))


def test_a_failed_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_source: Path, _target: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", no_room)
    with pytest.raises(StoreError, match="no space"):
        BlobStore(tmp_path).keep(noise_ref(1))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_references_to_other_places_are_left_alone(blobs: BlobStore) -> None:
    ref = replace(noise_ref(1), uri="/elsewhere/a.png", data=None)
    assert blobs.locate(ref) == ref


def test_the_default_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAGSIGHT_HOME", raising=False)
    assert default_blob_folder() == Path.home() / ".ragsight" / "blobs"
    monkeypatch.setenv("RAGSIGHT_HOME", str(tmp_path))
    assert default_blob_folder() == tmp_path / "blobs"
