"""What steps that answer have in common: LangChain's four ways of calling, runs, streams."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Generic, TypeAlias, TypeVar

from langchain_core.callbacks import (
    AsyncCallbackManagerForChainRun,
    CallbackManagerForChainRun,
)
from langchain_core.runnables import Runnable, RunnableConfig, run_in_executor
from pydantic import BaseModel

import ragsight
from langchain_ragsight._inputs import read_input
from langchain_ragsight._reporting import reporting
from ragsight import Answer
from ragsight.answer import RequestPlan, aclosing_stream

Output_co = TypeVar("Output_co", covariant=True)

SynthesizerInput: TypeAlias = Mapping[str, Any]
"""`question` (or `input`, `query`) and `context`, a list of documents."""


class View(ABC, Generic[Output_co]):
    """How an answer in pieces is shown."""

    @abstractmethod
    def piece(self, piece: str, plan: RequestPlan | None) -> Output_co:
        """What to show of a piece of text."""

    @abstractmethod
    def end(self, answer: Answer) -> Iterator[Output_co]:
        """What to show at the end."""


class Synthesis(Runnable[SynthesizerInput, Output_co]):
    """Asks the core's synthesizer; what comes out is up to the subclass.

    Args:
        core: The synthesizer to ask.
        schema: The form of the answer, unless it is text; such an answer comes in one piece.
    """

    def __init__(
        self, core: ragsight.VisionSynthesizer, schema: type[BaseModel] | None = None
    ) -> None:
        self.core = core
        self.schema = schema

    @property
    def InputType(self) -> Any:  # noqa: N802 - LangChain's name
        """A dictionary with `question` and `context`."""
        return dict[str, Any]

    @abstractmethod
    def _whole(self, answer: Answer) -> Output_co: ...

    @abstractmethod
    def _view(self) -> View[Output_co]: ...

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

        stream = self._atransform_stream_with_config(inputs(), self._apieces, config, **kwargs)
        async with aclosing_stream(stream) as pieces:
            async for piece in pieces:
                yield piece

    def _answer(
        self, value: SynthesizerInput, run_manager: CallbackManagerForChainRun
    ) -> Output_co:
        core = reporting(self.core, run_manager)
        return self._whole(core.answer(*read_input(value), schema=self.schema))

    async def _aanswer(
        self, value: SynthesizerInput, run_manager: AsyncCallbackManagerForChainRun
    ) -> Output_co:
        # Reading the input may open the question's image.
        question = await run_in_executor(None, read_input, value)
        core = reporting(self.core, run_manager)
        return self._whole(await core.aanswer(*question, schema=self.schema))

    def _pieces(
        self, inputs: Iterator[SynthesizerInput], run_manager: CallbackManagerForChainRun
    ) -> Iterator[Output_co]:
        core = reporting(self.core, run_manager)
        for value in inputs:
            if self.schema is not None:
                yield self._answer(value, run_manager)
                continue
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
            if self.schema is not None:
                yield await self._aanswer(value, run_manager)
                continue
            view = self._view()
            stream = core.astream(*await run_in_executor(None, read_input, value))
            try:
                async for piece in stream:
                    yield view.piece(piece, stream.plan)
            finally:
                await stream.aclose()
            for last in view.end(stream.answer):
                yield last
