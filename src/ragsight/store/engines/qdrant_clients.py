"""Qdrant clients, blocking and async, over one address: made when needed, asked with retries."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from qdrant_client import AsyncQdrantClient, QdrantClient
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import UnexpectedResponse
from qdrant_client.local.async_qdrant_local import AsyncQdrantLocal
from qdrant_client.local.qdrant_local import QdrantLocal
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception,
    wait_exponential,
    wait_random,
)

from ragsight.errors import StoreError
from ragsight.redaction import without_secrets
from ragsight.steps import Await, Steps
from ragsight.store.engines.qdrant_errors import is_transient
from ragsight.store.engines.retry_options import RetryOptions

T = TypeVar("T")

_SENDABLE = re.compile(r"[!-~]([ -~\t]*[!-~])?")
"""Values of a header that HTTP allows."""

_READS = frozenset({"query_batch_points", "retrieve", "scroll", "count"})

_READ_PATIENCE = 30.0
"""Seconds that a rate limit may hold up what somebody waits for."""


class _Request(NamedTuple):
    """A call of a client's method, whichever client is asked."""

    method: str
    arguments: Mapping[str, Any]

    def of(self, client: Any) -> Any:
        return getattr(client, self.method)


class Clients:
    """The blocking and the async client of one place.

    Args:
        given: A client that the caller made and closes; its twin is made from its options.
        options: Arguments of `QdrantClient`, if none was given.
        retries: How requests to a server are repeated.

    Raises:
        StoreError: If the options make no sense.
    """

    def __init__(
        self,
        given: QdrantClient | AsyncQdrantClient | None = None,
        *,
        options: Mapping[str, Any] | None = None,
        retries: RetryOptions | None = None,
    ) -> None:
        self._given = given
        self._options = dict(options) if options is not None else _options_of(given)
        _check_secrets(self._options)
        self._retries = retries if retries is not None else RetryOptions()
        self._blocking = given if isinstance(given, QdrantClient) else None
        self._async = given if isinstance(given, AsyncQdrantClient) else None
        self._by_loop: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncQdrantClient] = (
            WeakKeyDictionary()
        )
        self._unused = self._async
        # Making clients needs it; and local mode loses points when threads write at once.
        self._lock = threading.RLock()
        self._closed = False
        if self._blocking is None and self._async is None:
            self._blocking = self._made(QdrantClient)
        self.is_local = _is_local(self._blocking) or _is_local(self._async)

    @property
    def address(self) -> str:
        """Where the client connects to, for messages."""
        client = self._blocking if self._blocking is not None else self._async
        uri = str(getattr(getattr(client, "_client", None), "rest_uri", "local Qdrant"))
        return without_secrets(uri)

    @property
    def prefers_grpc(self) -> bool:
        """Whether points are sent over gRPC, which has narrower numbers than JSON."""
        return bool(self._options.get("prefer_grpc")) and not self.is_local

    def call(self, method: Callable[..., T], arguments: Mapping[str, Any]) -> Steps[T]:
        """Call a method of the blocking client, or await that of the async one.

        Args:
            method: The blocking client's; the async one has one of the same name.
            arguments: Its arguments, by name.

        Raises:
            StoreError: If the clients are closed.
        """
        request = _Request(method.__name__, arguments)
        result: T = yield from Await(self._request, self._arequest, request)
        return result

    def _request(self, request: _Request) -> Any:
        """Ask the blocking client; an async one in local mode is asked in a loop of its own."""
        self._check_open()
        if self.is_local:
            with self._lock:
                return self._local(request)
        method = request.of(self._blocking_client())
        return self._retrying(Retrying, request)(method, **request.arguments)

    async def _arequest(self, request: _Request) -> Any:
        """Ask the async client; in local mode, where nothing is awaited, ask in a thread."""
        self._check_open()
        if self.is_local:
            return await asyncio.to_thread(self._request, request)
        method = request.of(self._async_client())
        return await self._retrying(AsyncRetrying, request)(method, **request.arguments)

    def close(self) -> None:
        """Close the blocking client, if it is ours."""
        self._closed = True
        if self._blocking is not None and self._blocking is not self._given:
            self._blocking.close()

    async def aclose(self) -> None:
        """Close the blocking client and that of this event loop, if they are ours."""
        self.close()
        client = self._by_loop.pop(asyncio.get_running_loop(), None)
        # Those of other loops can't be closed from here; their connections go with them.
        self._by_loop.clear()
        if client is not None and client is not self._given:
            await client.close()

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"{self.address}: the index is closed. Open it again.")

    def _local(self, request: _Request) -> Any:
        if self._blocking is not None:
            return request.of(self._blocking)(**request.arguments)
        # Not in this thread: it may run a loop already.
        with ThreadPoolExecutor(1) as thread:
            coroutine = request.of(self._async)(**request.arguments)
            return thread.submit(asyncio.run, coroutine).result()

    def _blocking_client(self) -> QdrantClient:
        with self._lock:
            if self._blocking is None:
                self._blocking = self._made(QdrantClient)
            return self._blocking

    def _async_client(self) -> AsyncQdrantClient:
        # Connections belong to the loop that opened them: one that was given serves the first.
        loop = asyncio.get_running_loop()
        with self._lock:
            if loop not in self._by_loop:
                for gone in [known for known in self._by_loop if known.is_closed()]:
                    del self._by_loop[gone]
                unused, self._unused = self._unused, None
                made = unused if unused is not None else self._made(AsyncQdrantClient)
                self._by_loop[loop] = made
            return self._by_loop[loop]

    def _made(self, kind: type[Any]) -> Any:
        try:
            return kind(**self._options)
        except (ValueError, TypeError) as error:
            place = str(self._options.get("url"))
            raise StoreError(
                without_secrets(f"{place}: no Qdrant client can be made ({error}).")
            ) from error

    def _retrying(self, kind: type[Any], request: _Request) -> Any:
        return kind(
            stop=_Stop(self._retries, reads=request.method in _READS),
            wait=_wait(self._retries),
            retry=retry_if_exception(is_transient),
            reraise=True,
        )


class _Stop:
    """When a request is given up: waits that a rate limit asks for are no attempts."""

    def __init__(self, retries: RetryOptions, *, reads: bool) -> None:
        self._attempts = retries.attempts
        self._patience = min(retries.patience, _READ_PATIENCE) if reads else retries.patience
        self._limited = 0

    def __call__(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome is not None else None
        asked = _limit_wait(error)
        if asked is None:
            return state.attempt_number - self._limited >= self._attempts
        self._limited += 1
        waited = state.seconds_since_start
        return (waited if waited is not None else 0.0) + asked > self._patience


def _limit_wait(error: BaseException | None) -> float | None:
    """Seconds that a rate limit asks to wait; None if it was something else, or it doesn't say."""
    if isinstance(error, UnexpectedResponse) and error.status_code != 429:
        return None
    asked = _asked_wait(error)
    # One that says "at once" would be asked without end if it weren't an attempt.
    return asked if asked is not None and asked > 0 else None


def _wait(retries: RetryOptions) -> Any:
    growing = wait_exponential(multiplier=retries.first_wait, max=retries.longest_wait)
    jitter = wait_random(0, retries.first_wait)

    def wait(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        limited = _limit_wait(error)
        if limited is not None:
            return limited
        asked = _asked_wait(error)
        seconds = asked if asked is not None else growing(state) + jitter(state)
        return float(min(max(seconds, 0.0), retries.longest_wait))

    return wait


def _asked_wait(error: BaseException | None) -> float | None:
    """Seconds that the server says to wait; it may say a date instead, which doesn't count."""
    if isinstance(error, ResourceExhaustedResponse):
        return float(error.retry_after_s)
    if isinstance(error, UnexpectedResponse):
        text = error.headers.get("retry-after", "")
        return float(text) if text.isdecimal() else None
    return None


def _is_local(client: QdrantClient | AsyncQdrantClient | None) -> bool:
    return isinstance(getattr(client, "_client", None), QdrantLocal | AsyncQdrantLocal)


def _options_of(client: QdrantClient | AsyncQdrantClient | None) -> dict[str, Any]:
    if client is None:
        return {}
    # The address was checked when the client was made; asking again would block the event loop.
    return {**client.init_options, "check_compatibility": False}


def _check_secrets(options: Mapping[str, Any]) -> None:
    """Refuse what no header can hold here: the clients' own errors would quote it.

    Raises:
        StoreError: With the name of the option.
    """
    headers = options.get("headers")
    named = {"api_key": options.get("api_key"), **(headers if headers is not None else {})}
    for name, value in named.items():
        if isinstance(value, str) and value and _SENDABLE.fullmatch(value) is None:
            raise StoreError(
                f"{name} holds characters that can't be sent, such as a line break at its end. "
                "Check where it is read from."
            )
