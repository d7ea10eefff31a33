"""Forks of a process with an open index: they are refused at once, and harm nothing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from ragsight import Chunk, ClipEncoder, MultimodalRetriever, MultimodalStore, Source
from ragsight.errors import StoreError, StoreLockedError

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system can't fork")

CHUNK = Chunk(text="A red mug", source=Source(uri="shop.csv"))
WAIT = 30


# In an interpreter of its own: what a test run has loaded and started before would be forked too.
FORKING = """
import json, multiprocessing, os, signal, sys
from ragsight import Chunk, ClipEncoder, MultimodalRetriever, MultimodalStore, Source

place, wait = sys.argv[1], int(sys.argv[2])
chunk = Chunk(text="A red mug", source=Source(uri="shop.csv"))
store = MultimodalStore.open(place, encoder=ClipEncoder("ragsight-demo"))
store.upsert([chunk])
MultimodalRetriever(store).retrieve("mug")
asked = {
    "counts": store.counts,
    "get": lambda: store.get([chunk.id]),
    "upsert": lambda: store.upsert([Chunk(text="lost", source=Source(uri="b"))]),
    "delete": lambda: store.delete([chunk.id]),
    "retrieve": lambda: MultimodalRetriever(store).retrieve("mug"),
    "optimize": store.optimize,
    "close": store.close,
    "reopen": lambda: MultimodalStore.open(place, encoder=store.encoder),
}
said = {"parent": str(os.getpid())}
for name, action in asked.items():
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(wait)
        try:
            answer = f"did {action()}"
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(child, 0)
    said[name] = os.read(reading, 10_000).decode() if status == 0 else f"ended with {status}"
with multiprocessing.get_context("fork").Pool(2) as pool:
    said["pool"] = str(pool.map(abs, [-1, 2]))
store.upsert([Chunk(text="A blue mug", source=Source(uri="b"))])
said["texts"] = str(store.counts().texts)
store.close()
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What forks of a process with an open index say, by what they do with it."""
    place = tmp_path_factory.mktemp("fork") / "index"
    command = [sys.executable, "-W", "ignore", "-c", FORKING, str(place), str(WAIT)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=20 * WAIT)
    assert done.returncode == 0, done.stderr
    answers: dict[str, str] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("action", ["counts", "get", "upsert", "delete", "retrieve", "optimize"])
def test_a_fork_is_refused_whatever_it_asks(said: dict[str, str], action: str) -> None:
    assert said[action].startswith("StoreError")
    assert "Open the index after the fork" in said[action]


def test_closing_in_a_fork_leaves_the_parents_index_as_it_is(said: dict[str, str]) -> None:
    assert said["close"] == "did None"
    assert said["reopen"].startswith("StoreLockedError")
    assert f"process {said['parent']} (" in said["reopen"]
    assert said["texts"] == "2"


def test_a_pool_of_forks_ends(said: dict[str, str]) -> None:
    assert said["pool"] == "[1, 2]"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[MultimodalStore]:
    with MultimodalStore.open(tmp_path / "index", encoder=ClipEncoder("ragsight-demo")) as store:
        yield store


def test_a_fork_is_refused_before_anything_is_encoded(
    store: MultimodalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as fork:
        fork.setattr(os, "getpid", lambda: -1)
        fork.setattr(type(store.encoder), "encode_texts", None)
        with pytest.raises(StoreError, match="this is a fork"):
            MultimodalRetriever(store).retrieve("mug")
        with pytest.raises(StoreError, match="this is a fork"):
            store.upsert([CHUNK])


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
