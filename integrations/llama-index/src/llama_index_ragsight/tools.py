"""Tools for agents: answers with their sources, and the images of these."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.llms.types import ContentBlock, ImageBlock, TextBlock
from llama_index.core.base.response.schema import (
    AsyncStreamingResponse,
    Response,
    StreamingResponse,
)
from llama_index.core.schema import NodeWithScore
from llama_index.core.tools import QueryEngineTool, ToolMetadata, ToolOutput

from ragsight.errors import ConfigurationError

DESCRIPTION = (
    "Answers a question from indexed documents, their figures and pictures. Give a whole question."
)


class MultimodalQueryEngineTool(QueryEngineTool):
    """A query engine as a tool that tells an agent its sources, and may show their images.

    LlamaIndex's own tool gives the answer's text alone: `[1]` in it then points nowhere, and the
    agent's model never sees a figure. Here a line for each source follows the answer, and after
    these come the images of the first ones, as content blocks. The response itself is in
    `raw_output`.

    Args:
        query_engine: The engine.
        name: Name of the tool.
        description: What the agent reads to choose it.
        images: How many images to show. None by default: some providers (OpenAI's Chat API) take
            no images in a tool's reply.
        return_direct: Whether the tool's answer is the agent's.

    Raises:
        ConfigurationError: If `images` is below 0.

    Example:
        >>> from llama_index.core.query_engine import CustomQueryEngine
        >>> class Echo(CustomQueryEngine):
        ...     def custom_query(self, query_str: str) -> str:
        ...         return query_str.upper()
        >>> MultimodalQueryEngineTool(Echo(), name="manual").call("why?").content
        'WHY?'
    """

    def __init__(
        self,
        query_engine: BaseQueryEngine,
        *,
        name: str = "search_documents",
        description: str = DESCRIPTION,
        images: int = 0,
        return_direct: bool = False,
    ) -> None:
        if images < 0:
            raise ConfigurationError(f"images is {images}; it must be 0 or more.")
        metadata = ToolMetadata(name=name, description=description, return_direct=return_direct)
        super().__init__(query_engine, metadata)
        self._images = images

    @classmethod
    def from_defaults(
        cls,
        query_engine: BaseQueryEngine,
        name: str | None = None,
        description: str | None = None,
        return_direct: bool = False,
        resolve_input_errors: bool = True,
    ) -> MultimodalQueryEngineTool:
        """Make a tool with LlamaIndex's arguments."""
        given = {"name": name, "description": description, "return_direct": return_direct}
        named: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
        tool = cls(query_engine, **named)
        tool._resolve_input_errors = resolve_input_errors
        return tool

    def call(self, *args: Any, **kwargs: Any) -> ToolOutput:
        """Answer a question."""
        question = self._get_query_str(*args, **kwargs)
        response = self._query_engine.query(question)
        if isinstance(response, StreamingResponse):
            response = response.get_response()
        return self._output(question, response)

    async def acall(self, *args: Any, **kwargs: Any) -> ToolOutput:
        """Answer a question without blocking the event loop."""
        question = self._get_query_str(*args, **kwargs)
        response = await self._query_engine.aquery(question)
        if isinstance(response, AsyncStreamingResponse):
            response = await response.get_response()
        return await asyncio.to_thread(self._output, question, response)

    def _output(self, question: str, response: Any) -> ToolOutput:
        blocks: list[ContentBlock] = [TextBlock(text=_answer(response))]
        blocks += _image_blocks(_sources(response), self._images)
        return ToolOutput(
            tool_name=self.metadata.get_name(),
            blocks=blocks,
            raw_input={"input": question},
            raw_output=response,
        )


def _answer(response: Response) -> str:
    lines = [
        f"[{citation['n']}] {citation['title']}"
        for citation in _citations(response)
        if "title" in citation
    ]
    return "\n\n".join(filter(None, [str(response), "\n".join(lines)]))


def _citations(response: Response) -> Sequence[Mapping[str, Any]]:
    metadata = response.metadata if response.metadata is not None else {}
    citations = metadata.get("citations", [])
    return citations if isinstance(citations, list) else []


def _sources(response: Response) -> list[NodeWithScore]:
    """The nodes that the answer cites; all of them, where it doesn't say."""
    cited = [citation.get("node_id") for citation in _citations(response)]
    if not cited:
        return list(response.source_nodes)
    by_id = {node.node_id: node for node in response.source_nodes}
    return [by_id[id_] for id_ in cited if id_ in by_id]


def _image_blocks(nodes: Sequence[NodeWithScore], count: int) -> list[ImageBlock]:
    found: list[ImageBlock] = []
    for node in nodes:
        if len(found) >= count:
            break
        blocks = node.node.get_content_blocks()
        found += [block for block in blocks if isinstance(block, ImageBlock)]
    return found[:count]
