from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from qdrant_client import AsyncQdrantClient, QdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from fakes.qdrant_server import FakeQdrant
from ragsight.errors import StoreError
from ragsight.steps import arun, run
from ragsight.store.engines.qdrant_clients import Clients, RetryOptions

Request = tuple[Callable[..., Any], dict[str, Any]]

EXISTS: Request = (QdrantClient.collection_exists, {"collection_name": "shop"})
COLLECTIONS: Request = (QdrantClient.get_collections, {})
QUICK = RetryOptions(attempts=4, first_wait=0.001, longest_wait=0.01)
KEPT_ALIVE = httpx.Limits(max_keepalive_connections=4)
"""To loopback addresses qdrant-client keeps no connection open; to real servers it does."""


@pytest.fixture
def server() -> Iterator[FakeQdrant]:
    with FakeQdrant() as fake:
        yield fake


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were to be waited between repetitions; nothing waits."""
    seconds: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", seconds.append)
    return seconds


def clients(server: FakeQdrant, *, retries: RetryOptions = QUICK, **options: Any) -> Clients:
    arguments = {"url": server.url, "check_compatibility": False, "timeout": 5, **options}
    return Clients(options=arguments, retries=retries)


def ask(both: Clients, request: Request) -> Any:
    return run(both.call(*request))


async def aask(both: Clients, request: Request) -> Any:
    return await arun(both.call(*request))


async def ask_both_ways(both: Clients, request: Request = EXISTS) -> list[Any]:
    """Ask the blocking and the async client."""
    return [await asyncio.to_thread(ask, both, request), await aask(both, request)]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
async def test_a_busy_server_is_asked_again(server: FakeQdrant, status: int) -> None:
    both = clients(server)
    for asked in (lambda: asyncio.to_thread(ask, both, EXISTS), lambda: aask(both, EXISTS)):
        server.forget()
        server.faults.fail(status, times=2)
        assert await asked() is False
        assert len(server.requests) == 3
    await both.aclose()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422])
async def test_a_server_that_says_no_is_not_asked_again(server: FakeQdrant, status: int) -> None:
    both = clients(server)
    for asked in (lambda: asyncio.to_thread(ask, both, EXISTS), lambda: aask(both, EXISTS)):
        server.forget()
        server.faults.fail(status, times=9)
        with pytest.raises(UnexpectedResponse):
            await asked()
        assert len(server.requests) == 1
        server.faults.clear()
    await both.aclose()


async def test_lost_connections_and_lost_answers_are_asked_again(server: FakeQdrant) -> None:
    both = clients(server)
    server.faults.drop(times=2)
    server.faults.lose_answers(times=1)
    assert ask(both, EXISTS) is False
    server.faults.drop(times=2)
    assert await aask(both, EXISTS) is False
    assert len(server.requests) == 7
    await both.aclose()


def test_an_answer_that_takes_too_long_is_asked_for_again(server: FakeQdrant) -> None:
    both = clients(server, timeout=1)  # qdrant-client's smallest
    server.faults.hang(30)
    assert ask(both, EXISTS) is False
    assert len(server.requests) == 2
    both.close()


async def test_repetitions_are_bounded(server: FakeQdrant) -> None:
    both = clients(server)
    server.faults.drop(times=99)
    with pytest.raises(ResponseHandlingException):
        ask(both, EXISTS)
    with pytest.raises(ResponseHandlingException):
        await aask(both, EXISTS)
    assert len(server.requests) == 2 * QUICK.attempts
    await both.aclose()


def test_a_server_that_is_down_may_come_back_between_two_tries(
    server: FakeQdrant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: server.start())
    both = clients(server)
    server.stop()
    assert ask(both, EXISTS) is False
    both.close()


def test_waits_double_with_jitter_and_stay_under_the_longest(
    server: FakeQdrant, waits: list[float]
) -> None:
    both = clients(server, retries=RetryOptions(attempts=6, first_wait=1, longest_wait=5))
    server.faults.fail(503, times=5)
    ask(both, EXISTS)
    lower = [1, 2, 4, 5, 5]
    assert all(low <= wait <= min(low + 1, 5) for wait, low in zip(waits, lower, strict=True))
    both.close()


@pytest.mark.parametrize(
    ("status", "header", "expected"),
    [(429, "7", 7), (503, "7", 7), (503, "3600", 20), (429, "0", 0), (503, "0", 0)],
)
def test_a_server_is_given_the_time_that_it_asks_for(
    server: FakeQdrant, waits: list[float], status: int, header: str, expected: float
) -> None:
    both = clients(server, retries=RetryOptions())
    server.faults.fail(status, retry_after=header)
    ask(both, EXISTS)
    assert waits == [expected]
    both.close()


@pytest.mark.parametrize("status", [429, 503])
def test_a_date_to_wait_for_is_taken_as_busy(
    server: FakeQdrant, waits: list[float], status: int
) -> None:
    both = clients(server, retries=RetryOptions(first_wait=1))
    server.faults.fail(status, retry_after="Wed, 21 Oct 2026 07:28:00 GMT")
    assert ask(both, EXISTS) is False
    assert 1 <= waits[0] <= 2
    both.close()


async def test_an_async_wait_lasts_as_long_as_the_server_asks(
    server: FakeQdrant, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    really = asyncio.sleep

    async def sleep(seconds: float, result: Any = None) -> Any:
        waited.append(seconds)
        return await really(0, result)

    both = clients(server, retries=RetryOptions())
    server.faults.fail(429, retry_after="7")
    monkeypatch.setattr(asyncio, "sleep", sleep)
    await aask(both, EXISTS)
    monkeypatch.undo()
    assert 7 in waited
    await both.aclose()


async def test_closed_clients_say_so(server: FakeQdrant) -> None:
    both = clients(server)
    await both.aclose()
    await both.aclose()
    both.close()
    for asked in (lambda: asyncio.to_thread(ask, both, EXISTS), lambda: aask(both, EXISTS)):
        with pytest.raises(StoreError, match=r"closed\. Open it again"):
            await asked()


@pytest.mark.parametrize("name", ["api_key", "headers"])
@pytest.mark.parametrize("secret", ["open sesame\n", "sésame", " sesame"])
def test_a_secret_that_no_header_can_hold_is_refused_and_not_shown(name: str, secret: str) -> None:
    value = secret if name == "api_key" else {"authorization": secret}
    with pytest.raises(StoreError, match=r"can't be sent.*Check where it is read") as caught:
        Clients(options={"url": "http://127.0.0.1:9", "check_compatibility": False, name: value})
    assert "same" not in str(caught.value)


def test_an_address_that_makes_no_sense_is_reported_without_the_password_in_it() -> None:
    with pytest.raises(StoreError, match="no Qdrant client can be made") as caught:
        Clients(options={"url": "ftp://anna:sesame@127.0.0.1:9"})
    assert "sesame" not in str(caught.value)
    there = {"url": "http://anna:sesame@127.0.0.1:9", "check_compatibility": False}
    assert Clients(options=there).address == "http://127.0.0.1:9"


@pytest.mark.filterwarnings("ignore:Api key is used with an insecure connection")
@pytest.mark.parametrize("kind", [QdrantClient, AsyncQdrantClient])
async def test_the_twin_of_a_client_has_its_options(kind: type[Any]) -> None:
    with FakeQdrant(api_key="sesame") as server:
        given = kind(
            url=server.url, api_key="sesame", headers={"x-team": "a"}, check_compatibility=False
        )
        both = Clients(given)
        assert await ask_both_ways(both) == [False, False]
        assert [r.headers["x-team"] for r in server.requests] == ["a", "a"]
        await both.aclose()
        again = given.collection_exists("shop")  # it stays open
        assert (await again if kind is AsyncQdrantClient else again) is False
        closed = given.close()
        if kind is AsyncQdrantClient:
            await closed


# Sockets of a loop that is gone can't be closed in order; they close when they are collected.
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("is_given", [False, True])
def test_one_event_loop_after_the_other_may_ask(server: FakeQdrant, is_given: bool) -> None:
    options: dict[str, Any] = {
        "url": server.url,
        "check_compatibility": False,
        "limits": KEPT_ALIVE,
    }
    given = AsyncQdrantClient(**options) if is_given else None
    both = Clients(given, options=None if is_given else options, retries=QUICK)
    before = living_clients()
    for _ in range(5):
        assert asyncio.run(aask(both, EXISTS)) is False
    assert living_clients() <= before + 2
    asyncio.run(both.aclose())
    del both, given
    gc.collect()


def living_clients() -> int:
    gc.collect()
    return sum(type(item) is AsyncQdrantClient for item in gc.get_objects())


def test_two_event_loops_may_ask_at_once(server: FakeQdrant) -> None:
    server.delay = 0.05
    both = clients(server, limits=KEPT_ALIVE)
    found: list[Any] = []

    async def ask_thrice() -> None:
        found.extend([await aask(both, EXISTS) for _ in range(3)])
        await both._async_client().close()

    threads = [threading.Thread(target=lambda: asyncio.run(ask_thrice())) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [False] * 6
    assert server.most_at_once == 2
    both.close()


@pytest.mark.parametrize("kind", [QdrantClient, AsyncQdrantClient])
async def test_both_sides_of_a_client_in_local_mode_see_the_same_points(kind: type[Any]) -> None:
    given = kind(":memory:")
    both = Clients(given)
    assert both.is_local
    create = {"collection_name": "shop", "vectors_config": {}}
    ask(both, (QdrantClient.create_collection, create))
    await aask(both, (QdrantClient.create_collection, {**create, "collection_name": "other"}))
    [blocking, awaited] = await ask_both_ways(both, COLLECTIONS)
    assert {c.name for c in blocking.collections} == {"shop", "other"}
    assert awaited == blocking
    both.close()


async def test_an_async_client_in_local_mode_loses_nothing_among_threads() -> None:
    both = Clients(AsyncQdrantClient(":memory:"))
    ask(both, (QdrantClient.create_collection, {"collection_name": "shop", "vectors_config": {}}))

    def put(n: int) -> Request:
        point = models.PointStruct(id=n, vector={}, payload={"n": n})
        return (QdrantClient.upsert, {"collection_name": "shop", "points": [point]})

    await asyncio.gather(
        *(aask(both, put(n)) for n in range(50)),
        *(asyncio.to_thread(ask, both, put(n)) for n in range(50, 100)),
    )
    count = await aask(both, (QdrantClient.count, {"collection_name": "shop"}))
    assert count.count == 100


def test_a_blocking_call_on_an_async_client_works_inside_a_running_loop() -> None:
    both = Clients(AsyncQdrantClient(":memory:"))

    async def inside() -> bool:
        return bool(ask(both, EXISTS))

    assert asyncio.run(inside()) is False
