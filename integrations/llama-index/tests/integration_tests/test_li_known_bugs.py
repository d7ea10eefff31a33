"""What LlamaIndex's own multimodal stack gets wrong, and ours doesn't.

Where it costs little, a test also shows what LlamaIndex 0.14 does. When such a line fails,
LlamaIndex has mended it.
"""

from __future__ import annotations

import base64
import io
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.base.llms.types import ImageBlock, TextBlock
from llama_index.core.indices import MultiModalVectorStoreIndex
from llama_index.core.ingestion.pipeline import get_transformation_hash
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.query_engine import CitationQueryEngine, RetrieverQueryEngine
from llama_index.core.schema import (
    Document,
    ImageDocument,
    ImageNode,
    MediaResource,
    MetadataMode,
    Node,
    NodeWithScore,
    QueryBundle,
    TextNode,
)
from llama_index.core.storage.kvstore import SimpleKVStore
from llama_index.core.vector_stores import MetadataFilter, MetadataFilters
from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict
from PIL import Image

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import (
    ClipEmbedding,
    LlamaIndexBackend,
    MultimodalRetriever,
    MultimodalVectorStore,
    VisionSynthesizer,
    chunk_to_document,
    chunk_to_node,
    node_to_chunk,
    with_image_digests,
)
from ragsight import (
    BlobStore,
    Chunk,
    ClipEncoder,
    MultimodalStore,
    Source,
    SynthesizerOptions,
    image_ref,
    open_image,
)
from ragsight.answer import profile_for
from ragsight.testing import FakeVisionBackend


def encoded(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def dumped(node: Any) -> Any:
    return metadata_dict_to_node(json.loads(json.dumps(node_to_metadata_dict(node))))


@pytest.fixture
def vector_store(store: MultimodalStore) -> MultimodalVectorStore:
    return MultimodalVectorStore(store)


def test_image_bytes_vanish_on_a_dump(
    vector_store: MultimodalVectorStore, image_store: BlobStore
) -> None:
    theirs = Node(image_resource=MediaResource(data=encoded(noise(1)).encode()), id_="a")
    assert dumped(theirs).image_resource.data is None
    vector_store.add([theirs])
    kept = [
        vector_store.get_nodes(["a"])[0],
        chunk_to_node(image_chunk(1), image_store=image_store),
    ]
    for ours in map(dumped, kept):
        assert open_image(node_to_chunk(ours).image).tobytes() == noise(1).tobytes()


def test_an_image_document_comes_back_as_a_text_node(image_store: BlobStore) -> None:
    theirs = dumped(ImageDocument(image=encoded(noise(1)), text="A pump"))
    assert type(theirs) is TextNode
    ours = dumped(chunk_to_document(image_chunk(1, "A pump"), image_store=image_store))
    assert type(ours) is Node
    kinds = [type(block) for block in ours.get_content_blocks(MetadataMode.NONE)]
    assert kinds == [TextBlock, ImageBlock]


def test_the_content_of_an_image_node_has_no_caption(vector_store: MultimodalVectorStore) -> None:
    theirs = ImageNode(id_="a", text="A pump", image=encoded(noise(1)))
    assert [type(block) for block in theirs.get_content_blocks()] == [ImageBlock]
    vector_store.add([theirs])
    [ours] = vector_store.get_nodes(["a"])
    assert [type(block) for block in ours.get_content_blocks()] == [TextBlock, ImageBlock]


def test_a_missing_image_file_fails_the_whole_answer(tmp_path: Path, scripted: Any) -> None:
    theirs = ImageNode(text="A pump", image_path=str(tmp_path / "gone.png"))
    with pytest.raises(ValueError, match=r"gone.png|does not point to a file"):
        theirs.get_content_blocks()
    answer = VisionSynthesizer(scripted("A pump [1].")).synthesize(
        "What is it?", [NodeWithScore(node=theirs)]
    )
    assert answer.metadata["citations"][0]["node_id"] == theirs.node_id
    assert "gone.png" in answer.metadata["warnings"][0]


def test_the_hash_of_an_image_node_ignores_metadata_and_pixels(tmp_path: Path) -> None:
    def saved(seed: int) -> Any:
        noise(seed).save(tmp_path / "a.png")
        return ImageNode(text="A pump", image_path=str(tmp_path / "a.png"))

    assert saved(1).hash == saved(2).hash
    one, other = (chunk_to_node(image_chunk(seed, "A pump")) for seed in (1, 2))
    assert one.hash != other.hash
    changed = one.model_copy(update={"metadata": {**one.metadata, "topic": "water"}})
    assert changed.hash != one.hash


def test_the_media_type_is_guessed_from_the_name(
    tmp_path: Path, vector_store: MultimodalVectorStore
) -> None:
    noise(1).save(tmp_path / "really_a_png.jpg", format="PNG")
    theirs = ImageNode(id_="a", text="A pump", image_path=str(tmp_path / "really_a_png.jpg"))
    assert theirs.get_content_blocks()[0].image_mimetype == "image/jpeg"
    vector_store.add([theirs])
    assert vector_store.get_nodes(["a"])[0].get_content_blocks()[1].image_mimetype == "image/png"


def test_two_images_of_one_caption_have_one_cache_key(encoder: ClipEncoder) -> None:
    embedding, splitter = ClipEmbedding(encoder=encoder), SentenceSplitter()
    theirs = [[ImageNode(text="A pump", image=encoded(noise(seed)))] for seed in (1, 2)]
    assert len({get_transformation_hash(nodes, splitter) for nodes in theirs}) == 1
    assert len({get_transformation_hash(nodes, embedding) for nodes in theirs}) == 2
    marked = [with_image_digests(nodes) for nodes in theirs]
    assert len({get_transformation_hash(nodes, splitter) for nodes in marked}) == 2


def test_an_index_drops_images_without_words(
    vector_store: MultimodalVectorStore, encoder: ClipEncoder, capsys: Any
) -> None:
    embedding = ClipEmbedding(encoder=encoder)
    bare = ImageNode(id_="a", image=encoded(noise(1)))
    storage = StorageContext.from_defaults(vector_store=vector_store)
    VectorStoreIndex([bare], storage_context=storage, embed_model=embedding)
    assert "missing content" in capsys.readouterr().out
    ours = chunk_to_node(node_to_chunk(bare))
    VectorStoreIndex([ours], storage_context=storage, embed_model=embedding)
    assert [node.node_id for node in vector_store.get_nodes()] == ["a"]


def test_inserting_an_image_document_does_nothing(
    tmp_path: Path, vector_store: MultimodalVectorStore, encoder: ClipEncoder
) -> None:
    noise(1).save(tmp_path / "a.png")
    document = ImageDocument(id_="a", text="A pump", image_path=str(tmp_path / "a.png"))
    embedding = ClipEmbedding(encoder=encoder)
    index = VectorStoreIndex.from_vector_store(vector_store, embed_model=embedding)
    index.insert_nodes([document])
    assert vector_store.client.counts().images == 1
    assert index.as_retriever().retrieve("pump")[0].node_id == "a"


def multimodal_index(encoder: ClipEncoder, words: Any) -> MultiModalVectorStoreIndex:
    nodes = [
        TextNode(text="The pump moves water"),
        ImageNode(text="A pump", image=encoded(noise(1))),
    ]
    return MultiModalVectorStoreIndex(
        nodes, embed_model=words(), image_embed_model=ClipEmbedding(encoder=encoder),
        storage_context=StorageContext.from_defaults(),
    )  # fmt: skip


def test_a_query_bundle_is_changed_and_fails_the_second_time(
    vector_store: MultimodalVectorStore, encoder: ClipEncoder, words: Any
) -> None:
    theirs = multimodal_index(encoder, words).as_retriever()
    bundle = QueryBundle("pump")
    theirs.retrieve(bundle)
    assert bundle.embedding is not None
    with pytest.raises(ValueError, match=r"shape|align|dimension"):
        theirs.retrieve(bundle)
    vector_store.client.upsert([text_chunk("The pump moves water"), image_chunk(1, "A pump")])
    ours = MultimodalRetriever(vector_store)
    bundle = QueryBundle("pump")
    before = deepcopy(bundle)
    first = [node.node_id for node in ours.retrieve(bundle)]
    assert [node.node_id for node in ours.retrieve(bundle)] == first
    assert bundle == before


def test_a_query_with_an_image_alone_fails(
    tmp_path: Path, vector_store: MultimodalVectorStore, encoder: ClipEncoder, words: Any
) -> None:
    noise(1).save(tmp_path / "query.png")
    bundle = QueryBundle("", image_path=str(tmp_path / "query.png"))
    with pytest.raises((TypeError, ValueError)):
        multimodal_index(encoder, words).as_retriever().retrieve(bundle)
    vector_store.client.upsert([image_chunk(1), image_chunk(2)])
    [first, *_] = MultimodalRetriever(vector_store).retrieve(bundle)
    assert first.node_id == image_chunk(1).id


def test_scores_of_texts_and_images_are_put_one_after_the_other(
    vector_store: MultimodalVectorStore,
) -> None:
    vector_store.client.upsert([text_chunk("The pump moves water"), image_chunk(1, "The pump")])
    ours = MultimodalRetriever(vector_store).retrieve("the pump")
    scores = [node.score for node in ours]
    assert scores == sorted(scores, reverse=True)
    # Found by its caption and by its pixels, the figure comes first.
    assert node_to_chunk(ours[0].node).image is not None
    assert len(ours[0].metadata["ragsight"]["channels"]) == 2


@pytest.mark.parametrize("chunk", [text_chunk("The pump"), image_chunk(1, "The pump")])
def test_an_index_fails_when_one_collection_is_empty(
    vector_store: MultimodalVectorStore, words: Any, chunk: Any
) -> None:
    vector_store.client.upsert([chunk])
    index = VectorStoreIndex.from_vector_store(
        MultimodalVectorStore(vector_store.client),
        embed_model=words(dimension=vector_store.client.encoder.spec.dimension),
    )
    assert [node.node_id for node in index.as_retriever().retrieve("pump")] == [chunk.id]
    assert len(MultimodalRetriever(vector_store).retrieve("pump")) == 1


def test_filters_lose_all_images(vector_store: MultimodalVectorStore) -> None:
    vector_store.client.upsert([image_chunk(1, "The pump", topic="water"), text_chunk("The pump")])
    filters = MetadataFilters(filters=[MetadataFilter(key="topic", value="water")])
    [node] = MultimodalRetriever(vector_store, filters=filters).retrieve("pump")
    assert node_to_chunk(node.node).image is not None


def test_an_oversize_image_is_sent_as_it_is_and_the_detail_is_lost(
    store: MultimodalStore, scripted: Any
) -> None:
    large = image_ref(noise(9).resize((4000, 400)))
    store.upsert([Chunk(text="The pump", image=large, source=Source(uri="/docs/a.pdf"))])
    theirs = scripted("Yes [1].")
    RetrieverQueryEngine.from_args(MultimodalRetriever(store), llm=theirs, multimodal=True).query(
        "pump"
    )
    blocks = [b for m in theirs.requests[0] for b in m.blocks if isinstance(b, ImageBlock)]
    assert max(max(open_image(b.resolve_image().read()).size) for b in blocks) == 4000
    assert {block.detail for block in blocks} == {None}

    llm = scripted("Yes [1].")
    backend = LlamaIndexBackend(llm, profile=profile_for("openai", "gpt-5.4-mini"))
    ours = VisionSynthesizer(backend, options=SynthesizerOptions(detail="high"))
    RetrieverQueryEngine(MultimodalRetriever(store), response_synthesizer=ours).query("pump")
    blocks = [b for m in llm.requests[0] for b in m.blocks if isinstance(b, ImageBlock)]
    assert max(max(open_image(b.resolve_image().read()).size) for b in blocks) <= 2048
    assert {block.detail for block in blocks} == {"high"}


def test_a_citation_engine_makes_two_sources_of_one_figure(
    store: MultimodalStore, scripted: Any
) -> None:
    figure = image_chunk(1, "Figure 1: the pump")
    store.upsert([figure])
    retriever = MultimodalRetriever(store)
    theirs = CitationQueryEngine(retriever, llm=scripted("Yes [1]."), multimodal=True)
    assert len(theirs.query("pump").source_nodes) == 2
    synthesizer = VisionSynthesizer(scripted("Yes [1]."))
    ours = RetrieverQueryEngine(retriever, response_synthesizer=synthesizer).query("pump")
    assert len(ours.source_nodes) == 1
    assert ours.metadata["citations"][0]["node_id"] == figure.id


def test_the_weight_of_zero_is_taken_for_one_half(vector_store: MultimodalVectorStore) -> None:
    vector_store.client.upsert([text_chunk("The pump"), image_chunk(1)])
    index = VectorStoreIndex.from_vector_store(
        vector_store, embed_model=ClipEmbedding(encoder=vector_store.client.encoder)
    )
    retriever = index.as_retriever(vector_store_query_mode="hybrid", alpha=0.0)
    assert [node.text for node in retriever.retrieve("pump")] == ["The pump"]


def test_a_cache_gives_one_models_vectors_for_anothers(
    encoder: ClipEncoder, tmp_path: Path
) -> None:
    shared = SimpleKVStore()
    theirs = [
        ClipEmbedding(encoder=encoder, embeddings_cache=shared),
        ClipEmbedding("ragsight-demo", embeddings_cache=shared),
    ]
    assert len({tuple(model.get_text_embedding("red")) for model in theirs}) == 1
    ours = [
        ClipEmbedding(encoder=encoder, cache=tmp_path / "cache.sqlite"),
        ClipEmbedding("ragsight-demo", cache=tmp_path / "cache.sqlite"),
    ]
    for _ in range(2):
        vectors = [model.get_text_embedding("red") for model in ours]
        np.testing.assert_allclose(vectors[0], encoder.encode_texts(["red"])[0], atol=1e-5)
        assert len(vectors[1]) == ours[1]._encoder.spec.dimension


def test_a_text_longer_than_the_model_reads_is_an_error(encoder: ClipEncoder) -> None:
    long = "The red shoe " + "and another one " * 200
    vectors = ClipEmbedding(encoder=encoder).get_text_embedding_batch([long, "The red shoe"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1], atol=1e-5)


def test_the_bytes_of_an_image_in_the_metadata_outgrow_every_limit(
    vector_store: MultimodalVectorStore, image_store: BlobStore
) -> None:
    data = encoded(noise(1, (300, 300)))
    theirs = Document(text="A pump", metadata={"image": data})
    with pytest.raises(ValueError, match="Metadata length"):
        SentenceSplitter(chunk_size=512).get_nodes_from_documents([theirs])
    chunk = Chunk(
        text="A pump", image=image_ref(noise(1, (300, 300))), source=Source(uri="/docs/a.pdf")
    )
    ours = chunk_to_document(chunk, image_store=image_store)
    [node] = SentenceSplitter(chunk_size=512).get_nodes_from_documents([ours])
    vector_store.add([node])
    written = json.dumps(node_to_metadata_dict(vector_store.get_nodes()[0]))
    assert data[:200] not in written
    assert len(written) < 5000
    assert open_image(node_to_chunk(vector_store.get_nodes()[0]).image).size == (300, 300)


def test_the_image_and_its_place_do_not_stand_beside_the_answer(store: MultimodalStore) -> None:
    figure = image_chunk(1, "Figure 1: the pump", label="Figure 1")
    store.upsert([figure])
    synthesizer = VisionSynthesizer(FakeVisionBackend("See [1]."))
    engine = RetrieverQueryEngine(MultimodalRetriever(store), response_synthesizer=synthesizer)
    response = engine.query("pump")
    [citation] = response.metadata["citations"]
    assert (citation["title"], citation["page"]) == ("Figure 1 (a.pdf, p. 2)", 2)
    [source] = response.source_nodes
    assert citation["node_id"] == source.node_id
    assert open_image(node_to_chunk(source.node).image).tobytes() == noise(1).tobytes()
