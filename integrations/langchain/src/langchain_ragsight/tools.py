"""A retriever as a tool for agents, whose results carry the images."""

from __future__ import annotations

from typing import Any, TypeAlias

from langchain_core.callbacks import Callbacks
from langchain_core.documents import Document
from langchain_core.runnables import Runnable, run_in_executor
from langchain_core.tools import StructuredTool
from pydantic import BaseModel, Field

from langchain_ragsight._inputs import as_chunks
from langchain_ragsight._profiles import ANY_MODEL
from langchain_ragsight.prompts import source_blocks
from ragsight import SynthesizerOptions
from ragsight.answer import ModelLimits, plan_request

ToolResult: TypeAlias = tuple[list[dict[str, Any]] | str, list[Document]]
"""What the model reads, and the documents: `[n]` is the n-th of them."""


class RetrieverToolInput(BaseModel):
    """What an agent passes to the tool."""

    query: str = Field(description="What to look for, in words.")


def create_multimodal_retriever_tool(
    retriever: Runnable[Any, list[Document]],
    name: str,
    description: str,
    *,
    options: SynthesizerOptions | None = None,
    profile: ModelLimits | None = None,
) -> StructuredTool:
    """Make a tool that finds documents and shows them, images included, to an agent's model.

    The counterpart of LangChain's `create_retriever_tool`. The result is a list of standard content
    blocks: each document is a numbered source, its image right after its label, scaled to what the
    model looks at. The documents themselves are the message's `artifact`, images by reference:
    `[n]` in the model's words is `artifact[n - 1]`.

    The model must take images in tool results: Anthropic's and Google's do, and OpenAI's through
    the Responses API (`ChatOpenAI(use_responses_api=True)`).

    Args:
        retriever: `MultimodalRetriever`, `ContextualCompressionRetriever`, or any retriever of
            documents that ragsight made.
        name: The tool's name; it must mean something to the model.
        description: What can be found with it.
        options: Budgets of images and texts, order of the sources.
        profile: The model's limits; by default cautious ones that any model keeps within.

    Returns:
        The tool, blocking and async.

    Example:
        >>> from langchain_core.runnables import RunnableLambda
        >>> shop = RunnableLambda(lambda query: [Document(page_content="Red shoes, size 42")])
        >>> tool = create_multimodal_retriever_tool(shop, "search_shop", "Finds products.")
        >>> "Red shoes" in tool.invoke({"query": "shoes"})[0]["text"]
        True
    """
    chosen = options if options is not None else SynthesizerOptions()
    limits = next(p for p in (profile, chosen.profile, ANY_MODEL) if p is not None)

    def worded(query: str, documents: list[Document]) -> ToolResult:
        chunks = as_chunks(documents)
        plan = plan_request(query, chunks, limits, chosen)
        by_id = {chunk.id: document for chunk, document in zip(chunks, documents, strict=True)}
        numbered = [by_id[source.cited.chunk.id] for source in plan.sources]
        return source_blocks(plan) or chosen.nothing_found, numbered

    def search(query: str, callbacks: Callbacks = None) -> ToolResult:
        return worded(query, retriever.invoke(query, config={"callbacks": callbacks}))

    async def asearch(query: str, callbacks: Callbacks = None) -> ToolResult:
        documents = await retriever.ainvoke(query, config={"callbacks": callbacks})
        return await run_in_executor(None, worded, query, documents)

    return StructuredTool(
        name=name,
        description=description,
        func=search,
        coroutine=asearch,
        args_schema=RetrieverToolInput,
        response_format="content_and_artifact",
    )
