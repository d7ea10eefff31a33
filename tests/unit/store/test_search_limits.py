from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from drawings import text_chunk
from ragsight import ClipEncoder, MultimodalRetriever, MultimodalStore
from ragsight.steps import InThread, Steps
from ragsight.store.search_limits import LOCAL, REMOTE, run_search


class Crowd:
    """An engine that counts how many operations it runs at once."""

    def __init__(self, *, is_remote: bool) -> None:
        self.is_remote = is_remote
        self.most = 0
        self._running = 0
        self._lock = threading.Lock()

    def program(self) -> Steps[int]:
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
        thread = yield from InThread(self._work)
        with self._lock:
            self._running -= 1
        return thread

    def _work(self) -> int:
        time.sleep(0.001)
        return threading.get_ident()


@pytest.mark.parametrize(("is_remote", "places"), [(False, LOCAL), (True, REMOTE)])
async def test_searches_are_let_in_a_few_at_a_time(is_remote: bool, places: int) -> None:
    with ThreadPoolExecutor(100) as pool:
        asyncio.get_running_loop().set_default_executor(pool)
        engine: Any = Crowd(is_remote=is_remote)
        threads = await asyncio.gather(*(run_search(engine, engine.program()) for _ in range(200)))
    assert len(threads) == 200
    assert threading.get_ident() not in threads
    assert engine.most == places


async def test_one_that_fails_leaves_its_place_to_the_next() -> None:
    def failing() -> Steps[None]:
        yield from InThread(lambda: None)
        raise ValueError("no")

    engine: Any = Crowd(is_remote=False)
    results = await asyncio.gather(
        *(run_search(engine, failing()) for _ in range(3 * LOCAL)), return_exceptions=True
    )
    assert {type(result) for result in results} == {ValueError}
    assert await run_search(engine, engine.program())


def test_a_store_is_searched_in_one_event_loop_after_another(encoder: ClipEncoder) -> None:
    with MultimodalStore.open(":memory:", encoder=encoder) as store:
        store.upsert([text_chunk("The pump moves water.")])
        retriever = MultimodalRetriever(store)
        expected = retriever.retrieve("pump")

        async def crowd() -> list[Any]:
            return await asyncio.gather(*(retriever.aretrieve("pump") for _ in range(20)))

        assert asyncio.run(crowd()) == asyncio.run(crowd()) == [expected] * 20


def test_loops_that_are_closed_are_let_go() -> None:
    engine: Any = Crowd(is_remote=False)

    async def crowd() -> weakref.ref[asyncio.AbstractEventLoop]:
        await asyncio.gather(*(run_search(engine, engine.program()) for _ in range(3 * LOCAL)))
        return weakref.ref(asyncio.get_running_loop())

    loops = [asyncio.run(crowd()) for _ in range(3)]
    gc.collect()

    assert [loop() is None for loop in loops[:2]] == [True, True]


async def test_a_search_in_this_process_is_fused_and_read_off_the_event_loop(
    encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: set[int] = set()
    with MultimodalStore.open(":memory:", encoder=encoder) as store:
        store.upsert([text_chunk("The pump moves water.")])
        original = type(store.operations).chunk

        def watched(*arguments: Any) -> Any:
            used.add(threading.get_ident())
            return original(*arguments)

        monkeypatch.setattr(type(store.operations), "chunk", watched)
        assert len(await MultimodalRetriever(store).aretrieve("pump")) == 1
    assert used
    assert threading.get_ident() not in used
