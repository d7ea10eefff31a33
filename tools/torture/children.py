"""Cases run in forks of a process that has no threads: fast, and a crash costs one case."""

from __future__ import annotations

import json
import math
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ragsight.errors import RagsightError

COLUMNS = ("crashed", "hung", "lost", "half-written", "foreign exceptions")
Say = Callable[[str, Any], None]


class FaultError(Exception):
    """A promise that wasn't kept: the column it counts in, and what was seen."""

    def __init__(self, column: str, detail: str) -> None:
        super().__init__(detail)
        self.column = column


@dataclass
class Tally:
    """What came of the cases of one kind."""

    tried: int = 0
    faults: list[tuple[int, str, str]] = field(default_factory=list)

    def add(self, case: int, faults: list[tuple[str, str]]) -> None:
        """Count one case and what it broke."""
        self.tried += 1
        self.faults += [(case, column, detail) for column, detail in faults]

    def join(self, other: Tally) -> None:
        """Take in what came of other cases."""
        self.tried += other.tried
        self.faults += other.faults

    def count(self, column: str) -> int:
        """How many faults of a column there were."""
        return sum(found == column for _, found, _ in self.faults)


@dataclass
class Child:
    """A fork at work, which says things as lines of JSON."""

    pid: int
    pipe: int

    def lines(self, seconds: float) -> Iterator[tuple[str, Any]]:
        """What it says, until its end; TimeoutError if it is silent for so long."""
        rest = b""
        deadline = time.monotonic() + seconds
        while True:
            left = deadline - time.monotonic()
            wait = None if math.isinf(left) else max(left, 0)
            if not select.select([self.pipe], [], [], wait)[0]:
                raise TimeoutError
            data = os.read(self.pipe, 65536)
            if not data:
                return
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                deadline = time.monotonic() + seconds
                yield tuple(json.loads(line))

    def kill(self) -> None:
        """End it at once, with what it may have started."""
        os.killpg(self.pid, signal.SIGKILL)

    def end(self) -> int:
        """Wait for its end; the wait status."""
        os.close(self.pipe)
        return os.waitpid(self.pid, 0)[1]


def start(work: Callable[[Say], None]) -> Child:
    """Fork, and do the work there in a group of processes of its own."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.close(reading)
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)

        def say(kind: str, what: Any = None) -> None:
            os.write(writing, json.dumps([kind, what]).encode() + b"\n")

        say("started")
        try:
            guarded(work, say)
        finally:
            os._exit(0)
    os.close(writing)
    return Child(pid, reading)


def guarded(work: Callable[[Say], None], say: Say) -> None:
    """Do work, and say which promise it broke, if any."""
    try:
        work(say)
    except FaultError as fault:
        say("fault", [fault.column, str(fault)])
    except RagsightError as error:
        say("error", f"{type(error).__name__}: {error}")
    except BaseException as error:  # noqa: BLE001 - any other exception is what is looked for
        say("fault", ["foreign exceptions", f"{type(error).__name__}: {error}"[:300]])


def run(
    work: Callable[[Say], None], seconds: float = 60
) -> tuple[list[tuple[str, str]], list[Any]]:
    """Do work in a fork: the faults that were seen, and all that was said."""
    child = start(work)
    said: list[Any] = []
    faults: list[tuple[str, str]] = []
    try:
        said.extend(child.lines(seconds))
    except TimeoutError:
        child.kill()
        child.end()
        return [("hung", f"nothing for {seconds:g} seconds")], said
    status = child.end()
    faults += [tuple(what) for kind, what in said if kind == "fault"]
    if status:
        faults.append(("crashed", f"wait status {status}"))
    return faults, said


Kind = Callable[[int, Sequence[int], Path], Tally]
"""Tortures, by a seed, cases and an empty folder."""


def side_by_side(kind: Kind, seed: int, cases: Sequence[int], folder: Path, jobs: int) -> Tally:
    """Share the cases out to so many processes, each with a folder of its own."""

    def part(number: int) -> Callable[[Say], None]:
        def work(say: Say) -> None:
            found = kind(seed, cases[number::jobs], folder / str(number))
            say("tally", [found.tried, found.faults])

        return work

    workers = [start(part(number)) for number in range(min(jobs, len(cases)))]
    whole = Tally()
    for worker in workers:
        said = list(worker.lines(math.inf))
        status = worker.end()
        tallies = [what for kind_, what in said if kind_ == "tally"]
        if status or not tallies:
            sys.exit(f"the torture itself broke off ({status}): {said}")
        for tried, faults in tallies:
            whole.join(Tally(tried, [tuple(fault) for fault in faults]))
    whole.faults.sort()
    return whole
