from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checkpoints import make_clip
from drawings import image_chunk, noise, text_chunk
from letters import LetterEncoder
from ragsight import ClipEncoder, MultimodalRetriever, MultimodalStore, open_image
from ragsight.encoders import SparseVector
from ragsight.errors import EncoderMismatchError, StoreError
from ragsight.store import SourceRecord

CHUNKS = [
    *(text_chunk(f"passage {n}", number=n, new=n % 2 == 0) for n in range(20)),
    image_chunk(1, "Figure 1: the pump", topic="pump"),
    image_chunk(2),
]
RECORD = SourceRecord("/docs/a.txt", "digest", tuple(c.id for c in CHUNKS), ("one was broken",))


def filled(location: str | Path, encoder: ClipEncoder) -> MultimodalStore:
    store = MultimodalStore.open(location, encoder=encoder, text_encoder=LetterEncoder())
    store.upsert(CHUNKS)
    store.finish_source(RECORD)
    return store


def contents(
    store: MultimodalStore, numbers: Callable[[list[float]], Any] = list
) -> dict[str, object]:
    """All that an index holds; `numbers` is how vectors are to be compared."""
    return {
        chunk.id: (
            {**chunk.to_dict(), "image": None},
            None if chunk.image is None else open_image(chunk.image).tobytes(),
            {
                kind: vector if isinstance(vector, SparseVector) else numbers(vector.tolist())
                for kind, vector in store.vectors(chunk.id).items()
            },
        )
        for chunk in store.scroll()
    }


def about(numbers: list[float]) -> Any:
    return pytest.approx(numbers, abs=1e-6)


def test_an_index_moves_to_another_engine_and_back_with_nothing_lost(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    with filled(tmp_path / "i", encoder) as store:
        expected = contents(store, about)
        report = store.export(tmp_path / "out")
    assert (report.texts, report.images, report.blobs) == (22, 2, 2)
    with MultimodalStore.restore(tmp_path / "out", ":memory:", encoder=encoder) as moved:
        assert contents(moved) == expected
        moved.export(tmp_path / "back")
    with MultimodalStore.restore(tmp_path / "back", tmp_path / "j", encoder=encoder) as returned:
        assert contents(returned) == expected
        assert list(returned.source_records()) == [RECORD]
        assert returned.counts({"new": True}).texts == 10
        hits = MultimodalRetriever(returned).retrieve(image=noise(2), k=1)
        assert [hit.chunk.id for hit in hits] == [CHUNKS[-1].id]


def test_nothing_is_encoded_anew(tmp_path: Path, encoder: ClipEncoder) -> None:
    with filled(tmp_path / "i", encoder) as store:
        store.export(tmp_path / "out")
    with MultimodalStore.restore(tmp_path / "out", tmp_path / "j") as moved:
        assert moved.profile.encoder == encoder.spec
        assert moved.counts().images == 2


def test_an_export_is_added_to_an_index_of_the_same_encoders(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    with filled(tmp_path / "i", encoder) as store:
        store.export(tmp_path / "out")
    with MultimodalStore.open(
        tmp_path / "j", encoder=encoder, text_encoder=LetterEncoder()
    ) as other:
        other.upsert([text_chunk("here before")])
    with MultimodalStore.restore(tmp_path / "out", tmp_path / "j") as both:
        assert both.counts().texts == 22


def test_an_index_of_another_encoder_is_left_alone(tmp_path: Path, encoder: ClipEncoder) -> None:
    with filled(tmp_path / "i", encoder) as store:
        store.export(tmp_path / "out")
    other = ClipEncoder(str(make_clip(tmp_path / "clip", dimension=24)))
    MultimodalStore.open(tmp_path / "j", encoder=other).close()
    with pytest.raises(EncoderMismatchError, match="Choose another place"):
        MultimodalStore.restore(tmp_path / "out", tmp_path / "j")


async def test_exporting_leaves_the_event_loop_free(tmp_path: Path, encoder: ClipEncoder) -> None:
    with filled(tmp_path / "i", encoder) as store:
        report = await store.aexport(tmp_path / "out")
    assert report.texts == 22


def test_a_folder_with_something_in_it_is_not_written_to(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with filled(":memory:", encoder) as store, pytest.raises(StoreError, match="isn't empty"):
        store.export(tmp_path / "out")
    with filled(":memory:", encoder) as store, pytest.raises(StoreError, match=r"mine\.txt"):
        store.export(tmp_path / "out" / "mine.txt")


def test_an_image_that_is_gone_is_named(tmp_path: Path, encoder: ClipEncoder) -> None:
    with filled(tmp_path / "i", encoder) as store:
        for blob in (tmp_path / "i" / "blobs").rglob("*.png"):
            blob.unlink()
        with pytest.raises(StoreError, match="missing"):
            store.export(tmp_path / "out")


@pytest.mark.parametrize("damage", ["cut", "absent", "no manifest", "later version"])
def test_a_damaged_export_is_refused_and_named(
    tmp_path: Path, encoder: ClipEncoder, damage: str
) -> None:
    with filled(tmp_path / "i", encoder) as store:
        store.export(tmp_path / "out")
    part = next((tmp_path / "out").glob("image-*.npz"))
    manifest = tmp_path / "out" / "manifest.json"
    if damage == "cut":
        part.write_bytes(part.read_bytes()[:-10])
    elif damage == "absent":
        part.unlink()
    elif damage == "no manifest":
        manifest.unlink()
    else:
        manifest.write_text(json.dumps(json.loads(manifest.read_bytes()) | {"format": 99}))
    with pytest.raises(StoreError, match=r"image-|no complete export|later version"):
        MultimodalStore.restore(tmp_path / "out", tmp_path / "j")
