from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from ragsight.store.sparse_files import copy_file, copy_tree

CONTENTS = [b"", b"\0", b"a", b"\0" * 5000 + b"b", b"c" * 4096 + b"\0" * 9000, os.urandom(10_000)]


@pytest.mark.parametrize("content", CONTENTS)
def test_a_copy_has_the_same_bytes(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a").write_bytes(content)
    copy_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == content


@pytest.mark.skipif(sys.platform == "win32", reason="files there have no holes unless asked")
def test_holes_take_no_space_in_the_copy(tmp_path: Path) -> None:
    with (tmp_path / "a").open("wb") as file:
        file.seek(1 << 25)
        file.write(b"end")
    copy_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").stat().st_size == (1 << 25) + 3
    assert (tmp_path / "b").stat().st_blocks * 512 < 1 << 20


def test_a_folder_is_copied_without_what_is_left_out(tmp_path: Path) -> None:
    for name in ("a/keep", "a/sub/keep", "a/sub/out/lost"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    copy_tree(tmp_path / "a", tmp_path / "b", ["out"])
    copied = sorted(str(p.relative_to(tmp_path / "b")) for p in (tmp_path / "b").rglob("keep"))
    assert copied == ["keep", "sub/keep"]
    assert not (tmp_path / "b" / "sub" / "out").exists()
