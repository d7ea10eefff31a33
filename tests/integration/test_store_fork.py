"""Forks of a process with an open index: they are refused at once, and harm nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ragsight import Chunk, ClipEncoder, MultimodalRetriever, MultimodalStore, Source
from ragsight.errors import StoreLockedError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")

CHUNK = Chunk(text="A red mug", source=Source(uri="shop.csv"))
WAIT = 30


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MultimodalStore]:
    with MultimodalStore.open(tmp_path / "index", encoder=ClipEncoder("ragsight-demo")) as store:
        store.upsert([CHUNK])
        yield store


def _in_fork(action: Callable[[], object]) -> str:
    """What a fork says of an action, which it may take half a minute for."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(WAIT)
        try:
            said = f"did {action()}"
        except Exception as error:  # noqa: BLE001 - it is handed over
            said = f"{type(error).__name__}: {error}"
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    said = os.read(reading, 10_000).decode()
    os.close(reading)
    assert status == 0, f"the fork ended with {status}"
    return said


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_is_refused_whatever_it_asks(store: MultimodalStore) -> None:
    asked: list[Callable[[], object]] = [
        store.counts,
        lambda: store.get([CHUNK.id]),
        lambda: store.upsert([Chunk(text="lost", source=Source(uri="b"))]),
        lambda: store.delete([CHUNK.id]),
        lambda: MultimodalRetriever(store).retrieve("mug"),
        store.optimize,
    ]
    for action in asked:
        said = _in_fork(action)
        assert said.startswith("StoreError")
        assert "Open the index after the fork" in said
    assert store.counts().texts == 1


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_closing_in_a_fork_leaves_the_parents_index_as_it_is(store: MultimodalStore) -> None:
    assert _in_fork(store.close) == "did None"
    store.upsert([Chunk(text="A blue mug", source=Source(uri="b"))])
    assert store.counts().texts == 2
    said = _in_fork(lambda: MultimodalStore.open(store.place, encoder=store.encoder))
    assert said.startswith("StoreLockedError")
    assert f"process {os.getpid()} (" in said


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_pool_of_forks_ends(store: MultimodalStore) -> None:
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(abs, [-1, 2]) == [1, 2]
    assert store.counts().texts == 1


def test_a_second_open_in_one_process_says_so(store: MultimodalStore) -> None:
    with pytest.raises(StoreLockedError, match="open already, in this process"):
        MultimodalStore.open(store.place, encoder=store.encoder)


APPLICATION = """
import sys
from ragsight import ClipEncoder, MultimodalStore
from ragsight.errors import StoreError

encoder = ClipEncoder("ragsight-demo")
preloaded = MultimodalStore.open(sys.argv[-1] + "/before", encoder=encoder)
own = None


def application(environ, start_response):
    global own
    try:
        if environ["PATH_INFO"] == "/before":
            body = str(preloaded.counts().texts)
        else:
            own = own or MultimodalStore.open(sys.argv[-1] + "/after", encoder=encoder)
            body = str(own.counts().texts)
    except StoreError as error:
        body = f"StoreError: {error}"
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [body.encode()]
"""


def test_workers_of_gunicorn_with_a_preloaded_application_answer(tmp_path: Path) -> None:
    pytest.importorskip("gunicorn")
    (tmp_path / "application.py").write_text(APPLICATION)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(sys.executable, "-c", "from gunicorn.app.wsgiapp import run; run()", "--preload"),
        *("--workers", "1", "--bind", f"127.0.0.1:{port}", "--timeout", "20"),
        *("--chdir", str(tmp_path), "application", str(tmp_path)),
    ]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert "Open the index after the fork" in _asked(f"http://127.0.0.1:{port}/before")
        assert _asked(f"http://127.0.0.1:{port}/after") == "0"
    finally:
        server.terminate()
        server.wait(timeout=WAIT)


def _asked(address: str) -> str:
    deadline = time.monotonic() + WAIT
    while True:
        try:
            with urllib.request.urlopen(address, timeout=WAIT) as response:
                return str(response.read().decode())
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
