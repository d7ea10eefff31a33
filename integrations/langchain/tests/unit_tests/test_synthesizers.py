from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from langchain_core.callbacks import BaseCallbackHandler, get_usage_metadata_callback
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.runnables import RunnableConfig, RunnablePassthrough
from pydantic import BaseModel

import ragsight
from drawings import noise, text_chunk
from langchain_ragsight import VisionSynthesizer, chunk_to_document
from ragsight import Answer, Hit, SynthesizerOptions
from ragsight.answer import Price, SentRequest
from ragsight.errors import BackendError, ConfigurationError, QueryError
from ragsight.testing import FakeVisionBackend

VALVE, PUMP = text_chunk("The valve opens at 3 bar."), text_chunk("The pump is blue.")
INPUT = {"question": "When?", "context": [chunk_to_document(VALVE), chunk_to_document(PUMP)]}
REPLY = "At 3 bar [1], says the manual [2]."


@pytest.fixture
def backend() -> FakeVisionBackend:
    return FakeVisionBackend(reply=REPLY)


def test_the_output_is_the_cited_text(backend: FakeVisionBackend) -> None:
    assert VisionSynthesizer(backend).invoke(INPUT) == REPLY


async def test_all_four_ways_of_asking_give_the_same_text(backend: FakeVisionBackend) -> None:
    synthesizer = VisionSynthesizer(backend)
    streamed = list(synthesizer.stream(INPUT))

    assert len(streamed) > 2
    assert "".join(streamed) == REPLY
    assert [piece async for piece in synthesizer.astream(INPUT)] == streamed
    assert await synthesizer.ainvoke(INPUT) == REPLY


async def test_the_whole_answer_cites_the_documents_by_id(backend: FakeVisionBackend) -> None:
    synthesizer = VisionSynthesizer(backend).with_answer()

    answer = synthesizer.invoke(INPUT)

    assert [citation.chunk for citation in answer.citations] == [VALVE, PUMP]
    assert [chunk.id for chunk in answer.sources] == [found.id for found in INPUT["context"]]
    assert await synthesizer.ainvoke(INPUT) == answer


async def test_a_streamed_answer_grows_and_ends_whole(backend: FakeVisionBackend) -> None:
    synthesizer = VisionSynthesizer(backend).with_answer()

    *growing, last = synthesizer.stream(INPUT)

    assert all(REPLY.startswith(answer.text) for answer in growing)
    assert {answer.finish_reason for answer in growing} == {""}
    assert growing[0].sources == last.sources == (VALVE, PUMP)
    assert last == synthesizer.invoke(INPUT)
    assert [answer async for answer in synthesizer.astream(INPUT)] == [*growing, last]


@pytest.mark.parametrize("key", ["question", "input", "query"])
def test_the_question_may_have_any_of_the_usual_names(key: str, backend: FakeVisionBackend) -> None:
    VisionSynthesizer(backend).invoke({key: "When is it?", "context": INPUT["context"]})

    assert "When is it?" in backend.requests[0].text


def test_the_order_of_the_documents_is_their_ranking(backend: FakeVisionBackend) -> None:
    context = [Hit(PUMP, 0.1), Hit(VALVE, 0.9)]

    answer = VisionSynthesizer(backend).with_answer().invoke({"input": "When?", "context": context})

    assert answer.sources == (PUMP, VALVE)


def test_the_model_sees_the_image_in_the_question(backend: FakeVisionBackend) -> None:
    question = {"text": "What is this?", "image": noise(0)}

    answer = VisionSynthesizer(backend).with_answer().invoke({**INPUT, "question": question})

    (image,) = backend.requests[0].images
    assert (image.width, image.height) == (48, 40)
    assert answer.sources[0].kind == "image"
    assert answer.sources[1:] == (VALVE, PUMP)


def test_without_documents_no_model_is_asked(backend: FakeVisionBackend) -> None:
    question = {"text": "What is this?", "image": noise(0)}

    answer = VisionSynthesizer(backend).with_answer().invoke({"input": question, "context": []})

    assert answer.abstained
    assert backend.requests == []


def test_a_chat_model_is_a_backend() -> None:
    synthesizer = VisionSynthesizer(FakeListChatModel(responses=[REPLY]))

    assert synthesizer.invoke(INPUT) == REPLY


def test_a_synthesizer_of_the_core_is_used_as_it_is(backend: FakeVisionBackend) -> None:
    core = ragsight.VisionSynthesizer(backend, options=SynthesizerOptions(max_images=2))

    assert VisionSynthesizer(core).core is core
    with pytest.raises(ConfigurationError, match="options already"):
        VisionSynthesizer(core, options=SynthesizerOptions())


def test_a_chat_models_run_is_a_child_of_the_synthesizers() -> None:
    class Watching(BaseCallbackHandler):
        chains: list[UUID]
        parents: list[UUID | None]

        def on_chain_start(self, *_: Any, run_id: UUID, **__: Any) -> None:
            self.chains.append(run_id)

        def on_chat_model_start(self, *_: Any, parent_run_id: UUID | None, **__: Any) -> None:
            self.parents.append(parent_run_id)

    handler = Watching()
    handler.chains, handler.parents = [], []
    synthesizer = VisionSynthesizer(FakeListChatModel(responses=[REPLY]))

    synthesizer.invoke(INPUT, {"callbacks": [handler]})
    list(synthesizer.stream(INPUT, {"callbacks": [handler]}))

    assert len(handler.chains) == 2
    assert handler.parents == handler.chains


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("a string", "takes a dictionary"),
        ({"question": "When?"}, "dictionary with question"),
        ({"context": []}, "none of the keys"),
        ({"question": "When?", "context": "text"}, "list of documents"),
        ({"question": "When?", "context": ["text"]}, "str where a document"),
        ({"question": "", "context": [Document(page_content="x")]}, "question is empty"),
    ],
)
def test_an_input_that_cannot_be_answered_is_refused_with_the_reason(
    value: Any, message: str, backend: FakeVisionBackend
) -> None:
    with pytest.raises(QueryError, match=message):
        VisionSynthesizer(backend).invoke(value)


def test_errors_of_the_backend_come_through() -> None:
    synthesizer = VisionSynthesizer(FakeVisionBackend(error=BackendError("no")))

    with pytest.raises(BackendError):
        synthesizer.invoke(INPUT)
    with pytest.raises(BackendError):
        list(synthesizer.stream(INPUT))


def test_a_chain_can_be_drawn_and_tells_its_types(backend: FakeVisionBackend) -> None:
    synthesizer = VisionSynthesizer(backend)
    chain = RunnablePassthrough() | synthesizer

    assert chain.get_graph().nodes
    assert synthesizer.get_output_jsonschema()["type"] == "string"
    assert synthesizer.get_input_jsonschema()["type"] == "object"
    assert synthesizer.with_answer().OutputType is Answer


def test_a_message_may_be_the_question(backend: FakeVisionBackend) -> None:
    VisionSynthesizer(backend).invoke({**INPUT, "question": HumanMessage("When is it?")})

    assert "When is it?" in backend.requests[0].text


def test_a_batch_is_answered_in_order(backend: FakeVisionBackend) -> None:
    assert VisionSynthesizer(backend).batch([INPUT, INPUT]) == [REPLY, REPLY]


async def test_callbacks_learn_the_usage_of_ragsights_own_backends(
    backend: FakeVisionBackend,
) -> None:
    synthesizer = VisionSynthesizer(backend)

    async def ainvoke() -> None:
        await synthesizer.ainvoke(INPUT)

    async def astream() -> None:
        assert [piece async for piece in synthesizer.astream(INPUT)]

    counted = []
    with get_usage_metadata_callback() as usage:
        synthesizer.invoke(INPUT)
    counted.append(usage.usage_metadata)
    with get_usage_metadata_callback() as usage:
        assert list(synthesizer.stream(INPUT))
    counted.append(usage.usage_metadata)
    for ask in (ainvoke, astream):
        with get_usage_metadata_callback() as usage:
            await ask()
        counted.append(usage.usage_metadata)

    own = synthesizer.with_answer().invoke(INPUT).usage
    assert own is not None
    assert counted == [counted[0]] * 4
    assert counted[0]["fake-vision"]["input_tokens"] == own.input_tokens
    assert counted[0]["fake-vision"]["output_tokens"] == own.output_tokens


async def test_the_models_run_and_its_pieces_show_up_in_the_events(
    backend: FakeVisionBackend,
) -> None:
    chain = RunnablePassthrough() | VisionSynthesizer(backend)

    events = [event async for event in chain.astream_events(INPUT, version="v2")]

    streamed = [e for e in events if e["event"] == "on_chat_model_stream"]
    (ended,) = [e for e in events if e["event"] == "on_chat_model_end"]
    assert "".join(e["data"]["chunk"].text for e in streamed) == REPLY
    assert ended["metadata"]["ls_model_name"] == "fake-vision"
    assert ended["metadata"]["ls_provider"] == "fake"
    assert ended["data"]["output"].text == REPLY


async def test_a_models_failure_ends_its_run() -> None:
    failing = FakeVisionBackend(error=BackendError("refused"))
    failed: list[BaseException] = []

    class Handler(BaseCallbackHandler):
        def on_llm_error(self, error: BaseException, **_: Any) -> None:
            failed.append(error)

    synthesizer = VisionSynthesizer(failing).with_config(callbacks=[Handler()])
    with pytest.raises(BackendError):
        synthesizer.invoke(INPUT)
    with pytest.raises(BackendError):
        await synthesizer.ainvoke(INPUT)
    with pytest.raises(BackendError):
        list(synthesizer.stream(INPUT))
    with pytest.raises(BackendError):
        assert [piece async for piece in synthesizer.astream(INPUT)]

    assert [str(error) for error in failed] == ["refused"] * 4


def test_no_model_is_asked_where_nothing_was_found(backend: FakeVisionBackend) -> None:
    with get_usage_metadata_callback() as usage:
        VisionSynthesizer(backend).invoke({"question": "When?", "context": []})

    assert usage.usage_metadata == {}


async def test_a_chat_model_of_langchains_is_counted_once() -> None:
    counts = {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}
    reply = AIMessage(
        "At 3 bar [1].", usage_metadata=counts, response_metadata={"model_name": "scripted"}
    )
    synthesizer = VisionSynthesizer(GenericFakeChatModel(messages=iter([reply, reply])))

    with get_usage_metadata_callback() as usage:
        synthesizer.invoke(INPUT)
        await synthesizer.ainvoke(INPUT)

    assert usage.usage_metadata["scripted"]["total_tokens"] == 14


class Valve(BaseModel):
    """The form of an answer."""

    opens_at: float


VALVE_REPLY = '{"data": {"opens_at": 3}, "citations": [{"field": "opens_at", "sources": [1]}]}'


async def test_an_answer_may_have_the_form_of_a_model_class() -> None:
    synthesizer = VisionSynthesizer(FakeVisionBackend(VALVE_REPLY)).with_answer(schema=Valve)

    answer = synthesizer.invoke(INPUT)

    assert answer.data == Valve(opens_at=3)
    assert answer.citations[0].fields == ("opens_at",)
    assert await synthesizer.ainvoke(INPUT) == answer
    assert list(synthesizer.stream(INPUT)) == [answer]
    assert [piece async for piece in synthesizer.astream(INPUT)] == [answer]


async def test_structured_output_is_the_instance_or_nothing() -> None:
    replies = [VALVE_REPLY, VALVE_REPLY, '{"data": null, "citations": []}']
    step = VisionSynthesizer(FakeVisionBackend(replies)).with_structured_output(Valve)

    assert step.invoke(INPUT) == Valve(opens_at=3)
    assert await step.ainvoke(INPUT) == Valve(opens_at=3)
    assert step.invoke(INPUT) is None


def test_another_model_answers_where_the_first_does_not() -> None:
    sent: list[SentRequest] = []
    synthesizer = VisionSynthesizer(
        FakeVisionBackend(error=BackendError("it is down")),
        fallbacks=[FakeListChatModel(responses=[REPLY]), FakeVisionBackend("Never asked.")],
        prices={"fake-vision": Price(input=1, output=1)},
        on_request=sent.append,
    )

    answer = synthesizer.with_answer().invoke(INPUT)

    assert answer.text == REPLY
    assert "it is down" in answer.warnings[0]
    assert [request.model for request in sent] == ["fake-vision", "FakeListChatModel"]


def test_settings_beside_a_synthesizer_that_has_its_own_are_refused(
    backend: FakeVisionBackend,
) -> None:
    core = ragsight.VisionSynthesizer(backend)

    with pytest.raises(ConfigurationError, match=r"options already\. Give fallbacks to it"):
        VisionSynthesizer(core, fallbacks=[backend])


@pytest.mark.parametrize("way", ["stream", "astream"])
async def test_leaving_a_stream_early_ends_the_models_run(
    backend: FakeVisionBackend, way: str
) -> None:
    ended: list[type[BaseException]] = []

    class Handler(BaseCallbackHandler):
        def on_llm_error(self, error: BaseException, **_: Any) -> None:
            ended.append(type(error))

    synthesizer = VisionSynthesizer(backend)
    config: RunnableConfig = {"callbacks": [Handler()]}
    if way == "stream":
        stream = synthesizer.stream(INPUT, config)
        next(stream)
        stream.close()
    else:
        astream = synthesizer.astream(INPUT, config)
        await anext(astream)
        await astream.aclose()

    assert ended == [GeneratorExit]


def test_what_is_no_model_is_refused_when_the_step_is_made() -> None:
    with pytest.raises(ConfigurationError, match="3 is no vision model"):
        VisionSynthesizer(3)  # type: ignore[arg-type]
