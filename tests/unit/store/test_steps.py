from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ragsight.store.steps import Program, Request, StepRunner, Together, Work, in_one_step


class Desk:
    """Answers requests, and counts how many there are at once."""

    def __init__(self) -> None:
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    @contextmanager
    def busy(self) -> Iterator[None]:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        yield
        with self._lock:
            self._now -= 1

    def ask(self, request: Request) -> Any:
        with self.busy():
            time.sleep(0.005)
            if request.method == "refuse":
                raise ValueError("no")
            return request.arguments["n"]

    async def aask(self, request: Request) -> Any:
        with self.busy():
            await asyncio.sleep(0.005)
            if request.method == "refuse":
                raise ValueError("no")
            return request.arguments["n"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def both_ways(desk: Desk, program: Any, *, parallel: int = 1) -> list[Any]:
    """Run a program in both shells; what it raises is a result, too."""
    runner = StepRunner(desk.ask, desk.aask, parallel=parallel)
    results: list[Any] = []
    for run in (lambda: asyncio.to_thread(runner.run, program()), lambda: runner.arun(program())):
        try:
            results.append(await run())
        except (ValueError, RuntimeError) as error:
            results.append(repr(error))
    return results


def one(n: int) -> Program[int]:
    return (yield Request("give", {"n": n}))


def refused() -> Program[int]:
    return (yield Request("refuse"))


async def test_results_of_steps_come_back_into_the_program(desk: Desk) -> None:
    def program() -> Program[list[Any]]:
        first = yield Work(lambda: 1)
        second = yield Request("give", {"n": first + 1})
        return [first, second]

    assert await both_ways(desk, program) == [[1, 2]] * 2


async def test_a_program_without_steps_gives_its_result(desk: Desk) -> None:
    def program() -> Program[str]:
        return "done"
        yield

    assert await both_ways(desk, program) == ["done"] * 2


async def test_a_step_s_error_is_raised_inside_the_program_which_may_go_on(desk: Desk) -> None:
    def program() -> Program[str]:
        try:
            yield Request("refuse")
        except ValueError as error:
            return f"told {error}, then {(yield Request('give', {'n': 2}))}"
        return "not refused"

    assert await both_ways(desk, program) == ["told no, then 2"] * 2


async def test_an_error_that_the_program_leaves_alone_reaches_the_caller(desk: Desk) -> None:
    def program() -> Program[None]:
        yield Work(lambda: 1)
        yield from refused()

    assert await both_ways(desk, program) == ["ValueError('no')"] * 2


@pytest.mark.parametrize("parallel", [1, 3])
async def test_programs_together_give_their_results_in_order(desk: Desk, parallel: int) -> None:
    def program() -> Program[list[int]]:
        return (yield Together([one(n) for n in range(10)]))

    assert await both_ways(desk, program, parallel=parallel) == [list(range(10))] * 2
    assert desk.most == parallel


async def test_one_failure_among_many_fails_them_all(desk: Desk) -> None:
    def program() -> Program[list[int]]:
        return (yield Together([one(1), refused(), one(3)]))

    assert await both_ways(desk, program, parallel=2) == ["ValueError('no')"] * 2


async def test_nothing_together_is_nothing(desk: Desk) -> None:
    def program() -> Program[list[int]]:
        return (yield Together([]))

    assert await both_ways(desk, program, parallel=2) == [[]] * 2


async def test_work_of_an_async_run_is_done_in_another_thread(desk: Desk) -> None:
    def program() -> Program[int]:
        return (yield Work(threading.get_ident))

    runner = StepRunner(desk.ask, desk.aask)
    assert await runner.arun(program()) != threading.get_ident()
    assert runner.run(program()) == threading.get_ident()


def test_a_blocking_method_becomes_a_program(desk: Desk) -> None:
    class Sum:
        @in_one_step
        def add(self, a: int, *, b: int) -> int:
            """Add."""
            return a + b

    runner = StepRunner(desk.ask, desk.aask)
    assert runner.run(Sum().add(1, b=2)) == 3
    assert Sum.add.__doc__ == "Add."
