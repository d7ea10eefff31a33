from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ragsight.steps import Await, InThread, Parallel, Steps, arun, in_one_step, run


class Desk:
    """Gives numbers back, blocking or awaited, and counts how many are asked for at once."""

    def __init__(self) -> None:
        self.most = 0
        self.threads: set[int] = set()
        self._now = 0
        self._lock = threading.Lock()

    @contextmanager
    def busy(self) -> Iterator[None]:
        with self._lock:
            self.threads.add(threading.get_ident())
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            yield
        finally:
            with self._lock:
                self._now -= 1

    def _ask(self, n: int, seconds: float = 0.005) -> int:
        with self.busy():
            time.sleep(seconds)
            return _positive(n)

    async def _aask(self, n: int, seconds: float = 0.005) -> int:
        with self.busy():
            await asyncio.sleep(seconds)
            return _positive(n)

    def one(self, n: int, seconds: float = 0.005) -> Steps[int]:
        return (yield from Await(self._ask, self._aask, n, seconds=seconds))


def _positive(n: int) -> int:
    if n < 0:
        raise ValueError(f"no {n}")
    return n


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def both_ways(steps: Callable[[], Steps[Any]]) -> list[Any]:
    """Run an operation both ways; what it raises is a result, too."""
    results: list[Any] = []
    for way in (lambda: asyncio.to_thread(run, steps()), lambda: arun(steps())):
        try:
            results.append(await way())
        except (ValueError, RuntimeError) as error:
            results.append(repr(error))
    return results


async def test_results_of_steps_come_back_into_the_operation(desk: Desk) -> None:
    def steps() -> Steps[list[int]]:
        first = yield from InThread(int, "1")
        second = yield from desk.one(first + 1)
        return [first, second]

    assert await both_ways(steps) == [[1, 2]] * 2


async def test_an_operation_without_steps_gives_its_result() -> None:
    def steps() -> Steps[str]:
        return "done"
        yield

    assert await both_ways(steps) == ["done"] * 2


async def test_a_step_s_error_is_raised_inside_the_operation_which_may_go_on(desk: Desk) -> None:
    def steps() -> Steps[str]:
        try:
            yield from desk.one(-1)
        except ValueError as error:
            return f"told {error}, then {(yield from desk.one(2))}"
        return "not refused"

    assert await both_ways(steps) == ["told no -1, then 2"] * 2


async def test_an_error_that_the_operation_leaves_alone_reaches_the_caller(desk: Desk) -> None:
    def steps() -> Steps[int]:
        yield from InThread(int, "1")
        return (yield from desk.one(-1))

    assert await both_ways(steps) == ["ValueError('no -1')"] * 2


@pytest.mark.parametrize("at_once", [1, 3])
async def test_operations_in_parallel_give_their_results_in_order(desk: Desk, at_once: int) -> None:
    def steps() -> Steps[list[int]]:
        return (yield from Parallel([desk.one(n) for n in range(10)], at_once=at_once))

    assert await both_ways(steps) == [list(range(10))] * 2
    assert desk.most == at_once


def test_without_threads_they_are_parallel_beside_an_event_loop_only(desk: Desk) -> None:
    def steps() -> Steps[list[int]]:
        parallel = Parallel([desk.one(n) for n in range(6)], at_once=3, threads=False)
        return (yield from parallel)

    assert run(steps()) == list(range(6))
    assert (desk.most, desk.threads) == (1, {threading.get_ident()})
    assert asyncio.run(arun(steps())) == list(range(6))
    assert desk.most == 3


async def test_after_one_failure_in_parallel_the_others_still_come_to_their_end(
    desk: Desk,
) -> None:
    ended: list[int] = []

    def noted(n: int, seconds: float) -> Steps[None]:
        yield from desk.one(n, seconds)
        ended.append(n)

    def steps() -> Steps[Any]:
        operations = [noted(1, 0.03), noted(-2, 0.001), noted(3, 0.03)]
        return (yield from Parallel(operations, at_once=3))

    assert await both_ways(steps) == ["ValueError('no -2')"] * 2
    assert sorted(ended) == [1, 1, 3, 3]


async def test_those_that_are_to_be_given_up_are_cancelled_once_one_fails(desk: Desk) -> None:
    cleaned: list[str] = []

    def patient() -> Steps[int]:
        try:
            return (yield from desk.one(1, 60.0))
        finally:
            cleaned.append("up")

    steps = Parallel([patient(), desk.one(-2), patient()], at_once=3, give_up=True)
    with pytest.raises(ValueError, match="no -2"):
        await asyncio.wait_for(arun(iter(steps)), 10)
    assert cleaned == ["up", "up"]


async def test_nothing_in_parallel_is_nothing() -> None:
    def steps() -> Steps[list[int]]:
        nothing: list[Steps[int]] = []
        return (yield from Parallel(nothing, at_once=2))

    assert await both_ways(steps) == [[]] * 2


async def test_what_blocks_is_done_in_another_thread_beside_an_event_loop() -> None:
    def steps() -> Steps[int]:
        return (yield from InThread(threading.get_ident))

    assert await arun(steps()) != threading.get_ident()
    assert run(steps()) == threading.get_ident()


async def test_a_cancelled_operation_cleans_up_before_the_cancellation_is_seen(desk: Desk) -> None:
    cleaned: list[str] = []

    def one() -> Steps[int]:
        try:
            return (yield from desk.one(1, 60.0))
        finally:
            cleaned.append("up")

    def steps() -> Steps[list[int]]:
        return (yield from Parallel([one(), one()], at_once=2))

    task = asyncio.ensure_future(arun(steps()))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cleaned == ["up", "up"]


def test_a_step_that_ends_an_iteration_is_no_end_of_the_operation() -> None:
    def steps() -> Steps[str]:
        yield from InThread(next, iter(()))
        return "went on"

    with pytest.raises(RuntimeError, match="StopIteration"):
        run(steps())


def test_a_blocking_method_becomes_an_operation() -> None:
    class Sum:
        @in_one_step
        def add(self, a: int, *, b: int) -> int:
            """Add."""
            return a + b

    assert run(Sum().add(1, b=2)) == 3
    assert Sum.add.__doc__ == "Add."


def test_in_threads_too_all_come_to_their_end_before_an_error_is_raised() -> None:
    done: list[int] = []

    def one(number: int) -> Steps[int]:
        def work() -> int:
            if number == 0:
                raise ValueError("the first")
            time.sleep(0.02)
            done.append(number)
            return number

        return (yield from InThread(work))

    with pytest.raises(ValueError, match="the first"):
        run(iter(Parallel([one(n) for n in range(6)], at_once=2)))
    assert sorted(done) == [1, 2, 3, 4, 5]
