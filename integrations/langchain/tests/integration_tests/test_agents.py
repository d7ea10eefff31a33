"""The retriever as a tool of agents whose model looks at the images."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.memory import InMemorySaver
from PIL import Image
from pydantic import Field

from langchain_ragsight import (
    MultimodalRetriever,
    MultimodalVectorStore,
    create_multimodal_retriever_tool,
    document_to_chunk,
)
from ragsight import ClipEncoder, open_image

COLOURS = {"red": (220, 20, 20), "green": (20, 180, 40), "blue": (20, 40, 220)}


class Looking(BaseChatModel):
    """Asks the tool once, then says which colour the image of source [1] has."""

    offered: list[str] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "looking"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Any:
        self.offered.extend(tool.name for tool in tools)
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        last = messages[-1]
        if isinstance(last, ToolMessage):
            reply = AIMessage(f"It is {_colour(last)} [1].")
        else:
            call = {"name": "search_parts", "args": {"query": str(last.text)}, "id": "call-1"}
            reply = AIMessage("", tool_calls=[call])
        return ChatResult(generations=[ChatGeneration(message=reply)])


def _colour(message: ToolMessage) -> str:
    block = next(block for block in message.content_blocks if block["type"] == "image")
    pixel = open_image(base64.b64decode(block["base64"])).getpixel((0, 0))
    return next(name for name, colour in COLOURS.items() if colour == pixel)


@pytest.fixture
def retriever(encoder: ClipEncoder) -> Iterator[MultimodalRetriever]:
    opened = MultimodalVectorStore.from_texts(["Pumps are loud."], encoder=encoder)
    opened.add_images(
        [Image.new("RGB", (32, 32), colour) for colour in COLOURS.values()],
        captions=["the lever", "the valve", "the hatch"],
    )
    with opened.store:
        yield opened.as_multimodal_retriever(k=3, weights={"text_to_image": 0})


@pytest.mark.parametrize(("part", "colour"), [("valve", "green"), ("hatch", "blue")])
async def test_an_agent_answers_what_only_the_image_shows(
    part: str, colour: str, retriever: MultimodalRetriever
) -> None:
    tool = create_multimodal_retriever_tool(retriever, "search_parts", "Finds machine parts.")
    model = Looking()
    agent: Any = create_agent(model, [tool])
    question = {"messages": [HumanMessage(f"{part}")]}

    for result in (agent.invoke(question), await agent.ainvoke(question)):
        assert result["messages"][-1].text == f"It is {colour} [1]."
        (found,) = [m for m in result["messages"] if isinstance(m, ToolMessage)]
        assert document_to_chunk(found.artifact[0]).text == f"the {part}"
    assert set(model.offered) == {"search_parts"}


def test_a_conversation_with_images_can_be_kept_and_taken_up_again(
    retriever: MultimodalRetriever,
) -> None:
    tool = create_multimodal_retriever_tool(retriever, "search_parts", "Finds machine parts.")
    agent: Any = create_agent(Looking(), [tool], checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "1"}}

    agent.invoke({"messages": [HumanMessage("valve")]}, thread)
    result = agent.invoke({"messages": [HumanMessage("hatch")]}, thread)

    said = [m.text for m in result["messages"] if isinstance(m, AIMessage) and m.text]
    assert said == ["It is green [1].", "It is blue [1]."]
