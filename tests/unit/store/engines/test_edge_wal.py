from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from drawings import text_chunk
from pixels import PixelEncoder
from ragsight import Chunk, MultimodalStore
from ragsight.images import image_ref
from ragsight.store.engines.edge_wal import read_wal
from ragsight.store.payloads import from_payload, point_id


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A log of three batches: one was written to the engine's files, two weren't."""
    with MultimodalStore.open(tmp_path / "i", encoder=PixelEncoder()) as store:
        store.upsert([chunk("a"), chunk("b")])
    written = json.loads((tmp_path / "i" / "text" / "wal" / "first-index").read_bytes())
    with MultimodalStore.open(tmp_path / "i", encoder=PixelEncoder()) as store:
        store.upsert([chunk("c")])
        store.delete(["a"])
    # As after a crash: what came later isn't noted as written.
    (tmp_path / "i" / "text" / "wal" / "first-index").write_text(json.dumps(written))
    return tmp_path / "i" / "text" / "wal"


def chunk(id: str) -> Chunk:
    made = text_chunk(f"pump {id}", ratio=0.5, number=12345678901, nested={"x": [None, True]})
    return replace(made, id=id)


def test_points_are_read_as_they_were_written(folder: Path) -> None:
    content = read_wal(folder)
    assert content.problems == []
    assert content.settled.keys() == {point_id("a"), point_id("b")}
    assert content.unsettled.keys() == {point_id("c"), point_id("a")}
    assert content.unsettled[point_id("a")] is None
    point = content.unsettled[point_id("c")]
    assert point is not None
    assert from_payload(point.payload) == chunk("c")
    assert point.vectors.keys() == {"bm25"}


def test_dense_vectors_are_read(tmp_path: Path) -> None:
    picture = image_ref(Image.new("RGB", (4, 4), (200, 30, 7)))
    given = replace(chunk("p"), image=picture)
    with MultimodalStore.open(tmp_path / "i", encoder=PixelEncoder()) as store:
        store.upsert([given])
    content = read_wal(tmp_path / "i" / "image" / "wal")
    point = (content.settled | content.unsettled)[point_id("p")]
    assert point is not None
    (given_vector,) = PixelEncoder().encode_images([picture])
    np.testing.assert_allclose(point.vectors["clip"], given_vector, atol=1e-6)


def test_what_stands_before_a_damage_is_read(folder: Path) -> None:
    log = folder / "open-1"
    data = bytearray(log.read_bytes())
    at = data.index(b"pump c")
    start = data.rindex(b"upsert_points", 0, at)
    data[start - 10 : start + 40] = b"\xff" * 50
    log.write_bytes(data)
    content = read_wal(folder)
    assert content.settled.keys() == {point_id("a"), point_id("b")}
    (problem,) = content.problems
    assert str(log) in problem


def test_a_log_that_is_missing_or_no_log_is_said(folder: Path, tmp_path: Path) -> None:
    assert "missing" in read_wal(tmp_path / "none").problems[0]
    (folder / "open-1").write_bytes(b"\0" * 100)
    (folder / "first-index").write_bytes(b"[")
    content = read_wal(folder)
    assert "no header" in content.problems[0]
    assert content.settled == {}
