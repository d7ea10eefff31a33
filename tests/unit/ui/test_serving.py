from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import webbrowser
from pathlib import Path

import httpx
import pytest

from drawings import text_chunk
from ragsight import ClipEncoder, MultimodalStore
from ragsight.errors import ConfigurationError
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
