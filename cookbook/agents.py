"""Agents that look things up: a LangGraph with a tool, and a LlamaIndex workflow.

Both search the handbook by themselves, see its figures, and answer with sources. Offline a scripted
model plays the agent's part: it calls the tool once and repeats what it was shown. For a real one,
set RAGSIGHT_CHAT=anthropic:claude-opus-4-7 (anything that LangChain's `init_chat_model` knows and
that takes images in tool results) and RAGSIGHT_MODEL=openai/clip-vit-base-patch32.
"""

# %% An index, and a retriever for each framework
import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from langchain.chat_models import init_chat_model
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from llama_index.core.async_utils import asyncio_run
from llama_index.core.workflow import Event, StartEvent, StopEvent, Workflow, step

import langchain_ragsight
import llama_index_ragsight
from ragsight import DEMO_MODEL, ClipEncoder, MultimodalStore, ingest
from ragsight.demo import handbook_path
from ragsight.testing import FakeVisionBackend

MODEL = os.environ.get("RAGSIGHT_MODEL", DEMO_MODEL)
CHAT = os.environ.get("RAGSIGHT_CHAT")
STAND_IN = FakeVisionBackend("The radii of the planets [1].")
QUESTION = "What does the bar chart of planet radii show?"

folder = TemporaryDirectory()
store = MultimodalStore.open(Path(folder.name) / "index", encoder=ClipEncoder(MODEL))
ingest(handbook_path(), store)


# %% LangGraph: the model decides when to search; the tool's result holds passages and pictures
class Scripted(BaseChatModel):
    """Calls the tool, then says what it was shown: there is no judgement in it."""

    _llm_type = "scripted"

    def bind_tools(self, *_: Any, **__: Any) -> "Scripted":
        """Nothing to bind: it knows one tool by name."""
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        last = messages[-1]
        if isinstance(last, HumanMessage):
            call = {"name": "search_handbook", "args": {"query": last.text}, "id": "1"}
            reply = AIMessage("", tool_calls=[call])
        else:
            pictures = sum(block["type"] == "image" for block in last.content)
            reply = AIMessage(f"I was shown {pictures} picture; see [1].")
        return ChatResult(generations=[ChatGeneration(message=reply)])


retriever = langchain_ragsight.MultimodalRetriever(store=store, k=3)
what = "Finds passages, figures and tables of a handbook of the Solar System."
tool = langchain_ragsight.create_multimodal_retriever_tool(retriever, "search_handbook", what)
chat = Scripted() if CHAT is None else init_chat_model(CHAT)


def agent(state: MessagesState) -> dict[str, Any]:
    """Let the model read all that was said, and reply or call the tool."""
    return {"messages": [chat.bind_tools([tool]).invoke(state["messages"])]}


builder = StateGraph(MessagesState)
builder.add_node("agent", agent).add_node("tools", ToolNode([tool])).add_edge(START, "agent")
builder.add_conditional_edges("agent", tools_condition).add_edge("tools", "agent")
state = builder.compile().invoke({"messages": [HumanMessage(QUESTION)]})
found = [d for message in state["messages"] for d in getattr(message, "artifact", None) or []]
print(f"LangGraph: {state['messages'][-1].text}")
print(*(f"   page {d.metadata['page']}: {d.page_content[:60]}" for d in found), sep="\n")
assert any(document.metadata.get("label") == "Figure 3" for document in found)


# %% LlamaIndex: a workflow of two steps, retrieval and the answer
class Found(Event):
    """What the retriever found."""

    question: str
    nodes: list[Any]


class LookUp(Workflow):
    """Retrieve, then answer with citations."""

    retriever = llama_index_ragsight.MultimodalRetriever(store, similarity_top_k=3)
    synthesizer = llama_index_ragsight.VisionSynthesizer(STAND_IN)

    @step
    async def look_up(self, event: StartEvent) -> Found:
        """Find passages and figures."""
        return Found(question=event.question, nodes=await self.retriever.aretrieve(event.question))

    @step
    async def answer(self, event: Found) -> StopEvent:
        """Show them to the vision model."""
        return StopEvent(result=await self.synthesizer.asynthesize(event.question, event.nodes))


async def look_up() -> Any:
    """Run the workflow in an event loop."""
    return await LookUp(timeout=120).run(question=QUESTION)


response = asyncio_run(look_up())
print(f"\nLlamaIndex: {response}")
print(*(f"   [{c['n']}] {c['title']}" for c in response.metadata["citations"]), sep="\n")

# %% Put away
store.close()
folder.cleanup()
