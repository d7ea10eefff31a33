"""A LangGraph with a multimodal state: a question with an image, documents, a cited answer."""

from __future__ import annotations

import base64
import io
import operator
from typing import Annotated, Any

from langchain_core.documents import Document
from langchain_core.messages import AnyMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from drawings import noise
from langchain_ragsight import MultimodalCompressor, MultimodalRetriever, VisionSynthesizer
from ragsight import Chunk, MultimodalStore
from ragsight.testing import FakeVisionBackend


class State(TypedDict, total=False):
    messages: Annotated[list[AnyMessage], operator.add]
    documents: list[Document]
    answer: str


def _question() -> HumanMessage:
    buffer = io.BytesIO()
    noise(1).save(buffer, format="PNG")
    data = base64.b64encode(buffer.getvalue()).decode()
    return HumanMessage(
        [
            {"type": "text", "text": "What is this?"},
            {"type": "image", "base64": data, "mime_type": "image/png"},
        ]
    )


async def test_a_graph_carries_images_through_its_state(
    store: MultimodalStore, chunks: list[Chunk]
) -> None:
    retriever = MultimodalRetriever(store=store, k=4)
    compressor = MultimodalCompressor(max_images=2)
    backend = FakeVisionBackend("The pump [2].")
    synthesizer = VisionSynthesizer(backend)

    async def retrieve(state: State) -> State:
        return {"documents": await retriever.ainvoke(state["messages"][-1])}  # type: ignore[arg-type]

    async def compress(state: State) -> State:
        kept = await compressor.acompress_documents(state["documents"], "the pump")
        return {"documents": list(kept)}

    async def answer(state: State) -> State:
        asked = {"question": state["messages"][-1], "context": state["documents"]}
        return {"answer": await synthesizer.ainvoke(asked)}

    builder = StateGraph(State)
    for step in (retrieve, compress, answer):
        builder.add_node(step.__name__, step)
    builder.add_edge(START, "retrieve")
    builder.add_edge("retrieve", "compress")
    builder.add_edge("compress", "answer")
    builder.add_edge("answer", END)
    graph: Any = builder.compile(checkpointer=InMemorySaver())
    thread: Any = {"configurable": {"thread_id": "1"}}

    result = await graph.ainvoke({"messages": [_question()]}, thread)

    assert result["answer"] == "The pump [2]."
    assert chunks[3].id in {document.id for document in result["documents"]}
    kept = await graph.aget_state(thread)
    assert kept.values["documents"] == result["documents"]
    # LOCAL sends one image: the question's, which comes first.
    assert len(backend.requests[0].images) == 1

    pieces = [
        message.text
        async for message, _ in graph.astream(
            {"messages": [_question()]},
            {"configurable": {"thread_id": "2"}},
            stream_mode="messages",
        )
    ]
    assert "".join(pieces) == "The pump [2]."
