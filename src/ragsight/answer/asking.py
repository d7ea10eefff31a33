"""Carry out the steps of a conversation, with or without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Sequence
from contextlib import aclosing, closing
from dataclasses import dataclass

from ragsight.answer.conversation import Ask, Outcome, Steps
from ragsight.answer.model.messages import Completion, TextDelta
from ragsight.answer.providers.closing import aclosing_stream, closing_stream
from ragsight.answer.reply.result import Answer
from ragsight.errors import AnswerError, StreamInterruptedError

PARALLEL = 4
"""Requests for notes that are under way at once."""


@dataclass(frozen=True, slots=True)
class Done:
    """The end of the steps.

    Attributes:
        answer: The answer.
    """

    answer: Answer


def advance(steps: Steps, outcomes: list[Outcome] | None) -> tuple[Ask, ...] | Done:
    """Go on to the next step. Not as an exception: one can't pass from a thread to a coroutine."""
    try:
        return next(steps) if outcomes is None else steps.send(outcomes)
    except StopIteration as stop:
        return Done(stop.value)


def run(steps: Steps) -> Answer:
    """Take all steps and return the answer."""
    step = advance(steps, None)
    while not isinstance(step, Done):
        step = advance(steps, [_attempt(ask) for ask in step])
    return step.answer


async def arun(steps: Steps) -> Answer:
    """Take all steps without blocking the event loop; images are prepared in a thread."""
    step = await asyncio.to_thread(advance, steps, None)
    while not isinstance(step, Done):
        step = await asyncio.to_thread(advance, steps, await _attempt_all(step))
    return step.answer


def pieces(steps: Steps, first: tuple[Ask, ...] | Done) -> Generator[str, None, Answer]:
    """Take all steps and yield the answer's text as it is written.

    Args:
        steps: The steps.
        first: The first of them, already taken.

    Returns:
        The answer; its text is what was yielded.
    """
    step, shown = first, 0
    while not isinstance(step, Done):
        outcomes: list[Outcome] = []
        if len(step) == 1 and step[0].assembler is not None:
            with closing(_streamed(step[0])) as stream:
                for piece in stream:
                    if isinstance(piece, str):
                        shown += len(piece)
                        yield piece
                    else:
                        outcomes.append(piece)
        else:
            outcomes = [_attempt(ask) for ask in step]
        step = advance(steps, outcomes)
    if rest := step.answer.text[shown:]:
        yield rest
    return step.answer


async def apieces(steps: Steps) -> AsyncGenerator[str | Answer, None]:
    """Take all steps and yield the answer's text as it is written, and at the end the answer."""
    step, shown = await asyncio.to_thread(advance, steps, None), 0
    while not isinstance(step, Done):
        outcomes: list[Outcome] = []
        if len(step) == 1 and step[0].assembler is not None:
            async with aclosing(_astreamed(step[0])) as stream:
                async for piece in stream:
                    if isinstance(piece, str):
                        shown += len(piece)
                        yield piece
                    else:
                        outcomes.append(piece)
        else:
            outcomes = await _attempt_all(step)
        step = await asyncio.to_thread(advance, steps, outcomes)
    if rest := step.answer.text[shown:]:
        yield rest
    yield step.answer


def _attempt(ask: Ask) -> Outcome:
    try:
        return ask.backend.complete(ask.request)
    except AnswerError as error:
        return error


async def _attempt_all(asks: Sequence[Ask]) -> list[Outcome]:
    gate = asyncio.Semaphore(PARALLEL)

    async def attempt(ask: Ask) -> Outcome:
        async with gate:
            try:
                return await ask.backend.acomplete(ask.request)
            except AnswerError as error:
                return error

    attempts = [asyncio.ensure_future(attempt(ask)) for ask in asks]
    try:
        return list(await asyncio.gather(*attempts))
    finally:
        for task in attempts:
            task.cancel()  # those still under way once another one raised


def _streamed(ask: Ask) -> Generator[str | Outcome, None, None]:
    """The pieces to show, then how it ended."""
    ending: Outcome | None = None
    try:
        with closing_stream(ask.backend.stream(ask.request)) as events:
            for event in events:
                if isinstance(event, Completion):
                    ending = event
                elif piece := _show(ask, event.text):
                    yield piece
    except AnswerError as error:
        ending = error
    yield ending if ending is not None else _cut(ask)


async def _astreamed(ask: Ask) -> AsyncGenerator[str | Outcome, None]:
    """The pieces to show, then how it ended."""
    ending: Outcome | None = None
    try:
        async with aclosing_stream(ask.backend.astream(ask.request)) as events:
            async for event in events:
                if isinstance(event, Completion):
                    ending = event
                elif piece := _show(ask, event.text):
                    yield piece
    except AnswerError as error:
        ending = error
    yield ending if ending is not None else _cut(ask)


def _show(ask: Ask, text: str) -> str:
    return "" if ask.assembler is None else ask.assembler.feed(TextDelta(text))


def _cut(ask: Ask) -> StreamInterruptedError:
    return StreamInterruptedError(
        f"{ask.backend.name} ({ask.backend.model}) ended the stream before the answer. Ask again.",
        partial="" if ask.assembler is None else ask.assembler.partial,
    )
