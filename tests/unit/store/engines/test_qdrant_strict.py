"""Filters on collections with strict mode, and the words of refusals."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from qdrant_client import models

from engines import strict_server
from fakes.qdrant_grpc import FakeQdrantGrpc
from fakes.qdrant_server import FakeQdrant
from ragsight import Chunk, ClipEncoder, ForeignCollections, MultimodalStore, Source
from ragsight.errors import StoreError
from ragsight.store import RetryOptions, StoreOptions
from ragsight.store.engines.qdrant_strict import lacking_index

ROWS: list[dict[str, Any]] = [
    {"colour": "red", "price": 4.5, "sold": True, "day": "2026-03-01", "long": "w" * 300},
    {"colour": "blue", "price": 9, "sold": False, "day": "2026-04-01", "mixed": 3},
    {"colour": "red", "tags": ["new", "wool"], "mixed": "three"},
]
FILTERS: list[tuple[dict[str, Any], int]] = [
    ({"price": {"lt": 5}}, 1),
    ({"price": 9}, 1),
    ({"colour": ["red", "green"]}, 2),
    ({"sold": True}, 1),
    ({"day": "2026-03-01"}, 1),
    ({"day": ["2026-03-01", "2026-04-01"]}, 2),
    ({"day": {"gte": "2026-03-15"}}, 1),
    ({"long": "w" * 300}, 1),
    ({"mixed": "three"}, 1),
    ({"mixed": {"gte": 2}}, 1),
    ({"unseen": "x"}, 0),
    ({"unseen": {"exists": False}}, 3),
    ({"sold": {"exists": True}}, 2),
    ({"not": {"tags": "wool"}}, 2),
    ({"or": [{"price": 4.5}, {"section": "part 2"}]}, 2),
    ({"k70": 70}, 1),
]


@pytest.fixture(scope="module")
def strict() -> Iterator[FakeQdrant]:
    with strict_server() as server:
        yield server


@pytest.fixture(params=["rest", "grpc"])
def texts(
    request: pytest.FixtureRequest, strict: FakeQdrant, encoder: ClipEncoder, tmp_path: Path
) -> Iterator[MultimodalStore]:
    """An index of texts alone: the image collection has none of their keys."""
    rows = [*ROWS[:2], {**ROWS[2], **{f"k{number}": number for number in range(80)}}]
    chunks = [
        Chunk(text=f"words {n}", metadata=row, source=Source(uri="f", section=(f"part {n}",)))
        for n, row in enumerate(rows)
    ]
    with FakeQdrantGrpc(strict) as grpc:
        over = {"prefer_grpc": True, "grpc_port": grpc.port} if request.param == "grpc" else {}
        name = f"texts-{request.param}"
        with MultimodalStore.open(
            strict.url, encoder=encoder, name=name, blobs=tmp_path, **over
        ) as store:
            store.upsert(chunks)
            yield store
    for half in ("text", "image"):
        strict.api.result("drop", f"{name}-{half}", None)


def test_filters_find_on_strict_collections_what_they_find_elsewhere(
    texts: MultimodalStore,
) -> None:
    for filter_, expected in FILTERS:
        assert texts.counts(filter=filter_).texts == expected, filter_
        assert len(list(texts.scroll(filter=filter_))) == expected, filter_


def test_an_index_is_made_on_need_once(texts: MultimodalStore, strict: FakeQdrant) -> None:
    texts.counts(filter={"sold": True})
    strict.forget()
    texts.counts(filter={"sold": True})
    assert not strict.named("index")


def test_a_deletion_makes_its_index(texts: MultimodalStore) -> None:
    texts.delete(filter={"long": "w" * 300})
    assert texts.counts().texts == 2


async def test_filters_work_async_too(strict: FakeQdrant, encoder: ClipEncoder) -> None:
    async with await MultimodalStore.aopen(strict.url, encoder=encoder, name="async") as store:
        await store.aupsert([Chunk(text="a", metadata=ROWS[0], source=Source(uri="f"))])
        assert (await store.acounts(filter={"sold": True})).texts == 1


def test_a_foreign_collection_gets_no_index_and_the_error_names_it(
    strict: FakeQdrant, encoder: ClipEncoder
) -> None:
    with MultimodalStore.open(strict.url, encoder=encoder, name="theirs"):
        pass
    foreign = ForeignCollections(text="theirs-text", bm25="bm25")
    with MultimodalStore.attach(strict.url, foreign) as store:
        strict.forget()
        with pytest.raises(StoreError, match=r"metadata\.tone.*'keyword'.*another application's"):
            list(store.scroll(filter={"tone": "warm"}))
        assert not strict.named("index")


def test_where_no_index_may_be_made_the_error_says_who_can(
    texts: MultimodalStore, strict: FakeQdrant
) -> None:
    strict.faults.fail(403, name="index")
    with pytest.raises(StoreError, match=r"metadata\.tone.*let someone who may write"):
        texts.counts(filter={"tone": "warm"})


def test_indexes_that_the_server_does_not_allow_do_not_stop_a_write(
    encoder: ClipEncoder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeQdrant() as server:
        server.api.default_mode = models.StrictModeConfig(enabled=True, max_payload_index_count=6)
        with (
            caplog.at_level(logging.WARNING),
            MultimodalStore.open(server.url, encoder=encoder, blobs=tmp_path) as store,
        ):
            metadata = {f"k{number}": number for number in range(5)}
            store.upsert([Chunk(text="a", metadata=metadata, source=Source(uri="f"))])
            assert store.counts().texts == 1
    (said,) = [r.getMessage() for r in caplog.records if "no more payload" in r.getMessage()]
    assert "metadata.k4" in said


def test_the_key_may_hold_quotes() -> None:
    refusal = ValueError(
        'Index required but not found for "metadata."a b"" of one of the following types: '
        "[float, integer]. Help: make it"
    )
    lacking = lacking_index(refusal)
    assert lacking is not None
    assert (lacking.key, lacking.kind) == ('metadata."a b"', models.PayloadSchemaType.FLOAT)
    assert lacking_index(ValueError("something else")) is None


@pytest.mark.parametrize("over_grpc", [False, True])
def test_a_rate_limit_costs_time_and_no_chunk(
    encoder: ClipEncoder, tmp_path: Path, over_grpc: bool
) -> None:
    with FakeQdrant() as server, FakeQdrantGrpc(server) as grpc:
        server.api.rates.minute = 6.0  # seconds: as the limit refills ten times as fast
        server.api.default_mode = models.StrictModeConfig(enabled=True, write_rate_limit=40)
        client = {"prefer_grpc": True, "grpc_port": grpc.port} if over_grpc else {}
        options = StoreOptions(retries=RetryOptions(attempts=1), index_metadata=False)
        with MultimodalStore.open(
            server.url, encoder=encoder, blobs=tmp_path, options=options, **client
        ) as store:
            for start in (0, 30):
                store.upsert(
                    [Chunk(text=f"t{n}", source=Source(uri="f")) for n in range(start, start + 30)]
                )
            assert store.counts().texts == 60


def test_patience_ends(encoder: ClipEncoder, tmp_path: Path) -> None:
    with FakeQdrant() as server:
        server.api.default_mode = models.StrictModeConfig(enabled=True, write_rate_limit=20)
        options = StoreOptions(retries=RetryOptions(attempts=1, patience=0.5))
        with MultimodalStore.open(
            server.url, encoder=encoder, blobs=tmp_path, options=options
        ) as store:
            first = [Chunk(text=f"t{n}", source=Source(uri="f")) for n in range(19)]
            with pytest.raises(StoreError, match=r"429|[Rr]ate|ResourceExhausted"):
                store.upsert(first)
