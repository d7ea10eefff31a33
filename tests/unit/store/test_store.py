from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from qdrant_client import QdrantClient

from drawings import cut_jpeg, image_chunk, noise_ref, text_chunk
from ragsight import Chunk, ClipEncoder, MultimodalRetriever, MultimodalStore, Source, open_image
from ragsight.errors import (
    ConfigurationError,
    EncoderMismatchError,
    ImageError,
    RagsightError,
    StoreError,
    StoreLockedError,
    StoreNotFoundError,
)
from ragsight.images import image_ref
from ragsight.store import RetryOptions, SourceRecord, StoreOptions

ONCE = RetryOptions(attempts=1)


def test_a_chunk_comes_back_as_it_was_written(store: MultimodalStore) -> None:
    chunk = Chunk(
        text="Figure 2: Pump",
        image=noise_ref(1),
        source=Source(
            uri="/m.pdf",
            page=3,
            page_label="iii",
            page_size=(595.0, 842.0),
            bbox=(10.0, 20.0, 110.0, 220.0),
            section=("1 Parts", "1.1 Pump"),
            part="figure 1",
        ),
        kind="figure",
        metadata={"label": "Figure 2", "pages": [3, 4], "weight": 1.5, "new": True},
    )
    store.upsert([chunk])
    [found] = store.get([chunk.id])
    assert found.to_dict() | {"image": None} == chunk.to_dict() | {"image": None}
    assert found.image is not None
    assert chunk.image is not None
    assert found.image.sha256 == chunk.image.sha256
    assert open_image(found.image).tobytes() == open_image(chunk.image).tobytes()


def test_the_image_stays_when_the_original_file_goes(
    store: MultimodalStore, tmp_path: Path
) -> None:
    path = tmp_path / "shoe.png"
    open_image(noise_ref(4)).save(path)
    chunk = Chunk(image=image_ref(path), source=Source(uri=str(path)), kind="image")
    store.upsert([chunk])
    path.unlink()
    [found] = store.get([chunk.id])
    assert found.image is not None
    assert open_image(found.image).size == (48, 40)


def test_writing_a_chunk_twice_keeps_one(store: MultimodalStore) -> None:
    chunks = [text_chunk("a"), image_chunk(1, "b"), image_chunk(2)]
    store.upsert(chunks)
    store.upsert(chunks)
    counts = store.counts()
    assert (counts.texts, counts.images) == (2, 2)


def test_any_string_may_be_an_id(store: MultimodalStore) -> None:
    chunk = Chunk(text="x", source=Source(uri="/x"), id="not a uuid")
    store.upsert([chunk])
    assert store.get(["not a uuid", "absent"]) == [chunk]
    store.delete(["not a uuid", "absent"])
    assert store.get(["not a uuid"]) == []


def test_a_chunk_that_loses_its_image_or_its_text_is_found_by_it_no_more(
    store: MultimodalStore,
) -> None:
    source = Source(uri="/x")
    both = Chunk(text="a pump", image=noise_ref(1), source=source, id="mine")
    store.upsert([both, Chunk(text="other", source=source, id="other")])
    store.upsert([Chunk(text="no picture", source=source, id="mine")])
    assert (store.counts().texts, store.counts().images) == (2, 0)
    store.upsert([Chunk(image=noise_ref(2), source=source, id="mine")])
    assert (store.counts().texts, store.counts().images) == (1, 1)
    [found] = store.get(["mine"])
    assert (found.text, found.image is not None) == ("", True)


def test_chunks_come_in_the_order_they_are_asked_for(store: MultimodalStore) -> None:
    chunks = [text_chunk(str(n)) for n in range(5)]
    store.upsert(chunks)
    wanted = [chunks[3].id, chunks[0].id, chunks[4].id]
    assert [chunk.id for chunk in store.get(wanted)] == wanted


def test_scrolling_gives_each_chunk_once(store: MultimodalStore) -> None:
    chunks = [text_chunk(str(n)) for n in range(300)] + [image_chunk(1, "both"), image_chunk(2)]
    store.upsert(chunks)
    assert sorted(c.id for c in store.scroll()) == sorted(c.id for c in chunks)


def test_a_source_is_deleted_with_its_chunks_and_no_others(store: MultimodalStore) -> None:
    mine = [text_chunk("a", uri="/mine"), image_chunk(1, uri="/mine")]
    other = text_chunk("b", uri="/other")
    store.upsert([*mine, other])
    store.finish_source(SourceRecord("/mine", "f", tuple(c.id for c in mine)))
    assert store.delete_source("/mine") == 2
    assert [chunk.id for chunk in store.scroll()] == [other.id]
    assert store.source_record("/mine") is None


def test_finishing_a_source_removes_what_it_no_longer_has(store: MultimodalStore) -> None:
    old, kept, other = (text_chunk(t, uri=u) for t, u in (("a", "/m"), ("b", "/m"), ("c", "/o")))
    store.upsert([old, kept, other])
    record = SourceRecord("/m", "f2", (kept.id,), ("one image was broken",))
    assert store.finish_source(record) == 1
    assert {chunk.id for chunk in store.scroll()} == {kept.id, other.id}
    assert store.source_record("/m") == record


def test_records_of_sources_are_never_counted_or_found_as_chunks(store: MultimodalStore) -> None:
    chunk = text_chunk("a", uri="/m")
    store.upsert([chunk])
    store.finish_source(SourceRecord("/m", "f", (chunk.id,)))
    counts = store.counts()
    assert (counts.texts, counts.images, counts.sources) == (1, 0, 1)
    assert [c.id for c in store.scroll({"source": "/m"})] == [chunk.id]


def test_a_broken_image_is_reported_and_its_text_is_kept(store: MultimodalStore) -> None:
    cut = image_ref(cut_jpeg())
    broken = Chunk(text="caption", image=cut, source=Source(uri="/b"), kind="figure")
    bare = Chunk(image=cut, source=Source(uri="/bare"), kind="image")
    problems: list[tuple[str, RagsightError]] = []
    written = store.upsert(
        [broken, bare, image_chunk(5)], on_error=lambda c, e: problems.append((c.id, e))
    )
    assert [id_ for id_, _ in problems] == [broken.id, bare.id]
    assert all(isinstance(error, ImageError) for _, error in problems)
    assert written == 2
    [kept] = store.get([broken.id, bare.id])
    assert (kept.text, kept.image) == ("caption", None)


def test_without_a_handler_a_broken_image_stops_the_write(store: MultimodalStore) -> None:
    cut = image_ref(cut_jpeg())
    with pytest.raises(ImageError):
        store.upsert([Chunk(image=cut, source=Source(uri="/b"), kind="image")])


def test_the_stored_vector_of_an_image_is_the_encoder_s(
    store: MultimodalStore, encoder: ClipEncoder
) -> None:
    chunk = image_chunk(3)
    store.upsert([chunk, text_chunk("no image")])
    vector = store.image_vector(chunk.id)
    assert vector is not None
    assert chunk.image is not None
    np.testing.assert_allclose(vector, encoder.encode_images([chunk.image])[0], atol=1e-6)
    assert store.image_vector("absent") is None


def test_threads_may_read_and_write_at_once(store: MultimodalStore) -> None:
    errors: list[BaseException] = []

    def write(worker: int) -> None:
        try:
            for n in range(40):
                store.upsert([text_chunk(f"{worker} {n}")])
                store.counts()
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert store.counts().texts == 160


def test_a_closed_store_says_so(store: MultimodalStore) -> None:
    store.close()
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.counts()


def test_an_index_on_disk_is_there_again_after_reopening(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    chunk = image_chunk(1, "pump")
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        store.upsert([chunk])
        store.optimize()
    with MultimodalStore.open(tmp_path / "i", create=False) as store:
        assert [c.text for c in store.get([chunk.id])] == ["pump"]
        assert store.profile.encoder == encoder.spec


def test_a_folder_opened_twice_is_reported_as_locked(tmp_path: Path, encoder: ClipEncoder) -> None:
    with (
        MultimodalStore.open(tmp_path / "i", encoder=encoder),
        pytest.raises(StoreLockedError, match="open already"),
    ):
        MultimodalStore.open(tmp_path / "i", encoder=encoder)


def test_a_refused_second_opening_does_not_close_the_first(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    with MultimodalStore.open(tmp_path / "i", encoder=encoder) as store:
        with pytest.raises(StoreLockedError):
            MultimodalStore.open(tmp_path / "i")
        store.upsert([text_chunk("still here")])
        assert store.counts().texts == 1


def test_a_missing_index_is_not_made_on_reading(tmp_path: Path, encoder: ClipEncoder) -> None:
    with pytest.raises(StoreNotFoundError, match="Index something first"):
        MultimodalStore.open(tmp_path / "absent", encoder=encoder, create=False)
    assert not (tmp_path / "absent").exists()


def test_making_an_index_needs_an_encoder(tmp_path: Path) -> None:
    with pytest.raises(StoreNotFoundError, match="Give an encoder to make one"):
        MultimodalStore.open(tmp_path / "absent")


def test_another_encoder_is_refused_with_both_names(
    tmp_path: Path, encoder: ClipEncoder, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from checkpoints import make_clip

    other = ClipEncoder(str(make_clip(tmp_path_factory.mktemp("other"), dimension=24)))
    MultimodalStore.open(tmp_path / "i", encoder=encoder).close()
    with pytest.raises(EncoderMismatchError, match=r"24 dimensions.*16 dimensions"):
        MultimodalStore.open(tmp_path / "i", encoder=other)


def test_a_store_without_an_encoder_refuses_images_and_names_the_one_it_needs(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    MultimodalStore.open(tmp_path / "i", encoder=encoder).close()
    with MultimodalStore.open(tmp_path / "i") as store:
        store.upsert([text_chunk("words need no encoder")])
        with pytest.raises(ConfigurationError, match="16 dimensions"):
            store.upsert([image_chunk(1)])


def test_a_damaged_profile_is_reported(tmp_path: Path, encoder: ClipEncoder) -> None:
    MultimodalStore.open(tmp_path / "i", encoder=encoder).close()
    profile = tmp_path / "i" / "ragsight.json"
    profile.write_text("{")
    with pytest.raises(StoreError, match=r"ragsight\.json"):
        MultimodalStore.open(tmp_path / "i")
    profile.write_text('{"schema": 99}')
    with pytest.raises(StoreError, match="later version"):
        MultimodalStore.open(tmp_path / "i")


def test_a_server_that_is_down_is_reported(encoder: ClipEncoder) -> None:
    with pytest.raises(StoreError, match="can't be reached"):
        MultimodalStore.open(
            "http://127.0.0.1:9", encoder=encoder, options=StoreOptions(retries=ONCE), timeout=2
        )


def test_a_client_given_stays_open_when_the_store_closes(encoder: ClipEncoder) -> None:
    client = QdrantClient(":memory:")
    with MultimodalStore.open(client, encoder=encoder, name="shop") as store:
        store.upsert([text_chunk("a")])
    assert client.count("shop-text").count == 1
    with MultimodalStore.open(client, encoder=encoder, name="shop") as store:
        assert store.counts().texts == 1


def test_a_store_says_where_it_is_and_whose_vectors_it_holds(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    store = MultimodalStore.open(tmp_path / "index", encoder=encoder)
    store.close()
    assert repr(store).startswith("MultimodalStore('")
    assert "index'" in repr(store)
    assert f"encoder={encoder.spec}" in repr(store)


def test_half_a_character_is_stored_and_asked_for(store: MultimodalStore) -> None:
    chunk = Chunk(text="The valve \ud835 opens.", source=Source(uri="/broken.pdf"))
    assert store.upsert([chunk]) == 1
    [hit] = MultimodalRetriever(store).retrieve("valve \ud835")
    assert hit.chunk.id == chunk.id
