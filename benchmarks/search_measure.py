"""One size of `search.py`: every contender fills its index, then all are asked in turn."""

from __future__ import annotations

import random
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from search_data import CASES, write
from search_process import ContenderError, Worker, missing_package

OURS, BEFORE, BARE = "ragsight", "ragsight, before optimize", "qdrant-edge, bare"
THROUGH_STORE = "ragsight, MultimodalStore.search"
EXACT, LOCAL = "numpy, exact", "qdrant-client local"

MOST_POINTS = {LOCAL: 200_000}
"""Above, a contender is left out: a query would take many seconds."""

CASE_SECONDS = 20.0
TURN = 10
"""Questions that a contender is asked before the next one's turn: after another's work its memory
is out of the processor's caches, and at first every search is slow."""

LEAST_QUESTIONS = 3
"""A contender that has spent so long on a case is asked no more in it, but after so many."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    questions: int
    rounds: int
    seed: int
    contenders: tuple[str, ...]
    channels: bool


@dataclass(slots=True)
class Asked:
    """One contender in one case: seconds of each answer, and the first answer to each question.

    Attributes:
        seconds: Wall time.
        cpu: CPU time of the process, all its threads.
        inner: Wall time of the engine's own call, where it is measured.
        answers: Products by question.
    """

    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    inner: list[float] = field(default_factory=list)
    answers: dict[int, list[int]] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether it has had its time."""
        return len(self.seconds) >= LEAST_QUESTIONS and sum(self.seconds) > CASE_SECONDS


Times = dict[str, dict[str, Asked]]


class Measurement:
    """One size: run it, then read `result`.

    Args:
        points: How many products.
        options: What the command line says.
        folder: For everything; it is empty.
    """

    def __init__(self, points: int, options: Options, folder: Path) -> None:
        self._points = points
        self._options = options
        self._folder = folder
        self._data = folder / "data"
        self._workers: dict[str, Worker] = {}
        self.contenders: dict[str, dict[str, Any]] = {}
        self.left_out: dict[str, str] = {}
        self.holds: dict[str, Any] = {}
        self.channels: dict[str, Any] | None = None
        self.times: Times = {}

    def run(self) -> None:
        """Measure everything; a contender that fails is left out and named."""
        _note(f"{self._points:,} points: making them")
        options = self._options
        write(self._data, points=self._points, questions=options.questions, seed=options.seed)
        try:
            for name in options.contenders:
                self._unless_it_fails(name, self._prepare)
            self._ask_all()
            for name in list(self._workers):
                self._unless_it_fails(name, self._finish)
        finally:
            for worker in self._workers.values():
                worker.end()
        if options.channels:
            self._unless_it_fails("four channels", self._four_channels)

    def _unless_it_fails(self, name: str, step: Any) -> None:
        try:
            step(name)
        except ContenderError as error:
            self._drop(name, f"failed: {error}")

    def _drop(self, name: str, reason: str) -> None:
        self.left_out[name] = reason
        _note(f"{name}: {reason}")
        if worker := self._workers.pop(name, None):
            worker.end()

    def _place(self, name: str) -> Path:
        return self._folder / name.replace(", ", "-").replace(" ", "-")

    def _start(self, name: str) -> Worker:
        self._workers[name] = Worker(name, self._place(name), self._data)
        return self._workers[name]

    def _prepare(self, name: str) -> None:
        """Fill a contender's index, and open it again in a new process."""
        if package := missing_package(name):
            return self._drop(name, f"{package} is not installed")
        if self._points > MOST_POINTS.get(name, self._points):
            return self._drop(name, f"left out above {MOST_POINTS[name]:,} points")
        facts = self.contenders.setdefault(name, {})
        if name not in (BEFORE, BARE):
            self._fill(name, facts)
            if name == LOCAL:  # It is in memory, and would be empty.
                return None
            self._workers.pop(name).end()
        elif not self._place(name).exists():
            return self._drop(name, "there is no index of ours to copy")
        facts["open"] = self._start(name).call("open")
        return None

    def _fill(self, name: str, facts: dict[str, Any]) -> None:
        _note(f"{name}: ingest")
        self._place(name).mkdir()
        worker = self._start(name)
        facts["ingest"] = worker.call("ingest")
        if name == OURS:
            worker.call("close")
            shutil.copytree(self._place(OURS), self._place(BEFORE))
            worker.call("open")
        facts["build"] = worker.call("build")
        facts["ingest peak"] = worker.call("memory")["peak"]
        if name == LOCAL:
            return
        worker.call("close")
        facts["disk"] = _size(self._place(name))
        if name == OURS:
            shutil.copytree(self._place(OURS), self._place(BARE))

    def _ask_all(self) -> None:
        targets = [*self._workers]
        if OURS in targets:
            targets.append(THROUGH_STORE)
        self.times = {name: {case: Asked() for case in CASES} for name in targets}
        order = random.Random(self._options.seed)
        for case in CASES:
            _note(f"questions, {case}")
            able = [name for name in targets if self._ask(name, case, 0, warm=True)]
            for start in range(0, self._options.questions * self._options.rounds, TURN):
                order.shuffle(able)
                able = [name for name in able if self._take_turn(name, case, start)]

    def _take_turn(self, name: str, case: str, start: int) -> bool:
        """Ask a few questions; gives whether the contender can go on in this case."""
        number = self._options.questions
        end = min(start + TURN, number * self._options.rounds)
        return all(self._ask(name, case, turn % number) for turn in range(start, end))

    def _ask(self, name: str, case: str, index: int, *, warm: bool = False) -> bool:
        """Ask one question; gives whether the contender can go on in this case."""
        worker_name = OURS if name == THROUGH_STORE else name
        if worker_name not in self._workers:
            return False
        try:
            answer = self._workers[worker_name].call(
                "ask", case=case, index=index, via_store=name == THROUGH_STORE
            )
        except ContenderError as error:
            self._drop(worker_name, f"failed: {error}")
            return False
        if "cannot" in answer:
            return False
        asked = self.times[name][case]
        if not warm:
            asked.seconds.append(answer["seconds"])
            asked.cpu.append(answer["cpu"])
            asked.inner += [answer["inner"]] if answer["inner"] is not None else []
            asked.answers.setdefault(index, answer["numbers"])
        return not asked.is_done

    def _finish(self, name: str) -> None:
        worker = self._workers[name]
        self.contenders[name]["query peak"] = worker.call("memory")["peak"]
        if name in (OURS, BEFORE):
            _note(f"{name}: event loop")
            self.holds[name] = worker.call("holds")

    def _four_channels(self, name: str) -> None:
        _note("four channels")
        self._place(name).mkdir()
        worker = Worker(OURS, self._place(name), self._data)
        try:
            self.channels = worker.call("channels", rounds=self._options.rounds)
        finally:
            worker.end()


def recall(asked: Asked, exact: Mapping[int, list[int]]) -> float | None:
    """The share of the exact first ten that was found, over the questions that both answered."""
    both = asked.answers.keys() & exact.keys()
    if not both:
        return None
    shares = [len(set(asked.answers[i]) & set(exact[i])) / len(exact[i]) for i in both]
    return sum(shares) / len(shares)


def _size(folder: Path) -> int:
    """Bytes on disk; files with holes count as what they take."""
    return sum(p.stat().st_blocks * 512 for p in folder.rglob("*") if p.is_file())


def _note(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
