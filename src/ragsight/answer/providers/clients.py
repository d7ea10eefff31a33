"""One SDK client for synchronous use, and one for each event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary


class Clients:
    """Make clients when they are first needed and keep them apart.

    A client's connections belong to the event loop that opened them: used from another one, it
    raises `RuntimeError: Event loop is closed`.

    Example:
        >>> clients = Clients(dict, dict)
        >>> clients.sync() is clients.sync()
        True
    """

    def __init__(self, make: Callable[[], Any], make_async: Callable[[], Any]) -> None:
        self._make = make
        self._make_async = make_async
        self._lock = threading.Lock()
        self._sync: Any = None
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, Any] = WeakKeyDictionary()

    def sync(self) -> Any:
        """The client for synchronous use."""
        with self._lock:
            if self._sync is None:
                self._sync = self._make()
            return self._sync

    def of_this_loop(self) -> Any:
        """The client of the running event loop."""
        loop = asyncio.get_running_loop()
        with self._lock:
            # Open connections refer back to their loop, so the weak keys alone don't let it go.
            for closed in [known for known in self._by_loop if known.is_closed()]:
                del self._by_loop[closed]
            if loop not in self._by_loop:
                self._by_loop[loop] = self._make_async()
            return self._by_loop[loop]

    def close(self) -> None:
        """Close the synchronous client's connections."""
        with self._lock:
            client, self._sync = self._sync, None
        if client is not None:
            client.close()

    async def aclose(self) -> None:
        """Close the connections of the running event loop's client."""
        with self._lock:
            client = self._by_loop.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()
