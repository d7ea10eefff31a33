"""An index in a folder that can only be read."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from drawings import noise_ref, text_chunk
from pixels import PixelEncoder
from ragsight import Chunk, MultimodalRetriever, MultimodalStore, Source, open_image
from ragsight.errors import StoreError, StoreLockedError
from ragsight.store import ReadOnlyIndexWarning, read_only

FIGURE = Chunk(text="the pump", image=noise_ref(1), source=Source(uri="a.pdf", page=1))


def filled(folder: Path) -> None:
    with MultimodalStore.open(folder, encoder=PixelEncoder()) as store:
        store.upsert([FIGURE, text_chunk("a valve", size=3)])


def content(folder: Path) -> dict[str, tuple[int, int]]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def succeeds(*command: str) -> bool:
    try:
        return subprocess.run(command, check=False, capture_output=True).returncode == 0
    except OSError:
        return False


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An index on a mount that is read only, for root writes wherever it likes."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    filled(tmp_path / "index")
    if os.access(tmp_path, os.W_OK) and os.geteuid() == 0:
        folder = tmp_path / "mounted"
        folder.mkdir()
        mount = ["mount", "--bind", str(tmp_path / "index"), str(folder)]
        read_only = ["mount", "-o", "remount,ro,bind", str(folder)]
        if any(
            subprocess.run(c, check=False, capture_output=True).returncode
            for c in (mount, read_only)
        ):
            subprocess.run(["umount", str(folder)], check=False, capture_output=True)
            pytest.skip("nothing can be mounted here")
        yield folder
        subprocess.run(["umount", str(folder)], check=True)
        return
    folder = tmp_path / "index"
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | stat.S_IWUSR)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of Unix")
def test_an_index_that_can_only_be_read_is_searched(index: Path, tmp_path: Path) -> None:
    before = content(index)
    with pytest.warns(ReadOnlyIndexWarning, match="can only be read"):
        store = MultimodalStore.open(index, encoder=PixelEncoder())
    with store:
        assert (store.counts().texts, store.counts().images) == (2, 1)
        (hit, *_) = MultimodalRetriever(store).retrieve(image=FIGURE.image)
        assert hit.chunk.text == "the pump"
        assert hit.chunk.image is not None
        assert open_image(hit.chunk.image).size == (48, 40)
        assert [c.text for c in store.scroll({"size": 3})] == ["a valve"]
        for write in (
            lambda: store.upsert([text_chunk("new")]),
            lambda: store.delete([FIGURE.id]),
            lambda: store.delete_source("a.pdf"),
            store.optimize,
        ):
            with pytest.raises(StoreError, match="can only be read"):
                write()
        assert store.counts().texts == 2
        store.export(tmp_path / "exported")
    assert content(index) == before
    assert list((tmp_path / "temporary").iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="permissions of Unix")
def test_where_there_is_no_space_for_a_copy_it_is_said(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(index)
    monkeypatch.setattr(read_only.shutil, "disk_usage", lambda _: usage._replace(free=1 << 20))
    with pytest.raises(StoreError, match="TMPDIR"):
        MultimodalStore.open(index, encoder=PixelEncoder())


def test_an_index_that_is_written_to_meanwhile_is_not_copied(tmp_path: Path) -> None:
    filled(tmp_path / "index")
    with (
        MultimodalStore.open(tmp_path / "index", encoder=PixelEncoder()),
        pytest.raises(StoreLockedError),
    ):
        read_only.IndexCopy(tmp_path / "index")
