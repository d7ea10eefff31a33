"""A stand-in for a Qdrant server's REST API, over qdrant-client's local mode.

It is for what lies between our client and a server: which requests are made, how many, how many at
once, with which options and headers, and what becomes of them when the server is slow, busy or
gone. Every request is read with qdrant-client's own models, which allow no unknown fields, and
what a server refuses (a body over 32 MB, an id that is no UUID, a write without a shard key under
custom sharding) is refused here with the same status and much the same words, strict mode, limits
and rates included.

It is no Qdrant: points live in `QdrantClient(":memory:")`, which compares the query with each of
them. There are no graphs, no compression, no shards and copies, no payload indexes: what was asked
for is remembered and reported by `get_collection`, and changes nothing. It speaks no gRPC. The
suite runs against a real server with `RAGSIGHT_TEST_QDRANT_URL`; see tests/README.md.
"""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pydantic import TypeAdapter, ValidationError
from qdrant_client import QdrantClient

from fakes.qdrant_api import Api, find_route
from fakes.qdrant_checks import Refusal, check_json
from fakes.qdrant_faults import Fault, Faults

LARGEST_BODY = 32 * 1024 * 1024
"""`service.max_request_size_mb` of a server as it is shipped."""


@dataclass(frozen=True)
class RecordedRequest:
    """A request as it arrived.

    Attributes:
        name: What it asks for: `upsert`, `query_batch`, ...
        collection: The collection; empty for the server itself.
        path: Path of the URL.
        query: Parameters of the URL.
        headers: Headers, names in lower case.
        body: The body in qdrant-client's model; without one, what stands in the path instead.
        size: Length of the body in bytes.
        fault: What was done to it.
    """

    name: str
    collection: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = field(repr=False)
    size: int
    fault: Fault | None = None


class _Httpd(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet: clients that hang up are a part of the tests."""


class FakeQdrant:
    """The stand-in as a context manager; see the module for what it is and isn't.

    Args:
        api_key: What requests must carry, if anything.
        delay: Seconds that each request takes.

    Attributes:
        requests: All requests that could be read, those refused or spoilt by a fault too.
        faults: What to do to the next requests.
        failures: What went wrong in the stand-in itself; leaving it raises the first.
        most_at_once: The most requests that were under way at the same time.
        local: The points, to look behind the API.
        largest_body: Bytes in a request at the most.
    """

    def __init__(self, *, api_key: str | None = None, delay: float = 0) -> None:
        self.api_key = api_key
        self.delay = delay
        self.requests: list[RecordedRequest] = []
        self.faults = Faults()
        self.failures: list[Exception] = []
        self.most_at_once = 0
        self.local = QdrantClient(":memory:")
        self.largest_body = LARGEST_BODY
        self.api = Api(self.local)
        self.closing = threading.Event()
        self._at_once = 0
        self._lock = threading.Lock()
        self._port = 0

    @property
    def url(self) -> str:
        """What to pass to a client."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> FakeQdrant:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.local.close()
        if self.failures:
            raise self.failures[0]

    def start(self) -> None:
        """Listen; after `stop` on the same port, with the points of before."""
        handler = type("Handler", (_Handler,), {"fake": self})
        self.closing.clear()
        self._httpd = _Httpd(("127.0.0.1", self._port), handler)
        self._port = self._httpd.server_port
        self._thread = threading.Thread(
            target=self._httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, as a server that goes down does; harmless if done already."""
        self.closing.set()
        self._httpd.shutdown()
        self._httpd.server_close()
        self._thread.join()

    def forget(self) -> None:
        """Forget the requests of before."""
        self.requests.clear()
        self.most_at_once = 0

    def named(self, *names: str) -> list[RecordedRequest]:
        """The requests that ask for one of these."""
        return [request for request in self.requests if request.name in names]

    def remember(self, request: RecordedRequest) -> None:
        """Note a request."""
        with self._lock:
            self.requests.append(request)

    @contextlib.contextmanager
    def under_way(self) -> Iterator[None]:
        """Count a request among those at once."""
        with self._lock:
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            yield
        finally:
            with self._lock:
                self._at_once -= 1


class _Handler(BaseHTTPRequestHandler):
    fake: FakeQdrant
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle()

    do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

    def _handle(self) -> None:
        data = self.rfile.read(int(self.headers.get("content-length", 0)))
        with self.fake.under_way():
            try:
                self.fake.closing.wait(self.fake.delay)
                self._answer(data)
            except Refusal as refusal:
                wait = refusal.retry_after
                self._refuse(
                    refusal.status, str(refusal), retry_after=None if wait is None else str(wait)
                )
            except Exception as error:  # noqa: BLE001 - raised again where the test sees it
                self.fake.failures.append(error)
                self._refuse(500, repr(error))

    def _answer(self, data: bytes) -> None:
        url = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        route, collection, named = find_route(self.command, url.path)
        self._check_size(data)
        body = _read(data, route.body) if route.body is not None else named
        fault = self.fake.faults.take(route.name)
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.fake.remember(
            RecordedRequest(
                route.name, collection, url.path, query, headers, body, len(data), fault
            )
        )
        self._check_key(headers)
        if fault is not None and not fault.applies:
            self._spoil(fault)
            return
        result = self.fake.api.call(route, collection, body, query)
        if fault is not None:
            self._spoil(fault)
        elif route.is_bare:
            self._send(200, result)
        else:
            self._send(200, {"result": result, "status": "ok", "time": 0.001})

    def _check_size(self, data: bytes) -> None:
        most = self.fake.largest_body
        if len(data) > most:
            raise Refusal(
                400,
                f"Payload error: JSON payload ({len(data)} bytes) is larger than allowed "
                f"(limit: {most} bytes).",
            )

    def _check_key(self, headers: dict[str, str]) -> None:
        if self.fake.api_key is None:
            return
        given = headers.get("api-key")
        if given is None:
            raise Refusal(401, "Must provide an API key or an Authorization bearer token")
        if given != self.fake.api_key:
            raise Refusal(401, "Invalid API key or JWT")

    def _spoil(self, fault: Fault) -> None:
        self.fake.closing.wait(fault.seconds)
        if fault.status is None:
            self._hang_up()
        else:
            self._refuse(fault.status, "scripted failure", retry_after=fault.retry_after)

    def _refuse(self, status: int, message: str, *, retry_after: str | None = None) -> None:
        self._send(
            status, {"status": {"error": message}, "time": 0.001}, {"retry-after": retry_after}
        )

    def _send(self, status: int, value: Any, headers: dict[str, str | None] | None = None) -> None:
        data = json.dumps(value).encode()
        with contextlib.suppress(OSError):  # the client may have given up
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            for name, text in (headers or {}).items():
                if text is not None:
                    self.send_header(name, text)
            self.end_headers()
            self.wfile.write(data)

    def _hang_up(self) -> None:
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


def _read(data: bytes, model: TypeAdapter[Any]) -> Any:
    check_json(data)
    try:
        return model.validate_json(data)
    except ValidationError as error:
        raise Refusal(400, f"Format error in JSON body: {error.errors()[0]['msg']}") from error
