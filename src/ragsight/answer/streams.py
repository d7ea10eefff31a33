"""Streamed answers: text as it is written, the answer when it is done."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator

from ragsight.answer.asking import Done, advance, apieces, pieces
from ragsight.answer.conversation import Ask, Conversation, Steps
from ragsight.answer.reply.result import Answer
from ragsight.answer.request.plan import RequestPlan
from ragsight.errors import AnswerError


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
        steps = conversation.steps()
        # Taken now, so that a bad question is an error where it is asked.
        self._pieces = self._read(steps, advance(steps, None))

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

    def _read(self, steps: Steps, first: tuple[Ask, ...] | Done) -> Generator[str, None, None]:
        self._answer = yield from pieces(steps, first)


class AsyncAnswerStream(_Pending):
    """An answer in pieces; iterate once with `async for`, then ask for `answer`.

    Close it, or use it in an `async with` statement, where it may not be read to its end.

    Attributes:
        plan: What is asked, once the first piece has arrived.
    """

    def __init__(self, conversation: Conversation) -> None:
        super().__init__(conversation)
        self._pieces = self._read(conversation.steps())

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

    async def _read(self, steps: Steps) -> AsyncGenerator[str, None]:
        stream = apieces(steps)
        try:
            async for piece in stream:
                if isinstance(piece, Answer):
                    self._answer = piece
                else:
                    yield piece
        finally:
            await stream.aclose()
