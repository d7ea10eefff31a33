"""Each contender of `search.py` in a process of its own, asked over its standard streams."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, Protocol

from search_data import Block, Data, Question

CONTENDERS = {
    "numpy, exact": "search_bare:ExactNumpy",
    "ragsight": "search_ours:OurStore",
    "qdrant-client local": "search_peers:QdrantLocal",
    "chroma": "search_peers:Chroma",
    "lancedb": "search_peers:LanceDb",
    # These two open copies of our index.
    "ragsight, before optimize": "search_ours:OurStore",
    "qdrant-edge, bare": "search_bare:BareEngine",
}
"""Where each is: a process imports its own only, so that memory is that of one."""

PACKAGES = {"chroma": "chromadb", "lancedb": "lancedb"}


class Contender(Protocol):
    """What is measured; making one imports its packages."""

    def open(self, folder: Path) -> None:
        """Make an index in an empty folder, or open the one that is there."""

    def add(self, block: Block) -> None:
        """Write products."""

    def build(self) -> None:
        """Do what makes search fast, where writing doesn't do it already."""

    def ask(self, case: str, question: Question) -> Any:
        """Search; this is what is timed."""

    def numbers(self, answer: Any) -> list[int]:
        """The products in an answer, best first."""

    def close(self) -> None:
        """Release the index."""


def missing_package(name: str) -> str | None:
    """The package that a contender needs and that isn't installed."""
    package = PACKAGES.get(name)
    return package if package is not None and find_spec(package) is None else None


class ContenderError(Exception):
    """A contender failed; the message is its own."""


class Worker:
    """A contender's process.

    Args:
        name: Which contender, one of `CONTENDERS`.
        folder: Where its index is.
        data: Where products and questions are.
    """

    def __init__(self, name: str, folder: Path, data: Path) -> None:
        script = str(Path(__file__).with_name("search.py"))
        command = [sys.executable, script, "--worker", name, str(folder), str(data)]
        self.name = name
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def call(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Have a command done.

        Raises:
            ContenderError: If it failed, or the process ended.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ContenderError(f"the process ended with code {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ContenderError(answer["error"])
        return answer

    def end(self) -> None:
        """Let the process end, and wait for it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


def serve(name: str, folder: Path, data: Path) -> None:
    """Answer commands until the standard input ends."""
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    module, _, kind = CONTENDERS[name].partition(":")
    contender = getattr(import_module(module), kind)()
    server = _Server(contender, folder, Data(data))
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(server, command.pop("do"))(**command)
        except NotImplementedError:
            answer = {"cannot": True}
        except Exception as error:  # noqa: BLE001 - told to the parent, which goes on without it
            answer = {"error": f"{type(error).__name__}: {error}"}
        _say(answers, answer)


def _say(answers: IO[str], answer: dict[str, Any]) -> None:
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


class _Server:
    """The commands; each gives what the parent is told."""

    def __init__(self, contender: Contender, folder: Path, data: Data) -> None:
        self._contender = contender
        self._folder = folder
        self._data = data
        self._questions = data.questions()

    def ingest(self) -> dict[str, Any]:
        """Write all products; the reading of them isn't measured."""
        self._contender.open(self._folder)
        wall = cpu = 0.0
        for block in self._data.blocks():
            measured = _measured(partial(self._contender.add, block))
            wall, cpu = wall + measured["wall"], cpu + measured["cpu"]
        return {"wall": wall, "cpu": cpu}

    def build(self) -> dict[str, Any]:
        """Build what makes search fast."""
        return _measured(self._contender.build)

    def open(self) -> dict[str, Any]:
        """Open the index again, and answer the first question: some open on first use."""

        def opened() -> None:
            self._contender.open(self._folder)
            self._contender.ask("no filter", self._questions[0])

        return _measured(opened)

    def ask(self, case: str, index: int, via_store: bool = False) -> dict[str, Any]:
        """Answer a question."""
        contender: Any = self._contender
        question = self._questions[index]
        ask = contender.ask_store if via_store else contender.ask
        started, cpu = time.perf_counter(), time.process_time()
        answer = ask(case, question)
        cpu, seconds = time.process_time() - cpu, time.perf_counter() - started
        inner = getattr(contender, "engine_seconds", None)
        numbers = contender.numbers(answer)
        return {"seconds": seconds, "cpu": cpu, "inner": inner, "numbers": numbers}

    def memory(self) -> dict[str, Any]:
        """The most memory that this process or one of its own has had, in bytes."""
        return {"peak": max(_own_peak(), _peak_of(resource.RUSAGE_CHILDREN))}

    def holds(self) -> dict[str, Any]:
        """How long our store holds an event loop."""
        from search_holds import holds
        from search_ours import OurStore

        assert isinstance(self._contender, OurStore)
        return holds(self._contender, self._questions, next(self._data.blocks()))

    def channels(self, rounds: int) -> dict[str, Any]:
        """What four channels cost beside each alone, in an index made for it."""
        from search_channels import channels

        return channels(self._folder, self._data, rounds)

    def close(self) -> dict[str, Any]:
        """Close the index."""
        self._contender.close()
        return {}


def _measured(call: Callable[[], None]) -> dict[str, Any]:
    wall, cpu = time.perf_counter(), _cpu()
    call()
    return {"wall": time.perf_counter() - wall, "cpu": _cpu() - cpu}


def _cpu() -> float:
    """CPU seconds of this process, all its threads, and processes of its own that have ended."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usage)


def _own_peak() -> int:
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except FileNotFoundError:
        return _peak_of(resource.RUSAGE_SELF)
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _peak_of(who: int) -> int:
    # Linux counts in KiB, macOS in bytes.
    return resource.getrusage(who).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
