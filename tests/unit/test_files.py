from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from odd_files import ODD, at_most
from ragsight.files import open_regular, read_regular, read_regular_text

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no such files")


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    """A test that is kept waiting fails, instead of keeping the others waiting as well."""
    with at_most(seconds=10):
        yield


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "odd"
    ODD[kind](path)
    for read in (open_regular, read_regular, read_regular_text):
        with pytest.raises(OSError, match=r"regular|No such|symbolic|No such device"):
            read(path)


@pytest.mark.parametrize("name", ["a\0b", "half \ud83d", "long" * 2000, "x/" * 5000])
def test_a_name_that_no_file_can_have_is_an_error_of_that_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(OSError, match=r".") as caught:
        open_regular(f"{tmp_path}/{name}")
    str(caught.value).encode()


def test_files_of_the_kernel_are_empty() -> None:
    if not Path("/proc/self/environ").exists():
        pytest.skip("there is no /proc")
    assert read_regular("/proc/self/environ") == b""
    assert read_regular("/proc/self/mem") == b""


def test_a_pipe_that_appears_in_between_is_refused_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"picture")
    look = os.stat

    def swapped(name: str | Path) -> os.stat_result:
        status = look(name)
        Path(name).unlink()
        os.mkfifo(name)
        return status

    monkeypatch.setattr(os, "stat", swapped)
    with pytest.raises(OSError, match="named pipe"):
        open_regular(path)


def test_a_file_is_read_as_it_is_and_no_further_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\xff")
    assert read_regular(path).endswith(b"two\xff")
    assert read_regular_text(path, errors="replace") == "one\ntwo\ufffd"
    with pytest.raises(UnicodeDecodeError):
        read_regular_text(path)
    assert len(read_regular(path, most=12)) == 12
    with pytest.raises(OSError, match="limit of 11 bytes"):
        read_regular(path, most=11)


def test_a_file_of_holes_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "holes.png"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(OSError, match="longer than the limit"):
        read_regular(path)
