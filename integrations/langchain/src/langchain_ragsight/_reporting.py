"""Tell LangChain's callbacks of a model that ragsight asks itself."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManager,
    AsyncCallbackManagerForChainRun,
    CallbackManager,
    CallbackManagerForChainRun,
)
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, LLMResult

import ragsight
from langchain_ragsight.chat_models import ChatModelBackend
from langchain_ragsight.prompts import request_messages
from ragsight import VisionBackend
from ragsight.answer import (
    Completion,
    StreamEvent,
    TextDelta,
    VisionRequest,
    aclosing_stream,
    closing_stream,
)

RunManager = CallbackManagerForChainRun | AsyncCallbackManagerForChainRun


def reporting(core: ragsight.VisionSynthesizer, run: RunManager) -> ragsight.VisionSynthesizer:
    """The same synthesizer, its model runs shown to the callbacks of a run, with their usage."""
    reported = copy.copy(core)
    reported.backend = _reported(core.backend, run)
    reported.fallbacks = tuple(_reported(fallback, run) for fallback in core.fallbacks)
    return reported


def _reported(backend: VisionBackend, run: RunManager) -> VisionBackend:
    # A chat model of LangChain's reports itself.
    if isinstance(backend, ChatModelBackend):
        return backend.under(run.get_child())
    return _Reported(backend, run.get_child())


class _Reported:
    """A backend whose requests show up as runs of a chat model.

    Args:
        backend: The backend.
        callbacks: Blocking ones for the blocking methods, async ones for the others.
    """

    def __init__(
        self, backend: VisionBackend, callbacks: CallbackManager | AsyncCallbackManager
    ) -> None:
        self._backend = backend
        self._callbacks: Any = callbacks
        self._callbacks.add_metadata(
            {
                "ls_provider": backend.name.lower(),
                "ls_model_name": backend.model,
                "ls_model_type": "chat",
            },
            inherit=False,
        )
        self.name = backend.name
        self.model = backend.model
        self.profile = backend.profile

    def complete(self, request: VisionRequest) -> Completion:
        (run,) = self._callbacks.on_chat_model_start(*self._start(request))
        with _failure_told(run):
            completion = self._backend.complete(request)
        run.on_llm_end(_result(completion))
        return completion

    async def acomplete(self, request: VisionRequest) -> Completion:
        (run,) = await self._callbacks.on_chat_model_start(*self._start(request))
        async with _afailure_told(run):
            completion = await self._backend.acomplete(request)
        await run.on_llm_end(_result(completion))
        return completion

    def stream(self, request: VisionRequest) -> Iterator[StreamEvent]:
        (run,) = self._callbacks.on_chat_model_start(*self._start(request))
        with _failure_told(run), closing_stream(self._backend.stream(request)) as events:
            for event in events:
                if isinstance(event, TextDelta):
                    run.on_llm_new_token(event.text, chunk=_chunk(event))
                else:
                    run.on_llm_end(_result(event))
                yield event

    async def astream(self, request: VisionRequest) -> AsyncIterator[StreamEvent]:
        (run,) = await self._callbacks.on_chat_model_start(*self._start(request))
        async with (
            _afailure_told(run),
            aclosing_stream(self._backend.astream(request)) as events,
        ):
            async for event in events:
                if isinstance(event, TextDelta):
                    await run.on_llm_new_token(event.text, chunk=_chunk(event))
                else:
                    await run.on_llm_end(_result(event))
                yield event

    def _start(self, request: VisionRequest) -> tuple[dict[str, Any], list[Any]]:
        kind = {
            "lc": 1,
            "type": "not_implemented",
            "id": ["ragsight", type(self._backend).__name__],
        }
        return kind, [request_messages(request)]


@contextmanager
def _failure_told(run: Any) -> Iterator[None]:
    """A run that began must end, whatever ends it: leaving a stream early does too."""
    try:
        yield
    except BaseException as error:
        run.on_llm_error(error, response=LLMResult(generations=[]))
        raise


@asynccontextmanager
async def _afailure_told(run: Any) -> AsyncIterator[None]:
    """See `_failure_told`."""
    try:
        yield
    except BaseException as error:
        await run.on_llm_error(error, response=LLMResult(generations=[]))
        raise


def _result(completion: Completion) -> LLMResult:
    message = AIMessage(
        content=completion.text,
        usage_metadata=_usage(completion),
        response_metadata={
            "model_name": completion.model,
            "finish_reason": completion.finish_reason,
        },
    )
    return LLMResult(generations=[[ChatGeneration(message=message)]])


def _usage(completion: Completion) -> dict[str, Any] | None:
    usage = completion.usage
    if usage is None:
        return None
    kept = {"cache_read": usage.cached_tokens, "cache_creation": usage.cache_write_tokens}
    details = {name: count for name, count in kept.items() if count}
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        **({"input_token_details": details} if details else {}),
    }


def _chunk(piece: TextDelta) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=piece.text))
