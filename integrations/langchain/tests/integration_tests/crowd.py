"""A fresh process in which 200 questions come at once; prints what held its event loop.

`python crowd.py CHECKPOINT INDEX` makes an index in the folder and prints, as JSON, how many
answers there were, how often Python's collector went through everything meanwhile, and the most
processor time and time (ms) that passed before a task which wants to run every millisecond got its
turn.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections.abc import Awaitable
from typing import Any

from langchain_ragsight import MultimodalRetriever
from ragsight import Chunk, ClipEncoder, MultimodalStore, Source

QUESTIONS = 200
TICK = 0.001


async def crowd(checkpoint: str, index: str) -> dict[str, Any]:
    texts = (f"Part {n} of the pump opens at {n % 7} bar." for n in range(500))
    chunks = [Chunk(text=text, source=Source(uri=text)) for text in texts]
    store = await MultimodalStore.aopen(index, encoder=ClipEncoder(checkpoint))
    async with store:
        await store.aupsert(chunks)
        retriever = MultimodalRetriever(store=store)
        # As a server would before it opens its door: this loads the model.
        await retriever.ainvoke("ready?")
        begun: list[int] = []
        gc.callbacks.append(
            lambda phase, info: begun.append(info["generation"] * (phase == "start"))
        )
        questions = (retriever.ainvoke(f"part {n}") for n in range(QUESTIONS))
        answers, (busy, late) = await _watched(asyncio.gather(*questions))
    return {
        "answers": sum(bool(documents) for documents in answers),
        "full collections": begun.count(2),
        "busy ms": round(busy * 1000),
        "late ms": round(late * 1000),
    }


async def _watched(work: Awaitable[list[Any]]) -> tuple[list[Any], tuple[float, float]]:
    busy = late = 0.0

    async def tick() -> None:
        nonlocal busy, late
        while True:
            started, cpu = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK)
            late = max(late, time.perf_counter() - started - TICK)
            busy = max(busy, time.process_time() - cpu)

    ticking = asyncio.create_task(tick())
    result = await work
    await asyncio.sleep(2 * TICK)
    ticking.cancel()
    return result, (busy, late)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(crowd(*sys.argv[1:]))))  # noqa: T201 - its one output
