from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
from llama_index.core.base.base_multi_modal_retriever import MultiModalRetriever
from llama_index.core.bridge.pydantic import Field
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events.retrieval import RetrievalEndEvent, RetrievalStartEvent
from llama_index.core.schema import NodeWithScore, QueryBundle

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import MultimodalRetriever, node_to_chunk
from ragsight import MultimodalRetriever as CoreRetriever
from ragsight import MultimodalStore, open_image
from ragsight.errors import QueryError

CHUNKS = [
    text_chunk("The pump moves water through the filter.", topic="pump"),
    text_chunk("Change the filter once a year.", topic="filter"),
    text_chunk("Bread is baked from flour.", topic="bread"),
    image_chunk(1, "Figure 1: the pump seen from the side", topic="pump"),
    image_chunk(2, topic="other"),
    image_chunk(3, topic="other"),
]


@pytest.fixture
def index(store: MultimodalStore) -> MultimodalStore:
    store.upsert(CHUNKS)
    return store


@pytest.fixture
def retriever(index: MultimodalStore) -> MultimodalRetriever:
    return MultimodalRetriever(index, similarity_top_k=4)


@pytest.fixture
def picture(tmp_path: Path) -> str:
    noise(2).save(tmp_path / "query.png")
    return str(tmp_path / "query.png")


def ids(nodes: list[NodeWithScore]) -> list[str]:
    return [node.node_id for node in nodes]


def with_image(nodes: list[NodeWithScore]) -> list[bool]:
    return [node_to_chunk(node.node).image is not None for node in nodes]


def test_nodes_are_the_cores_hits(index: MultimodalStore, retriever: MultimodalRetriever) -> None:
    hits = CoreRetriever(index).retrieve("pump", k=4)
    nodes = retriever.retrieve("pump")
    assert ids(nodes) == [hit.chunk.id for hit in hits]
    assert [node.score for node in nodes] == [hit.score for hit in hits]
    assert nodes[0].metadata["ragsight"]["why"] == hits[0].why
    assert [node_to_chunk(node.node) for node in nodes] == [hit.chunk for hit in hits]


def test_the_images_of_nodes_can_be_opened(retriever: MultimodalRetriever, picture: str) -> None:
    [first, *_] = retriever.image_to_image_retrieve(picture)
    assert first.node_id == CHUNKS[4].id
    image = node_to_chunk(first.node).image
    assert image is not None
    assert open_image(image).tobytes() == noise(2).tobytes()


def test_a_retriever_of_ones_own_keeps_its_weights(index: MultimodalStore) -> None:
    core = CoreRetriever(index, weights={"text_to_image": 0})
    nodes = MultimodalRetriever(core).retrieve("pump")
    assert set(ids(nodes)) == {CHUNKS[0].id, CHUNKS[3].id}


def test_texts_and_images_have_places_of_their_own_if_asked(index: MultimodalStore) -> None:
    nodes = MultimodalRetriever(index, similarity_top_k=2, image_similarity_top_k=1).retrieve(
        "pump filter bread"
    )
    assert sorted(with_image(nodes)) == [False, False, True]
    none = MultimodalRetriever(index, similarity_top_k=2, image_similarity_top_k=0)
    assert with_image(none.retrieve("pump filter bread")) == [False, False]


def test_a_bundle_may_have_an_image_and_stays_as_it_is(
    retriever: MultimodalRetriever, picture: str
) -> None:
    bundle = QueryBundle("pump", image_path=picture)
    before = deepcopy(bundle)
    first = retriever.retrieve(bundle)
    assert bundle == before
    assert ids(retriever.retrieve(bundle)) == ids(first)
    channels = {c["channel"] for n in first for c in n.metadata["ragsight"]["channels"]}
    assert channels == {"bm25", "text_to_image", "image_to_image"}


def test_an_image_alone_is_enough(retriever: MultimodalRetriever, picture: str) -> None:
    assert ids(retriever.retrieve(QueryBundle("", image_path=picture)))[0] == CHUNKS[4].id


def test_other_wordings_are_asked_instead_of_the_question(
    retriever: MultimodalRetriever,
) -> None:
    bundle = QueryBundle("something else", custom_embedding_strs=["bread"])
    assert ids(retriever.retrieve(bundle)) == ids(retriever.retrieve("bread"))


def test_several_wordings_add_up(index: MultimodalStore) -> None:
    core = CoreRetriever(index, weights={"text_to_image": 0})
    bundle = QueryBundle("?", custom_embedding_strs=["filter", "pump water"])
    nodes = MultimodalRetriever(core, similarity_top_k=2).retrieve(bundle)
    assert nodes[0].node_id == CHUNKS[0].id
    assert len(nodes) == 2
    single = core.retrieve("filter")[0].score
    assert nodes[0].score is not None
    assert nodes[0].score > single
    parts = [c["contribution"] for c in nodes[0].metadata["ragsight"]["channels"]]
    assert sum(parts) == pytest.approx(nodes[0].score)


def test_several_wordings_keep_to_the_limits_by_sort(index: MultimodalStore) -> None:
    retriever = MultimodalRetriever(index, similarity_top_k=1, image_similarity_top_k=2)
    bundle = QueryBundle("?", custom_embedding_strs=["filter", "bread", "pump"])
    assert sorted(with_image(retriever.retrieve(bundle))) == [False, True, True]


def test_the_contract_of_llama_indexs_multimodal_retrievers_holds(
    retriever: MultimodalRetriever, picture: str
) -> None:
    assert isinstance(retriever, MultiModalRetriever)
    texts = retriever.text_retrieve("pump filter")
    assert texts
    assert not any(with_image(texts))
    by_words = retriever.text_to_image_retrieve("pump")
    assert all(with_image(by_words))
    assert by_words[0].node_id == CHUNKS[3].id
    by_image = retriever.image_to_image_retrieve(QueryBundle("bread", image_path=picture))
    assert all(with_image(by_image))
    assert by_image[0].node_id == CHUNKS[4].id


async def test_async_finds_what_sync_finds(retriever: MultimodalRetriever, picture: str) -> None:
    bundle = QueryBundle("pump", image_path=picture)
    assert ids(await retriever.aretrieve(bundle)) == ids(retriever.retrieve(bundle))
    assert ids(await retriever.atext_retrieve("pump")) == ids(retriever.text_retrieve("pump"))
    by_words = await retriever.atext_to_image_retrieve("pump")
    assert ids(by_words) == ids(retriever.text_to_image_retrieve("pump"))
    by_image = await retriever.aimage_to_image_retrieve(picture)
    assert ids(by_image) == ids(retriever.image_to_image_retrieve(picture))


def test_queries_that_make_no_sense_are_refused(
    index: MultimodalStore, retriever: MultimodalRetriever
) -> None:
    with pytest.raises(QueryError, match="empty"):
        retriever.retrieve("  ")
    with pytest.raises(QueryError, match="no image to compare with"):
        retriever.image_to_image_retrieve(QueryBundle("pump"))
    with pytest.raises(QueryError, match="must be 1 or more"):
        MultimodalRetriever(index, similarity_top_k=0).retrieve("pump")


def test_a_filter_may_be_ragsights_own(index: MultimodalStore) -> None:
    nodes = MultimodalRetriever(index, filters={"topic": "other"}).retrieve("pump")
    assert {node.metadata["topic"] for node in nodes} == {"other"}


class Recorder(BaseEventHandler):
    """Keeps the events of retrieval."""

    seen: list[object] = Field(default_factory=list)

    @classmethod
    def class_name(cls) -> str:
        return "Recorder"

    def handle(self, event: object, **_: object) -> None:
        if isinstance(event, RetrievalStartEvent | RetrievalEndEvent):
            self.seen.append(event)


async def test_retrieval_events_fire_once_each(retriever: MultimodalRetriever) -> None:
    recorder = Recorder()
    root = get_dispatcher()
    root.add_event_handler(recorder)
    try:
        retriever.retrieve("pump")
        await retriever.aretrieve("pump")
    finally:
        root.event_handlers.remove(recorder)
    kinds = [type(event) for event in recorder.seen]
    assert kinds == [RetrievalStartEvent, RetrievalEndEvent] * 2
