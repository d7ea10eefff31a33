"""What happens to an index when things go wrong around it, in processes of their own."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from drawings import image_chunk, text_chunk
from ragsight import Chunk, ClipEncoder, MultimodalRetriever, MultimodalStore
from ragsight.errors import StoreError, StoreLockedError
from ragsight.store.payloads import belongs_to
from ragsight.store.schema import COLLECTIONS

TESTS = Path(__file__).parents[1]

WRITER = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from drawings import image_chunk
from ragsight import ClipEncoder, MultimodalStore

def chunks(start, end):
    return [image_chunk(n, f"figure {{n}} of a pump") for n in range(start, end)]

with MultimodalStore.open({index!r}, encoder=ClipEncoder({model!r})) as store:
    print("open", flush=True)
    for start in range(0, {count}, {step}):
        store.upsert(chunks(start, start + {step}))
        # What is printed was acknowledged.
        print(start + {step}, flush=True)
"""


def python(source: str, **values: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", source.format(tests=str(TESTS), **values)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def acknowledged(process: subprocess.Popen[str]) -> int:
    """What a writer said was written, before it ended."""
    out, _ = process.communicate()
    return max((int(line) for line in out.split() if line.isdigit()), default=0)


def whole_chunks(store: MultimodalStore) -> set[str]:
    """Texts of the chunks that are found; each must be in the collections where it belongs."""
    engine = store.operations.engine
    texts, images = (
        {
            point.id: point.payload
            for point in store.run(engine.scroll(collection, filter=None, limit=9999))[0]
        }
        for collection in COLLECTIONS
    )
    both = texts | images
    assert texts.keys() == {id_ for id_ in both if "text" in belongs_to(both[id_])}
    assert images.keys() == {id_ for id_ in both if "image" in belongs_to(both[id_])}
    assert all(images[id_] == both[id_] == texts.get(id_, both[id_]) for id_ in images)
    return {chunk.text for chunk in store.scroll()}


@pytest.mark.slow
def test_a_writer_killed_at_any_point_loses_nothing_acknowledged_and_leaves_nothing_half(
    tmp_path: Path, clip_folder: Path, encoder: ClipEncoder
) -> None:
    index = tmp_path / "index"
    values = {"index": str(index), "model": str(clip_folder), "count": 4000, "step": 8}
    random_ = random.Random(5)
    for _ in range(4):
        with python(WRITER, **values) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "open\n"
            time.sleep(random_.uniform(0.05, 0.6))
            process.send_signal(signal.SIGKILL)
            count = acknowledged(process)
        with MultimodalStore.open(index, encoder=encoder) as store:
            assert {f"figure {n} of a pump" for n in range(count)} <= whole_chunks(store)
    with python(WRITER, **values | {"count": 80}) as process:
        assert acknowledged(process) == 80
    with MultimodalStore.open(index, encoder=encoder) as store:
        assert {f"figure {n} of a pump" for n in range(80)} <= whole_chunks(store)


def test_what_a_crash_left_between_the_collections_is_removed_on_opening(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    whole, half = image_chunk(1, "whole"), image_chunk(2, "half")
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        store.upsert([whole, half])
        engine = store.operations.engine
        # As after a crash between the two shards: the journal is there, one point isn't.
        (tmp_path / "i" / "unfinished.json").write_text(json.dumps([whole.id, half.id]))
        with engine._shard("image") as shard:  # type: ignore[attr-defined]
            import qdrant_edge

            shard.update(qdrant_edge.UpdateOperation.delete_points([half.id]))
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        assert whole_chunks(store) == {"whole"}
    assert not (tmp_path / "i" / "unfinished.json").exists()


def test_a_write_that_failed_half_way_stays_noted_until_it_is_done_or_undone(
    tmp_path: Path, encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    half, again = image_chunk(1, "half"), image_chunk(2, "written again")
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        engine = store.operations.engine
        update = engine._update  # type: ignore[attr-defined]

        def full(collection: str, operation: object) -> None:
            if collection == "image":
                raise StoreError("no space left on device")
            update(collection, operation)

        with monkeypatch.context() as patched:
            patched.setattr(engine, "_update", full)
            with pytest.raises(StoreError, match="no space"):
                store.upsert([half, again])
        store.upsert([again])
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        assert whole_chunks(store) == {"written again"}


@pytest.mark.parametrize(
    "content",
    ["", '["abc', "null", "5", "{}", '["abc"]', "[5]", '{"format": 3}', "[" * 2000, "\0\0"],
)
def test_a_damaged_journal_is_named_with_the_way_out(
    tmp_path: Path, encoder: ClipEncoder, content: str
) -> None:
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        store.upsert([image_chunk(1, "whole")])
    (tmp_path / "i" / "unfinished.json").write_text(content)
    with pytest.raises(StoreError, match=r"unfinished\.json.*ragsight doctor"):
        MultimodalStore.open(tmp_path / "i", encoder=encoder)


def test_of_chunks_with_one_id_in_one_batch_the_last_is_kept_whole(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    first, last = (replace(image_chunk(1, "with a picture"), id="a"), text_chunk("without"))
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        assert store.upsert([first, replace(last, id="a")]) == 1
        assert whole_chunks(store) == {"without"}


def test_writers_and_readers_at_once_lose_nothing(store: MultimodalStore) -> None:
    errors: list[BaseException] = []
    done = threading.Event()

    def write(worker: int) -> None:
        for n in range(30):
            store.upsert([text_chunk(f"{worker} {n}"), image_chunk(100 * worker + n, "seen")])

    def read() -> None:
        retriever = MultimodalRetriever(store)
        while not done.is_set():
            retriever.retrieve("seen", k=3)
            store.counts()

    def guarded(task: object, *args: object) -> None:
        try:
            task(*args)  # type: ignore[operator]
        except BaseException as error:
            errors.append(error)
            raise

    readers = [threading.Thread(target=guarded, args=(read,)) for _ in range(2)]
    writers = [threading.Thread(target=guarded, args=(write, n)) for n in range(3)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join()
    assert errors == []
    counts = store.counts()
    assert (counts.texts, counts.images) == (180, 90)


HOLDER = """
import sys
from ragsight import ClipEncoder, MultimodalStore
store = MultimodalStore.open({index!r}, encoder=ClipEncoder({model!r}))
print("open", flush=True)
sys.stdin.read()
"""


def test_an_index_that_another_process_has_open_says_so(
    tmp_path: Path, clip_folder: Path, encoder: ClipEncoder
) -> None:
    index = tmp_path / "index"
    source = HOLDER.format(index=str(index), model=str(clip_folder))
    holder = subprocess.Popen(
        [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(StoreLockedError, match="open already"):
            MultimodalStore.open(index, encoder=encoder)
    finally:
        holder.kill()
        holder.communicate()
    MultimodalStore.open(index, encoder=encoder).close()


def test_a_place_that_can_not_be_written_to_is_named(tmp_path: Path, encoder: ClipEncoder) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="can't be made there"):
        MultimodalStore.open(tmp_path / "file" / "index", encoder=encoder)


FULL_DISK = """
import resource, signal, sys
sys.path.insert(0, {tests!r})
from drawings import image_chunk
from ragsight import ClipEncoder, MultimodalStore
from ragsight.errors import StoreError

encoder = ClipEncoder({model!r})
with MultimodalStore.open({index!r}, encoder=encoder) as store:
    store.upsert([image_chunk(1, "written before")])
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
    try:
        store.upsert([image_chunk(n, f"too much {{n}}") for n in range(2, 40)])
    except StoreError as error:
        print("refused:", error)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of a process are of Unix")
def test_a_disk_that_takes_no_more_is_reported_and_the_rest_is_kept(
    tmp_path: Path, clip_folder: Path, encoder: ClipEncoder
) -> None:
    index = tmp_path / "index"
    process = python(FULL_DISK, index=str(index), model=str(clip_folder))
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert out.startswith("refused:"), out + err
    with MultimodalStore.open(index, encoder=encoder) as store:
        assert "written before" in whole_chunks(store)


async def longest_gap(work: object, seconds: float = 0.01) -> tuple[float, object]:
    """How long the event loop was held at the most while something was awaited."""
    longest, last = 0.0, time.perf_counter()
    task = asyncio.ensure_future(work)  # type: ignore[arg-type]
    while not task.done():
        await asyncio.sleep(seconds)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return longest, await task


async def test_optimising_holds_neither_the_event_loop_nor_the_index_afterwards(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    chunks: Sequence[Chunk] = [text_chunk(f"passage {n} of a pump", number=n) for n in range(500)]
    async with await MultimodalStore.aopen(tmp_path / "i", encoder=encoder) as store:
        await store.aupsert(chunks)
        gap, _ = await longest_gap(store.aoptimize())
        # The optimiser takes a second to start at least; all of it would be one gap.
        assert gap < 0.5
        assert (await store.acounts()).texts == 500
        assert await MultimodalRetriever(store).aretrieve("passage 7", k=1)


def test_an_optimiser_that_dies_leaves_the_index_as_it_was(
    tmp_path: Path, encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        store.upsert([text_chunk("still here")])
        monkeypatch.setattr(sys, "executable", str(tmp_path / "no python"))
        with pytest.raises(StoreError, match="no process to optimise in"):
            store.optimize()
        monkeypatch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(StoreError, match="stopped with code 1"):
            store.optimize()
        assert [chunk.text for chunk in store.scroll()] == ["still here"]


def test_an_index_that_can_not_be_opened_after_optimising_is_opened_when_it_can_be(
    tmp_path: Path, encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        store.upsert([text_chunk("still here")])

        def full(*_: object) -> None:
            raise StoreError("no space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(sys, "executable", "/bin/false")
            patched.setattr(store.operations.engine, "_open_shard", full)
            with pytest.raises(StoreError, match="stopped with code 1"):
                store.optimize()
            with pytest.raises(StoreError, match="no space"):
                store.counts()
        assert [chunk.text for chunk in store.scroll()] == ["still here"]
        store.upsert([text_chunk("and more")])
    with pytest.raises(StoreError, match="closed"):
        store.counts()


def test_keys_that_turn_up_in_a_large_index_are_indexed_when_it_is_optimised(
    tmp_path: Path, encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragsight.store.engines.edge.INDEX_NOW", 3)
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        store.upsert([text_chunk(str(n), early=n) for n in range(5)])
        store.upsert([text_chunk(f"late {n}", late=n) for n in range(5)])
        assert [chunk.text for chunk in store.scroll({"late": 3})] == ["late 3"]
        store.optimize()
        assert "metadata.late" in store.run(store.operations.engine.payload_indexes("text"))
        assert [chunk.text for chunk in store.scroll({"late": 3})] == ["late 3"]
