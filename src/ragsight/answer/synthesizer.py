"""Answer questions from retrieved text and images, with citations."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ragsight.answer.backend import VisionBackend, resolve_backend
from ragsight.answer.finishing import finish_answer, nothing_found
from ragsight.answer.labels import Evidence
from ragsight.answer.options import SynthesizerOptions
from ragsight.answer.planning import RequestPlan, plan_request
from ragsight.answer.result import Answer
from ragsight.answer.streams import AnswerStream, AsyncAnswerStream


class VisionSynthesizer:
    """Ask a vision model, give it the sources, and say what its answer rests on.

    Args:
        backend: A backend, or `openai:MODEL` or `anthropic:MODEL`.
        options: How sources become a request.

    Raises:
        ConfigurationError: If the backend's name makes no sense or its key is missing.
        MissingExtraError: If the provider's SDK isn't installed.

    Example:
        >>> from ragsight.chunks import Chunk, Source
        >>> from ragsight.testing import FakeVisionBackend
        >>> chunk = Chunk(text="The valve opens at 3 bar.", source=Source(uri="manual.pdf"))
        >>> synthesizer = VisionSynthesizer(FakeVisionBackend(reply="At 3 bar [1]."))
        >>> answer = synthesizer.answer("When does the valve open?", [chunk])
        >>> answer.text, answer.citations[0].chunk is chunk
        ('At 3 bar [1].', True)
    """

    def __init__(
        self, backend: VisionBackend | str, *, options: SynthesizerOptions | None = None
    ) -> None:
        self.backend = resolve_backend(backend)
        self.options = options if options is not None else SynthesizerOptions()

    def plan(self, question: str, sources: Sequence[Evidence]) -> RequestPlan:
        """Show what would be asked and what it would cost, without asking.

        Args:
            question: The question.
            sources: Hits or chunks; their images are opened.

        Returns:
            The plan of the request.

        Raises:
            QueryError: If the question is empty.
            ConfigurationError: If the model doesn't know the level of detail.
        """
        own = self.options.profile
        profile = own if own is not None else self.backend.profile
        return plan_request(question, sources, profile, self.options)

    def answer(self, question: str, sources: Sequence[Evidence]) -> Answer:
        """Answer a question from sources.

        Args:
            question: The question.
            sources: Hits or chunks. Without any, no model is asked and the answer abstains.

        Returns:
            The answer. What could not be used of the sources is in its `dropped` and `warnings`.

        Raises:
            QueryError: If the question is empty.
            BackendError: If the provider refused or could not be reached.
        """
        plan = self.plan(question, sources)
        if plan.request is None:
            return nothing_found(plan)
        return finish_answer(plan, self.backend.complete(plan.request))

    async def aanswer(self, question: str, sources: Sequence[Evidence]) -> Answer:
        """Answer a question from sources without blocking the event loop; see `answer`."""
        plan = await asyncio.to_thread(self.plan, question, sources)
        if plan.request is None:
            return nothing_found(plan)
        return finish_answer(plan, await self.backend.acomplete(plan.request))

    def stream(self, question: str, sources: Sequence[Evidence]) -> AnswerStream:
        """Answer piece by piece.

        Args:
            question: The question.
            sources: Hits or chunks.

        Returns:
            The pieces to iterate over; afterwards its `answer` is the answer. Reading it raises
            BackendError if the provider refuses and StreamInterruptedError, with the partial
            text, if the reply breaks off.

        Raises:
            QueryError: If the question is empty.
        """
        return AnswerStream(self.plan(question, sources), self.backend.stream)

    def astream(self, question: str, sources: Sequence[Evidence]) -> AsyncAnswerStream:
        """Answer piece by piece without blocking the event loop; see `stream`.

        Returns:
            The pieces for `async for`; nothing happens before the first one is asked for.
        """
        return AsyncAnswerStream(
            lambda: asyncio.to_thread(self.plan, question, sources), self.backend.astream
        )
