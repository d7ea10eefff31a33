"""The retriever as a tool of agents: real chat models, against strict fakes of their servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

import pytest
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain_anthropic import ChatAnthropic
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from PIL import Image
from pydantic import SecretStr

from fakes.anthropic_server import FakeAnthropic
from fakes.openai_server import FakeOpenAI
from fakes.recorded import RecordedImage, RecordedRequest
from fakes.tool_calls import ToolCall
from langchain_ragsight import (
    MultimodalVectorStore,
    create_multimodal_retriever_tool,
    document_to_chunk,
)
from langchain_ragsight.middleware import ToolImagesMiddleware
from ragsight import ClipEncoder

COLOURS = {"red": (220, 20, 20), "green": (20, 180, 40), "blue": (20, 40, 220)}
PARTS = {"lever": "red", "valve": "green", "hatch": "blue"}

Server: TypeAlias = FakeOpenAI | FakeAnthropic


def look(request: RecordedRequest) -> ToolCall | str:
    """A model that searches for the last word it was asked, then says what the image shows."""
    questions = [line for line in request.text.splitlines() if line.startswith("Colour of the ")]
    if request.results < len(questions):
        return ToolCall("search_parts", {"query": questions[-1].rpartition(" ")[2]})
    return f"It is {_colour(request.images[-1])} [1]."


def _colour(image: RecordedImage) -> str:
    """Which colour is nearest: a JPEG's is never quite the same."""
    pixel: Any = image.open().convert("RGB").getpixel((0, 0))
    return min(COLOURS, key=lambda name: _distance(COLOURS[name], pixel))


def _distance(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True))


def responses_model(server: Server) -> BaseChatModel:
    return ChatOpenAI(
        model="gpt-5.4-mini",
        api_key=SecretStr("k"),
        base_url=server.base_url,
        use_responses_api=True,
        max_retries=0,
    )


def chat_model(server: Server) -> BaseChatModel:
    return ChatOpenAI(
        model="gpt-5.4-mini", api_key=SecretStr("k"), base_url=server.base_url, max_retries=0
    )


def anthropic_model(server: Server) -> BaseChatModel:
    return ChatAnthropic(  # type: ignore[call-arg]
        model_name="claude-sonnet-4-6",
        api_key=SecretStr("k"),
        base_url=server.base_url,
        max_retries=0,
    )


@pytest.fixture
def tool(encoder: ClipEncoder) -> Iterator[BaseTool]:
    opened = MultimodalVectorStore.from_texts(["Pumps are loud."], encoder=encoder)
    opened.add_images(
        [Image.new("RGB", (32, 32), COLOURS[colour]) for colour in PARTS.values()],
        captions=[f"the {part}" for part in PARTS],
    )
    with opened.store:
        retriever = opened.as_multimodal_retriever(k=3, weights={"text_to_image": 0})
        yield create_multimodal_retriever_tool(retriever, "search_parts", "Finds machine parts.")


def _ask(part: str) -> Any:
    return {"messages": [HumanMessage(f"Colour of the {part}")]}


@pytest.mark.parametrize(
    ("fake", "model_of", "middleware"),
    [
        pytest.param(FakeOpenAI, responses_model, [], id="openai-responses"),
        pytest.param(FakeOpenAI, chat_model, [ToolImagesMiddleware()], id="openai-chat"),
        pytest.param(FakeAnthropic, anthropic_model, [], id="anthropic"),
    ],
)
async def test_an_agent_answers_what_only_the_image_shows(
    fake: Callable[..., AbstractContextManager[Any]],
    model_of: Callable[[Server], BaseChatModel],
    middleware: list[AgentMiddleware],
    tool: BaseTool,
) -> None:
    with fake(look) as server:
        agent: Any = create_agent(model_of(server), [tool], middleware=middleware)
        results = agent.invoke(_ask("valve")), await agent.ainvoke(_ask("valve"))
        streamed = [
            message.text
            async for message, _ in agent.astream(_ask("hatch"), stream_mode="messages")
            if isinstance(message, AIMessage)
        ]

    assert server.violations == []
    for result in results:
        assert result["messages"][-1].text == "It is green [1]."
        (found,) = [m for m in result["messages"] if isinstance(m, ToolMessage)]
        assert document_to_chunk(found.artifact[0]).text == "the valve"
    assert "".join(streamed) == "It is blue [1]."
    assert len([piece for piece in streamed if piece]) > 3
    assert {request.tools for request in server.requests} == {("search_parts",)}


def test_without_the_middleware_openais_chat_completions_refuse_the_images(tool: BaseTool) -> None:
    with FakeOpenAI(look) as server:
        agent: Any = create_agent(chat_model(server), [tool])
        with pytest.raises(Exception, match="image_url"):
            agent.invoke(_ask("valve"))


def test_a_conversation_with_images_can_be_kept_and_taken_up_again(tool: BaseTool) -> None:
    thread: Any = {"configurable": {"thread_id": "1"}}
    with FakeOpenAI(look) as server:
        agent: Any = create_agent(
            chat_model(server),
            [tool],
            middleware=[ToolImagesMiddleware()],
            checkpointer=InMemorySaver(),
        )
        agent.invoke(_ask("valve"), thread)
        result = agent.invoke(_ask("hatch"), thread)

    assert server.violations == []
    said = [m.text for m in result["messages"] if isinstance(m, AIMessage) and m.text]
    assert said == ["It is green [1].", "It is blue [1]."]
    # The middleware changes what the model is sent, not the conversation.
    assert [message.type for message in result["messages"]] == ["human", "ai", "tool", "ai"] * 2
    assert len(server.requests[-1].images) == 2
