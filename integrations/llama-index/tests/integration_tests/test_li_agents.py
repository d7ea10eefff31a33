from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent, ToolCallResult
from llama_index.core.base.llms.types import (
    ChatMessage,
    ImageBlock,
    MessageRole,
    TextBlock,
    ToolCallBlock,
)
from llama_index.core.llms.mock import MockFunctionCallingLLM
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.workflow import Context, Event, StartEvent, StopEvent, Workflow, step

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import (
    MultimodalQueryEngineTool,
    MultimodalRetriever,
    VisionSynthesizer,
)
from ragsight import MultimodalStore, open_image
from ragsight.errors import ConfigurationError
from ragsight.testing import FakeVisionBackend

FIGURE = image_chunk(1, "Figure 1: the pump", label="Figure 1")
PASSAGE = text_chunk("The pump moves water through the filter. The pump needs oil.")


@pytest.fixture
def engine(store: MultimodalStore) -> RetrieverQueryEngine:
    store.upsert([FIGURE, PASSAGE])
    retriever = MultimodalRetriever(store, similarity_top_k=2)
    backend = FakeVisionBackend("It moves water [1], as seen [2].")
    return RetrieverQueryEngine(retriever, response_synthesizer=VisionSynthesizer(backend))


def pixels(blocks: Any) -> list[bytes]:
    return [
        open_image(block.resolve_image().read()).tobytes()
        for block in blocks
        if isinstance(block, ImageBlock)
    ]


async def test_a_tool_names_its_sources_and_shows_their_images(
    engine: RetrieverQueryEngine,
) -> None:
    tool = MultimodalQueryEngineTool(engine, name="manual", images=3)
    for output in (tool.call("What does the pump do?"), await tool.acall(input="The pump?")):
        text, *images = output.blocks
        assert text.text.startswith("It moves water [1], as seen [2].\n\n[1] ")
        assert "Figure 1 (a.pdf, p. 2)" in text.text
        assert pixels(images) == [noise(1).tobytes()]
        assert len(output.raw_output.source_nodes) == 2
    assert [b.block_type for b in MultimodalQueryEngineTool(engine).call("pump").blocks] == ["text"]


async def test_a_streaming_engine_is_read_to_its_end(engine: RetrieverQueryEngine) -> None:
    backend = engine._response_synthesizer.core.backend
    streaming = RetrieverQueryEngine(
        engine.retriever, response_synthesizer=VisionSynthesizer(backend, streaming=True)
    )
    tool = MultimodalQueryEngineTool(streaming, images=1)
    for output in (tool.call("What does the pump do?"), await tool.acall("The pump?")):
        assert "[2]" in output.content
        assert pixels(output.blocks) == [noise(1).tobytes()]


def test_llama_indexs_arguments_make_one_too(engine: RetrieverQueryEngine) -> None:
    tool = MultimodalQueryEngineTool.from_defaults(engine, name="manual", return_direct=True)
    assert isinstance(tool, MultimodalQueryEngineTool)
    assert (tool.metadata.name, tool.metadata.return_direct) == ("manual", True)
    assert tool.metadata.to_openai_tool()["function"]["parameters"]["required"] == ["input"]
    with pytest.raises(ConfigurationError, match="images is -1"):
        MultimodalQueryEngineTool(engine, images=-1)


def asks_once(messages: list[ChatMessage], **_: Any) -> ChatMessage:
    """A model that asks the manual, and then answers with what it was told."""
    told = [message for message in messages if message.role == MessageRole.TOOL]
    if not told:
        call = ToolCallBlock(
            tool_call_id="1", tool_name="manual", tool_kwargs={"input": "What does the pump do?"}
        )
        return ChatMessage(role="assistant", blocks=[call])
    seen = len(pixels(told[-1].blocks))
    return ChatMessage(role="assistant", content=f"I saw {seen} image. {told[-1].content}")


# LlamaIndex's agents look at all of their own attributes, deprecated ones of pydantic too.
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince20")
@pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211")
async def test_a_function_agent_sees_the_figures_it_asked_for(
    engine: RetrieverQueryEngine,
) -> None:
    agent = FunctionAgent(
        tools=[MultimodalQueryEngineTool(engine, name="manual", images=1)],
        llm=MockFunctionCallingLLM(response_generator=asks_once, is_chat_model=True),
    )
    workflow = AgentWorkflow(agents=[agent], root_agent=agent.name)
    memory = ChatMemoryBuffer.from_defaults(token_limit=50_000, tokenizer_fn=str.split)
    handler = workflow.run(user_msg="The pump?", memory=memory)
    results = [
        event async for event in handler.stream_events() if isinstance(event, ToolCallResult)
    ]
    answer = str(await handler)
    assert answer.startswith("I saw 1 image. It moves water [1], as seen [2].")
    assert len(results[0].tool_output.raw_output.metadata["citations"]) == 2


class Found(Event):
    nodes: list[Any]
    question: str


class Answering(Workflow):
    """Retrieves, then answers: the least workflow there is."""

    def __init__(self, engine: RetrieverQueryEngine) -> None:
        super().__init__(timeout=30)
        self._engine = engine

    @step
    async def retrieve(self, ctx: Context, event: StartEvent) -> Found:
        nodes = await self._engine.retriever.aretrieve(event.question)
        await ctx.store.set("ids", [node.node_id for node in nodes])
        return Found(nodes=nodes, question=event.question)

    @step
    async def answer(self, event: Found) -> StopEvent:
        synthesizer = self._engine._response_synthesizer
        return StopEvent(result=await synthesizer.asynthesize(event.question, event.nodes))


async def test_a_workflow_passes_nodes_between_its_steps(engine: RetrieverQueryEngine) -> None:
    response = await Answering(engine).run(question="What does the pump do?")
    assert {c["node_id"] for c in response.metadata["citations"]} == {FIGURE.id, PASSAGE.id}


def test_an_image_that_is_gone_costs_only_itself(
    engine: RetrieverQueryEngine, image_store: Any
) -> None:
    for path in Path(image_store.url).rglob("*.png"):
        path.unlink()
    [text] = MultimodalQueryEngineTool(engine, images=1).call("What does the pump do?").blocks
    assert isinstance(text, TextBlock)
