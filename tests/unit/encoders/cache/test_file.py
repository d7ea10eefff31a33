from __future__ import annotations

import logging
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragsight.encoders.cache import file as cache_file
from ragsight.encoders.cache.file import CacheFile
from ragsight.encoders.cache.sql import ENTRY_OVERHEAD


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "cache.sqlite"


def open_file(path: Path, max_bytes: int = 10**6) -> CacheFile:
    return CacheFile(path, max_bytes=max_bytes)


def numbered(count: int, start: int = 0, size: int = 100) -> dict[bytes, bytes]:
    return {b"%d" % n: bytes([n % 256]) * size for n in range(start, start + count)}


def test_what_was_written_is_read_again_also_from_a_new_object(path: Path) -> None:
    entries = numbered(1200)
    first = open_file(path)
    first.write(entries)
    assert first.read([*entries, b"absent"]) == entries
    first.close()
    again = open_file(path)
    assert again.read(entries) == entries
    assert again.count() == 1200
    again.close()


def test_a_value_can_be_replaced_and_all_be_cleared(path: Path) -> None:
    file = open_file(path)
    file.write({b"a": b"12345"})
    file.write({b"a": b"1"})
    assert (file.read([b"a"]), file.total_bytes()) == ({b"a": b"1"}, 1 + ENTRY_OVERHEAD)
    file.clear()
    assert (file.count(), file.total_bytes()) == (0, 0)
    file.close()


writes = st.lists(
    st.dictionaries(st.binary(min_size=1, max_size=2), st.binary(max_size=400), max_size=8),
    max_size=8,
)


@given(writes=writes, max_bytes=st.integers(1, 4000))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_the_size_stays_below_the_limit_and_is_counted_right(
    tmp_path: Path, writes: list[dict[bytes, bytes]], max_bytes: int
) -> None:
    file = open_file(tmp_path / f"{os.urandom(8).hex()}.sqlite", max_bytes)
    latest: dict[bytes, bytes] = {}
    for entries in writes:
        file.write(entries)
        latest |= entries
        left = file.read(latest)
        assert left.items() <= latest.items()
        assert file.count() == len(left)
        assert file.total_bytes() == sum(len(value) + ENTRY_OVERHEAD for value in left.values())
        assert file.total_bytes() <= max_bytes
        # What has just been written goes last.
        if sum(len(value) + ENTRY_OVERHEAD for value in entries.values()) <= 0.9 * max_bytes:
            assert entries.keys() <= left.keys()
    file.close()


def test_what_was_not_used_for_longest_goes_first(path: Path) -> None:
    file = open_file(path, max_bytes=10 * (100 + ENTRY_OVERHEAD))
    for n in range(10):
        file.write(numbered(1, n))
    file.read([b"0", b"3"])
    file.write(numbered(3, 10))
    left = file.read(numbered(20))
    assert {b"0", b"3", b"10", b"11", b"12"} <= left.keys()
    assert not {b"1", b"2", b"4"} & left.keys()
    file.close()


def test_uses_are_remembered_when_the_file_is_closed(path: Path) -> None:
    size = 100 + ENTRY_OVERHEAD
    first = open_file(path)
    for n in range(10):
        first.write(numbered(1, n))
    first.read([b"0"])
    first.close()
    again = open_file(path, max_bytes=10 * size)
    again.write(numbered(1, 10))
    assert again.read([b"0", b"1"]).keys() == {b"0"}
    again.close()


def test_the_space_of_what_was_evicted_is_used_again(path: Path) -> None:
    file = open_file(path, max_bytes=500_000)
    for start in range(0, 4000, 100):
        file.write(numbered(100, start, size=2048))
    file.close()
    assert path.stat().st_size < 1_000_000


def test_several_threads_may_use_one_object(path: Path) -> None:
    file = open_file(path)
    entries = numbered(400)
    wrong: list[object] = []

    def work(part: int) -> None:
        mine = dict(list(entries.items())[part::8])
        for key, value in mine.items():
            file.write({key: value})
            if file.read([key]) != {key: value}:
                wrong.append(key)

    threads = [threading.Thread(target=work, args=(part,)) for part in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert file.read(entries) == entries
    file.close()


def write_some(path: Path, start: int) -> None:
    file = open_file(path)
    for n in range(start, start + 50):
        file.write(numbered(1, n))
    file.close()


def test_several_processes_may_begin_and_fill_one_file(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=write_some, args=(path, 50 * n)) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    file = open_file(path)
    assert file.read(numbered(200)) == numbered(200)
    file.close()


def read_in_child(file: CacheFile, answers: multiprocessing.SimpleQueue) -> None:  # type: ignore[type-arg]
    answers.put(len(file.read(numbered(10))))
    file.write({b"child": b"was here"})
    file.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_opens_the_file_by_itself(path: Path) -> None:
    file = open_file(path)
    file.write(numbered(10))
    context = multiprocessing.get_context("fork")
    answers = context.SimpleQueue()
    child = context.Process(target=read_in_child, args=(file, answers))
    child.start()
    assert answers.get() == 10
    child.join()
    assert file.read([b"child"]) == {b"child": b"was here"}
    file.close()


@pytest.mark.parametrize("damage", ["garbage", "cut", "middle"])
def test_a_damaged_file_is_set_aside_with_one_warning(
    path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    file = open_file(path)
    file.write(numbered(2000))
    file.close()
    whole = path.read_bytes()
    harm = {
        "garbage": b"no database at all " * 100,
        "cut": whole[: len(whole) // 2],
        "middle": whole[:16384] + os.urandom(len(whole) - 16384),
    }
    path.write_bytes(harm[damage])
    again = open_file(path)
    assert again.read(numbered(2000)) == {}
    again.write(numbered(5))
    assert again.read(numbered(5)) == numbered(5)
    again.close()
    [aside] = path.parent.glob("cache.sqlite.damaged-*")
    assert aside.read_bytes()[:19] == harm[damage][:19]
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert aside.name in record.getMessage()


def test_a_file_another_process_has_replaced_is_not_set_aside(path: Path) -> None:
    ours, theirs = open_file(path), open_file(path)
    ours.write(numbered(2000))
    ours.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:16384] + os.urandom(len(whole) - 16384))
    late = open_file(path)
    late._connected()  # has the damaged file open, and hasn't noticed yet
    theirs.read([b"1"])
    theirs.write(numbered(5))
    assert late.read(numbered(5)) == numbered(5)
    assert len(list(path.parent.glob("*.damaged-*"))) == 1
    late.close()
    theirs.close()


def test_another_programs_database_is_left_alone(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path)
    other.execute("CREATE TABLE customers (name TEXT)")
    other.commit()
    other.close()
    before = path.read_bytes()
    file = open_file(path)
    file.write(numbered(1))
    assert file.read(numbered(1)) == {}
    file.close()
    assert path.read_bytes() == before
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "another program" in caplog.text


def test_a_place_that_cannot_be_written_means_no_cache_and_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a file").write_text("")
    file = open_file(tmp_path / "a file" / "cache.sqlite")
    for _ in range(3):
        file.write(numbered(1))
        assert file.read(numbered(1)) == {}
    file.close()
    assert len(caplog.records) == 1
    assert "Embedding goes on without it" in caplog.text


FILL = """
import logging, resource, sys
from pathlib import Path
logging.basicConfig(format="%(message)s")
from ragsight.encoders.cache.file import CacheFile

resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
file = CacheFile(Path(sys.argv[1]), max_bytes=10**8)
for n in range(100):
    file.write({b"%d" % m: bytes(2000) for m in range(n * 20, n * 20 + 20)})
print("alive")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no limits on file sizes here")
def test_a_disk_without_room_means_no_cache_and_one_warning(path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout == "alive\n"
    assert done.stderr.count("can't be used") == 1
    survivor = open_file(path)
    survivor.write(numbered(1))
    assert survivor.read(numbered(1)) == numbered(1)
    survivor.close()


def test_after_a_while_the_cache_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache_file, "_PAUSE_SECONDS", 0)
    blocker = tmp_path / "folder"
    blocker.write_text("")
    file = open_file(blocker / "cache.sqlite")
    file.write(numbered(1))
    blocker.unlink()
    file.write(numbered(1))
    assert file.read(numbered(1)) == numbered(1)
    file.close()
