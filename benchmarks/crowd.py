"""Two hundred questions at once: how long they take, and how long they hold the event loop.

    python benchmarks/crowd.py

The demo's catalogue and handbook on the embedded engine, the demo checkpoint, a stand-in for the
vision model: what is measured is retrieval and the frameworks around it. Each contender runs in a
process of its own, once after loading and once more after `gc.freeze()`, which keeps what was
loaded out of garbage collections. The longest hold is that of a task that wants its turn every
5 ms, by the clock; run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ragsight import DEMO_MODEL, ClipEncoder, MultimodalRetriever, MultimodalStore, ingest
from ragsight.demo import handbook_path
from ragsight.demo.catalogue import write_catalogue
from ragsight.testing import FakeVisionBackend

QUESTIONS = 200
TICK = 0.005
WORDS = ("phases of the Moon", "a red striped sneaker", "Which planet is the largest?", "blue mug")

Ask = Callable[[str], Awaitable[Any]]


def core(store: MultimodalStore) -> Ask:
    """The retriever of the core."""
    return MultimodalRetriever(store, k=6).aretrieve


def langchain(store: MultimodalStore) -> Ask:
    """LangChain's retriever."""
    from langchain_ragsight import MultimodalRetriever

    return MultimodalRetriever(store=store, k=6).ainvoke


def llama_index(store: MultimodalStore) -> Ask:
    """LlamaIndex's query engine, with our retriever and synthesizer."""
    from llama_index.core.query_engine import RetrieverQueryEngine

    from llama_index_ragsight import MultimodalRetriever, VisionSynthesizer

    synthesizer = VisionSynthesizer(FakeVisionBackend())
    retriever = MultimodalRetriever(store, similarity_top_k=6)
    return RetrieverQueryEngine(retriever, response_synthesizer=synthesizer).aquery


CONTENDERS = {each.__name__: each for each in (core, langchain, llama_index)}


async def crowd(ask: Ask) -> dict[str, float]:
    """Ask all at once; the seconds it took, and the longest time that the loop was held."""
    holds = [0.0]

    async def watch() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK)
            holds.append(time.perf_counter() - before - TICK)

    watcher = asyncio.create_task(watch())
    await asyncio.sleep(TICK)
    started = time.perf_counter()
    await asyncio.gather(*(ask(WORDS[n % len(WORDS)]) for n in range(QUESTIONS)))
    seconds = time.perf_counter() - started
    watcher.cancel()
    return {"seconds": seconds, "longest hold, ms": 1000 * max(holds)}


def measure(name: str) -> dict[str, dict[str, float]]:
    """One contender in this process."""
    with TemporaryDirectory() as folder:
        index = Path(folder) / "index"
        with MultimodalStore.open(index, encoder=ClipEncoder(DEMO_MODEL)) as store:
            ingest([write_catalogue(Path(folder) / "shop"), handbook_path()], store)
            ask = CONTENDERS[name](store)

            async def both() -> dict[str, dict[str, float]]:
                await ask(WORDS[0])
                loaded = await crowd(ask)
                gc.collect()
                gc.freeze()
                return {"loaded": loaded, "frozen": await crowd(ask)}

            return asyncio.run(both())


def main() -> None:
    """Measure each contender and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--one", choices=CONTENDERS, help="in this process, as JSON")
    one = parser.parse_args().one
    if one is not None:
        print(json.dumps(measure(one)))
        return
    headings = ("seconds", "hold, ms", "frozen: s", "hold, ms")
    print(f"{QUESTIONS} at once".ljust(24) + "".join(f"{heading:>12}" for heading in headings))
    for name in CONTENDERS:
        command = [sys.executable, __file__, "--one", name]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        figures = [value for run in ("loaded", "frozen") for value in found[run].values()]
        print(f"{name:24}" + "".join(f"{value:12.2f}" for value in figures))


if __name__ == "__main__":
    main()
