from __future__ import annotations

import json
from pathlib import Path

import pytest
from llama_index.core.base.response.schema import (
    AsyncStreamingResponse,
    PydanticResponse,
    Response,
    StreamingResponse,
)
from llama_index.core.bridge.pydantic import Field
from llama_index.core.callbacks import CallbackManager, CBEventType, LlamaDebugHandler
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events.synthesis import (
    SynthesizeEndEvent,
    SynthesizeStartEvent,
)
from llama_index.core.schema import ImageNode, NodeWithScore, QueryBundle, TextNode
from pydantic import BaseModel

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import VisionSynthesizer, chunk_to_node
from ragsight import SynthesizerOptions
from ragsight import VisionSynthesizer as CoreSynthesizer
from ragsight.answer import Price
from ragsight.errors import BackendError, ConfigurationError, QueryError, StreamInterruptedError
from ragsight.testing import FakeVisionBackend

REPLY = "It opens at 3 bar [1], as the figure shows [2]."


def nodes() -> list[NodeWithScore]:
    chunks = [text_chunk("The valve opens at 3 bar."), image_chunk(1, "Figure 1: the valve")]
    return [NodeWithScore(node=chunk_to_node(c), score=1 / n) for n, c in enumerate(chunks, 1)]


def check_metadata(response: Response | StreamingResponse | AsyncStreamingResponse) -> None:
    found = nodes()
    assert [node.node_id for node in response.source_nodes] == [node.node_id for node in found]
    metadata = response.metadata
    assert metadata is not None
    assert json.loads(json.dumps(metadata)) == metadata
    cited = [(c["n"], c["node_id"]) for c in metadata["citations"]]
    assert cited == [(n, node.node_id) for n, node in enumerate(found, start=1)]
    [[start, end]] = metadata["citations"][1]["spans"]
    assert REPLY[start:end] == "[2]"
    assert metadata["citations"][1]["page"] == 2
    assert metadata["usage"]["input_tokens"] > 0
    assert metadata["model"] == "fake-vision"
    assert metadata["finish_reason"] == "stop"
    assert metadata["abstained"] is False


def test_an_answer_cites_the_nodes_it_was_given() -> None:
    backend = FakeVisionBackend(reply=REPLY)
    response = VisionSynthesizer(backend).synthesize("When does it open?", nodes())
    assert isinstance(response, Response)
    assert str(response) == REPLY
    check_metadata(response)
    assert len(backend.requests[0].images) == 1


async def test_async_answers_alike() -> None:
    backend = FakeVisionBackend(reply=REPLY)
    response = await VisionSynthesizer(backend).asynthesize("When does it open?", nodes())
    assert isinstance(response, Response)
    assert str(response) == REPLY
    check_metadata(response)


def test_a_stream_has_its_metadata_at_the_end() -> None:
    synthesizer = VisionSynthesizer(FakeVisionBackend(reply=REPLY), streaming=True)
    response = synthesizer.synthesize("When does it open?", nodes())
    assert isinstance(response, StreamingResponse)
    pieces = iter(response.response_gen)
    first = next(pieces)
    assert response.metadata == {}
    assert first + "".join(pieces) == REPLY
    check_metadata(response)


async def test_an_async_stream_has_its_metadata_at_the_end() -> None:
    synthesizer = VisionSynthesizer(FakeVisionBackend(reply=REPLY), streaming=True)
    response = await synthesizer.asynthesize("When does it open?", nodes())
    assert isinstance(response, AsyncStreamingResponse)
    assert "".join([piece async for piece in response.async_response_gen()]) == REPLY
    check_metadata(response)
    assert (await response.get_response()).metadata == response.metadata


async def test_without_nodes_no_model_is_asked() -> None:
    backend = FakeVisionBackend()
    whole, streaming = VisionSynthesizer(backend), VisionSynthesizer(backend, streaming=True)
    texts = [
        str(whole.synthesize("Why?", [])),
        str(await whole.asynthesize("Why?", [])),
        str(streaming.synthesize("Why?", [])),
    ]
    response = await streaming.asynthesize("Why?", [])
    assert isinstance(response, AsyncStreamingResponse)
    texts.append("".join([piece async for piece in response.async_response_gen()]))
    assert texts == ["No relevant sources were found."] * 4
    assert response.metadata is not None
    assert response.metadata["abstained"] is True
    assert backend.requests == []


def test_the_order_of_the_nodes_is_their_ranking() -> None:
    backend = FakeVisionBackend()
    reordered = nodes()[::-1]
    response = VisionSynthesizer(backend).synthesize("Why?", reordered)
    assert response.metadata is not None
    assert response.metadata["citations"][0]["node_id"] == reordered[0].node_id


async def test_the_model_sees_the_image_in_the_question(tmp_path: Path) -> None:
    noise(7).save(tmp_path / "asked.png")
    bundle = QueryBundle("What is this?", image_path=str(tmp_path / "asked.png"))
    backend = FakeVisionBackend(reply="A valve, see [3].")
    synthesizer = VisionSynthesizer(backend, options=SynthesizerOptions(max_images=3))
    for response in (
        synthesizer.synthesize(bundle, nodes()),
        await synthesizer.asynthesize(bundle, nodes()),
    ):
        assert response.metadata is not None
        assert response.metadata["citations"][0]["node_id"] == nodes()[1].node_id
        assert [node.node_id for node in response.source_nodes] == [n.node_id for n in nodes()]
    for request in backend.requests:
        assert "[1] (image, question): The image in the question" in request.text
        assert len(request.images) == 2


def test_an_image_in_the_question_that_is_gone_costs_only_itself() -> None:
    bundle = QueryBundle("What is this?", image_path="/gone.png")
    response = VisionSynthesizer(FakeVisionBackend(reply=REPLY)).synthesize(bundle, nodes())
    assert str(response) == REPLY
    assert response.metadata is not None
    assert "gone.png" in response.metadata["warnings"][0]


def test_nodes_named_only_are_not_sent() -> None:
    backend = FakeVisionBackend()
    extra = NodeWithScore(node=TextNode(text="Read elsewhere."))
    response = VisionSynthesizer(backend).synthesize("Why?", nodes(), [extra])
    assert response.source_nodes[-1] is extra
    assert "Read elsewhere." not in backend.requests[0].text


def test_foreign_nodes_are_answered_from_and_a_bad_image_costs_only_itself(
    tmp_path: Path,
) -> None:
    backend = FakeVisionBackend(reply="Blue [2].")
    foreign = [
        NodeWithScore(node=ImageNode(image_path=str(tmp_path / "gone.png"), text="A caption")),
        NodeWithScore(node=TextNode(text="The mug is blue.")),
    ]
    response = VisionSynthesizer(backend).synthesize("What colour?", foreign)
    metadata = response.metadata
    assert metadata is not None
    assert metadata["citations"][0]["node_id"] == foreign[1].node_id
    assert "gone.png" in metadata["warnings"][0]
    assert "A caption" in backend.requests[0].text


def test_options_reach_the_model() -> None:
    backend = FakeVisionBackend()
    options = SynthesizerOptions(instructions="Answer in Latin.", max_images=0)
    response = VisionSynthesizer(backend, options=options).synthesize("Why?", nodes())
    assert "Answer in Latin." in backend.requests[0].system
    assert backend.requests[0].images == ()
    assert response.metadata is not None
    assert response.metadata["dropped"][0]["node_id"] == nodes()[1].node_id


def test_bare_texts_are_answered_from_too() -> None:
    synthesizer = VisionSynthesizer(FakeVisionBackend(reply="Yes [2]."))
    assert synthesizer.get_response("Why?", ["One.", "Two."]) == "Yes [2]."
    streaming = VisionSynthesizer(FakeVisionBackend(reply="Yes [2]."), streaming=True)
    assert "".join(streaming.get_response("Why?", ["One.", "Two."])) == "Yes [2]."


async def test_bare_texts_are_answered_from_in_async_too() -> None:
    synthesizer = VisionSynthesizer(FakeVisionBackend(reply="Yes [2]."))
    assert await synthesizer.aget_response("Why?", ["One.", "Two."]) == "Yes [2]."
    streaming = VisionSynthesizer(FakeVisionBackend(reply="Yes [2]."), streaming=True)
    pieces = await streaming.aget_response("Why?", ["One.", "Two."])
    assert "".join([piece async for piece in pieces]) == "Yes [2]."


def test_errors_are_ragsights() -> None:
    with pytest.raises(QueryError):
        VisionSynthesizer(FakeVisionBackend()).synthesize(" ", nodes())
    refusing = FakeVisionBackend(error=BackendError("no"))
    with pytest.raises(BackendError):
        VisionSynthesizer(refusing).synthesize("Why?", nodes())
    breaking = FakeVisionBackend(
        reply="Half", error=StreamInterruptedError("broke", partial="Half")
    )
    response = VisionSynthesizer(breaking, streaming=True).synthesize("Why?", nodes())
    with pytest.raises(StreamInterruptedError):
        str(response)


class Recorder(BaseEventHandler):
    """Keeps the events of synthesis."""

    seen: list[object] = Field(default_factory=list)

    @classmethod
    def class_name(cls) -> str:
        return "Recorder"

    def handle(self, event: object, **_: object) -> None:
        if isinstance(event, SynthesizeStartEvent | SynthesizeEndEvent):
            self.seen.append(event)


async def test_events_and_callbacks_fire_as_for_any_synthesizer() -> None:
    recorder = Recorder()
    debug = LlamaDebugHandler(print_trace_on_end=False)
    synthesizer = VisionSynthesizer(FakeVisionBackend(), callback_manager=CallbackManager([debug]))
    root = get_dispatcher()
    root.add_event_handler(recorder)
    try:
        synthesizer.synthesize("Why?", nodes())
        await synthesizer.asynthesize("Why?", nodes())
    finally:
        root.event_handlers.remove(recorder)
    kinds = [type(event) for event in recorder.seen]
    assert kinds == [SynthesizeStartEvent, SynthesizeEndEvent] * 2
    assert len(debug.get_event_pairs(CBEventType.SYNTHESIZE)) == 2


class Valve(BaseModel):
    """The form of an answer."""

    opens_at: float


VALVE_REPLY = '{"data": {"opens_at": 3}, "citations": [{"field": "opens_at", "sources": [1]}]}'


async def test_an_answer_may_have_the_form_of_a_model_class() -> None:
    synthesizer = VisionSynthesizer(
        FakeVisionBackend(VALVE_REPLY), output_cls=Valve, streaming=True
    )
    responses = [
        synthesizer.synthesize("When?", nodes()),
        await synthesizer.asynthesize("When?", nodes()),
    ]
    for response in responses:
        assert isinstance(response, PydanticResponse)
        assert response.response == Valve(opens_at=3)
        assert response.metadata is not None
        assert response.metadata["citations"][0]["fields"] == ["opens_at"]


def test_an_abstention_in_the_form_of_a_model_class_says_so_in_words() -> None:
    backend = FakeVisionBackend('{"data": null, "citations": []}')
    response = VisionSynthesizer(backend, output_cls=Valve).synthesize("When?", nodes())
    assert isinstance(response, Response)
    assert str(response) == "No relevant sources were found."


def test_a_synthesizer_of_the_core_is_used_as_it_is() -> None:
    core = CoreSynthesizer(FakeVisionBackend(), options=SynthesizerOptions(max_images=2))
    assert VisionSynthesizer(core).core is core
    with pytest.raises(ConfigurationError, match=r"options already. Give prices to it"):
        VisionSynthesizer(core, prices={"m": Price(input=1, output=1)})


def test_another_model_answers_where_the_first_does_not(scripted: type) -> None:
    failing = FakeVisionBackend(error=BackendError("it is down"))
    response = VisionSynthesizer(failing, fallbacks=[scripted(REPLY)]).synthesize("Why?", nodes())
    assert str(response) == REPLY
    assert response.metadata is not None
    assert "it is down" in response.metadata["warnings"][0]
