"""Operations without I/O: one text for the blocking and the async methods.

An operation is a generator of steps. It yields what is to be done and is sent what came of it;
`run` and `arun` decide whether a step blocks, is done in a thread, or is awaited. `yield from` of a
step gives its result, with its type:

    def answered(backend, request) -> Steps[Completion]:
        sent = yield from InThread(prepare, request)
        return (yield from Await(backend.complete, backend.acomplete, sent))
"""

from __future__ import annotations

import asyncio
import functools
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any, Concatenate, Generic, ParamSpec, TypeAlias, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
Self = TypeVar("Self")  # typing's own is of 3.11

Steps: TypeAlias = Generator["Step[Any]", Any, T]
"""An operation that comes to a `T`."""


class Step(ABC, Generic[T]):
    """Something to be done that an operation needs the result of."""

    def __iter__(self) -> Steps[T]:
        result: T = yield self
        return result

    @abstractmethod
    def perform(self) -> T:
        """Do it, and return its result."""

    @abstractmethod
    async def aperform(self) -> T:
        """Do it without blocking the event loop."""


class InThread(Step[T]):
    """Call a function that blocks; beside an event loop it is called in a thread.

    Args:
        function: What to call.
        *args: Its arguments.
        **kwargs: Its arguments by name.
    """

    def __init__(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> None:
        self._call = functools.partial(function, *args, **kwargs)

    def perform(self) -> T:
        """Call the function."""
        return self._call()

    async def aperform(self) -> T:
        """Call the function in a thread."""
        return await asyncio.to_thread(self._call)


class Await(Step[T]):
    """Call one of two functions that come to the same: one that blocks, one that is awaited.

    Args:
        blocking: Called where there is no event loop.
        awaited: Awaited where there is one.
        *args: The arguments of either.
        **kwargs: The arguments of either by name.
    """

    def __init__(
        self,
        blocking: Callable[P, T],
        awaited: Callable[P, Awaitable[T]],
        /,
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> None:
        self._blocking = functools.partial(blocking, *args, **kwargs)
        self._awaited = functools.partial(awaited, *args, **kwargs)

    def perform(self) -> T:
        """Call the blocking function."""
        return self._blocking()

    async def aperform(self) -> T:
        """Await the other one."""
        return await self._awaited()


class Parallel(Step[list[T]]):
    """Run operations that don't depend on each other; the result is a list of theirs, in order.

    Args:
        operations: The operations.
        at_once: How many are under way at once.
        threads: Whether they are so without an event loop too, each in a thread.
        give_up: Whether the others are cancelled once one fails. Otherwise all come to their end
            first, so that nothing goes on behind the back of an error.
    """

    def __init__(
        self,
        operations: Sequence[Steps[T]],
        *,
        at_once: int = 1,
        threads: bool = True,
        give_up: bool = False,
    ) -> None:
        self._operations = operations
        self._at_once = at_once
        self._threads = threads
        self._give_up = give_up

    def perform(self) -> list[T]:
        """Run them, in threads or one after the other."""
        workers = min(self._at_once, len(self._operations)) if self._threads else 1
        if workers <= 1:
            return [run(operation) for operation in self._operations]
        with ThreadPoolExecutor(workers) as pool:
            # Not `pool.map`, which cancels what hasn't begun once one fails, as chance has it.
            futures = [pool.submit(run, operation) for operation in self._operations]
            try:
                return [future.result() for future in futures]
            except Exception:
                if self._give_up:
                    for future in futures:
                        future.cancel()
                raise

    async def aperform(self) -> list[T]:
        """Run them in the event loop."""
        gate = asyncio.Semaphore(self._at_once)

        async def bounded(operation: Steps[T]) -> T:
            async with gate:
                return await arun(operation)

        tasks = [asyncio.ensure_future(bounded(operation)) for operation in self._operations]
        try:
            return list(await asyncio.gather(*tasks))
        except Exception:
            if self._give_up:
                for task in tasks:
                    task.cancel()
            raise
        finally:
            await asyncio.gather(*tasks, return_exceptions=True)


class Walk(Generic[T]):
    """Takes an operation from step to step.

    Args:
        steps: The operation; it goes to its first step at once.

    Attributes:
        step: What is to be done next; None at the end.
    """

    def __init__(self, steps: Steps[T]) -> None:
        self.step: Step[Any] | None = None
        self._steps = steps
        self._result: T
        self._go(lambda: next(steps))

    @property
    def result(self) -> T:
        """What the operation came to, once there is no step left."""
        return self._result

    def take(self) -> None:
        """Do the step; its error is raised inside the operation, which decides what it means."""
        assert self.step is not None
        try:
            result = self.step.perform()
        except Exception as error:  # noqa: BLE001 - the operation decides
            self.fail(error)
        else:
            self.give(result)

    async def atake(self) -> None:
        """Do the step without blocking the event loop; see `take`."""
        assert self.step is not None
        try:
            result = await self.step.aperform()
        except Exception as error:  # noqa: BLE001 - the operation decides
            self.fail(error)
        else:
            self.give(result)

    def give(self, result: Any) -> None:
        """Go on with a step's result."""
        self._go(lambda: self._steps.send(result))

    def fail(self, error: Exception) -> None:
        """Go on with a step's error."""
        self._go(lambda: self._steps.throw(error))

    def close(self) -> None:
        """Have the operation clean up, wherever it stands."""
        self._steps.close()

    def _go(self, on: Callable[[], Step[Any]]) -> None:
        self.step = None
        try:
            self.step = on()
        except StopIteration as end:
            self._result = end.value


def run(steps: Steps[T]) -> T:
    """Run an operation in this thread."""
    with closing(Walk(steps)) as walk:
        while walk.step is not None:
            walk.take()
        return walk.result


async def arun(steps: Steps[T]) -> T:
    """Run an operation without blocking the event loop."""
    # What a cancelled one had under way is cleaned up now, not when it is collected.
    with closing(Walk(steps)) as walk:
        while walk.step is not None:
            await walk.atake()
        return walk.result


def in_one_step(
    method: Callable[Concatenate[Self, P], T],
) -> Callable[Concatenate[Self, P], Steps[T]]:
    """Make an operation of one step out of a method that blocks."""

    @functools.wraps(method)
    def steps(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> Steps[T]:
        return (yield from InThread(method, self, *args, **kwargs))

    return steps
