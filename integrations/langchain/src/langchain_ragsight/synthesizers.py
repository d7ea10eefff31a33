"""Cited answers from documents, as the last step of a chain."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Generic, TypeAlias, TypeVar

from langchain_core.callbacks import (
    AsyncCallbackManagerForChainRun,
    CallbackManagerForChainRun,
)
from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableConfig, run_in_executor

import ragsight
from langchain_ragsight._inputs import read_input
from langchain_ragsight._reporting import reporting
from langchain_ragsight.chat_models import ChatModelBackend
from ragsight import Answer, SynthesizerOptions, VisionBackend
from ragsight.answer import RequestPlan
from ragsight.errors import ConfigurationError

Output_co = TypeVar("Output_co", covariant=True)

SynthesizerInput: TypeAlias = Mapping[str, Any]
"""`question` (or `input`, `query`) and `context`, a list of documents."""

Backend: TypeAlias = VisionBackend | str | Runnable[Any, BaseMessage] | ragsight.VisionSynthesizer
"""A ragsight backend or synthesizer, `openai:MODEL`, `anthropic:MODEL`, or a chat model."""


class _View(ABC, Generic[Output_co]):
    """How an answer in pieces is shown."""

    @abstractmethod
    def piece(self, piece: str, plan: RequestPlan | None) -> Output_co:
        """What to show of a piece of text."""

    @abstractmethod
    def end(self, answer: Answer) -> Iterator[Output_co]:
        """What to show at the end."""


class _Synthesis(Runnable[SynthesizerInput, Output_co]):
    """Asks the core's synthesizer; what comes out is up to the subclass."""

    def __init__(self, core: ragsight.VisionSynthesizer) -> None:
        self.core = core

    @property
    def InputType(self) -> Any:  # noqa: N802 - LangChain's name
        """A dictionary with `question` and `context`."""
        return dict[str, Any]

    @abstractmethod
    def _whole(self, answer: Answer) -> Output_co: ...

    @abstractmethod
    def _view(self) -> _View[Output_co]: ...

    def invoke(
        self, input: SynthesizerInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Output_co:
        """Answer.

        Args:
            input: `question` (or `input`) and `context`, a list of documents.
            config: LangChain's configuration of the run.
            **kwargs: Not used.

        Returns:
            The answer.

        Raises:
            QueryError: If the question or the context is missing.
            BackendError: If the provider refused or could not be reached.
        """
        return self._call_with_config(self._answer, input, config, **kwargs)

    async def ainvoke(
        self, input: SynthesizerInput, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Output_co:
        """Answer without blocking the event loop; see `invoke`."""
        return await self._acall_with_config(self._aanswer, input, config, **kwargs)

    def stream(
        self, input: SynthesizerInput, config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> Iterator[Output_co]:
        """Answer piece by piece; see `invoke`.

        Raises:
            StreamInterruptedError: If the reply breaks off; it carries the partial text.
        """
        yield from self._transform_stream_with_config(iter([input]), self._pieces, config, **kwargs)

    async def astream(
        self, input: SynthesizerInput, config: RunnableConfig | None = None, **kwargs: Any | None
    ) -> AsyncIterator[Output_co]:
        """Answer piece by piece without blocking the event loop; see `stream`."""

        async def inputs() -> AsyncIterator[SynthesizerInput]:
            yield input

        async for piece in self._atransform_stream_with_config(
            inputs(), self._apieces, config, **kwargs
        ):
            yield piece

    def _answer(
        self, value: SynthesizerInput, run_manager: CallbackManagerForChainRun
    ) -> Output_co:
        return self._whole(reporting(self.core, run_manager).answer(*read_input(value)))

    async def _aanswer(
        self, value: SynthesizerInput, run_manager: AsyncCallbackManagerForChainRun
    ) -> Output_co:
        # Reading the input may open the question's image.
        question = await run_in_executor(None, read_input, value)
        return self._whole(await reporting(self.core, run_manager).aanswer(*question))

    def _pieces(
        self, inputs: Iterator[SynthesizerInput], run_manager: CallbackManagerForChainRun
    ) -> Iterator[Output_co]:
        core = reporting(self.core, run_manager)
        for value in inputs:
            view = self._view()
            stream = core.stream(*read_input(value))
            try:
                for piece in stream:
                    yield view.piece(piece, stream.plan)
            finally:
                stream.close()
            yield from view.end(stream.answer)

    async def _apieces(
        self, inputs: AsyncIterator[SynthesizerInput], run_manager: AsyncCallbackManagerForChainRun
    ) -> AsyncIterator[Output_co]:
        core = reporting(self.core, run_manager)
        async for value in inputs:
            view = self._view()
            stream = core.astream(*await run_in_executor(None, read_input, value))
            try:
                async for piece in stream:
                    yield view.piece(piece, stream.plan)
            finally:
                await stream.aclose()
            for last in view.end(stream.answer):
                yield last


class VisionSynthesizer(_Synthesis[str]):
    """Asks a vision model, gives it the documents with their images, returns the cited answer.

    Stands at the end of a chain that makes `{"question": ..., "context": [documents]}`; also where
    `create_retrieval_chain` wants a chain that combines documents. The output is the answer's
    text; `with_answer()` gives the whole `ragsight.Answer` with citations instead.

    Args:
        backend: A ragsight backend or synthesizer, `openai:MODEL`, `anthropic:MODEL`, or any
            LangChain chat model that sees images.
        options: Budgets, order, instructions of your own.

    Raises:
        ConfigurationError: If the backend's name makes no sense, its key is missing, or there are
            options beside a synthesizer that has its own.
        MissingExtraError: If the provider's SDK isn't installed.

    Example:
        >>> from langchain_core.documents import Document
        >>> from ragsight.testing import FakeVisionBackend
        >>> synthesizer = VisionSynthesizer(FakeVisionBackend(reply="At 3 bar [1]."))
        >>> found = [Document(page_content="The valve opens at 3 bar.")]
        >>> synthesizer.invoke({"question": "When does the valve open?", "context": found})
        'At 3 bar [1].'
    """

    def __init__(self, backend: Backend, *, options: SynthesizerOptions | None = None) -> None:
        super().__init__(_core(backend, options))

    @property
    def OutputType(self) -> type[str]:  # noqa: N802 - LangChain's name
        """The answer's text."""
        return str

    def with_answer(self) -> AnswerSynthesizer:
        """The same step with the whole `ragsight.Answer` as output."""
        return AnswerSynthesizer(self.core)

    def _whole(self, answer: Answer) -> str:
        return answer.text

    def _view(self) -> _View[str]:
        return _TextView()


class AnswerSynthesizer(_Synthesis[Answer]):
    """Like `VisionSynthesizer`, with the whole answer as output: text, citations, usage, warnings.

    A stream gives growing answers, as `JsonOutputParser` gives growing objects: each one holds
    the text so far and the sources that `[n]` refers to, and has an empty `finish_reason`. The
    last one is whole.

    Args:
        core: The synthesizer to ask.

    Example:
        >>> from langchain_core.documents import Document
        >>> from ragsight.testing import FakeVisionBackend
        >>> synthesizer = VisionSynthesizer(FakeVisionBackend(reply="At 3 bar [1].")).with_answer()
        >>> found = [Document(page_content="The valve opens at 3 bar.", id="manual-7")]
        >>> answer = synthesizer.invoke({"question": "When does it open?", "context": found})
        >>> [citation.chunk.id for citation in answer.citations]
        ['manual-7']
    """

    @property
    def OutputType(self) -> type[Answer]:  # noqa: N802 - LangChain's name
        """The whole answer."""
        return Answer

    def _whole(self, answer: Answer) -> Answer:
        return answer

    def _view(self) -> _View[Answer]:
        return _GrowingView()


class _TextView(_View[str]):
    def piece(self, piece: str, plan: RequestPlan | None) -> str:  # noqa: ARG002 - see the base
        return piece

    def end(self, answer: Answer) -> Iterator[str]:  # noqa: ARG002 - the text was shown already
        return iter(())


class _GrowingView(_View[Answer]):
    def __init__(self) -> None:
        self._text = ""

    def piece(self, piece: str, plan: RequestPlan | None) -> Answer:
        self._text += piece
        sources = () if plan is None else tuple(source.cited.chunk for source in plan.sources)
        return Answer(text=self._text, sources=sources, finish_reason="")

    def end(self, answer: Answer) -> Iterator[Answer]:
        return iter((answer,))


def _core(backend: Backend, options: SynthesizerOptions | None) -> ragsight.VisionSynthesizer:
    if isinstance(backend, ragsight.VisionSynthesizer):
        if options is not None:
            raise ConfigurationError(
                "The synthesizer has options already. Give options to it, or give its backend here."
            )
        return backend
    if isinstance(backend, Runnable):
        return ragsight.VisionSynthesizer(ChatModelBackend(backend), options=options)
    return ragsight.VisionSynthesizer(backend, options=options)
