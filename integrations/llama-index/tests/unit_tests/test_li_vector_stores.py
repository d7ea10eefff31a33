from __future__ import annotations

import asyncio
import base64
import io
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from llama_index.core import VectorStoreIndex
from llama_index.core.retrievers import VectorIndexRetriever
from llama_index.core.schema import (
    Document,
    ImageNode,
    IndexNode,
    NodeRelationship,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.vector_stores import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
)
from llama_index.core.vector_stores.types import VectorStoreQueryMode as Mode

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import (
    ClipEmbedding,
    MultimodalNode,
    MultimodalVectorStore,
    chunk_to_node,
    node_to_chunk,
)
from ragsight import ClipEncoder, MultimodalStore, open_image
from ragsight.errors import ConfigurationError, InputError, QueryError, RagsightError
from ragsight.store import SourceRecord


def encoded(seed: int) -> str:
    buffer = io.BytesIO()
    noise(seed).save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def of(document: str) -> dict[NodeRelationship, RelatedNodeInfo]:
    return {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document)}


def nodes() -> list[Any]:
    """Texts and images, ours and others', from two documents."""
    return [
        TextNode(
            id_="pump", text="The pump moves water", metadata={"n": 1}, relationships=of("doc-1")
        ),
        TextNode(id_="bread", text="Bread is baked", metadata={"n": 2}, relationships=of("doc-2")),
        ImageNode(
            id_="shoe", text="A red shoe", image=encoded(1), metadata={"n": 3},
            relationships=of("doc-1"),
        ),
        ImageNode(id_="bare", image=encoded(2), metadata={"n": 4}, relationships=of("doc-2")),
    ]  # fmt: skip


@pytest.fixture
def vector_store(encoder: ClipEncoder, words: Any) -> Iterator[MultimodalVectorStore]:
    opened = MultimodalVectorStore.open(":memory:", embed_model=words(), encoder=encoder)
    yield opened
    opened.client.close()


@pytest.fixture
def filled(vector_store: MultimodalVectorStore, words: Any) -> MultimodalVectorStore:
    given = nodes()
    for node in given[:3]:
        node.embedding = words().get_text_embedding(node.text)
    vector_store.add(given)
    return vector_store


def asked(text: str | None = None, mode: Mode = Mode.DEFAULT, **more: Any) -> VectorStoreQuery:
    return VectorStoreQuery(query_str=text, mode=mode, **{"similarity_top_k": 4, **more})


def channels(node: Any) -> set[str]:
    return {said["channel"] for said in node.metadata["ragsight"]["channels"]}


def test_texts_and_images_go_where_they_belong(filled: MultimodalVectorStore) -> None:
    counts = filled.client.counts()
    assert (counts.texts, counts.images) == (3, 2)
    kinds = {id_: set(filled.client.vectors(id_)) for id_ in ("pump", "shoe", "bare")}
    assert kinds == {
        "pump": {"bm25", "dense"},
        "shoe": {"bm25", "dense", "clip"},
        "bare": {"clip"},
    }


def test_adding_changes_no_node_and_gives_the_ids_in_order(
    vector_store: MultimodalVectorStore,
) -> None:
    given = nodes()
    assert vector_store.add(given) == ["pump", "bread", "shoe", "bare"]
    assert [node.model_dump() for node in given] == [node.model_dump() for node in nodes()]


def test_an_embedding_is_used_for_the_text_and_pixels_are_encoded(
    vector_store: MultimodalVectorStore, encoder: ClipEncoder
) -> None:
    given = np.arange(1.0, 25.0)
    vector_store.add([ImageNode(id_="a", text="Any", image=encoded(1), embedding=list(given))])
    stored = vector_store.client.vectors("a")
    np.testing.assert_allclose(stored["dense"], given / np.linalg.norm(given), atol=1e-5)
    np.testing.assert_allclose(stored["clip"], encoder.encode_images([noise(1)])[0], atol=1e-5)


def test_an_embedding_of_the_pixels_is_not_computed_again(
    vector_store: MultimodalVectorStore, encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    [given] = encoder.encode_images([noise(7)])
    monkeypatch.setattr(ClipEncoder, "encode_images", None)
    vector_store.add([ImageNode(id_="a", text="Any", image=encoded(1), embedding=given.tolist())])
    np.testing.assert_allclose(vector_store.client.vectors("a")["clip"], given, atol=1e-5)


@pytest.mark.parametrize("texts_are_clip", [False, True])
def test_a_captions_embedding_is_never_taken_for_the_pixels(
    encoder: ClipEncoder, words: Any, texts_are_clip: bool
) -> None:
    """Both spaces have one length: an index embeds captions, a pipeline with CLIP pixels."""
    same = words(dimension=encoder.spec.dimension)
    model = ClipEmbedding(encoder=encoder) if texts_are_clip else same
    vector_store = MultimodalVectorStore.open(":memory:", embed_model=model, encoder=encoder)
    caption = model.get_text_embedding("A shoe")
    [pixels] = encoder.encode_images([noise(1)])
    vector_store.add(
        [
            ImageNode(id_="a", text="A shoe", image=encoded(1), embedding=caption),
            ImageNode(id_="b", text="A shoe", image=encoded(1), embedding=pixels.tolist()),
        ]
    )
    for id_ in ("a", "b"):
        stored = vector_store.client.vectors(id_)
        np.testing.assert_allclose(stored["clip"], pixels, atol=1e-5)
        np.testing.assert_allclose(stored["dense"], caption, atol=1e-4)


def test_an_embedding_of_another_model_is_refused(vector_store: MultimodalVectorStore) -> None:
    with pytest.raises(InputError, match=r"5 numbers; the index .* text vectors of 24"):
        vector_store.add([TextNode(text="Any", embedding=[1.0] * 5)])
    with pytest.raises(InputError, match="5 numbers"):
        vector_store.query(asked("any", query_embedding=[1.0] * 5))
    with pytest.raises(InputError, match="finite"):
        vector_store.add([TextNode(text="Any", embedding=[float("nan")] * 24)])


def test_bad_nodes_cost_only_themselves(encoder: ClipEncoder, words: Any) -> None:
    problems: list[RagsightError] = []
    vector_store = MultimodalVectorStore.open(
        ":memory:", embed_model=words(), encoder=encoder, on_error=problems.append
    )
    damaged = chunk_to_node(text_chunk("Any"))
    damaged.metadata["ragsight"]["source"] = None
    vector_store.add(
        [
            ImageNode(id_="gone", text="A caption", image_path="/nowhere/a.png"),
            ImageNode(id_="nothing", image_path="/nowhere/b.png"),
            damaged,
            TextNode(id_="good", text="Good"),
        ]
    )
    assert sorted(node.node_id for node in vector_store.get_nodes()) == ["gone", "good"]
    assert len(problems) == 4
    assert any("no text and no usable image" in str(problem) for problem in problems)


def test_a_node_added_again_replaces_both_of_its_halves(
    filled: MultimodalVectorStore,
) -> None:
    filled.add([TextNode(id_="shoe", text="No picture any more")])
    assert set(filled.client.vectors("shoe")) == {"bm25", "dense"}
    [node] = filled.get_nodes(["shoe"])
    assert (type(node), node.get_content()) == (TextNode, "No picture any more")
    filled.add([TextNode(id_="twice", text="First"), TextNode(id_="twice", text="Second")])
    assert filled.get_nodes(["twice"])[0].get_content() == "Second"


def test_nodes_come_back_with_text_image_metadata_and_relationships(
    filled: MultimodalVectorStore,
) -> None:
    given = TextNode(
        id_="rich",
        text="Rich",
        metadata={"file_path": "/docs/a.txt", "size": 3, "tags": ["x"]},
        excluded_llm_metadata_keys=["size"],
        relationships={
            **of("doc-9"),
            NodeRelationship.PREVIOUS: RelatedNodeInfo(node_id="before"),
            NodeRelationship.NEXT: RelatedNodeInfo(node_id="after", hash="h"),
            NodeRelationship.PARENT: RelatedNodeInfo(node_id="page"),
            NodeRelationship.CHILD: [RelatedNodeInfo(node_id="c1"), RelatedNodeInfo(node_id="c2")],
        },
    )
    filled.add([given])
    rich, shoe = filled.get_nodes(["rich", "shoe"])
    assert rich.relationships == given.relationships
    assert rich.ref_doc_id == "doc-9"
    assert {key: rich.metadata[key] for key in given.metadata} == given.metadata
    assert "size" in rich.excluded_llm_metadata_keys
    assert isinstance(shoe, MultimodalNode)
    text, image = shoe.get_content_blocks()
    assert text.text == "A red shoe"
    assert image.image_mimetype == "image/png"
    assert open_image(image.resolve_image().read()).tobytes() == noise(1).tobytes()


def test_an_index_node_comes_back_as_one(vector_store: MultimodalVectorStore) -> None:
    vector_store.add([IndexNode(id_="i", text="A table", index_id="table-1")])
    [node] = vector_store.get_nodes(["i"])
    assert isinstance(node, IndexNode)
    assert node.index_id == "table-1"


@pytest.mark.parametrize("mode", [Mode.SPARSE, Mode.TEXT_SEARCH])
def test_keyword_modes_ask_the_words_alone(filled: MultimodalVectorStore, mode: Mode) -> None:
    result = filled.query(asked("pump", mode))
    assert result.ids == ["pump"]
    assert channels(result.nodes[0]) == {"bm25"}
    assert result.similarities == [result.nodes[0].metadata["ragsight"]["channels"][0]["score"]]


def test_the_default_mode_finds_texts_and_images(filled: MultimodalVectorStore, words: Any) -> None:
    embedding = words().get_query_embedding("pump water")
    result = filled.query(asked("pump water", query_embedding=embedding))
    assert set(result.ids) == {"pump", "bread", "shoe", "bare"}
    assert set().union(*map(channels, result.nodes)) == {"dense", "text_to_image"}
    assert result.similarities == sorted(result.similarities, reverse=True)


def test_one_space_alone_gives_cosines(filled: MultimodalVectorStore, words: Any) -> None:
    embedding = words().get_text_embedding("The pump moves water")
    result = filled.query(asked(query_embedding=embedding))
    assert result.ids[0] == "pump"
    assert result.similarities[0] == pytest.approx(1, abs=1e-3)
    assert "bare" not in result.ids


def test_an_embedding_is_routed_by_its_length(
    filled: MultimodalVectorStore, encoder: ClipEncoder
) -> None:
    [pixels] = encoder.encode_images([noise(2)])
    result = filled.query(asked(query_embedding=pixels.tolist(), similarity_top_k=2))
    assert result.ids == ["bare", "shoe"]
    assert result.similarities[0] == pytest.approx(1, abs=1e-3)


def test_an_image_may_be_asked_with(filled: MultimodalVectorStore) -> None:
    result = filled.query(asked(similarity_top_k=1), image=noise(2))
    assert result.ids == ["bare"]
    both = filled.query(asked("pump", Mode.HYBRID), image=noise(2))
    assert set().union(*map(channels, both.nodes)) >= {"bm25", "image_to_image"}


def test_the_hybrid_mode_weighs_words_against_vectors(filled: MultimodalVectorStore) -> None:
    found = {
        alpha: filled.query(asked("pump", Mode.HYBRID, alpha=alpha)).nodes
        for alpha in (0.0, 0.5, 1.0, None)
    }
    assert set().union(*map(channels, found[0.0])) == {"bm25"}
    assert "bm25" not in set().union(*map(channels, found[1.0]))
    for alpha in (0.5, None):
        assert set().union(*map(channels, found[alpha])) == {"bm25", "dense", "text_to_image"}
    with pytest.raises(QueryError, match="alpha is 2"):
        filled.query(asked("pump", Mode.HYBRID, alpha=2.0))


def test_each_mode_has_its_own_number_of_nodes(filled: MultimodalVectorStore) -> None:
    hybrid = asked("pump", Mode.HYBRID, similarity_top_k=4, hybrid_top_k=2)
    assert len(filled.query(hybrid).ids) == 2
    sparse = asked("pump bread shoe", Mode.SPARSE, similarity_top_k=4, sparse_top_k=1)
    assert len(filled.query(sparse).ids) == 1
    with pytest.raises(QueryError, match="asks for 0 nodes"):
        filled.query(asked("pump", similarity_top_k=0))


def test_mmr_prefers_what_is_different(vector_store: MultimodalVectorStore) -> None:
    texts = ["pump water filter", "pump water filter tank", "pump bread"]
    vector_store.add([TextNode(id_=str(n), text=text) for n, text in enumerate(texts)])
    query = asked("pump water filter", Mode.MMR, similarity_top_k=2)
    only = {"weights": {"text_to_image": 0.0}}
    assert vector_store.query(query, mmr_threshold=1.0, **only).ids == ["0", "1"]
    assert vector_store.query(query, mmr_threshold=0.1, **only).ids == ["0", "2"]
    query.mmr_threshold = 0.1
    assert vector_store.query(query, **only).ids == ["0", "2"]


def test_without_a_text_embedding_words_and_pixels_answer(encoder: ClipEncoder) -> None:
    clip = ClipEmbedding(encoder=encoder)
    vector_store = MultimodalVectorStore.open(":memory:", encoder=clip)
    given = nodes()
    for node in given:
        node.embedding = clip.get_text_embedding(node.text)
    vector_store.add(given)
    embedding = clip.get_query_embedding("pump")
    result = vector_store.query(asked("pump", query_embedding=embedding))
    assert result.ids[0] == "pump"
    assert set(result.ids) == {"pump", "shoe", "bare"}


def test_queries_that_make_no_sense_are_refused(filled: MultimodalVectorStore) -> None:
    with pytest.raises(QueryError, match="empty"):
        filled.query(asked(" "))
    with pytest.raises(QueryError, match="no query mode 'svm'"):
        filled.query(asked("pump", Mode.SVM))
    with pytest.raises(QueryError, match="no option 'depth'"):
        filled.query(asked("pump"), depth=3)
    with pytest.raises(QueryError, match="no channel 'words'"):
        filled.query(asked("pump"), weights={"words": 1})


def n_is(*values: int) -> MetadataFilters:
    parts = [MetadataFilter(key="n", value=value) for value in values]
    return MetadataFilters(filters=parts, condition=FilterCondition.OR)


def test_filters_documents_and_ids_restrict(filled: MultimodalVectorStore) -> None:
    query = "pump bread shoe"
    nested = MetadataFilters(
        filters=[
            n_is(1, 3, 4),
            MetadataFilters(
                filters=[MetadataFilter(key="n", value=3, operator=FilterOperator.NE)],
                condition=FilterCondition.AND,
            ),
        ],
        condition=FilterCondition.AND,
    )
    assert set(filled.query(asked(query, filters=nested)).ids) == {"pump", "bare"}
    assert set(filled.query(asked(query, doc_ids=["doc-1"])).ids) == {"pump", "shoe"}
    assert set(filled.query(asked(query, node_ids=["bread", "bare"])).ids) == {"bread", "bare"}
    both = asked(query, node_ids=["bread", "shoe"], doc_ids=["doc-1"])
    assert filled.query(both).ids == ["shoe"]
    by_document = MetadataFilters(
        filters=[MetadataFilter(key="ref_doc_id", value="doc-1", operator=FilterOperator.NE)]
    )
    assert set(filled.query(asked(query, filters=by_document)).ids) == {"bread", "bare"}


def test_nodes_are_read_by_id_and_filter(filled: MultimodalVectorStore) -> None:
    def ids(**what: Any) -> list[str]:
        return [node.node_id for node in filled.get_nodes(**what)]

    assert ids(node_ids=["shoe", "none", "bread"]) == ["shoe", "bread"]
    assert sorted(ids(filters=n_is(1, 4))) == ["bare", "pump"]
    assert ids(node_ids=["shoe", "pump", "bare"], filters=n_is(1, 4)) == ["pump", "bare"]
    assert sorted(ids()) == ["bare", "bread", "pump", "shoe"]
    assert ids(node_ids=[]) == []


def test_the_embedded_engine_answers_alike(
    filled: MultimodalVectorStore, encoder: ClipEncoder, words: Any, tmp_path: Path
) -> None:
    other = MultimodalVectorStore.open(tmp_path / "index", embed_model=words(), encoder=encoder)
    other.add(nodes())
    other.add([TextNode(id_="shoe", text="gone")])
    other.add(nodes())
    for mode in (Mode.DEFAULT, Mode.SPARSE, Mode.HYBRID, Mode.MMR):
        for query in (asked("pump", mode), asked("shoe", mode, filters=n_is(3, 4))):
            assert other.query(query).ids == filled.query(query).ids
    other.delete("doc-1")
    other.delete_nodes(["bread"])
    assert [node.node_id for node in other.get_nodes()] == ["bare"]
    other.client.close()


def test_a_document_is_deleted_with_all_its_nodes(filled: MultimodalVectorStore) -> None:
    filled.add([Document(id_="whole", text="Not split")])
    filled.delete("doc-1")
    assert sorted(n.node_id for n in filled.get_nodes()) == ["bare", "bread", "whole"]
    filled.delete("whole")
    filled.delete("unknown")
    assert sorted(n.node_id for n in filled.get_nodes()) == ["bare", "bread"]


def test_a_file_is_deleted_with_the_record_of_it(vector_store: MultimodalVectorStore) -> None:
    chunk = text_chunk("Pump", uri="/docs/a.txt")
    vector_store.client.upsert([chunk])
    vector_store.client.finish_source(SourceRecord("/docs/a.txt", "f", (chunk.id,)))
    vector_store.delete("/docs/a.txt")
    assert vector_store.get_nodes() == []
    assert vector_store.client.source_record("/docs/a.txt") is None


def test_nodes_are_deleted_by_id_and_filter(filled: MultimodalVectorStore) -> None:
    filled.delete_nodes(["shoe", "unknown"])
    filled.delete_nodes(["pump", "bread"], filters=n_is(1, 4))
    assert sorted(n.node_id for n in filled.get_nodes()) == ["bare", "bread"]
    filled.delete_nodes([])
    with pytest.raises(ConfigurationError, match="clear"):
        filled.delete_nodes()
    filled.clear()
    assert filled.get_nodes() == []
    filled.clear()


async def test_async_does_the_same(encoder: ClipEncoder, words: Any, tmp_path: Path) -> None:
    store = await MultimodalVectorStore.aopen(
        tmp_path / "index", embed_model=words(), encoder=encoder
    )
    assert await store.async_add(nodes()) == ["pump", "bread", "shoe", "bare"]
    for mode in (Mode.DEFAULT, Mode.SPARSE, Mode.HYBRID, Mode.MMR):
        one, other = await store.aquery(asked("pump", mode)), store.query(asked("pump", mode))
        assert (one.ids, one.similarities) == (other.ids, other.similarities)
    assert [n.node_id for n in await store.aget_nodes(["shoe"])] == ["shoe"]
    assert len(await store.aget_nodes(filters=n_is(1, 4))) == 2
    await store.adelete("doc-1")
    await store.adelete_nodes(["bread"])
    assert [n.node_id for n in await store.aget_nodes()] == ["bare"]
    await store.aclear()
    assert await store.aget_nodes() == []
    await store.client.aclose()


class Watched:
    """An image encoder that tells in which threads it worked."""

    def __init__(self, encoder: ClipEncoder) -> None:
        self._encoder = encoder
        self.spec = encoder.spec
        self.threads: set[int] = set()

    def encode_images(self, images: Any, **options: Any) -> Any:
        self.threads.add(threading.get_ident())
        return self._encoder.encode_images(images, **options)

    def encode_texts(self, texts: Any) -> Any:
        self.threads.add(threading.get_ident())
        return self._encoder.encode_texts(texts)


async def test_two_hundred_queries_at_once_do_no_work_on_the_event_loop(
    encoder: ClipEncoder, words: Any, tmp_path: Path
) -> None:
    watched = Watched(encoder)
    store = await MultimodalVectorStore.aopen(
        tmp_path / "index", embed_model=words(), encoder=watched
    )
    await store.async_add(nodes())
    texts = ["pump", "bread", "shoe", "water"]
    expected = {text: store.query(asked(text)).ids for text in texts}
    watched.threads.clear()
    results = await asyncio.gather(*[store.aquery(asked(texts[n % 4])) for n in range(200)])
    for n, result in enumerate(results):
        assert result.ids == expected[texts[n % 4]]
    assert watched.threads
    assert threading.get_ident() not in watched.threads
    await store.client.aclose()


def test_an_index_over_mixed_nodes_does_not_restrict_itself_to_its_images(
    filled: MultimodalVectorStore, words: Any
) -> None:
    index = VectorStoreIndex.from_vector_store(filled, embed_model=words())
    index.insert_nodes([ImageNode(id_="late", text="A late shoe", image=encoded(5))])
    assert list(index.index_struct.nodes_dict.values()) == ["late"]
    found = {node.node_id for node in index.as_retriever(similarity_top_k=9).retrieve("pump")}
    assert found == {"pump", "bread", "shoe", "bare", "late"}
    one = VectorIndexRetriever(index, node_ids=["bread"], similarity_top_k=9)
    assert [node.node_id for node in one.retrieve("pump")] == ["bread"]


async def test_an_index_does_not_restrict_itself_in_async_either(
    filled: MultimodalVectorStore, words: Any
) -> None:
    index = VectorStoreIndex.from_vector_store(filled, embed_model=words())
    await index.ainsert_nodes([ImageNode(id_="late", text="A late shoe", image=encoded(5))])
    found = await index.as_retriever(similarity_top_k=9).aretrieve("pump")
    assert len(found) == 5
    one = VectorIndexRetriever(index, node_ids=["bread"], similarity_top_k=9)
    assert [node.node_id for node in await one.aretrieve("pump")] == ["bread"]


class Logged(MultimodalVectorStore):
    """A user's own subclass stands between the index and the store."""

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> Any:
        return self._timed(query, kwargs)

    def _timed(self, query: VectorStoreQuery, kwargs: dict[str, Any]) -> Any:
        return super().query(query, **kwargs)

    async def aquery(self, query: VectorStoreQuery, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return await super().aquery(query, **kwargs)


async def test_an_index_over_a_subclass_does_not_restrict_itself_either(
    filled: MultimodalVectorStore, words: Any
) -> None:
    index = VectorStoreIndex.from_vector_store(Logged(filled.client), embed_model=words())
    index.insert_nodes([ImageNode(id_="late", text="A late shoe", image=encoded(5))])
    retriever = index.as_retriever(similarity_top_k=9)
    assert len(retriever.retrieve("pump")) == 5
    assert len(await retriever.aretrieve("pump")) == 5
    one = VectorIndexRetriever(index, node_ids=["bread"], similarity_top_k=9)
    assert [node.node_id for node in await one.aretrieve("pump")] == ["bread"]


def test_a_store_that_is_asked_inside_another_ones_retriever_keeps_its_restriction(
    filled: MultimodalVectorStore, encoder: ClipEncoder, words: Any
) -> None:
    inner = VectorStoreQuery(query_str="pump", similarity_top_k=9, node_ids=["late"])

    class Outer(Logged):
        def query(self, query: VectorStoreQuery, **kwargs: Any) -> Any:
            found.append(filled.query(inner).ids)
            return super().query(query, **kwargs)

    found: list[Any] = []
    filled.add([ImageNode(id_="late", text="A late shoe", image=encoded(5))])
    outer = MultimodalStore.open(
        ":memory:", encoder=encoder, text_encoder=filled.client.text_encoder
    )
    index = VectorStoreIndex.from_vector_store(Outer(outer), embed_model=words())
    index.insert_nodes([ImageNode(id_="late", text="A late shoe", image=encoded(5))])
    assert len(index.as_retriever().retrieve("pump")) == 1
    assert found == [["late"]]
    outer.close()


def test_what_the_store_holds_is_what_ragsights_own_retriever_finds(
    filled: MultimodalVectorStore,
) -> None:
    [hit] = filled.client.get(["shoe"])
    assert (hit.text, hit.id) == ("A red shoe", "shoe")
    assert node_to_chunk(filled.get_nodes(["shoe"])[0]) == hit


def test_chunks_are_added_as_they_are(vector_store: MultimodalVectorStore) -> None:
    chunks = [image_chunk(1, "Figure 1"), image_chunk(2), text_chunk("Bread", topic="food")]
    vector_store.add([chunk_to_node(chunk) for chunk in chunks])
    stored = vector_store.client.get([chunk.id for chunk in chunks])
    for chunk, back in zip(chunks, stored, strict=True):
        assert (back.text, back.source, back.metadata) == (chunk.text, chunk.source, chunk.metadata)


def test_a_store_that_is_open_may_be_given(store: MultimodalStore) -> None:
    vector_store = MultimodalVectorStore(store)
    assert vector_store.client is store
    assert vector_store.stores_text
    vector_store.add(nodes())
    assert store.counts().images == 2
