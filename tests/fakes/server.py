"""A scriptable HTTP server on the loopback interface: what the providers' fakes have in common."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from fakes.recorded import RecordedImage, RecordedRequest
from fakes.tool_calls import ToolCall
from fakes.typed import ContractError

Said = str | ToolCall
Reply = Said | Callable[[RecordedRequest], Said]
Event = tuple[str, Any]
"""Name (may be empty) and JSON of a server-sent event; a string is sent as it is."""


class _Httpd(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64  # with the default of 5 a burst of connections waits a second

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay quiet: clients that hang up are a part of the tests."""


@dataclass
class Failure:
    """A scripted refusal."""

    status: int
    message: str


class FakeProvider(ABC):
    """A provider's API as a context manager; reached by its real SDK through `base_url`.

    Args:
        reply: What the model says, or a function of the recorded request.
        delay: Seconds to wait before each reply.

    Attributes:
        requests: Every request that kept the contract.
        violations: What was wrong with those that didn't; each was answered with status 400.
        finish_reason: How replies end: `stop` or `length`.
        report_usage: Whether streams end with token counts.
        abort_after: Hang up in a stream after so many pieces of text.
        overload_after: Report an overload inside a stream after so many pieces of text.
        web_page: Reply with this page instead, as a wrong address would.
        end_after: End a stream in good order, but too early, after so many pieces of text.
    """

    prefix = ""
    max_request_bytes = 1 << 40

    def __init__(self, reply: Reply = "The sources say so [1].", *, delay: float = 0) -> None:
        self.reply = reply
        self.delay = delay
        self.requests: list[RecordedRequest] = []
        self.violations: list[str] = []
        self.finish_reason = "stop"
        self.report_usage = True
        self.abort_after: int | None = None
        self.overload_after: int | None = None
        self.end_after: int | None = None
        self.web_page = ""
        self._failures: list[Failure] = []
        self._httpd = _Httpd(("127.0.0.1", 0), type("Handler", (_Handler,), {"fake": self}))
        self._thread = threading.Thread(
            target=self._httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def base_url(self) -> str:
        """What to pass to the SDK."""
        return f"http://127.0.0.1:{self._httpd.server_port}{self.prefix}"

    @property
    def images(self) -> tuple[RecordedImage, ...]:
        """The images of all requests."""
        return tuple(image for request in self.requests for image in request.images)

    def fail(self, status: int, *, times: int = 1, message: str = "scripted failure") -> None:
        """Refuse the next requests."""
        self._failures += [Failure(status, message)] * times

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop listening; harmless if done already."""
        self._httpd.shutdown()
        self._httpd.server_close()
        self._thread.join()

    def next_failure(self) -> Failure | None:
        """Take the next scripted failure."""
        return self._failures.pop(0) if self._failures else None

    def say(self, request: RecordedRequest) -> Said:
        """What the model says to a request."""
        return self.reply(request) if callable(self.reply) else self.reply

    def call_id(self) -> str:
        """The id of a tool call in reply to the request that came last."""
        return f"call_{len(self.requests)}"

    def pieces(self, text: str) -> list[str]:
        """The text as it is streamed: cut where tokens might be, in the middle of markers too."""
        return [text[start : start + 3] for start in range(0, len(text), 3)]

    @abstractmethod
    def record(self, path: str, headers: dict[str, str], body: Any) -> RecordedRequest:
        """Read a request, or raise ContractError."""

    @abstractmethod
    def whole(self, request: RecordedRequest) -> dict[str, Any]:
        """The JSON of a whole reply."""

    @abstractmethod
    def events(self, request: RecordedRequest) -> Iterable[Event]:
        """The events of a streamed reply; raises HangUpError to break the connection."""

    @abstractmethod
    def error(
        self, status: int, message: str, details: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """The JSON of an error."""

    def listing(self, path: str) -> dict[str, Any] | None:
        """The JSON at a path that is only read; `None` where there is nothing."""
        del path
        return None

    @abstractmethod
    def request_id_header(self) -> str:
        """The header that carries the id of a request."""


class HangUpError(Exception):
    """Break the connection now."""


def script_of(server: FakeProvider, text: str) -> Iterable[str]:
    """The pieces of a stream, broken off where the script says so."""
    for number, piece in enumerate(server.pieces(text)):
        if number == server.abort_after:
            raise HangUpError
        if number == server.end_after:
            return
        if number == server.overload_after:
            yield "\0overload"
            return
        yield piece


class _Handler(BaseHTTPRequestHandler):
    fake: FakeProvider
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        found = self.fake.listing(self.path)
        if found is None:
            self._send_json(404, self.fake.error(404, f"{self.path}: there is no such path"))
        else:
            self._send_json(200, found)

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["content-length"]))
        failure = self.fake.next_failure()
        if self.fake.delay:
            time.sleep(self.fake.delay)
        if failure is not None:
            self._send_json(failure.status, self.fake.error(failure.status, failure.message))
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            if len(data) > self.fake.max_request_bytes:
                raise ContractError(f"the request has {len(data)} bytes", status=413)
            request = self.fake.record(self.path, headers, json.loads(data))
        except ContractError as error:
            self.fake.violations.append(str(error))
            self._send_json(error.status, self.fake.error(error.status, str(error), error.details))
            return
        self.fake.requests.append(request)
        if self.fake.web_page:
            self._send(200, "text/html", self.fake.web_page.encode())
        elif request.stream:
            self._send_events(self.fake.events(request))
        else:
            self._send_json(200, self.fake.whole(request))

    def _send_json(self, status: int, value: Any) -> None:
        self._send(status, "application/json", json.dumps(value).encode())

    def _send(self, status: int, content_type: str, data: bytes) -> None:
        self._send_head(status, content_type)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _send_head(self, status: int, content_type: str) -> None:
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header(self.fake.request_id_header(), f"req_{len(self.fake.requests)}")
        # Without it the SDKs wait half a second and more before they try again.
        self.send_header("retry-after-ms", "1")

    def _send_events(self, events: Iterable[Event]) -> None:
        self._send_head(200, "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        try:
            for name, value in events:
                body = value if isinstance(value, str) else json.dumps(value)
                event = f"event: {name}\n" if name else ""
                self._send_chunk(f"{event}data: {body}\n\n".encode())
        except HangUpError:
            self._hang_up()
            return
        self._send_chunk(b"")

    def _send_chunk(self, data: bytes) -> None:
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def _hang_up(self) -> None:
        self.wfile.flush()
        self.close_connection = True
        # Shut down without the closing chunk: the client sees a body that is cut short.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 1))
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""
