"""A full disk is an error of ours, and nothing that was acknowledged is lost by it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from ragsight import Chunk, ClipEncoder, MultimodalStore, Source, StoreOptions
from ragsight.errors import StoreError
from ragsight.store.engines import disk_space

WORDS = "the pump lifts water from the lower basin to the upper one " * 20


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 MB in a file."""
    image = tmp_path / "image"
    with image.open("wb") as file:
        file.truncate(64 << 20)
    _done("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
    yield from _mounted(tmp_path / "small", "-o", "loop", str(image))


@pytest.fixture
def small_memory_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 160 MB in memory."""
    yield from _mounted(tmp_path / "memory", "-t", "tmpfs", "-o", "size=160m", "tmpfs")


def _mounted(place: Path, *what: str) -> Iterator[Path]:
    place.mkdir()
    _done("mount", *what, str(place))
    yield place
    _done("umount", "-l", str(place))


def _done(*command: str) -> None:
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"this machine can't make a small file system ({error})")


def _open(folder: Path) -> MultimodalStore:
    options = StoreOptions(index_metadata=False)
    return MultimodalStore.open(folder, encoder=ClipEncoder("ragsight-demo"), options=options)


def _fill(disk: Path, left: int) -> Path:
    """A file that leaves so many bytes free."""
    path = disk / "filling"
    space = disk_space.free_space(disk)
    assert space is not None
    with path.open("wb", buffering=0) as file, suppress(OSError):
        for _ in range(0, space - left, 4096):
            file.write(bytes(4096))
    return path


def _batch(number: int, count: int = 50) -> list[Chunk]:
    places = (Source(uri="u", part=f"{number} {part}") for part in range(count))
    return [Chunk(text=f"{place.part} {WORDS}", source=place) for place in places]


def test_writing_until_the_disk_is_full_ends_in_an_error_and_loses_nothing(
    small_disk: Path,
) -> None:
    with _open(small_disk / "index") as store:
        batches = (_batch(number, 500) for number in range(60))
        with pytest.raises(StoreError, match=r"no room to write \d+ points: .* MB are free"):  # noqa: PT012
            for batch in batches:
                store.upsert(batch)
        written = store.counts().texts
        assert written >= 500
        store.delete(source="absent.txt")
    with _open(small_disk / "index") as store:
        assert store.counts().texts == written


@pytest.mark.parametrize("left", [0, 4096, 100_000, 1_000_000])
def test_opening_on_a_full_disk_is_an_error_and_works_once_there_is_room(
    small_disk: Path, left: int
) -> None:
    with _open(small_disk / "index") as store:
        store.upsert(_batch(0))
    filling = _fill(small_disk, left)
    with pytest.raises(StoreError, match="no room to open the index"):
        _open(small_disk / "index")
    filling.unlink()
    with _open(small_disk / "index") as store:
        assert store.counts().texts == 50
        store.upsert(_batch(1))
        assert store.counts().texts == 100


def test_an_open_store_goes_on_once_there_is_room_again(small_disk: Path) -> None:
    with _open(small_disk / "index") as store:
        store.upsert(_batch(0))
        filling = _fill(small_disk, 50_000)
        for _ in range(2):
            with pytest.raises(StoreError, match="no room to write"):
                store.upsert(_batch(1))
        with pytest.raises(StoreError, match="no room to optimise"):
            store.optimize()
        assert store.counts().texts == 50
        filling.unlink()
        store.upsert(_batch(1))
        assert store.counts().texts == 100


def test_a_new_index_needs_room(small_disk: Path) -> None:
    _fill(small_disk, 1_000_000)
    with pytest.raises(StoreError, match="no room to make an index"):
        _open(small_disk / "index")
    assert not (small_disk / "index" / "text").exists()


def test_a_large_chunk_needs_more_room_than_a_small_one() -> None:
    from ragsight.store.engines.base import Point

    small, large = ([Point("p", {"text": "x" * size}, {})] for size in (10, 10_000_000))
    assert disk_space.room_to_write(large) > disk_space.room_to_write(small) + 40_000_000


def test_a_disk_in_memory_needs_more_room(small_memory_disk: Path) -> None:
    with _open(small_memory_disk / "index") as store:
        store.upsert(_batch(0))
    filling = _fill(small_memory_disk, 30_000_000)
    with pytest.raises(StoreError, match="no room to open the index"):
        _open(small_memory_disk / "index")
    filling.unlink()
    with _open(small_memory_disk / "index") as store:
        assert store.counts().texts == 50
