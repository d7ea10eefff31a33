"""Cited answers from documents, as the last step of a chain."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from langchain_core.messages import BaseMessage
from langchain_core.runnables import Runnable, RunnableLambda
from pydantic import BaseModel

import ragsight
from langchain_ragsight._synthesis import Synthesis, SynthesizerInput, View
from langchain_ragsight.chat_models import ChatModelBackend
from ragsight import Answer, SynthesizerOptions, VisionBackend
from ragsight.answer import Price, RequestHook, RequestPlan
from ragsight.errors import ConfigurationError

Model: TypeAlias = VisionBackend | str | Runnable[Any, BaseMessage]
"""A ragsight backend, `openai:MODEL`, `anthropic:MODEL`, or a chat model."""

Backend: TypeAlias = Model | ragsight.VisionSynthesizer
"""The same, or a whole synthesizer of ragsight's."""


class VisionSynthesizer(Synthesis[str]):
    """Asks a vision model, gives it the documents with their images, returns the cited answer.

    Stands at the end of a chain that makes `{"question": ..., "context": [documents]}`; also where
    `create_retrieval_chain` wants a chain that combines documents. The output is the answer's
    text; `with_answer()` gives the whole `ragsight.Answer` with citations instead.

    Args:
        backend: A ragsight backend or synthesizer, `openai:MODEL`, `anthropic:MODEL`, or any
            LangChain chat model that sees images.
        options: Budgets, order, instructions of your own.
        fallbacks: Models to ask in turn when one refuses, can't be reached, or breaks off before
            its first word.
        prices: Prices by model, for the answer's `cost`.
        on_request: Called with each request before it is sent, such as a `RequestSaver`.

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

    def __init__(
        self,
        backend: Backend,
        *,
        options: SynthesizerOptions | None = None,
        fallbacks: Sequence[Model] = (),
        prices: Mapping[str, Price] | None = None,
        on_request: RequestHook | None = None,
    ) -> None:
        given = {
            "options": options,
            "fallbacks": [_model(fallback) for fallback in fallbacks],
            "prices": prices,
            "on_request": on_request,
        }
        super().__init__(_core(backend, {name: value for name, value in given.items() if value}))

    @property
    def OutputType(self) -> type[str]:  # noqa: N802 - LangChain's name
        """The answer's text."""
        return str

    def with_answer(self, *, schema: type[BaseModel] | None = None) -> AnswerSynthesizer:
        """The same step with the whole `ragsight.Answer` as output.

        Args:
            schema: A pydantic model class, for an answer in its form: it is then in the answer's
                `data`, and each citation names the fields that it supports.
        """
        return AnswerSynthesizer(self.core, schema)

    def with_structured_output(
        self, schema: type[BaseModel]
    ) -> Runnable[SynthesizerInput, BaseModel | None]:
        """The same step with an instance of a pydantic model as output, as chat models have it.

        `None` where the sources don't hold the answer. The citations of its fields are in the
        answer of `with_answer(schema=...)`.
        """
        return self.with_answer(schema=schema) | RunnableLambda(_data)

    def _whole(self, answer: Answer) -> str:
        return answer.text

    def _view(self) -> View[str]:
        return _TextView()


class AnswerSynthesizer(Synthesis[Answer]):
    """Like `VisionSynthesizer`, with the whole answer as output: text, citations, usage, warnings.

    A stream gives growing answers, as `JsonOutputParser` gives growing objects: each one holds
    the text so far and the sources that `[n]` refers to, and has an empty `finish_reason`. The
    last one is whole.

    Args:
        core: The synthesizer to ask.
        schema: The form of the answer, unless it is text; such an answer comes in one piece.

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

    def _view(self) -> View[Answer]:
        return _GrowingView()


class _TextView(View[str]):
    def piece(self, piece: str, plan: RequestPlan | None) -> str:  # noqa: ARG002 - see the base
        return piece

    def end(self, answer: Answer) -> Iterator[str]:  # noqa: ARG002 - the text was shown already
        return iter(())


class _GrowingView(View[Answer]):
    def __init__(self) -> None:
        self._text = ""

    def piece(self, piece: str, plan: RequestPlan | None) -> Answer:
        self._text += piece
        sources = () if plan is None else tuple(source.cited.chunk for source in plan.sources)
        return Answer(text=self._text, sources=sources, finish_reason="")

    def end(self, answer: Answer) -> Iterator[Answer]:
        return iter((answer,))


def _data(answer: Answer) -> BaseModel | None:
    data: BaseModel | None = answer.data
    return data


def _model(model: Model) -> VisionBackend | str:
    return ChatModelBackend(model) if isinstance(model, Runnable) else model


def _core(backend: Backend, settings: Mapping[str, Any]) -> ragsight.VisionSynthesizer:
    if not isinstance(backend, ragsight.VisionSynthesizer):
        return ragsight.VisionSynthesizer(_model(backend), **settings)
    if settings:
        raise ConfigurationError(
            f"The synthesizer has options already. Give {', '.join(settings)} to it, or give its "
            f"backend here."
        )
    return backend
