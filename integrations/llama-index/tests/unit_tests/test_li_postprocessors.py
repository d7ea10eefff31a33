from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.bridge.pydantic import Field
from llama_index.core.callbacks import CallbackManager, CBEventType, LlamaDebugHandler
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events.rerank import ReRankEndEvent, ReRankStartEvent
from llama_index.core.postprocessor import SimilarityPostprocessor
from llama_index.core.schema import ImageNode, NodeWithScore, QueryBundle, TextNode

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import ChannelCutoff, VisionRerank, hit_to_node
from ragsight import Hit, VisionReranker, open_image
from ragsight.errors import ConfigurationError
from ragsight.retrieval import ChannelScore
from ragsight.testing import FakeVisionBackend

GRADES = '{"grades": [{"n": 1, "grade": 1}, {"n": 2, "grade": 9}, {"n": 3, "grade": 5}]}'


def found(chunk: Any, score: float, **channels: float) -> NodeWithScore:
    said = [ChannelScore(c, 1, value, 0.1) for c, value in channels.items()]  # type: ignore[arg-type]
    return hit_to_node(Hit(chunk, score, tuple(said)))


def nodes() -> list[NodeWithScore]:
    return [
        found(text_chunk("The pump moves water."), 0.5, dense=0.8, bm25=7.0),
        found(image_chunk(1, "Figure 1: the pump"), 0.4, text_to_image=0.3),
        found(text_chunk("Bread."), 0.3, dense=0.3),
        found(image_chunk(2), 0.2, text_to_image=0.1),
    ]


def test_a_cut_off_for_each_channel_keeps_the_images_that_fit() -> None:
    cutoff = ChannelCutoff(channel_cutoffs={"dense": 0.5, "text_to_image": 0.25})
    kept = cutoff.postprocess_nodes(nodes(), query_str="pump")
    assert [node.score for node in kept] == [0.5, 0.4]
    # LlamaIndex's, at the cut-off that the texts need, throws the figure out.
    cosines = [NodeWithScore(node=n.node, score=n.metadata["ragsight"]["channels"][0]["score"])
               for n in nodes()]  # fmt: skip
    assert len(SimilarityPostprocessor(similarity_cutoff=0.5).postprocess_nodes(cosines)) == 1


def test_one_channel_that_vouches_is_enough() -> None:
    [node, *_] = nodes()
    assert ChannelCutoff(channel_cutoffs={"dense": 0.9}).postprocess_nodes([node]) == [node]
    both = {"dense": 0.9, "bm25": 8.0}
    assert ChannelCutoff(channel_cutoffs=both).postprocess_nodes([node]) == []


async def test_the_score_itself_may_have_a_cut_off() -> None:
    cutoff = ChannelCutoff(similarity_cutoff=0.4)
    assert len(cutoff.postprocess_nodes(nodes())) == 2
    assert len(await cutoff.apostprocess_nodes(nodes())) == 2
    foreign = [NodeWithScore(node=TextNode(text="a"), score=s) for s in (0.9, 0.1, None)]
    assert cutoff.postprocess_nodes(foreign) == foreign[:1]
    assert ChannelCutoff(channel_cutoffs={"bm25": 9}).postprocess_nodes(foreign) == foreign


def test_a_channel_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no channel 'words'"):
        ChannelCutoff(channel_cutoffs={"words": 1.0})


async def test_a_vision_model_orders_nodes_by_what_they_show() -> None:
    for is_async in (False, True):
        backend = FakeVisionBackend(GRADES)
        rerank = VisionRerank(backend, top_n=2, max_images=5)
        bundle = QueryBundle("Which figure shows the pump?")
        given = nodes()[:3]
        ordered = (
            await rerank.apostprocess_nodes(given, bundle)
            if is_async
            else rerank.postprocess_nodes(given, bundle)
        )
        assert [node.node_id for node in ordered] == [given[1].node_id, given[2].node_id]
        assert [node.score for node in ordered] == [0.9, 0.5]
        assert ordered[0].node is given[1].node
        [image] = backend.requests[0].images
        assert open_image(image.data).tobytes() == noise(1).tobytes()
        assert "Which figure" in backend.requests[0].text
        assert [node.score for node in given] == [0.5, 0.4, 0.3]


def test_nodes_that_are_there_twice_stay_twice() -> None:
    node = TextNode(text="Same", id_="a")
    given = [NodeWithScore(node=node, score=0.1)] * 3
    ordered = VisionRerank(FakeVisionBackend(GRADES)).postprocess_nodes(given, query_str="pump")
    assert [(n.node_id, n.score) for n in ordered] == [("a", 0.9), ("a", 0.5), ("a", 0.1)]


def test_an_image_that_is_gone_costs_only_itself() -> None:
    gone = NodeWithScore(node=ImageNode(text="A caption", image_path="/nowhere/a.png"), score=0.2)
    reply = '{"grades": [{"n": 1, "grade": 3}]}'
    [node] = VisionRerank(FakeVisionBackend(reply)).postprocess_nodes([gone], query_str="pump")
    assert (node.node, node.score) == (gone.node, 0.3)


def test_without_a_question_nothing_is_asked() -> None:
    backend = FakeVisionBackend(GRADES)
    rerank = VisionRerank(backend, top_n=1)
    assert rerank.postprocess_nodes(nodes()) == nodes()[:1]
    assert rerank.postprocess_nodes([], query_str="pump") == []
    assert backend.requests == []


def test_a_reranker_of_ones_own_is_used() -> None:
    core = VisionReranker(FakeVisionBackend(GRADES), batch_size=2)
    assert VisionRerank(core).core is core
    with pytest.raises(ConfigurationError, match="top_n is 0"):
        VisionRerank(core, top_n=0)


class Recorder(BaseEventHandler):
    """Keeps the events of reranking."""

    seen: list[object] = Field(default_factory=list)

    @classmethod
    def class_name(cls) -> str:
        return "Recorder"

    def handle(self, event: object, **_: object) -> None:
        if isinstance(event, ReRankStartEvent | ReRankEndEvent):
            self.seen.append(event)


async def test_events_and_callbacks_fire_as_for_any_reranker() -> None:
    recorder, debug = Recorder(), LlamaDebugHandler(print_trace_on_end=False)
    rerank = VisionRerank(FakeVisionBackend(GRADES), callback_manager=CallbackManager([debug]))
    root = get_dispatcher()
    root.add_event_handler(recorder)
    try:
        rerank.postprocess_nodes(nodes(), query_str="pump")
        await rerank.apostprocess_nodes(nodes(), query_str="pump")
    finally:
        root.event_handlers.remove(recorder)
    assert [type(event) for event in recorder.seen] == [ReRankStartEvent, ReRankEndEvent] * 2
    assert len(debug.get_event_pairs(CBEventType.RERANKING)) == 2
