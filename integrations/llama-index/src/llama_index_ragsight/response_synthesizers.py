"""Cited answers from nodes with text and images."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import llama_index.core.instrumentation as instrument
from llama_index.core.base.response.schema import (
    RESPONSE_TYPE,
)
from llama_index.core.callbacks import CallbackManager, CBEventType, EventPayload
from llama_index.core.indices.prompt_helper import ChatPromptHelper, PromptHelper
from llama_index.core.instrumentation.events.synthesis import (
    SynthesizeEndEvent,
    SynthesizeStartEvent,
)
from llama_index.core.llms import LLM, MockLLM
from llama_index.core.prompts.mixin import PromptDictType
from llama_index.core.response_synthesizers import BaseSynthesizer
from llama_index.core.schema import NodeWithScore, QueryBundle, QueryType
from llama_index.core.types import RESPONSE_TEXT_TYPE
from pydantic import BaseModel

from llama_index_ragsight._answers import read_nodes
from llama_index_ragsight._responses import (
    apieces_of,
    async_streaming_response,
    pieces_of,
    streaming_response,
    whole_response,
)
from llama_index_ragsight.llms import LlamaIndexBackend
from ragsight import Chunk, Source, SynthesizerOptions, VisionBackend
from ragsight import VisionSynthesizer as CoreSynthesizer
from ragsight.answer import Price, RequestHook
from ragsight.errors import ConfigurationError

dispatcher = instrument.get_dispatcher(__name__)  # type: ignore[attr-defined]  # no __all__


Model: TypeAlias = VisionBackend | LLM | str
"""A ragsight backend, `openai:MODEL`, `anthropic:MODEL`, or a LlamaIndex model."""


class VisionSynthesizer(BaseSynthesizer):
    """Answers from nodes by a vision model that gets their images and cites them.

    The nodes' order is taken for their ranking. The response's `source_nodes` are the nodes as
    they came, `[n]` in its text is explained in `metadata["citations"]` by node id, and its
    metadata say what the answer cost and what of the sources could not be used. An image in the
    question (`QueryBundle.image_path`) is shown to the model before the nodes. Of a streamed
    response the metadata are there once the stream was read to its end.

    Args:
        backend: A ragsight backend or synthesizer, `openai:MODEL` or `anthropic:MODEL`, or a
            LlamaIndex model that sees images.
        options: How nodes become a request.
        fallbacks: Models to ask in turn when one refuses, can't be reached, or breaks off before
            its first word.
        prices: Prices by model, for `metadata["cost"]`.
        on_request: Called with each request before it is sent, such as a `RequestSaver`.
        output_cls: A pydantic model class, for an answer in its form: the response is then a
            `PydanticResponse`, in one piece, and each citation names the fields that it supports.
        streaming: Answer piece by piece.
        callback_manager: LlamaIndex's.

    Attributes:
        core: The ragsight synthesizer.

    Raises:
        ConfigurationError: If the backend's name makes no sense or its key is missing, the
            LlamaIndex model is no chat model, or there are options beside a synthesizer that has
            its own.
        MissingExtraError: If the provider's SDK isn't installed.

    Example:
        >>> from llama_index.core.schema import NodeWithScore, TextNode
        >>> from ragsight.testing import FakeVisionBackend
        >>> synthesizer = VisionSynthesizer(FakeVisionBackend(reply="At 3 bar [1]."))
        >>> node = NodeWithScore(node=TextNode(text="The valve opens at 3 bar."), score=0.9)
        >>> response = synthesizer.synthesize("When does the valve open?", [node])
        >>> str(response), response.metadata["citations"][0]["node_id"] == node.node_id
        ('At 3 bar [1].', True)
    """

    def __init__(
        self,
        backend: Model | CoreSynthesizer,
        *,
        options: SynthesizerOptions | None = None,
        fallbacks: Sequence[Model] = (),
        prices: Mapping[str, Price] | None = None,
        on_request: RequestHook | None = None,
        output_cls: type[BaseModel] | None = None,
        streaming: bool = False,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        # Without these LlamaIndex would look for its default model and load a tokenizer.
        super().__init__(
            llm=backend if isinstance(backend, LLM) else MockLLM(),
            prompt_helper=PromptHelper(tokenizer=str.split),
            chat_prompt_helper=ChatPromptHelper(tokenizer=str.split),
            callback_manager=callback_manager,
            streaming=streaming and output_cls is None,
            output_cls=output_cls,
        )
        given = {
            "options": options,
            "fallbacks": [_backend(fallback) for fallback in fallbacks],
            "prices": prices,
            "on_request": on_request,
        }
        self.core = _core(backend, {name: value for name, value in given.items() if value})

    def synthesize(
        self,
        query: QueryType,
        nodes: list[NodeWithScore],
        additional_source_nodes: Sequence[NodeWithScore] | None = None,
        **response_kwargs: Any,  # noqa: ARG002 - LlamaIndex's signature
    ) -> RESPONSE_TYPE:
        """Answer a question from nodes.

        Args:
            query: The question.
            nodes: What to answer from, best first. Without any, no model is asked.
            additional_source_nodes: Nodes to name in the response that the model doesn't get.
            **response_kwargs: Not used.

        Returns:
            The response; a streaming one if the synthesizer was made so.

        Raises:
            QueryError: If the question is empty.
            BackendError: If the provider refused or could not be reached.
        """
        bundle = _bundle(query)
        named = [*nodes, *(additional_source_nodes or ())]
        with self._reported(bundle) as done:
            evidence = read_nodes(nodes, image=bundle.image_path)
            if self._streaming:
                stream = self.core.stream(bundle.query_str, evidence.chunks)
                return done(streaming_response(stream, evidence, named))
            answer = self.core.answer(bundle.query_str, evidence.chunks, schema=self._output_cls)
            return done(whole_response(answer, evidence, named))

    async def asynthesize(
        self,
        query: QueryType,
        nodes: list[NodeWithScore],
        additional_source_nodes: Sequence[NodeWithScore] | None = None,
        **response_kwargs: Any,  # noqa: ARG002 - LlamaIndex's signature
    ) -> RESPONSE_TYPE:
        """Answer a question from nodes without blocking the event loop; see `synthesize`."""
        bundle = _bundle(query)
        named = [*nodes, *(additional_source_nodes or ())]
        with self._reported(bundle) as done:
            evidence = await asyncio.to_thread(read_nodes, nodes, image=bundle.image_path)
            if self._streaming:
                stream = self.core.astream(bundle.query_str, evidence.chunks)
                return done(async_streaming_response(stream, evidence, named))
            chunks = evidence.chunks
            answer = await self.core.aanswer(bundle.query_str, chunks, schema=self._output_cls)
            return done(whole_response(answer, evidence, named))

    def get_response(
        self,
        query_str: str,
        text_chunks: Sequence[str],
        **response_kwargs: Any,  # noqa: ARG002 - LlamaIndex's signature
    ) -> RESPONSE_TEXT_TYPE:
        """Answer a question from bare texts."""
        chunks = _passages(text_chunks)
        if self._streaming:
            return pieces_of(self.core.stream(query_str, chunks))
        return self.core.answer(query_str, chunks).text

    async def aget_response(
        self,
        query_str: str,
        text_chunks: Sequence[str],
        **response_kwargs: Any,  # noqa: ARG002 - LlamaIndex's signature
    ) -> RESPONSE_TEXT_TYPE:
        """Answer a question from bare texts without blocking the event loop."""
        chunks = _passages(text_chunks)
        if self._streaming:
            return apieces_of(self.core.astream(query_str, chunks))
        return (await self.core.aanswer(query_str, chunks)).text

    def _get_prompts(self) -> PromptDictType:
        # The wording is ragsight's; `SynthesizerOptions.instructions` adds to it.
        return {}

    def _update_prompts(self, prompts_dict: PromptDictType) -> None:
        """There are none."""

    @contextmanager
    def _reported(self, bundle: QueryBundle) -> Iterator[Callable[[RESPONSE_TYPE], RESPONSE_TYPE]]:
        """Tell LlamaIndex's instrumentation and callbacks of what happens inside."""
        dispatcher.event(SynthesizeStartEvent(query=bundle))
        payload: dict[str, Any] = {EventPayload.QUERY_STR: bundle.query_str}
        with self._callback_manager.event(CBEventType.SYNTHESIZE, payload=payload) as event:

            def done(response: RESPONSE_TYPE) -> RESPONSE_TYPE:
                event.on_end(payload={EventPayload.RESPONSE: response})
                dispatcher.event(SynthesizeEndEvent(query=bundle, response=response))
                return response

            yield done


def _bundle(query: QueryType) -> QueryBundle:
    return QueryBundle(query) if isinstance(query, str) else query


def _passages(texts: Sequence[str]) -> list[Chunk]:
    return [
        Chunk(text=text, source=Source(uri=f"passage {n}")) for n, text in enumerate(texts, start=1)
    ]


def _backend(model: Model) -> VisionBackend | str:
    return LlamaIndexBackend(model) if isinstance(model, LLM) else model


def _core(backend: Model | CoreSynthesizer, settings: Mapping[str, Any]) -> CoreSynthesizer:
    if not isinstance(backend, CoreSynthesizer):
        return CoreSynthesizer(_backend(backend), **settings)
    if settings:
        raise ConfigurationError(
            f"The synthesizer has options already. Give {', '.join(settings)} to it, or give its "
            f"backend here."
        )
    return backend
