"""The store and the retriever over HTTP: what they ask of a server, and what becomes of faults.

The server is the stand-in of `fakes.qdrant_server`; tests/README.md says how to run the store's
suite against a real one.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import AsyncQdrantClient, QdrantClient, models

from drawings import image_chunk, noise, text_chunk
from fakes.qdrant_grpc import FakeQdrantGrpc
from fakes.qdrant_server import LARGEST_BODY, FakeQdrant
from letters import LetterEncoder
from ragsight import Chunk, ClipEncoder, MultimodalRetriever, MultimodalStore, Query, open_image
from ragsight.errors import EncoderMismatchError, StoreError, StoreNotFoundError
from ragsight.store import (
    CollectionOptions,
    RetryOptions,
    SourceRecord,
    StoreOptions,
)
from ragsight.store.engines import qdrant_points

QUICK = StoreOptions(retries=RetryOptions(attempts=4, first_wait=0.001, longest_wait=0.01))
CHUNKS = [
    text_chunk("The pump moves water through the filter.", uri="/a.txt", topic="pump", price=3),
    text_chunk("Bread is baked from flour.", uri="/b.txt", topic="bread", price=5),
    image_chunk(1, "Figure 1: the pump seen from the side", topic="pump"),
    image_chunk(2, topic="other"),
]


@pytest.fixture
def server() -> Iterator[FakeQdrant]:
    with FakeQdrant() as fake:
        fake.api.distributed = True  # there are shard keys on a cluster only
        yield fake


@pytest.fixture
def opening(encoder: ClipEncoder, tmp_path: Path) -> dict[str, Any]:
    """Arguments of `MultimodalStore.open`."""
    return {
        "encoder": encoder,
        "text_encoder": LetterEncoder(),
        "blobs": tmp_path / "blobs",
        "options": QUICK,
    }


@pytest.fixture
def store(server: FakeQdrant, opening: dict[str, Any]) -> Iterator[MultimodalStore]:
    with MultimodalStore.open(server.url, **opening) as opened:
        yield opened


@pytest.fixture(params=["url", "client", "async client"])
async def location(request: pytest.FixtureRequest, server: FakeQdrant) -> AsyncIterator[Any]:
    """What names the server: its address, or a client of the caller's."""
    if request.param == "url":
        yield server.url
    elif request.param == "client":
        client = QdrantClient(url=server.url, check_compatibility=False)
        yield client
        client.close()
    else:
        aclient = AsyncQdrantClient(url=server.url, check_compatibility=False)
        yield aclient
        await aclient.close()


# What it does


async def test_all_that_blocks_has_an_async_twin_that_does_the_same(
    location: Any, opening: dict[str, Any]
) -> None:
    blocking = await asyncio.to_thread(blocking_tour, location, opening)
    opening["name"] = "again"
    assert await async_tour(location, opening) == blocking


def blocking_tour(location: Any, opening: dict[str, Any]) -> list[Any]:
    seen: list[Any] = []
    with MultimodalStore.open(location, **opening) as store:
        seen += [store.upsert(CHUNKS), store.counts(), store.counts({"topic": "pump"})]
        seen += [[c.id for c in store.get([c.id for c in CHUNKS] + ["absent"])]]
        seen += [sorted(c.id for c in store.scroll({"price": {"gte": 4}}))]
        retriever = MultimodalRetriever(store)
        answers = [retriever.retrieve("pump water", image=noise(2))]
        answers += retriever.retrieve_many(["pump", Query(text="bread", diversity=0.5)])
        answers += [retriever.more_like(CHUNKS[0].id)]
        seen += [[(hit.chunk.id, hit.why) for hit in hits] for hits in answers]
        new = text_chunk("Bread is bought.", uri="/b.txt")
        seen += [store.replace("/b.txt", [new]), store.source_record("/b.txt")]
        seen += [store.replace("/b.txt", [new]), sorted(c.id for c in store.scroll())]
        store.delete([CHUNKS[0].id, "absent"])
        store.delete(filter={"topic": "other"})
        seen += [store.delete_source("/b.txt"), store.counts()]
        store.delete(source="/docs/a.pdf")
        seen += [store.counts()]
    return seen


async def async_tour(location: Any, opening: dict[str, Any]) -> list[Any]:
    seen: list[Any] = []
    async with await MultimodalStore.aopen(location, **opening) as store:
        seen += [await store.aupsert(CHUNKS)]
        seen += [await store.acounts(), await store.acounts({"topic": "pump"})]
        seen += [[c.id for c in await store.aget([c.id for c in CHUNKS] + ["absent"])]]
        seen += [sorted([c.id async for c in store.ascroll({"price": {"gte": 4}})])]
        retriever = MultimodalRetriever(store)
        answers = [await retriever.aretrieve("pump water", image=noise(2))]
        answers += await retriever.aretrieve_many(["pump", Query(text="bread", diversity=0.5)])
        answers += [await retriever.amore_like(CHUNKS[0].id)]
        seen += [[(hit.chunk.id, hit.why) for hit in hits] for hits in answers]
        new = text_chunk("Bread is bought.", uri="/b.txt")
        seen += [await store.areplace("/b.txt", [new])]
        seen += [await asyncio.to_thread(store.source_record, "/b.txt")]
        seen += [
            await store.areplace("/b.txt", [new]),
            sorted([c.id async for c in store.ascroll()]),
        ]
        await store.adelete([CHUNKS[0].id, "absent"])
        await store.adelete(filter={"topic": "other"})
        seen += [await store.adelete_source("/b.txt"), await store.acounts()]
        await store.adelete(source="/docs/a.pdf")
        seen += [await store.acounts()]
    return seen


def test_the_tour_of_both_shells_sees_what_was_written(
    server: FakeQdrant, opening: dict[str, Any]
) -> None:
    seen = blocking_tour(server.url, opening)
    assert seen[0] == 4
    assert (seen[1].texts, seen[1].images, seen[2].texts) == (3, 2, 2)
    assert seen[3] == [chunk.id for chunk in CHUNKS]
    assert seen[4] == [CHUNKS[1].id]
    assert {id_ for id_, _ in seen[5]} == {CHUNKS[n].id for n in (0, 1, 2, 3)}
    assert all("text_to_image" in why or "dense" in why for _, why in seen[5])
    assert seen[6][0][0] == CHUNKS[2].id
    assert seen[9] == 1
    assert (seen[-1].texts, seen[-1].images, seen[-1].sources) == (0, 0, 0)


def test_an_index_is_there_again_for_the_next_who_opens_it(
    server: FakeQdrant, opening: dict[str, Any]
) -> None:
    with MultimodalStore.open(server.url, **opening) as store:
        store.upsert(CHUNKS)
        store.finish_source(SourceRecord("/a.txt", "f", (CHUNKS[0].id,)))
    with MultimodalStore.open(server.url, create=False, blobs=opening["blobs"]) as store:
        assert store.counts().texts == 3
        assert store.profile.encoder == opening["encoder"].spec
        [chunk] = store.get([CHUNKS[3].id])
        assert chunk.image is not None
        assert open_image(chunk.image).tobytes() == noise(2).tobytes()
        assert [record.uri for record in store.source_records()] == ["/a.txt"]


def test_two_indexes_share_a_server_by_name(server: FakeQdrant, opening: dict[str, Any]) -> None:
    with (
        MultimodalStore.open(server.url, name="one", **opening) as one,
        MultimodalStore.open(server.url, name="two", **opening) as two,
    ):
        one.upsert(CHUNKS)
        assert (one.counts().texts, two.counts().texts) == (3, 0)


def test_another_encoder_is_refused(server: FakeQdrant, opening: dict[str, Any]) -> None:
    MultimodalStore.open(server.url, **opening).close()
    with pytest.raises(EncoderMismatchError, match="Pass the encoder it was made with"):
        MultimodalStore.open(server.url, encoder=ClipEncoder("ragsight-demo"))
    assert MultimodalStore.profile_at(server.url) is not None
    with pytest.raises(StoreNotFoundError, match="Index something first"):
        MultimodalStore.open(server.url, name="absent", create=False)


# Over gRPC


@pytest.fixture
def grpc_side(server: FakeQdrant) -> Iterator[dict[str, Any]]:
    """Options of a client that talks gRPC to the stand-in."""
    with FakeQdrantGrpc(server) as side:
        yield {"prefer_grpc": True, "grpc_port": side.port}


async def test_over_grpc_all_is_as_over_http(
    server: FakeQdrant, opening: dict[str, Any], grpc_side: dict[str, Any]
) -> None:
    over_http = await asyncio.to_thread(blocking_tour, server.url, opening)
    options = {**opening, "name": "grpc", **grpc_side}
    server.forget()
    assert without_digits(await asyncio.to_thread(blocking_tour, server.url, options)) == (
        without_digits(over_http)
    )
    options["name"] = "agrpc"
    assert without_digits(await async_tour(server.url, options)) == without_digits(over_http)
    # None of these went over HTTP.
    assert {request.path for request in server.requests} == {""}


def without_digits(seen: Any) -> str:
    """What was seen, with scores left out: gRPC sends them with fewer digits."""
    return re.sub(r"\([-\d.e]+\)", "", str(seen))


def test_options_arrive_over_grpc_too(
    server: FakeQdrant, opening: dict[str, Any], grpc_side: dict[str, Any]
) -> None:
    opening["options"] = StoreOptions(collections=FULL)
    with MultimodalStore.open(server.url, **opening, **grpc_side) as store:
        store.upsert(CHUNKS)
        assert MultimodalRetriever(store).retrieve("pump")
        assert store.counts().texts == 3
        assert MultimodalStore.profile_at(server.url, **grpc_side) == store.profile
    check_created(server)
    for request in server.named("upsert", "count"):
        assert request.body.shard_key == "north"
    [search, *_] = server.named("query_batch")[0].body.searches
    assert search.shard_key == "north"
    assert search.params.hnsw_ef == 256


def test_errors_over_grpc_say_the_same(
    server: FakeQdrant, opening: dict[str, Any], grpc_side: dict[str, Any]
) -> None:
    with MultimodalStore.open(server.url, **opening, **grpc_side) as store:
        for status in (503, 429):
            server.faults.fail(status, name="upsert", times=2)
            assert store.upsert(CHUNKS) == 4
        server.faults.fail(503, times=99)
        with pytest.raises(StoreError, match=r"can't be reached.*gRPC UNAVAILABLE: scripted"):
            store.counts()
        server.faults.clear()
        server.faults.fail(401)
        with pytest.raises(StoreError, match=r"refused .gRPC UNAUTHENTICATED.*Check the API key"):
            store.counts()


def test_an_index_half_made_over_grpc_is_completed(
    server: FakeQdrant, opening: dict[str, Any], grpc_side: dict[str, Any]
) -> None:
    opening["options"] = StoreOptions(
        collections=CollectionOptions(shard_keys=("north",), shard_key="north"),
        retries=QUICK.retries,
    )
    server.faults.fail(503, after=5, times=99)
    with pytest.raises(StoreError, match="UNAVAILABLE"):
        MultimodalStore.open(server.url, **opening, **grpc_side)
    server.faults.clear()
    with MultimodalStore.open(server.url, **opening, **grpc_side) as store:
        assert store.upsert(CHUNKS) == 4


# What it asks


def test_all_channels_are_one_request_a_collection_and_both_at_once(
    server: FakeQdrant, store: MultimodalStore
) -> None:
    store.upsert(CHUNKS)
    retriever = MultimodalRetriever(store)
    server.forget()
    server.delay = 0.05
    hits = retriever.retrieve("pump water", image=noise(2))
    channels = {score.channel for hit in hits for score in hit.channels}
    assert channels == {"bm25", "dense", "text_to_image", "image_to_image"}
    assert [request.name for request in server.requests] == ["query_batch"] * 2
    assert {request.collection for request in server.requests} == {
        "ragsight-text",
        "ragsight-image",
    }
    assert [len(request.body.searches) for request in server.requests] == [2, 2]
    assert server.most_at_once == 2


async def test_many_queries_are_one_request_a_collection_too(
    server: FakeQdrant, store: MultimodalStore
) -> None:
    store.upsert(CHUNKS)
    retriever = MultimodalRetriever(store)
    queries = ["pump", "bread", Query(text="water", image=noise(1))]
    server.forget()
    retriever.retrieve_many(queries)
    await retriever.aretrieve_many(queries)
    assert [request.name for request in server.requests] == ["query_batch"] * 4
    assert sorted(len(request.body.searches) for request in server.requests) == [4, 4, 6, 6]
    await store.aclose()


def test_searches_carry_filter_limit_and_only_the_payload_that_is_read(
    server: FakeQdrant, store: MultimodalStore
) -> None:
    store.upsert(CHUNKS)
    server.forget()
    MultimodalRetriever(store, depth=7).retrieve("pump", filter={"topic": "pump"})
    searches = [search for request in server.requests for search in request.body.searches]
    assert {search.limit for search in searches} == {7}
    assert all(search.filter.must[0].key == "metadata.topic" for search in searches)
    assert all(
        search.with_payload == ["page_content", "metadata", "ragsight"] for search in searches
    )


@pytest.mark.parametrize("parallel", [1, 3])
async def test_batches_are_written_at_once_but_no_more_than_allowed(
    server: FakeQdrant, opening: dict[str, Any], parallel: int
) -> None:
    chunks = [text_chunk(f"text {n}") for n in range(500)]
    opening["options"] = StoreOptions(parallel=parallel)
    server.delay = 0.02
    async with await MultimodalStore.aopen(server.url, **opening) as store:
        server.forget()
        store.upsert(chunks)
        assert server.most_at_once == parallel
        server.forget()
        await store.aupsert(chunks)
        assert server.most_at_once == parallel
        assert all(r.query["wait"] == "true" for r in server.named("upsert"))
        assert await store.acounts() == store.counts()
        assert store.counts().texts == 500


def test_chunks_too_large_for_one_request_are_split(
    server: FakeQdrant, store: MultimodalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert qdrant_points.BYTES_PER_REQUEST <= LARGEST_BODY // 2
    monkeypatch.setattr(qdrant_points, "BYTES_PER_REQUEST", 100_000)
    server.largest_body = 200_000
    # Each text stands in the payload twice.
    chunks = [text_chunk(f"{n} {'word ' * 2_000}") for n in range(64)]
    assert store.upsert(chunks) == 64
    assert store.counts().texts == 64
    assert 10 < len(server.named("upsert")) < 20


def test_a_chunk_larger_than_any_request_is_reported_with_what_to_do(
    server: FakeQdrant, store: MultimodalStore
) -> None:
    server.largest_body = 20_000
    with pytest.raises(StoreError, match=r"larger than allowed.*Split the chunk"):
        store.upsert([text_chunk("word " * 4_000)])


FULL = CollectionOptions(
    hnsw=models.HnswConfigDiff(m=32, ef_construct=200),
    quantization=models.ScalarQuantization(
        scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, always_ram=True)
    ),
    vectors_on_disk=True,
    payload_on_disk=True,
    shards=2,
    replicas=3,
    write_consistency=2,
    shard_keys=("north", "south"),
    shard_key="north",
    tenant="shop",
    optimizers=models.OptimizersConfigDiff(indexing_threshold=1000),
    search=models.SearchParams(
        hnsw_ef=256, quantization=models.QuantizationSearchParams(rescore=True)
    ),
)


def test_options_of_collections_arrive(server: FakeQdrant, opening: dict[str, Any]) -> None:
    opening["options"] = StoreOptions(collections=FULL)
    MultimodalStore.open(server.url, **opening).close()
    check_created(server)


def check_created(server: FakeQdrant) -> None:
    """Both collections were made with all options of `FULL`."""
    assert [r.collection for r in server.named("create")] == ["ragsight-image", "ragsight-text"]
    for request in server.named("create"):
        body: models.CreateCollection = request.body
        assert body.hnsw_config == FULL.hnsw
        assert same(body.quantization_config, FULL.quantization)
        assert body.optimizers_config == FULL.optimizers
        assert (body.shard_number, body.replication_factor) == (2, 3)
        assert (body.write_consistency_factor, body.on_disk_payload) == (2, True)
        assert body.sharding_method == models.ShardingMethod.CUSTOM
        assert isinstance(body.vectors, dict)
        assert [vector.on_disk for vector in body.vectors.values()] == [True]
    assert [r.body.shard_key for r in server.named("shard")] == ["north", "south"] * 2
    tenants = [r.body for r in server.named("index") if r.body.field_name == "metadata.shop"]
    assert [body.field_schema.is_tenant for body in tenants] == [True, True]


def same(one: Any, other: Any) -> bool:
    """Whether two models say the same; gRPC reads back more fields that aren't set."""
    return bool(one.model_dump(exclude_none=True) == other.model_dump(exclude_none=True))


def test_every_request_on_points_names_the_shard(
    server: FakeQdrant, opening: dict[str, Any]
) -> None:
    opening["options"] = StoreOptions(collections=FULL)
    server.forget()
    blocking_tour(server.url, opening)
    names = {"upsert", "delete", "retrieve", "scroll", "count"}
    asked = server.named(*names)
    assert {request.name for request in asked} == names
    assert {request.body.shard_key for request in asked} == {"north"}
    searches = [s for request in server.named("query_batch") for s in request.body.searches]
    assert {search.shard_key for search in searches} == {"north"}
    assert all(search.params == FULL.search for search in searches)
    indexed = {r.body.field_name for r in server.named("index")}
    assert {"metadata.topic", "metadata.price", "metadata.shop"} <= indexed


@pytest.mark.parametrize(
    ("collections", "message"),
    [
        (CollectionOptions(shard_keys=("a",)), r"HTTP 400.*Shard key not specified"),
        (CollectionOptions(shard_keys=("a",), shard_key="b"), r"HTTP 404.*Shard key b not found"),
    ],
)
def test_a_write_to_no_shard_is_reported(
    server: FakeQdrant, opening: dict[str, Any], collections: CollectionOptions, message: str
) -> None:
    opening["options"] = StoreOptions(collections=collections)
    with MultimodalStore.open(server.url, **opening) as store:
        with pytest.raises(StoreError, match=message):
            store.upsert(CHUNKS)
        assert server.local.count("ragsight-text").count == 0


def test_metadata_keys_are_indexed_once_as_they_turn_up(
    server: FakeQdrant, store: MultimodalStore
) -> None:
    server.forget()
    store.upsert(CHUNKS)
    first = [(r.collection, r.body.field_name) for r in server.named("index")]
    assert ("ragsight-text", "metadata.price") in first
    assert len(first) == len(set(first)) == 3
    store.upsert(CHUNKS)
    assert len(server.named("index")) == 3


# Secrets


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
async def test_an_api_key_goes_with_every_request_and_into_no_message(
    opening: dict[str, Any],
) -> None:
    with FakeQdrant(api_key="sesame") as server:
        async with await MultimodalStore.aopen(server.url, api_key="sesame", **opening) as store:
            store.upsert(CHUNKS)
            await store.aupsert(CHUNKS)
            assert {r.headers["api-key"] for r in server.requests} == {"sesame"}
            server.faults.fail(503, times=99)
            with pytest.raises(StoreError) as caught:
                store.counts()
            assert "sesame" not in f"{caught.value} {caught.value.__cause__} {store.place}"
            server.faults.clear()
        server.forget()
        for key in ("wrong-sesame", None):
            with pytest.raises(StoreError, match=r"HTTP 401.*Check the API key") as refused:
                MultimodalStore.open(server.url, api_key=key, **opening)
            assert "sesame" not in str(refused.value)
        assert len(server.requests) == 2


# Faults


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_loses_nothing(
    server: FakeQdrant, store: MultimodalStore, status: int
) -> None:
    for name in ("upsert", "count", "query_batch", "scroll", "retrieve", "delete", "index"):
        server.faults.fail(status, name=name, times=2)
    assert store.upsert(CHUNKS) == 4
    assert MultimodalRetriever(store).retrieve("pump")
    assert len(store.get([chunk.id for chunk in CHUNKS])) == 4
    assert store.delete_source("/b.txt") == 1
    assert (store.counts().texts, store.counts().images) == (2, 2)


async def test_a_lost_answer_is_no_lost_and_no_double_write(
    server: FakeQdrant, store: MultimodalStore
) -> None:
    for name in ("upsert", "delete", "count"):
        server.faults.lose_answers(name=name, times=2)
    assert store.upsert(CHUNKS) == 4
    server.faults.lose_answers(name="upsert", times=2)
    assert await store.aupsert(CHUNKS) == 4
    await store.adelete([CHUNKS[0].id])
    assert (store.counts().texts, store.counts().images) == (2, 2)


def test_a_server_that_goes_away_keeps_what_was_acknowledged(
    server: FakeQdrant, store: MultimodalStore, opening: dict[str, Any]
) -> None:
    chunks = [text_chunk(f"text {n}") for n in range(2000)]
    acknowledged = store.upsert(chunks[:300])
    server.faults.drop(name="upsert", after=9, times=10**6)
    with pytest.raises(StoreError, match=r"can't be reached.*try again later"):
        store.upsert(chunks)
    server.stop()
    with pytest.raises(StoreError, match="can't be reached"):
        store.counts()
    server.start()
    server.faults.clear()
    assert len(store.get([chunk.id for chunk in chunks[:300]])) == acknowledged
    # The same again completes it, through the same store and through a new one.
    assert store.upsert(chunks) == 2000
    with MultimodalStore.open(server.url, **opening) as again:
        assert again.counts().texts == 2000


async def test_after_a_failed_write_nothing_goes_on_behind_the_caller(
    server: FakeQdrant, store: MultimodalStore
) -> None:
    chunks = [text_chunk(f"text {n}") for n in range(256)]
    server.faults.fail(400, name="upsert")
    server.delay = 0.02
    with pytest.raises(StoreError, match="HTTP 400"):
        await store.aupsert(chunks)
    asked = len(server.requests)
    await asyncio.sleep(0.2)
    assert len(server.requests) == asked


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
def test_a_no_is_not_asked_for_again(
    server: FakeQdrant, store: MultimodalStore, status: int
) -> None:
    server.forget()
    server.faults.fail(status, times=99)
    with pytest.raises(StoreError, match=f"refused .HTTP {status}.*Check"):
        store.get([CHUNKS[0].id])
    # Both collections were asked, each once.
    assert len(server.requests) == 2


async def test_a_server_that_is_down_is_reported_on_opening(opening: dict[str, Any]) -> None:
    for grpc in ({}, {"prefer_grpc": True, "grpc_port": 9}):
        with pytest.raises(StoreError, match=r"127\.0\.0\.1:9 .*can't be reached.*is running"):
            MultimodalStore.open("http://127.0.0.1:9", **opening, **grpc)
        with pytest.raises(StoreError, match=r"127\.0\.0\.1:9 .*can't be reached.*is running"):
            await MultimodalStore.aopen("http://127.0.0.1:9", **opening, **grpc)


def test_a_server_of_another_kind_is_reported(server: FakeQdrant, opening: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match=r"refused .HTTP 404.*no such route"):
        MultimodalStore.open(f"{server.url}/elsewhere", **opening)


# The event loop


async def ticks_during(call: Awaitable[Any]) -> int:
    """How often the event loop came round while something was awaited."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.01)
            ticks += 1

    ticker = asyncio.create_task(tick())
    await call
    ticker.cancel()
    return ticks


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.aupsert(CHUNKS),
        lambda store: store.aget([CHUNKS[0].id]),
        lambda store: store.acounts(),
        lambda store: store.adelete([CHUNKS[1].id]),
        lambda store: MultimodalRetriever(store).aretrieve("pump"),
    ],
    ids=["upsert", "get", "counts", "delete", "retrieve"],
)
async def test_the_event_loop_goes_on_while_the_server_is_slow(
    server: FakeQdrant, store: MultimodalStore, call: Callable[[MultimodalStore], Awaitable[Any]]
) -> None:
    await call(store)  # what is made once (a client, a tokenizer) is made
    server.faults.hang(0.5)
    assert await ticks_during(call(store)) >= 10
    await store.aclose()


async def test_opening_leaves_the_event_loop_alone_too(
    server: FakeQdrant, opening: dict[str, Any]
) -> None:
    server.faults.hang(0.5)

    async def opened() -> None:
        await (await MultimodalStore.aopen(server.url, **opening)).aclose()

    assert await ticks_during(opened()) >= 10


def test_one_store_serves_one_event_loop_after_the_other(store: MultimodalStore) -> None:
    retriever = MultimodalRetriever(store)
    asyncio.run(store.aupsert(CHUNKS))
    found = [asyncio.run(retriever.aretrieve("pump"))[0].chunk.id for _ in range(3)]
    assert found == [retriever.retrieve("pump")[0].chunk.id] * 3
    asyncio.run(store.aclose())


def test_threads_and_event_loops_write_and_read_at_once(store: MultimodalStore) -> None:
    errors: list[BaseException] = []

    def write(worker: int) -> None:
        chunks = [text_chunk(f"{worker} {n}") for n in range(100)]
        try:
            for start in range(0, 100, 20):
                batch: list[Chunk] = chunks[start : start + 20]
                store.upsert(batch) if worker % 2 else asyncio.run(store.aupsert(batch))
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
    assert store.counts().texts == 400
