"""Searches beside an event loop: a few at once, and off the loop from end to end."""

from __future__ import annotations

import asyncio
import threading
from typing import TypeVar

from ragsight.steps import Steps, arun, run
from ragsight.store.engines.base import Engine

T = TypeVar("T")

LOCAL = 4
"""More threads than this answer no faster, since much of a search is Python, but compete with the
event loop for the interpreter."""

REMOTE = 64
"""A server answers many at once, and waiting for it costs no thread."""

_gates: dict[asyncio.AbstractEventLoop, dict[int, asyncio.Semaphore]] = {}
_lock = threading.Lock()


async def run_search(engine: Engine, program: Steps[T]) -> T:
    """Run a program that only reads, once it is its turn.

    An engine in this process has nothing to await: the program runs in one thread from its first
    step to its last, so that fusing rankings and reading payloads don't hold the event loop
    either. What asks a server is awaited step by step.

    Args:
        engine: The engine that the program asks.
        program: The program.

    Returns:
        The program's result.
    """
    async with _gate(REMOTE if engine.is_remote else LOCAL):
        if engine.is_remote:
            return await arun(program)
        return await asyncio.to_thread(run, program)


def _gate(places: int) -> asyncio.Semaphore:
    """The running event loop's gate with so many places."""
    loop = asyncio.get_running_loop()
    with _lock:
        if loop not in _gates:
            # A semaphore that somebody waited at holds on to its loop, so weak keys wouldn't do.
            for closed in [other for other in _gates if other.is_closed()]:
                del _gates[closed]
            _gates[loop] = {}
        return _gates[loop].setdefault(places, asyncio.Semaphore(places))
