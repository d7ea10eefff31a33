"""Indexes that are damaged in their files say so, and are mended."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from drawings import noise_ref, text_chunk
from odd_files import ODD, at_most
from pixels import PixelEncoder
from ragsight import (
    Chunk,
    MultimodalRetriever,
    MultimodalStore,
    Source,
    check_index,
    ingest,
    repair_index,
)
from ragsight.cli.app import app
from ragsight.errors import StoreError, StoreLockedError, StoreNotFoundError
from ragsight.store import SourceRecord
from ragsight.store.engines.base import Point
from ragsight.store.engines.edge_points import edge_point
from ragsight.store.payloads import to_payload

GOOD = [
    *(text_chunk(f"pump {n}", uri="good.txt", number=n) for n in range(6)),
    *(
        Chunk(text=f"figure {n}", image=noise_ref(n), source=Source(uri="good.pdf", page=n))
        for n in range(1, 5)
    ),
]


def filled(folder: Path) -> Path:
    with MultimodalStore.open(folder, encoder=PixelEncoder()) as store:
        store.upsert(GOOD)
        for uri in ("good.txt", "good.pdf"):
            ids = tuple(c.id for c in GOOD if c.source.uri == uri)
            store.finish_source(SourceRecord(uri, "digest", ids))
    return folder


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return filled(tmp_path_factory.mktemp("doctor") / "index")


@pytest.fixture
def index(whole: Path, tmp_path: Path) -> Path:
    from ragsight.store.sparse_files import copy_tree

    copy_tree(whole, tmp_path / "index")
    return tmp_path / "index"


def first(folder: Path, pattern: str) -> Path:
    return next(iter(sorted(folder.glob(pattern))))


def texts(store: MultimodalStore) -> list[str]:
    return sorted(chunk.text for chunk in store.scroll())


def nested(levels: int) -> Any:
    value: Any = 1
    for level in range(levels):
        value = {"k": value} if level % 2 else [value]
    return value


def poison(folder: Path, close: bool = True) -> str:
    """Write a chunk as a release did that didn't look at metadata; its point's id."""
    bad = text_chunk("bad", uri="bad.jsonl")
    point = Point(bad.id, to_payload(bad) | {"metadata": {"deep": nested(131)}}, {})
    store = MultimodalStore.open(folder, encoder=PixelEncoder())
    fine = to_payload(text_chunk("beside it", uri="bad.jsonl"))
    beside = Point(
        fine["ragsight"]["id"], fine, {"bm25": store.bm25.encode_documents(["beside"])[0]}
    )
    store.run(store.operations.engine.write({"text": [point, beside]}))
    if close:
        store.close()
    return bad.id


def empty(path: Path) -> None:
    os.truncate(path, 0)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def overwrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\xa5" * 64)


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


DAMAGES: list[tuple[str, Callable[[Path], None]]] = [
    ("ragsight.json", empty),
    ("ragsight.json", overwrite),
    ("ragsight.json", remove),
    ("text", remove),
    ("image", remove),
    ("image/segments", remove),
    ("text/edge_config.json", empty),
    ("text/edge_config.json", remove),
    ("text/wal", remove),
    ("text/wal/open-1", overwrite),
    ("image/wal/first-index", empty),
    ("text/segments/*/segment.json", cut),
    ("text/segments/*/mutable_id_tracker.mappings", empty),
    ("text/segments/*/payload_storage/page_0.dat", overwrite),
    ("image/segments/*/vector_storage-clip/vectors/status.dat", empty),
    ("image/segments/*/vector_storage-clip/vectors/chunk_0.mmap", remove),
]


@pytest.mark.parametrize(("pattern", "damage"), DAMAGES)
def test_damaged_files_are_named_with_the_way_out(
    index: Path, pattern: str, damage: Callable[[Path], None]
) -> None:
    damage(first(index, pattern))

    def use() -> None:
        with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
            texts(store)
            MultimodalRetriever(store).retrieve("pump", image=GOOD[-1].image)
            store.upsert(GOOD)

    with pytest.raises(StoreError, match=f"ragsight doctor {index} --repair"):
        use()


@pytest.mark.parametrize(
    "profile",
    [
        "null",
        "[]",
        "{}",
        '{"schema": 0}',
        '{"schema": true}',
        '{"schema": 1, "encoder": [], "text_encoder": null, "language": "english"}',
        '{"schema": 1, "encoder": {"name": "a", "revision": null, "dimension": "b"},'
        ' "text_encoder": null, "language": "english"}',
        '{"schema": 1, "encoder": {"name": "a", "revision": null, "dimension": 3},'
        ' "text_encoder": null, "language": 5}',
        "[" * 100_000,
    ],
)
def test_a_profile_of_other_content_is_named_with_the_way_out(index: Path, profile: str) -> None:
    (index / "ragsight.json").write_text(profile)
    for ask in (MultimodalStore.open, MultimodalStore.profile_at):
        with pytest.raises(StoreError, match=r"ragsight\.json.*ragsight doctor"):
            ask(index)


def test_a_whole_index_is_well_and_stays_as_it_is(index: Path) -> None:
    report = check_index(index)
    assert (report.ok, report.problems, report.chunks) == (True, (), 10)
    done = CliRunner().invoke(app, ["doctor", str(index), "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["chunks"] == 10


@pytest.mark.slow
def test_an_index_poisoned_by_a_deeply_nested_row_is_saved_but_for_that_row(index: Path) -> None:
    bad = poison(index)
    with pytest.raises(StoreError, match="ragsight doctor"):
        MultimodalStore.open(index, encoder=PixelEncoder())
    done = CliRunner().invoke(app, ["doctor", str(index), "--repair", "--json"])
    assert done.exit_code == 1, done.output
    report = json.loads(done.stdout)
    assert report["repaired"]
    assert report["lost"] == [bad]
    assert report["sources"] == ["bad.jsonl"]
    assert (Path(report["backup"]) / "text" / "wal" / "open-1").exists()
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        assert texts(store) == sorted(["beside it", *(c.text for c in GOOD)])
        assert {record.uri for record in store.source_records()} == {"good.txt", "good.pdf"}
        hits = MultimodalRetriever(store).retrieve("beside", weights={"text_to_image": 0})
        assert hits[0].chunk.text == "beside it"
        assert [c.text for c in store.scroll({"number": 3})] == ["pump 3"]
        store.upsert(GOOD)


@pytest.mark.slow
def test_what_only_the_log_holds_is_saved_from_it(index: Path) -> None:
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        vectors = {c.id: store.vectors(c.id) for c in GOOD}
    shutil.rmtree(index / "text" / "segments")
    shutil.rmtree(index / "image" / "segments")
    report = repair_index(index)
    assert (report.repaired, report.chunks, report.lost) == (True, 10, ())
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        assert texts(store) == sorted(c.text for c in GOOD)
        for id_, before in vectors.items():
            after = store.vectors(id_)
            assert after["bm25"] == before["bm25"]
            if "clip" in before:
                np.testing.assert_allclose(after["clip"], before["clip"], atol=1e-6)


@pytest.mark.slow
def test_halves_records_and_images_are_made_to_fit(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("The valve is opened by hand.")
    (tmp_path / "in" / "b.txt").write_text("The pump is driven by a motor.")
    pictures = [
        Chunk(text=f"figure {n}", image=noise_ref(n), source=Source(uri=f"{n}.pdf"), id=f"f{n}")
        for n in range(4)
    ]
    index = tmp_path / "index"
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        ingest(tmp_path / "in", store)
        store.upsert(pictures)
        for n in range(4):
            store.finish_source(SourceRecord(f"{n}.pdf", "digest", (f"f{n}",)))
        # Past the journal, as damage comes: a half is gone, one is of another state, a chunk of a
        # finished file is gone, and a payload is nonsense.
        engine: Any = store.operations.engine
        of = {c.text: c for c in store.scroll()}
        valve = next(c for text, c in of.items() if "valve" in text)
        engine.remove("image", [store.operations.layout.point_id("f0")])
        changed = to_payload(replace(pictures[1], text="an older state"))
        halves = engine.halves([store.operations.layout.point_id("f1")])
        ((_, image),) = halves.values()
        engine._upsert("image", [edge_point(Point(image.id, changed, image.vectors))])
        engine.remove("text", [valve.id])
        nonsense = Point(store.operations.layout.point_id("x"), {"a": 1}, {})
        engine._upsert("text", [edge_point(nonsense)])
        digests = {n: pictures[n].image.sha256 for n in (2, 3)}  # type: ignore[union-attr]
    first(index, f"blobs/*/{digests[2]}*").write_bytes(b"no picture")
    first(index, f"blobs/*/{digests[3]}*").unlink()
    report = repair_index(index)
    assert report.repaired
    named = [f"{n}.pdf" for n in range(4)]
    assert list(report.sources) == sorted([*named, str(tmp_path / "in" / "a.txt")])
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        assert {r.uri for r in store.source_records()} == {str(tmp_path / "in" / "b.txt")}
        (half,) = store.get(["f0"])
        assert (half.text, half.image) == ("figure 0", None)
        hits = MultimodalRetriever(store).retrieve(image=pictures[1].image)
        assert next(h.chunk.text for h in hits if h.chunk.id == "f1") == "figure 1"
        results = ingest(tmp_path / "in", store)
        assert [s.status for s in results.sources] == ["indexed", "unchanged"]
        store.upsert(pictures)
    assert check_index(index).ok


@pytest.mark.slow
def test_a_damaged_journal_a_lost_profile_and_an_index_of_a_key_are_mended(index: Path) -> None:
    (index / "unfinished.json").write_text('{"format"')
    (index / "ragsight.json").write_text("5")
    # This one shows only when something is written.
    empty(first(index, "text/segments/*/payload_index/*-numeric/page_0.dat"))
    report = repair_index(index)
    assert (report.repaired, report.chunks) == (True, 10)
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        assert texts(store) == sorted(c.text for c in GOOD)
        store.upsert(GOOD)


@pytest.mark.slow
def test_what_an_index_was_made_with_can_be_said_where_it_is_lost(index: Path) -> None:
    os.truncate(index / "ragsight.json", 3)
    (index / "made-with.json").unlink()
    with pytest.raises(StoreError, match="--model"):
        repair_index(index)
    assert repair_index(index, encoder=PixelEncoder.spec).chunks == 10


def test_an_index_that_is_open_or_not_there_is_left_alone(index: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreNotFoundError):
        check_index(tmp_path / "none")
    assert CliRunner().invoke(app, ["doctor", str(tmp_path)]).exception
    with (
        MultimodalStore.open(index, encoder=PixelEncoder()),
        pytest.raises(StoreLockedError, match="open already"),
    ):
        repair_index(index)


@pytest.mark.parametrize(
    ("storage", "lost_images"),
    [("text/segments/*/vector_storage-bm25", 0), ("image/segments/*/vector_storage-clip", 4)],
)
def test_vectors_that_the_engine_would_miss_in_silence_are_missed_aloud(
    index: Path, storage: str, lost_images: int
) -> None:
    with first(index, storage.partition("/")[0] + "/wal/open-1").open("r+b") as log:
        log.seek(8)
        log.write(bytes(100_000))  # It holds them once more.
    place = first(index, storage)
    shutil.rmtree(place)
    place.mkdir()
    assert any("have lost their vectors" in problem for problem in check_index(index).problems)
    report = repair_index(index)
    assert report.repaired
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        assert texts(store) == sorted(chunk.text for chunk in GOOD)
        found = {hit.chunk.text for hit in MultimodalRetriever(store, k=20).retrieve("pump")}
        assert found >= {f"pump {n}" for n in range(6)}
        assert store.counts().images == 4 - lost_images
    assert "good.pdf" in report.sources


def test_vectors_that_the_log_still_holds_are_taken_from_it(index: Path) -> None:
    place = first(index, "image/segments/*/vector_storage-clip")
    shutil.rmtree(place)
    place.mkdir()
    assert repair_index(index).sources == ()
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        assert store.counts().images == 4
        assert MultimodalRetriever(store).retrieve(image=noise_ref(1))[0].chunk.text == "figure 1"


BESIDE = ("made-with.json", "unfinished.json.part", "closed.json", "repair.json", "open-by.json")


@pytest.mark.skipif(os.name == "nt", reason="has no such files")
@pytest.mark.parametrize(
    ("kind", "patterns"),
    [
        ("named pipe", ("ragsight.json",)),
        ("named pipe", BESIDE),
        ("loop of links", ("blobs", "unfinished.json", "image/wal/first-index")),
        ("named pipe", ("text/wal/open-1", "image/edge_config.json")),
        ("device that never ends", ("text/edge_config.json", "image/segments/*/segment.json")),
        ("named pipe", ("image/wal", "text/segments/*/payload_storage/page_0.dat")),
    ],
)
def test_nobody_waits_for_a_named_pipe_inside_an_index(
    index: Path, kind: str, patterns: tuple[str, ...]
) -> None:
    for pattern in patterns:
        path = first(index, pattern) if "*" in pattern else index / pattern
        if path.exists():
            remove(path)
        ODD[kind](path)
    with at_most(seconds=30):
        with pytest.raises(StoreError, match="ragsight doctor"):
            MultimodalStore.open(index, encoder=PixelEncoder())
        assert check_index(index).problems
        report = repair_index(index, encoder=PixelEncoder().spec)
        assert report.problems
        with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
            missing = {chunk.source.uri for chunk in GOOD} - set(report.sources)
            kept = [chunk.text for chunk in GOOD if chunk.source.uri in missing]
            assert set(kept) <= set(texts(store))


def test_of_two_profiles_that_differ_the_caller_knows_which_is_right(index: Path) -> None:
    profile = index / "ragsight.json"
    profile.write_text(profile.read_text().replace('"pixels"', '"pixel{"'))
    assert "something else than its copy" in check_index(index).problems[0]
    with pytest.raises(StoreError, match="--model"):
        repair_index(index)
    assert repair_index(index, encoder=PixelEncoder().spec).repaired
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        assert texts(store) == sorted(chunk.text for chunk in GOOD)
    assert check_index(index).ok


def test_a_point_whose_id_was_damaged_goes_back_to_its_own(index: Path) -> None:
    wrong = [f"6c6242e6-0000-0000-0000-00000000000{n}" for n in range(2)]
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        there = next(chunk for chunk in store.scroll() if chunk.text)
        lost = text_chunk("a pump that lost its place")
        engine = store.operations.engine
        for id_, chunk in zip(wrong, (there, lost), strict=True):
            vectors = {"bm25": store.bm25.encode_chunks([chunk])[0]}
            store.run(engine.write({"text": [Point(id_, to_payload(chunk), vectors)]}))
        before = {chunk.id: chunk for chunk in store.scroll()}
    assert "stands under an id that isn't its chunk's" in "\n".join(check_index(index).problems)
    report = repair_index(index, encoder=PixelEncoder().spec)
    assert report.repaired
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        held = list(store.scroll())
        assert sorted(chunk.id for chunk in held) == sorted(before.keys() | {lost.id})
        assert MultimodalRetriever(store).retrieve("lost place")[0].chunk.id == lost.id
    assert not check_index(index).problems
