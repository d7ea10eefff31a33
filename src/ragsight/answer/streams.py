"""Streamed answers: text as it is written, the answer when it is done."""

from __future__ import annotations

from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Generator,
    Iterator,
)

from ragsight.answer.finishing import AnswerAssembler
from ragsight.answer.planning import RequestPlan
from ragsight.answer.request import StreamEvent, VisionRequest
from ragsight.answer.result import Answer
from ragsight.errors import AnswerError


class _Pending:
    """Holds the answer that a stream will end with."""

    def __init__(self) -> None:
        self._answer: Answer | None = None

    @property
    def answer(self) -> Answer:
        """The answer.

        Raises:
            AnswerError: If the stream wasn't read to its end.
        """
        if self._answer is None:
            raise AnswerError("The answer isn't there yet. Read the stream to its end first.")
        return self._answer


class AnswerStream(_Pending):
    """An answer in pieces; iterate once, then ask for `answer`.

    The pieces put together are `answer.text`.

    Attributes:
        plan: What was asked.

    Example:
        >>> from ragsight import VisionSynthesizer
        >>> from ragsight.testing import FakeVisionBackend
        >>> stream = VisionSynthesizer(FakeVisionBackend()).stream("Why?", [])
        >>> "".join(stream), stream.answer.abstained
        ('No relevant sources were found.', True)
    """

    def __init__(
        self, plan: RequestPlan, ask: Callable[[VisionRequest], Iterator[StreamEvent]]
    ) -> None:
        super().__init__()
        self.plan = plan
        self._pieces = self._read(plan, ask)

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def __next__(self) -> str:
        return next(self._pieces)

    def close(self) -> None:
        """Stop reading and hang up."""
        self._pieces.close()

    def _read(
        self, plan: RequestPlan, ask: Callable[[VisionRequest], Iterator[StreamEvent]]
    ) -> Generator[str, None, None]:
        assembler = AnswerAssembler(plan)
        if plan.request is not None:
            events = ask(plan.request)
            try:
                for event in events:
                    if piece := assembler.feed(event):
                        yield piece
            finally:
                if isinstance(events, Generator):
                    events.close()
        if piece := assembler.close():
            yield piece
        self._answer = assembler.answer


class AsyncAnswerStream(_Pending):
    """An answer in pieces; iterate once with `async for`, then ask for `answer`.

    Attributes:
        plan: What was asked, once the first piece has arrived.
    """

    def __init__(
        self,
        plan: Callable[[], Awaitable[RequestPlan]],
        ask: Callable[[VisionRequest], AsyncIterator[StreamEvent]],
    ) -> None:
        super().__init__()
        self.plan: RequestPlan | None = None
        self._pieces = self._read(plan, ask)

    def __aiter__(self) -> AsyncIterator[str]:
        return self._pieces

    async def __anext__(self) -> str:
        return await anext(self._pieces)

    async def aclose(self) -> None:
        """Stop reading and hang up."""
        await self._pieces.aclose()

    async def _read(
        self,
        make_plan: Callable[[], Awaitable[RequestPlan]],
        ask: Callable[[VisionRequest], AsyncIterator[StreamEvent]],
    ) -> AsyncGenerator[str, None]:
        plan = self.plan = await make_plan()
        assembler = AnswerAssembler(plan)
        if plan.request is not None:
            events = ask(plan.request)
            try:
                async for event in events:
                    if piece := assembler.feed(event):
                        yield piece
            finally:
                if isinstance(events, AsyncGenerator):
                    await events.aclose()
        if piece := assembler.close():
            yield piece
        self._answer = assembler.answer
