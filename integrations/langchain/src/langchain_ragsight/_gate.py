"""How many searches of one event loop are under way at once."""

from __future__ import annotations

import asyncio
from weakref import WeakKeyDictionary

from ragsight import MultimodalStore

LOCAL = 8
"""More threads than this compete with the event loop for the interpreter: 200 questions at once
then stop it for some 200 ms, with this few for some 30, and are answered as fast."""

REMOTE = 64
"""A server answers many at once, and waiting for it costs no thread."""

_gates: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[int, asyncio.Semaphore]] = (
    WeakKeyDictionary()
)


def gate(store: MultimodalStore) -> asyncio.Semaphore:
    """The gate of the running event loop that a search of this store goes through."""
    places = REMOTE if store.operations.engine.is_remote else LOCAL
    gates = _gates.setdefault(asyncio.get_running_loop(), {})
    return gates.setdefault(places, asyncio.Semaphore(places))
