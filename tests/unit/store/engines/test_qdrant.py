from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from qdrant_client import AsyncQdrantClient, QdrantClient, models

from fakes.qdrant_server import FakeQdrant
from ragsight.encoders import EncoderSpec, SparseVector
from ragsight.errors import StoreError
from ragsight.steps import arun, run
from ragsight.store import (
    CollectionOptions,
    IndexManifest,
    RetryOptions,
    VectorSearch,
    parse_filter,
)
from ragsight.store.engines.base import Point
from ragsight.store.engines.qdrant import ClientEngine
from ragsight.store.engines.qdrant_clients import Clients
from ragsight.store.payloads import point_id
from ragsight.store.schema import INDEXED_KEYS

NAMES = {"text": "shop-text", "image": "shop-image"}
PROFILE = IndexManifest(EncoderSpec("clip", None, 2), EncoderSpec("words", None, 2)).to_dict()
QUICK = RetryOptions(attempts=3, first_wait=0.001, longest_wait=0.01)


@pytest.fixture
def server() -> Iterator[FakeQdrant]:
    with FakeQdrant() as fake:
        fake.api.distributed = True  # there are shard keys on a cluster only
        yield fake


@pytest.fixture(params=["stand-in", "memory", "async memory"])
def engine(request: pytest.FixtureRequest, server: FakeQdrant) -> Iterator[ClientEngine]:
    """An engine with empty collections, over each sort of client."""
    if request.param == "stand-in":
        made = at(server)
    else:
        kind = QdrantClient if request.param == "memory" else AsyncQdrantClient
        made = ClientEngine(Clients(kind(":memory:")), names=NAMES)
    run(made.create(PROFILE))
    yield made
    made.close()


def at(server: FakeQdrant, **options: Any) -> ClientEngine:
    client = {"url": server.url, "check_compatibility": False}
    return ClientEngine(Clients(options=client, retries=QUICK), names=NAMES, **options)


def point(n: int, *, clip: bool = False, **metadata: Any) -> Point:
    vector = np.array([1.0, n / 100], np.float32)
    vectors = {"clip": vector} if clip else {"dense": vector, "bm25": SparseVector((n,), (1.0,))}
    payload = {"page_content": str(n), "metadata": metadata, "ragsight": {}, "other": 1}
    return Point(point_id(str(n)), payload, vectors)


def test_there_is_no_profile_before_and_the_same_one_after_creation(server: FakeQdrant) -> None:
    engine = at(server)
    assert run(engine.read_profile()) is None
    run(engine.create(PROFILE))
    assert run(engine.read_profile()) == PROFILE
    run(engine.start())
    engine.close()


def test_keys_of_ours_are_indexed_from_the_start(server: FakeQdrant) -> None:
    engine = at(server)
    run(engine.create(PROFILE))
    for collection in NAMES:
        assert run(engine.payload_indexes(collection)) == dict(INDEXED_KEYS)
    engine.close()


@pytest.mark.parametrize("name", ["create", "index", "exists"])
def test_creation_goes_on_after_a_lost_answer(server: FakeQdrant, name: str) -> None:
    engine = at(server)
    server.faults.lose_answers(name=name, times=2)
    run(engine.create(PROFILE))
    assert run(engine.read_profile()) == PROFILE
    engine.close()


@pytest.mark.parametrize("after", range(1, 14, 3))
def test_creation_that_broke_off_anywhere_is_completed_later(
    server: FakeQdrant, after: int
) -> None:
    options = CollectionOptions(shard_keys=("a", "b"), shard_key="a")
    engine = at(server, options=options)
    server.faults.fail(503, after=after, times=99)
    with pytest.raises(StoreError):
        run(engine.create(PROFILE))
    server.faults.clear()
    run(engine.create(PROFILE))
    for name in NAMES.values():
        assert set(server.api.indexes[name]) == set(INDEXED_KEYS)
        assert server.api.shard_keys[name] == ["a", "b"]
    engine.close()


@pytest.mark.parametrize("metadata", [None, {"ragsight": {**PROFILE, "language": "german"}}])
def test_a_collection_that_is_there_but_made_otherwise_is_not_taken_over(
    server: FakeQdrant, metadata: dict[str, Any] | None
) -> None:
    engine = at(server)
    client = QdrantClient(url=server.url, check_compatibility=False)
    client.create_collection("shop-image", vectors_config={}, metadata=metadata)
    with pytest.raises(StoreError, match=r"'shop-image' already, made with another encoder"):
        run(engine.create(PROFILE))
    client.close()
    engine.close()


def test_a_missing_half_is_named(server: FakeQdrant) -> None:
    engine = at(server)
    run(engine.create(PROFILE))
    client = QdrantClient(url=server.url, check_compatibility=False)
    client.delete_collection("shop-image")
    with pytest.raises(StoreError, match=r"'shop-image' is missing.*index again"):
        run(engine.start())
    foreign = ClientEngine(Clients(client), names={"text": "theirs"}, reads=None)
    with pytest.raises(StoreError, match=r"'theirs' is missing. Name one that is there"):
        run(foreign.start())
    engine.close()
    client.close()


def test_points_come_back_with_the_vectors_that_are_asked_for(engine: ClientEngine) -> None:
    run(engine.write({"text": [point(1)], "image": [point(2, clip=True)]}))
    [bare] = run(engine.retrieve("text", [point_id("1"), point_id("9")]))
    assert (bare.id, bare.vectors) == (point_id("1"), {})
    assert set(bare.payload) == {"page_content", "metadata", "ragsight"}
    [whole] = run(engine.retrieve("text", [point_id("1")], vectors=["dense", "bm25"]))
    assert whole.vectors["bm25"] == SparseVector((1,), (1.0,))
    np.testing.assert_allclose(whole.vectors["dense"], [1, 0.01], atol=1e-3)
    assert run(engine.retrieve("text", [])) == []


def test_a_write_is_split_and_nothing_of_it_is_lost(engine: ClientEngine) -> None:
    points = [point(n) for n in range(1, 200)]
    run(engine.write({"text": points, "image": []}))
    assert run(engine.count("text")) == 199


def test_scrolling_pages_through_all_points_once(engine: ClientEngine) -> None:
    run(engine.write({"text": [point(n) for n in range(1, 24)]}))
    seen: list[str] = []
    offset: str | None = None
    while True:
        page, offset = run(engine.scroll("text", filter=None, limit=5, offset=offset))
        seen += [found.id for found in page]
        if offset is None:
            break
    assert seen == sorted(point_id(str(n)) for n in range(1, 24))


def test_a_scroll_with_vectors_has_all_of_them(engine: ClientEngine) -> None:
    run(engine.write({"text": [point(1)]}))
    [[found], _] = run(engine.scroll("text", filter=None, limit=5, vectors=True))
    assert set(found.vectors) == {"dense", "bm25"}


def test_deleting_takes_points_from_both_collections(engine: ClientEngine) -> None:
    both = {"text": [point(1, a=1), point(2, a=2)], "image": [point(1, clip=True, a=1)]}
    run(engine.write(both))
    run(engine.delete([]))
    assert run(engine.count("text")) == 2
    matching = parse_filter({"a": 1})
    assert matching is not None
    run(engine.delete_matching(matching))
    assert (run(engine.count("text")), run(engine.count("image"))) == (1, 0)
    run(engine.delete([point_id("2"), point_id("absent")]))
    assert run(engine.count("text")) == 0


def test_rankings_come_best_first_with_ties_by_id(engine: ClientEngine) -> None:
    same = [Point(point_id(str(n)), point(n).payload, point(5).vectors) for n in range(9)]
    run(engine.write({"text": same}))
    vector = np.array([1.0, 0.0], np.float32)
    words = SparseVector((5,), (1.0,))
    searches = [
        VectorSearch("dense", vector, 9),
        VectorSearch("bm25", words, 4, with_payload=False),
        VectorSearch("dense", vector, 9, threshold=1.1),
        VectorSearch("dense", vector, 9, parse_filter({"a": 1})),
    ]
    dense, sparse, over, none = run(engine.search("text", searches))
    assert [found.id for found in dense] == sorted(p.id for p in same)
    assert dense[0].payload is not None
    assert (len(sparse), sparse[0].payload, over, none) == (4, None, [], [])


def test_a_collection_that_was_not_named_is_empty() -> None:
    engine = ClientEngine(Clients(QdrantClient(":memory:")), names={"text": "theirs"})
    assert not engine.has("image")
    assert run(engine.retrieve("image", [point_id("1")])) == []
    assert run(engine.scroll("image", filter=None, limit=5)) == ([], None)


def test_indexes_are_made_once_and_anew_if_the_kind_changes(server: FakeQdrant) -> None:
    engine = at(server)
    run(engine.create(PROFILE))
    kinds = {"metadata.a": "keyword", "metadata.b": "float", "metadata.c": "datetime"}
    run(engine.index_payload("text", kinds))  # type: ignore[arg-type]
    run(engine.index_payload("text", {"metadata.b": "keyword"}))
    found = run(engine.payload_indexes("text"))
    assert [found[key] for key in kinds] == ["keyword", "keyword", "datetime"]
    engine.close()


def test_a_tenant_s_key_is_indexed_as_such_on_a_server(server: FakeQdrant) -> None:
    engine = at(server, options=CollectionOptions(tenant="shop"))
    run(engine.create(PROFILE))
    for name in NAMES.values():
        schema = server.api.indexes[name]["metadata.shop"]
        assert schema == models.KeywordIndexParams(type="keyword", is_tenant=True)
    engine.close()


def test_options_that_local_mode_lacks_do_no_harm_there() -> None:
    options = CollectionOptions(shard_keys=("a",), shard_key="a", tenant="shop", shards=2)
    engine = ClientEngine(Clients(QdrantClient(":memory:")), names=NAMES, options=options)
    run(engine.create(PROFILE))
    run(engine.write({"text": [point(1)]}))
    assert run(engine.count("text")) == 1


def test_a_refusal_names_the_place_and_the_reason(engine: ClientEngine) -> None:
    wrong = Point(point_id("1"), {}, {"dense": np.ones(7, np.float32)})
    with pytest.raises(StoreError, match=r"shop-text, shop-image\): the Qdrant server refused"):
        run(engine.write({"text": [wrong]}))


async def test_a_closed_engine_says_so(engine: ClientEngine) -> None:
    await engine.aclose()
    with pytest.raises(StoreError, match="closed"):
        run(engine.count("text"))
    with pytest.raises(StoreError, match="closed"):
        await arun(engine.count("text"))
