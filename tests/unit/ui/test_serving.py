from __future__ import annotations

import asyncio
import queue
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from drawings import image_chunk, text_chunk
from ragsight import ClipEncoder, MultimodalStore
from ragsight.answer.model.messages import StreamEvent, VisionRequest
from ragsight.errors import ConfigurationError
from ragsight.testing import FakeVisionBackend
from ragsight.ui import is_loopback, serve


def test_a_port_that_is_taken_is_named(encoder: ClipEncoder) -> None:
    with (
        MultimodalStore.open(":memory:", encoder=encoder) as store,
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(ConfigurationError, match="another --port"),
    ):
        serve(store, port=taken.getsockname()[1])


def test_only_addresses_of_this_machine_are_its_own() -> None:
    assert [is_loopback(host) for host in ("localhost", "127.0.0.1", "127.9.9.9", "::1")] == [
        True
    ] * 4
    assert not any(map(is_loopback, ("0.0.0.0", "192.168.1.7", "desk.local")))


def test_the_command_serves_an_index_until_it_is_interrupted(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    with MultimodalStore.open(tmp_path / "index", encoder=encoder) as store:
        store.upsert([text_chunk("A red pump")])
    command = [sys.executable, "-m", "ragsight", "ui", "--index", str(tmp_path / "index")]
    running = subprocess.Popen(
        [*command, "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    killer = threading.Timer(120, running.kill)
    killer.start()
    try:
        assert running.stdout is not None
        address = running.stdout.readline().split()[0]
        assert address.startswith("http://127.0.0.1:")
        found = httpx.post(f"{address}search", json={"text": "pump"}, timeout=60)
        assert "A red pump" in found.text
        assert "server" not in found.headers
        running.send_signal(signal.SIGINT)
        _, complaints = running.communicate(timeout=60)
        assert running.returncode == 0
        assert "Traceback" not in complaints
    finally:
        killer.cancel()
        running.kill()
        running.wait()


def test_the_browser_is_opened_where_it_was_asked_for(
    encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    import uvicorn

    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.setattr(uvicorn.Server, "run", lambda _server, **_sockets: None)
    ready: list[str] = []
    with MultimodalStore.open(":memory:", encoder=encoder) as store:
        serve(store, port=0, open_browser=True, on_ready=ready.append)
        serve(store, port=0, on_ready=ready.append)
    assert opened == ready[:1]
    assert len(ready) == 2


class Slow(FakeVisionBackend):
    """Says one word after the other, and for a long time."""

    async def astream(self, request: VisionRequest) -> AsyncIterator[StreamEvent]:
        async for event in super().astream(request):
            await asyncio.sleep(0.05)
            yield event


@pytest.fixture
def served(
    tmp_path: Path, encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, int]]:
    """Host and port of the page, served as the command serves it."""
    import uvicorn

    running: list[uvicorn.Server] = []

    class Kept(uvicorn.Server):
        def __init__(self, config: uvicorn.Config) -> None:
            super().__init__(config)
            running.append(self)

    monkeypatch.setattr(uvicorn, "Server", Kept)
    ready: queue.SimpleQueue[str] = queue.SimpleQueue()
    with MultimodalStore.open(tmp_path / "index", encoder=encoder) as store:
        store.upsert([text_chunk("A red pump"), image_chunk(1, "The pump in a picture")])
        options = {"port": 0, "on_ready": ready.put, "backend": Slow("It is red [1]. " * 200)}
        thread = threading.Thread(target=serve, args=(store,), kwargs=options)
        thread.start()
        place = urlsplit(ready.get(timeout=30))
        yield str(place.hostname), int(place.port or 0)
        running[0].should_exit = True
        thread.join(timeout=30)


def left(place: tuple[str, int], sent: bytes, *, after: int) -> None:
    """Send something, read a few bytes of the answer, and hang up without a word."""
    with socket.create_connection(place, timeout=30) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(sent)
        while after > 0:
            after -= len(client.recv(min(after, 4096)))


def test_whoever_leaves_early_prints_nothing_and_keeps_nobody_waiting(
    served: tuple[str, int],
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    host = f"Host: {served[0]}:{served[1]}\r\n".encode()
    kind = b"Content-Type: application/json\r\n"
    image = b"POST /query-image HTTP/1.1\r\n" + host + b"Content-Type: image/png\r\n"
    question = b'{"text": "Which colour?"}'
    length = b"Content-Length: %d\r\n\r\n" % len(question)
    for _ in range(3):
        left(served, b"", after=0)
        left(served, b"GET / HT", after=0)
        left(served, b"GET / HTTP/1.1\r\n" + host + b"\r\n", after=0)
        left(served, b"GET / HTTP/1.1\r\n" + host + b"\r\n", after=10)
        left(served, image + b"Content-Length: 999999\r\n\r\n" + b"x" * 5000, after=0)
        left(served, image + b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", after=0)
        left(served, b"POST /ask HTTP/1.1\r\n" + host + kind + length + question, after=0)
        left(served, b"POST /ask HTTP/1.1\r\n" + host + kind + length + question, after=600)
        left(served, b"POST /search HTTP/1.1\r\n" + host + kind + length + question[:5], after=0)
    address = f"http://{served[0]}:{served[1]}/search"
    assert "A red pump" in httpx.post(address, json={"text": "pump"}, timeout=30).text
    time.sleep(0.2)
    out, err = capfd.readouterr()
    assert (out, err) == ("", "")
    assert caplog.records == []


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_without_the_extra_one_sentence_says_what_to_install(missing: str) -> None:
    code = f"import sys; sys.modules[{missing!r}] = None; import ragsight.ui as ui; ui.serve(None)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    last = done.stderr.strip().splitlines()[-1]
    assert "MissingExtraError" in last
    assert "pip install 'ragsight[ui]'" in last


def test_the_command_line_loads_no_web_server_until_the_page_is_asked_for() -> None:
    code = "import sys, ragsight.cli, ragsight; print({'starlette', 'uvicorn'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
