"""LlamaIndex's engines over our retriever, and what reaches the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, ImageBlock
from llama_index.core.base.response.schema import AsyncStreamingResponse, StreamingResponse
from llama_index.core.bridge.pydantic import Field
from llama_index.core.callbacks import CallbackManager, CBEventType, LlamaDebugHandler
from llama_index.core.chat_engine import ContextChatEngine
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.memory import ChatMemoryBuffer
from llama_index.core.query_engine import (
    CitationQueryEngine,
    RetrieverQueryEngine,
    RouterQueryEngine,
    SubQuestionQueryEngine,
)
from llama_index.core.question_gen import LLMQuestionGenerator
from llama_index.core.selectors import LLMSingleSelector
from llama_index.core.tools import QueryEngineTool

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import (
    MultimodalQueryEngineTool,
    MultimodalRetriever,
    VisionCondensePlusContextChatEngine,
    VisionContextChatEngine,
    VisionSynthesizer,
)
from ragsight import MultimodalStore, SynthesizerOptions

FIGURE = image_chunk(1, "Figure 1: the pump seen from the side")
PASSAGE = text_chunk("The pump moves water through the filter. The pump needs oil.")
REPLY = "It moves water [1], as seen [2]."


@pytest.fixture
def retriever(store: MultimodalStore) -> MultimodalRetriever:
    store.upsert([FIGURE, PASSAGE])
    return MultimodalRetriever(store, similarity_top_k=2)


def saw_everything(llm: Any) -> None:
    assert "Figure 1: the pump seen from the side" in llm.text
    assert "The pump moves water through the filter." in llm.text
    assert set(llm.images) == {noise(1).tobytes()}


@pytest.mark.parametrize("streaming", [False, True])
async def test_llama_indexs_own_synthesis_shows_caption_and_image(
    retriever: MultimodalRetriever, scripted: Any, streaming: bool
) -> None:
    llm = scripted(REPLY)
    engine = RetrieverQueryEngine.from_args(
        retriever, llm=llm, multimodal=True, streaming=streaming
    )
    response = engine.query("What does the pump do?")
    assert isinstance(response, StreamingResponse) is streaming
    assert str(response) == REPLY
    saw_everything(llm)
    llm.requests.clear()
    response = await engine.aquery("What does the pump do?")
    text = str(await response.get_response()) if streaming else str(response)
    assert text == REPLY
    saw_everything(llm)
    assert {node.node_id for node in response.source_nodes} == {FIGURE.id, PASSAGE.id}


@pytest.mark.parametrize("streaming", [False, True])
async def test_our_synthesis_with_their_model_shows_and_cites_both(
    retriever: MultimodalRetriever, scripted: Any, streaming: bool
) -> None:
    llm = scripted(REPLY)
    synthesizer = VisionSynthesizer(llm, streaming=streaming)
    engine = RetrieverQueryEngine(retriever, response_synthesizer=synthesizer)
    response = engine.query("What does the pump do?")
    assert str(response) == REPLY
    saw_everything(llm)
    cited = [citation["node_id"] for citation in response.metadata["citations"]]
    assert set(cited) == {FIGURE.id, PASSAGE.id}
    again = await engine.aquery("What does the pump do?")
    if streaming:
        assert isinstance(again, AsyncStreamingResponse)
        assert "".join([piece async for piece in again.async_response_gen()]) == REPLY
    assert again.metadata["citations"] == response.metadata["citations"]


@pytest.mark.parametrize("ours", [False, True])
async def test_a_citation_engine_gets_caption_and_image(
    retriever: MultimodalRetriever, scripted: Any, ours: bool
) -> None:
    llm = scripted(REPLY)
    engine = CitationQueryEngine(
        retriever,
        llm=llm,
        multimodal=True,
        response_synthesizer=VisionSynthesizer(llm) if ours else None,
    )
    assert str(engine.query("What does the pump do?")) == REPLY
    saw_everything(llm)
    llm.requests.clear()
    assert str(await engine.aquery("What does the pump do?")) == REPLY
    saw_everything(llm)


def chat_engine(kind: str, retriever: MultimodalRetriever, llm: Any, **options: Any) -> Any:
    classes: dict[str, Any] = {
        "context": VisionContextChatEngine,
        "condense": VisionCondensePlusContextChatEngine,
    }
    memory = ChatMemoryBuffer.from_defaults(token_limit=50_000, tokenizer_fn=str.split)
    return classes[kind].from_defaults(retriever, llm=llm, memory=memory, **options)


@pytest.mark.parametrize("kind", ["context", "condense"])
async def test_a_chat_shows_images_and_remembers_what_was_said(
    retriever: MultimodalRetriever, scripted: Any, kind: str
) -> None:
    llm = scripted(REPLY)
    engine = chat_engine(kind, retriever, llm, system_prompt="Speak like a pirate.")
    response = engine.chat("What does the pump do?")
    assert str(response) == REPLY
    assert {node.node_id for node in response.source_nodes} == {FIGURE.id, PASSAGE.id}
    saw_everything(llm)
    llm.requests.clear()
    assert str(await engine.achat("Show me the pump from the side")) == REPLY
    [messages] = llm.requests
    assert "Speak like a pirate." in str(messages[0].content)
    assert [m.content for m in messages[1:3]] == ["What does the pump do?", REPLY]
    assert noise(1).tobytes() in llm.images
    assert len(engine.chat_history) == 4


@pytest.mark.parametrize("kind", ["context", "condense"])
async def test_a_chat_streams(retriever: MultimodalRetriever, scripted: Any, kind: str) -> None:
    llm = scripted(REPLY)
    engine = chat_engine(kind, retriever, llm)
    response = engine.stream_chat("What does the pump do?")
    assert "".join(response.response_gen) == REPLY
    saw_everything(llm)
    astream = await engine.astream_chat("And the pump from the side?")
    assert "".join([piece async for piece in astream.async_response_gen()]) == REPLY
    assert engine.chat_history[-1].content == REPLY


def test_a_follow_up_is_condensed_and_searched_for(
    retriever: MultimodalRetriever, scripted: Any
) -> None:
    llm = scripted("pump side figure", REPLY)
    engine = chat_engine("condense", retriever, llm)
    history = [ChatMessage(role="user", content="What is a pump?"),
               ChatMessage(role="assistant", content="A machine.")]  # fmt: skip
    response = engine.chat("How does it look?", chat_history=history)
    assert "How does it look?" in llm.prompts[0]
    assert response.sources[0].raw_input == {"message": "pump side figure"}
    assert llm.images == [noise(1).tobytes()]


def test_options_of_a_chat_engine_reach_the_request(
    retriever: MultimodalRetriever, scripted: Any
) -> None:
    llm = scripted(REPLY)
    engine = chat_engine("context", retriever, llm)
    engine.options = SynthesizerOptions(instructions="Answer in Latin.", max_images=0)
    engine.chat("What does the pump do?")
    assert "Answer in Latin." in llm.text
    assert llm.images == []
    assert VisionContextChatEngine.options.instructions == ""


def test_llama_indexs_own_chat_engine_drops_the_images(
    retriever: MultimodalRetriever, scripted: Any
) -> None:
    """Documents what ours is for; when this fails, theirs has learnt it."""
    llm = scripted(REPLY)
    memory = ChatMemoryBuffer.from_defaults(token_limit=50_000, tokenizer_fn=str.split)
    ContextChatEngine.from_defaults(retriever, llm=llm, memory=memory).chat("What is the pump?")
    assert llm.images == []


def tools(retriever: MultimodalRetriever, llm: Any) -> list[QueryEngineTool]:
    engine = RetrieverQueryEngine(retriever, response_synthesizer=VisionSynthesizer(llm))
    return [
        MultimodalQueryEngineTool(engine, name="manual", description="The manual"),
        MultimodalQueryEngineTool(engine, name="other", description="Something else"),
    ]


CHOICE = '[{"choice": 1, "reason": "it is the manual"}]'


async def test_a_router_leads_to_an_answer_from_images(
    retriever: MultimodalRetriever, scripted: Any
) -> None:
    llm = scripted(REPLY)
    engine = RouterQueryEngine(
        LLMSingleSelector.from_defaults(llm=scripted(CHOICE)), tools(retriever, llm), llm=llm
    )
    question = "What does the pump do?"
    for response in (engine.query(question), await engine.aquery(question)):
        assert str(response) == REPLY
        assert len(response.metadata["citations"]) == 2
    saw_everything(llm)


SUB_QUESTIONS = (
    '{"items": [{"sub_question": "What does the pump do?", "tool_name": "manual"},'
    ' {"sub_question": "How does the pump look?", "tool_name": "manual"}]}'
)


@pytest.mark.parametrize("use_async", [False, True])
async def test_sub_questions_are_answered_from_images(
    retriever: MultimodalRetriever, scripted: Any, use_async: bool
) -> None:
    llm = scripted(REPLY)
    engine = SubQuestionQueryEngine.from_defaults(
        tools(retriever, llm),
        llm=llm,
        question_gen=LLMQuestionGenerator.from_defaults(llm=scripted(SUB_QUESTIONS)),
        response_synthesizer=VisionSynthesizer(scripted("It moves water [1].")),
        use_async=False,
        verbose=False,
    )
    response = await engine.aquery("Tell me all") if use_async else engine.query("Tell me all")
    assert str(response) == "It moves water [1]."
    assert len(llm.requests) == 2
    saw_everything(llm)
    images = [n for n in response.source_nodes if n.node_id == FIGURE.id]
    assert any(isinstance(block, ImageBlock) for block in images[0].node.get_content_blocks())


class Recorder(BaseEventHandler):
    """Keeps the names of all events."""

    seen: list[str] = Field(default_factory=list)

    @classmethod
    def class_name(cls) -> str:
        return "Recorder"

    def handle(self, event: Any, **_: Any) -> None:
        self.seen.append(event.class_name())


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    handler = Recorder()
    root = get_dispatcher()
    root.add_event_handler(handler)
    yield handler
    root.event_handlers.remove(handler)


async def test_events_and_callbacks_of_a_whole_query_are_told(
    retriever: MultimodalRetriever, scripted: Any, recorder: Recorder
) -> None:
    expected = [
        "QueryStartEvent",
        "RetrievalStartEvent",
        "RetrievalEndEvent",
        "SynthesizeStartEvent",
        "LLMChatStartEvent",
        "LLMChatEndEvent",
        "SynthesizeEndEvent",
        "QueryEndEvent",
    ]
    debug = LlamaDebugHandler(print_trace_on_end=False)
    manager = CallbackManager([debug])
    retriever.callback_manager = manager
    synthesizer = VisionSynthesizer(scripted(REPLY), callback_manager=manager)
    engine = RetrieverQueryEngine(
        retriever, response_synthesizer=synthesizer, callback_manager=manager
    )
    engine.query("What does the pump do?")
    assert recorder.seen == expected
    recorder.seen.clear()
    await engine.aquery("What does the pump do?")
    assert recorder.seen == expected
    for kind in (
        CBEventType.QUERY, CBEventType.RETRIEVE, CBEventType.SYNTHESIZE, CBEventType.LLM
    ):  # fmt: skip
        assert len(debug.get_event_pairs(kind)) == 2
