"""Answer questions from retrieved text and images, with citations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ragsight.answer.conversation import Conversation, Setup
from ragsight.answer.model.costs import Price
from ragsight.answer.providers.backend import VisionBackend, resolve_backend
from ragsight.answer.providers.recording import RequestHook
from ragsight.answer.reply.result import Answer
from ragsight.answer.request.labels import Evidence
from ragsight.answer.request.options import SynthesizerOptions
from ragsight.answer.request.plan import RequestPlan, plan_answer
from ragsight.answer.streams import AnswerStream, AsyncAnswerStream
from ragsight.steps import arun, run

if TYPE_CHECKING:
    from pydantic import BaseModel


class VisionSynthesizer:
    """Ask a vision model, give it the sources, and say what its answer rests on.

    Args:
        backend: A backend, or `openai:MODEL` or `anthropic:MODEL`.
        options: How sources become a request, and a reply an answer.
        fallbacks: Backends to ask in turn when one refuses, can't be reached, or breaks off before
            its first word. Each gets a request within its own limits, and the answer a warning.
        prices: Prices by model, for `Answer.cost`.
        on_request: Called with each request before it is sent, such as a `RequestSaver`.

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
        self,
        backend: VisionBackend | str,
        *,
        options: SynthesizerOptions | None = None,
        fallbacks: Sequence[VisionBackend | str] = (),
        prices: Mapping[str, Price] | None = None,
        on_request: RequestHook | None = None,
    ) -> None:
        self.backend = resolve_backend(backend)
        self.options = options if options is not None else SynthesizerOptions()
        self.fallbacks = tuple(resolve_backend(fallback) for fallback in fallbacks)
        self.prices = dict(prices) if prices is not None else {}
        self.on_request = on_request

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
            AnswerError: If not all fits and `options.overflow` is `raise`.
        """
        setup = self._setup()
        return plan_answer(question, sources, setup.profile_of(self.backend), self.options)

    def answer(
        self,
        question: str,
        sources: Sequence[Evidence],
        *,
        schema: type[BaseModel] | None = None,
    ) -> Answer:
        """Answer a question from sources.

        Args:
            question: The question.
            sources: Hits or chunks. Without any, no model is asked and the answer abstains.
            schema: A pydantic model class, for an answer in its form: it is then in the answer's
                `data`, and each citation names the fields that it supports.

        Returns:
            The answer. What could not be used of the sources is in its `dropped` and `warnings`.

        Raises:
            QueryError: If the question is empty.
            BackendError: If the provider refused or could not be reached.
            AnswerError: If the reply can't be used: not in the schema's form in two attempts, or
                citing what doesn't exist where that is an error.
        """
        return run(self._conversation(question, sources, schema).steps())

    async def aanswer(
        self,
        question: str,
        sources: Sequence[Evidence],
        *,
        schema: type[BaseModel] | None = None,
    ) -> Answer:
        """Answer a question from sources without blocking the event loop; see `answer`."""
        return await arun(self._conversation(question, sources, schema).steps())

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
        return AnswerStream(self._conversation(question, sources))

    def astream(self, question: str, sources: Sequence[Evidence]) -> AsyncAnswerStream:
        """Answer piece by piece without blocking the event loop; see `stream`.

        Returns:
            The pieces for `async for`; nothing happens before the first one is asked for.
        """
        return AsyncAnswerStream(self._conversation(question, sources))

    def _conversation(
        self,
        question: str,
        sources: Sequence[Evidence],
        schema: type[BaseModel] | None = None,
    ) -> Conversation:
        if schema is None:
            return Conversation(question, sources, self._setup())
        from ragsight.answer.reply.structured import Schema

        return Conversation(question, sources, self._setup(), Schema(schema))

    def _setup(self) -> Setup:
        return Setup(
            backends=(self.backend, *self.fallbacks),
            options=self.options,
            prices=self.prices,
            on_request=self.on_request,
        )
