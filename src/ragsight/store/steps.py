"""Operations without I/O: one text for the blocking and the async methods.

A program is a generator. It yields the steps it needs done and is sent their results; what runs
it decides whether a step blocks, runs in a thread or is awaited.
"""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
Self = TypeVar("Self")  # typing's own is of 3.11


@dataclass(frozen=True, slots=True)
class Work:
    """Call a blocking function; async programs do it in a thread."""

    call: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Request:
    """Call a method of the Qdrant client, blocking or async.

    Attributes:
        method: Name of the client's method.
        arguments: Its keyword arguments.
    """

    method: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Together:
    """Run programs that don't depend on each other; the result is a list of theirs, in order."""

    programs: Sequence[Program[Any]]


Step: TypeAlias = Work | Request | Together
Program: TypeAlias = Generator[Step, Any, T]


class Runner(Protocol):
    """Runs programs."""

    def run(self, program: Program[T]) -> T:
        """Run a program in this thread."""
        ...

    async def arun(self, program: Program[T]) -> T:
        """Run a program without blocking the event loop."""
        ...


def in_one_step(
    method: Callable[Concatenate[Self, P], T],
) -> Callable[Concatenate[Self, P], Program[T]]:
    """Make a program out of a blocking method."""

    @functools.wraps(method)
    def program(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> Program[T]:
        result: T = yield Work(functools.partial(method, self, *args, **kwargs))
        return result

    return program


class StepRunner:
    """Runs programs; how a client is asked is left to two functions.

    Args:
        request: Asks the blocking client.
        arequest: Asks the async client.
        parallel: How many programs of a `Together` run at once.
    """

    def __init__(
        self,
        request: Callable[[Request], Any],
        arequest: Callable[[Request], Awaitable[Any]],
        *,
        parallel: int = 1,
    ) -> None:
        self._request = request
        self._arequest = arequest
        self.parallel = parallel

    def run(self, program: Program[T]) -> T:
        """Run a program in this thread; errors of a step are raised inside the program."""
        try:
            step = next(program)
            while True:
                try:
                    result = self._perform(step)
                except Exception as error:  # noqa: BLE001 - the program decides what it means
                    step = program.throw(error)
                else:
                    step = program.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            program.close()

    async def arun(self, program: Program[T]) -> T:
        """Run a program, awaiting requests and doing other work in threads."""
        try:
            step = next(program)
            while True:
                try:
                    result = await self._aperform(step)
                except Exception as error:  # noqa: BLE001 - the program decides what it means
                    step = program.throw(error)
                else:
                    step = program.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        finally:
            # What a cancelled program had under way is cleaned up now, not when it is collected.
            program.close()

    def _perform(self, step: Step) -> Any:
        match step:
            case Work():
                return step.call()
            case Request():
                return self._request(step)
            case Together():
                return self._all(step.programs)

    async def _aperform(self, step: Step) -> Any:
        match step:
            case Work():
                return await asyncio.to_thread(step.call)
            case Request():
                return await self._arequest(step)
            case Together():
                return await self._aall(step.programs)

    def _all(self, programs: Sequence[Program[Any]]) -> list[Any]:
        if self.parallel == 1 or len(programs) < 2:
            return [self.run(program) for program in programs]
        with ThreadPoolExecutor(min(self.parallel, len(programs))) as pool:
            return list(pool.map(self.run, programs))

    async def _aall(self, programs: Sequence[Program[Any]]) -> list[Any]:
        limit = asyncio.Semaphore(self.parallel)

        async def bounded(program: Program[Any]) -> Any:
            async with limit:
                return await self.arun(program)

        # All are waited for, as in threads: nothing goes on behind the back of an error.
        results = await asyncio.gather(*map(bounded, programs), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        return results
