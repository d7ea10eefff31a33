"""Streamed answers: text as it is written, the answer when it is done."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import aclosing, closing

from ragsight.answer.conversation import Ask, Conversation
from ragsight.answer.model.messages import Completion, StreamEvent
from ragsight.answer.providers.closing import aclosing_stream, closing_stream
from ragsight.answer.reply.assembler import AnswerAssembler
from ragsight.answer.reply.result import Answer
from ragsight.answer.request.plan import RequestPlan
from ragsight.errors import AnswerError, StreamInterruptedError
from ragsight.steps import Walk


class _Pending:
    """Holds the answer that a stream will end with."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
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

    The pieces put together are `answer.text`. Close it, or use it in a `with` statement, where it
    may not be read to its end.

    Attributes:
        plan: What is asked.

    Example:
        >>> from ragsight import VisionSynthesizer
        >>> from ragsight.testing import FakeVisionBackend
        >>> stream = VisionSynthesizer(FakeVisionBackend()).stream("Why?", [])
        >>> "".join(stream), stream.answer.abstained
        ('No relevant sources were found.', True)
    """

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(conversation)
        walk = Walk(conversation.steps())
        # Planned now, so that a bad question is an error where it is asked.
        while walk.step is not None and not isinstance(walk.step, Ask):
            walk.take()
        self._pieces = self._read(walk)

    @property
    def plan(self) -> RequestPlan:
        """What is asked; another plan once another backend had to be asked."""
        plan = self._conversation.plan
        if plan is None:
            raise AnswerError("Nothing was planned. Report this.")  # pragma: no cover
        return plan

    def __enter__(self) -> AnswerStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def __next__(self) -> str:
        return next(self._pieces)

    def close(self) -> None:
        """Stop reading and hang up."""
        self._pieces.close()

    def _read(self, walk: Walk[Answer]) -> Generator[str, None, None]:
        shown = 0
        with closing(walk):
            while walk.step is not None:
                streamed = _StreamedAsk.of(walk)
                if streamed is None:
                    walk.take()
                    continue
                with closing(streamed.pieces()) as pieces:
                    for piece in pieces:
                        shown += len(piece)
                        yield piece
                streamed.end()
        answer = walk.result
        if rest := answer.text[shown:]:
            yield rest
        self._answer = answer


class AsyncAnswerStream(_Pending):
    """An answer in pieces; iterate once with `async for`, then ask for `answer`.

    Close it, or use it in an `async with` statement, where it may not be read to its end.

    Attributes:
        plan: What is asked, once the first piece has arrived.
    """

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(conversation)
        self._pieces = self._read()

    @property
    def plan(self) -> RequestPlan | None:
        """What is asked, once the first piece has arrived."""
        return self._conversation.plan

    async def __aenter__(self) -> AsyncAnswerStream:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __aiter__(self) -> AsyncIterator[str]:
        return self._pieces

    async def __anext__(self) -> str:
        return await anext(self._pieces)

    async def aclose(self) -> None:
        """Stop reading and hang up."""
        await self._pieces.aclose()

    async def _read(self) -> AsyncGenerator[str, None]:
        shown = 0
        with closing(Walk(self._conversation.steps())) as walk:
            while walk.step is not None:
                streamed = _StreamedAsk.of(walk)
                if streamed is None:
                    await walk.atake()
                    continue
                async with aclosing(streamed.apieces()) as pieces:
                    async for piece in pieces:
                        shown += len(piece)
                        yield piece
                streamed.end()
        answer = walk.result
        if rest := answer.text[shown:]:
            yield rest
        self._answer = answer


class _StreamedAsk:
    """A step that is taken piece by piece."""

    def __init__(self, walk: Walk[Answer], ask: Ask, assembler: AnswerAssembler) -> None:
        self._walk = walk
        self._ask = ask
        self._assembler = assembler
        self._completion: Completion | None = None
        self._error: AnswerError | None = None

    @classmethod
    def of(cls, walk: Walk[Answer]) -> _StreamedAsk | None:
        """The step to be taken next, if its reply may be shown as it comes."""
        ask = walk.step
        if not isinstance(ask, Ask) or ask.assembler is None:
            return None
        return cls(walk, ask, ask.assembler)

    def pieces(self) -> Generator[str, None, None]:
        """The pieces to show."""
        try:
            with closing_stream(self._ask.backend.stream(self._ask.request)) as events:
                for event in events:
                    if piece := self._taken(event):
                        yield piece
        except AnswerError as error:
            self._error = error

    async def apieces(self) -> AsyncGenerator[str, None]:
        """The pieces to show."""
        try:
            async with aclosing_stream(self._ask.backend.astream(self._ask.request)) as events:
                async for event in events:
                    if piece := self._taken(event):
                        yield piece
        except AnswerError as error:
            self._error = error

    def end(self) -> None:
        """Go on with how it ended."""
        if self._error is not None:
            self._walk.fail(self._error)
        elif self._completion is not None:
            self._walk.give(self._completion)
        else:
            backend = self._ask.backend
            self._walk.fail(
                StreamInterruptedError(
                    f"{backend.name} ({backend.model}) ended the stream before the answer. Ask "
                    "again.",
                    partial=self._assembler.partial,
                )
            )

    def _taken(self, event: StreamEvent) -> str:
        if isinstance(event, Completion):
            self._completion = event
            return ""
        return self._assembler.feed(event)
