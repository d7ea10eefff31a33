"""Answers of ragsight's as LlamaIndex's responses, whole and streamed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any

from llama_index.core.base.response.schema import (
    AsyncStreamingResponse,
    PydanticResponse,
    Response,
    StreamingResponse,
)
from llama_index.core.schema import NodeWithScore

from llama_index_ragsight._answers import Evidence, answer_metadata
from ragsight import Answer
from ragsight.answer import AnswerStream, AsyncAnswerStream


def whole_response(
    answer: Answer, evidence: Evidence, nodes: list[NodeWithScore]
) -> Response | PydanticResponse:
    """The response that an answer makes; in the form of a schema if it has one."""
    metadata = answer_metadata(answer, evidence)
    if answer.data is not None:
        return PydanticResponse(answer.data, source_nodes=nodes, metadata=metadata)
    return Response(answer.text, source_nodes=nodes, metadata=metadata)


def streaming_response(
    stream: AnswerStream, evidence: Evidence, nodes: list[NodeWithScore]
) -> StreamingResponse:
    """The response of a stream; its metadata are there once it was read to its end."""
    metadata: dict[str, Any] = {}

    def finish() -> None:
        metadata.update(answer_metadata(stream.answer, evidence))

    return StreamingResponse(pieces_of(stream, finish), source_nodes=nodes, metadata=metadata)


def async_streaming_response(
    stream: AsyncAnswerStream, evidence: Evidence, nodes: list[NodeWithScore]
) -> AsyncStreamingResponse:
    """The response of an async stream; see `streaming_response`."""
    metadata: dict[str, Any] = {}

    def finish() -> None:
        metadata.update(answer_metadata(stream.answer, evidence))

    pieces = apieces_of(stream, finish)
    return AsyncStreamingResponse(pieces, source_nodes=nodes, metadata=metadata)


def _nothing() -> None:
    pass


def pieces_of(
    stream: AnswerStream, finish: Callable[[], None] = _nothing
) -> Generator[str, None, None]:
    """The pieces of a stream as a generator, which LlamaIndex insists on."""
    try:
        yield from stream
        finish()
    finally:
        stream.close()


async def apieces_of(
    stream: AsyncAnswerStream, finish: Callable[[], None] = _nothing
) -> AsyncGenerator[str, None]:
    """The pieces of an async stream as an async generator."""
    try:
        async for piece in stream:
            yield piece
        finish()
    finally:
        await stream.aclose()
