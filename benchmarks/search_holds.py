"""How long an event loop is held by our async methods: `search.py` reports it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from search_data import CASES, Block, Question
from search_ours import OurStore

TICK = 0.01
UPSERT_SIZE = 64
UPSERTS = 8
FIRST_NEW = 1_000_000_000


def holds(ours: OurStore, questions: Sequence[Question], block: Block) -> dict[str, Any]:
    """Measure how late a task that wants to run every 10 ms gets its turn, in seconds.

    Args:
        ours: Our open store; chunks are added to it.
        questions: What is asked.
        block: Products; some are written again under new numbers.

    Returns:
        The longest delay while nothing else runs (`idle`), by one query after the other
        (`query`), by eight queries at once (`eight queries`), by upserts of 64 (`upsert`).
    """
    queries = [ours.query(case, question) for case in CASES for question in questions]
    # Asking sets one vector; here many queries are under way.
    ours.encoder.vectors = {question.text: question.vector for question in questions}

    async def one_by_one() -> None:
        for query in queries:
            await ours.retriever.aretrieve(query)

    async def eight_at_once() -> None:
        for start in range(0, len(queries), 8):
            await asyncio.gather(*map(ours.retriever.aretrieve, queries[start : start + 8]))

    async def upserts() -> None:
        for n in range(UPSERTS):
            few = slice(n * UPSERT_SIZE, (n + 1) * UPSERT_SIZE)
            part = Block(FIRST_NEW + few.start, block.vectors[few], block.texts[few])
            await ours.store.aupsert(ours.chunks(part))

    async def all_of_them() -> dict[str, Any]:
        return {
            "idle": await _longest_delay(lambda: asyncio.sleep(1)),
            "query": await _longest_delay(one_by_one),
            "eight queries": await _longest_delay(eight_at_once),
            "upsert": await _longest_delay(upserts),
        }

    return asyncio.run(all_of_them())


async def _longest_delay(work: Callable[[], Awaitable[None]]) -> float:
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        while True:
            started = time.perf_counter()
            await asyncio.sleep(TICK)
            longest = max(longest, time.perf_counter() - started - TICK)

    ticking = asyncio.create_task(tick())
    await asyncio.sleep(0)
    await work()
    await asyncio.sleep(2 * TICK)
    ticking.cancel()
    return longest
