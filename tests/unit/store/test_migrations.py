from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from drawings import text_chunk
from letters import LetterEncoder
from pixels import PixelEncoder
from ragsight import MultimodalRetriever, MultimodalStore, open_image
from ragsight.errors import StoreError
from ragsight.steps import Steps
from ragsight.store import IndexManifest, migrations
from ragsight.store.engines.base import Engine, Point
from ragsight.store.migrations import Migration, current_profile, migrate, profile_problem
from ragsight.store.schema import COLLECTIONS, SCHEMA_VERSION

DATA = Path(__file__).parents[2] / "data"
PROFILE = IndexManifest(PixelEncoder.spec).to_dict()


@pytest.fixture
def first_release(tmp_path: Path) -> Path:
    """An index as the first release left it, closed."""
    with tarfile.open(DATA / "index-schema-1.tar.xz") as archive:
        for member in archive:
            archive.extract(member, tmp_path, set_attrs=False)
    return tmp_path / "index"


def test_an_index_of_the_first_release_opens_and_answers_as_it_did(first_release: Path) -> None:
    encoders: dict[str, Any] = {"encoder": PixelEncoder(), "text_encoder": LetterEncoder()}
    with MultimodalStore.open(first_release, **encoders) as store:
        assert (store.counts().texts, store.counts().images) == (4, 2)
        hits = MultimodalRetriever(store, k=3, page_weight=0).retrieve("pump")
        assert [(hit.chunk.id, hit.why) for hit in hits] == [
            ("959094fd-0c96-5484-85d7-d8b692c862d8", "bm25 #1 (1.15), dense #1 (0.47)"),
            ("sku-7", "bm25 #2 (1.13), dense #2 (0.415)"),
            ("328e0649-58a3-5be0-b05a-b2f85541ecde", "dense #4 (0.0711), text_to_image #2 (0.582)"),
        ]
        pump = hits[0].chunk
        assert pump.metadata["maker"] == {"name": "\u00c5str\u00f6m", "since": 1921}
        assert [c.id for c in store.scroll({"certified": True})] == [pump.id]
        assert [c.id for c in store.scroll({"pressure": {"gt": 3}})] == [pump.id]
        figure = next(c for c in store.scroll({"kind": "figure"}))
        assert open_image(figure.image).getpixel((0, 0)) == (250, 0, 0)  # type: ignore[arg-type]
        nearest = MultimodalRetriever(store, k=1).retrieve(image=figure.image)
        assert nearest[0].chunk.id == figure.id
        records = {r.uri: (r.fingerprint, len(r.chunk_ids)) for r in store.source_records()}
        assert records == {
            "manual.pdf": ("digest of manual.pdf", 3),
            "blue.png": ("digest of blue.png", 1),
        }
        store.upsert([text_chunk("written by this release")])
        assert store.counts().texts == 5


def test_steps_lead_without_gaps_to_the_schema_of_this_release() -> None:
    versions = [step.version for step in migrations.MIGRATIONS]
    assert versions == list(range(migrations.OLDEST + 1, SCHEMA_VERSION + 1))


def shout(engine: Engine) -> Steps[None]:
    """A made-up change of all points, which may be made twice: their texts in capitals."""
    for collection in COLLECTIONS:
        points, _ = yield from engine.scroll(collection, filter=None, limit=99, vectors=True)
        louder = [
            Point(p.id, {**p.payload, "page_content": p.payload["page_content"].upper()}, p.vectors)
            for p in points
        ]
        yield from engine.write({collection: louder})


def renamed(profile: Mapping[str, Any]) -> Mapping[str, Any]:
    """A made-up change of the profile: what was called a tongue is called a language."""
    return {("language" if key == "tongue" else key): value for key, value in profile.items()}


@pytest.fixture
def two_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = (Migration(SCHEMA_VERSION + 1, renamed), Migration(SCHEMA_VERSION + 2, points=shout))
    monkeypatch.setattr(migrations, "MIGRATIONS", steps)
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", SCHEMA_VERSION + 2)


def test_an_older_profile_is_read_as_it_is_after_all_steps(two_steps: None) -> None:
    del two_steps
    old = {("tongue" if key == "language" else key): value for key, value in PROFILE.items()}
    profile = current_profile(old, place="here")
    assert (profile.language, profile.schema) == ("auto", SCHEMA_VERSION + 2)
    assert current_profile({**PROFILE, "schema": SCHEMA_VERSION + 1}, place="here") == profile


def test_opening_a_folder_brings_it_up_to_date_once(tmp_path: Path, two_steps: None) -> None:
    del two_steps
    index = tmp_path / "i"
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        store.upsert([text_chunk("quiet")])
    old = {**PROFILE, "schema": SCHEMA_VERSION}
    (index / "ragsight.json").write_text(json.dumps(old))
    # Asking changes nothing; opening does.
    assert MultimodalStore.profile_at(index) == IndexManifest(PixelEncoder.spec)
    assert json.loads((index / "ragsight.json").read_text()) == old
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        assert [chunk.text for chunk in store.scroll()] == ["QUIET"]
        assert store.profile.schema == SCHEMA_VERSION + 2
        store.upsert([text_chunk("as it is")])
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        assert sorted(chunk.text for chunk in store.scroll()) == ["QUIET", "as it is"]
    assert json.loads((index / "ragsight.json").read_text())["schema"] == SCHEMA_VERSION + 2


def test_a_step_that_broke_off_is_run_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = tmp_path / "i"
    with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
        store.upsert([text_chunk("quiet")])

    def breaking(engine: Engine) -> Steps[None]:
        yield from shout(engine)
        raise StoreError("the disk is full")

    monkeypatch.setattr(migrations, "SCHEMA_VERSION", SCHEMA_VERSION + 1)
    for step in (breaking, shout):
        steps = (Migration(SCHEMA_VERSION + 1, points=step),)
        monkeypatch.setattr(migrations, "MIGRATIONS", steps)
        if step is breaking:
            with pytest.raises(StoreError, match="disk is full"):
                MultimodalStore.open(index, encoder=PixelEncoder())
            continue
        with MultimodalStore.open(index, encoder=PixelEncoder()) as store:
            assert [chunk.text for chunk in store.scroll()] == ["QUIET"]


def test_collections_are_brought_up_to_date_too(store: MultimodalStore, two_steps: None) -> None:
    del two_steps
    store.upsert([text_chunk("quiet")])
    engine = store.operations.engine
    stored = store.run(engine.read_profile())
    assert stored is not None
    store.run(migrate(engine, stored))
    again = store.run(engine.read_profile())
    assert again == {**stored, "schema": SCHEMA_VERSION + 2}
    assert [chunk.text for chunk in store.scroll()] == ["QUIET"]


def test_a_later_release_is_said_and_nothing_is_changed(tmp_path: Path) -> None:
    index = tmp_path / "i"
    MultimodalStore.open(index, encoder=PixelEncoder()).close()
    later = {"schema": SCHEMA_VERSION + 1, "anything": "else"}
    (index / "ragsight.json").write_text(json.dumps(later))
    with pytest.raises(StoreError, match=r"later version of ragsight.*Upgrade"):
        MultimodalStore.open(index, encoder=PixelEncoder())
    assert json.loads((index / "ragsight.json").read_text()) == later


@pytest.mark.parametrize("schema", [0, -1, None, "1", 1.0, True])
def test_a_schema_that_no_release_wrote_is_refused(schema: object) -> None:
    with pytest.raises(StoreError, match=r"here: there is no readable profile \(its schema is"):
        current_profile({**PROFILE, "schema": schema}, place="here")
    assert profile_problem({**PROFILE, "schema": schema})


def test_profiles_are_compared_by_encoders_and_language() -> None:
    profile = IndexManifest(PixelEncoder.spec)
    assert profile == IndexManifest(PixelEncoder.spec, schema=SCHEMA_VERSION + 1)
    assert profile != IndexManifest(PixelEncoder.spec, language="german")
    assert profile != IndexManifest(LetterEncoder.spec)
    assert profile_problem(profile.to_dict()) is None
