from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest
from llama_index.core import SimpleDirectoryReader, StorageContext, VectorStoreIndex
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.indices import MultiModalVectorStoreIndex
from llama_index.core.ingestion import IngestionCache, IngestionPipeline
from llama_index.core.llms import MockLLM
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import get_response_synthesizer
from llama_index.core.schema import (
    BaseNode,
    ImageDocument,
    ImageNode,
    MediaResource,
    MetadataMode,
    Node,
)

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import (
    ClipEmbedding,
    ImageReader,
    MultimodalRetriever,
    chunk_to_node,
    node_to_chunk,
)
from llama_index_ragsight._images import with_image_digests
from ragsight import BlobStore, ClipEncoder, MultimodalStore


@pytest.fixture
def embedding(clip_folder: Path) -> ClipEmbedding:
    return ClipEmbedding(str(clip_folder))


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Two pictures with one caption."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for n in (1, 2):
        noise(n).save(folder / f"{n}.png")
        (folder / f"{n}.txt").write_text("A shoe")
    return folder


def read(photos: Path) -> list:
    reader = SimpleDirectoryReader(
        str(photos), required_exts=[".png"], file_extractor={".png": ImageReader()}
    )
    return reader.load_data()


def test_two_images_with_one_caption_keep_two_vectors(
    photos: Path, embedding: ClipEmbedding, encoder: ClipEncoder
) -> None:
    cache = IngestionCache()
    expected = encoder.encode_images([noise(1), noise(2)])
    for _ in range(2):
        # The second run is answered from the cache, the nodes going one at a time as in a service.
        found = [
            IngestionPipeline(transformations=[embedding], cache=cache).run(documents=[document])
            for document in read(photos)
        ]
        vectors = [node.embedding for [node] in found]
        np.testing.assert_allclose(vectors, expected, atol=1e-5)
    assert [node_to_chunk(node).text for [node] in found] == ["A shoe", "A shoe"]


def foreign_nodes(photos: Path, kind: str) -> list[BaseNode]:
    """Nodes of two images, as anyone may make them: no words, no metadata, nothing to tell them."""
    paths = [photos / "1.png", photos / "2.png"]
    if kind == "path":
        return [ImageNode(image_path=str(path)) for path in paths]
    if kind == "document":
        return [ImageDocument(image_path=str(path)) for path in paths]
    encoded = [base64.b64encode(path.read_bytes()).decode() for path in paths]
    if kind == "resource":
        return [Node(image_resource=MediaResource(data=data.encode())) for data in encoded]
    if kind == "data URI":
        return [ImageNode(image_url=f"data:image/png;base64,{data}") for data in encoded]
    return [ImageNode(image=data) for data in encoded]


@pytest.mark.parametrize("kind", ["path", "document", "base64", "resource", "data URI"])
@pytest.mark.parametrize("is_async", [False, True])
async def test_foreign_images_without_words_never_collide_in_a_cache(
    photos: Path, embedding: ClipEmbedding, encoder: ClipEncoder, kind: str, is_async: bool
) -> None:
    cache = IngestionCache()
    expected = encoder.encode_images([noise(1), noise(2)])
    for _ in range(2):
        vectors = []
        for node in foreign_nodes(photos, kind):
            pipeline = IngestionPipeline(transformations=[embedding], cache=cache)
            run = await pipeline.arun(nodes=[node]) if is_async else pipeline.run(nodes=[node])
            vectors += [found.embedding for found in run]
        np.testing.assert_allclose(vectors, expected, atol=1e-5)
    # Each was put in once, and the second round was answered from the cache.
    assert len(cache.cache.get_all(collection=cache.collection)) == 2


def test_an_image_that_changed_under_its_name_is_embedded_again(
    photos: Path, embedding: ClipEmbedding, encoder: ClipEncoder
) -> None:
    cache = IngestionCache()
    for n in (1, 2):
        noise(n).save(photos / "one.png")
        node = ImageNode(image_path=str(photos / "one.png"))
        pipeline = IngestionPipeline(transformations=[embedding], cache=cache)
        [found] = pipeline.run(nodes=[node])
        expected = encoder.encode_images([noise(n)])[0]
        np.testing.assert_allclose(found.embedding, expected, atol=1e-5)


def test_a_persisted_cache_serves_the_next_process(
    photos: Path, embedding: ClipEmbedding, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = IngestionPipeline(transformations=[embedding])
    vectors = [node.embedding for node in first.run(nodes=foreign_nodes(photos, "path"))]
    first.persist(str(tmp_path / "state"))
    again = IngestionPipeline(transformations=[ClipEmbedding(embedding.model_name)])
    again.load(str(tmp_path / "state"))
    monkeypatch.setattr(ClipEncoder, "encode_images", None)
    nodes = again.run(nodes=foreign_nodes(photos, "path"))
    assert [node.embedding for node in nodes] == vectors


def test_marked_images_do_not_collide_in_other_transformations_either(
    photos: Path, embedding: ClipEmbedding, encoder: ClipEncoder
) -> None:
    cache = IngestionCache()
    vectors = []
    for document in with_image_digests(foreign_nodes(photos, "document")):
        steps = [SentenceSplitter(), embedding]
        run = IngestionPipeline(transformations=steps, cache=cache).run(documents=[document])
        vectors += [node.embedding for node in run]
    expected = encoder.encode_images([noise(1), noise(2)])
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_a_mark_is_seen_by_no_model(photos: Path) -> None:
    for node in with_image_digests(with_image_digests(foreign_nodes(photos, "path"))):
        assert len(node.metadata["image_sha256"]) == 64
        assert node.get_content(metadata_mode=MetadataMode.EMBED) == ""
        assert node.get_content(metadata_mode=MetadataMode.LLM) == ""


async def test_the_async_pipeline_gives_the_same(
    photos: Path, embedding: ClipEmbedding, encoder: ClipEncoder
) -> None:
    nodes = await IngestionPipeline(transformations=[embedding]).arun(documents=read(photos))
    expected = encoder.encode_images([noise(1), noise(2)])
    np.testing.assert_allclose([node.embedding for node in nodes], expected, atol=1e-5)


def test_a_splitter_before_the_embedding_loses_no_image(
    photos: Path, embedding: ClipEmbedding, encoder: ClipEncoder
) -> None:
    pipeline = IngestionPipeline(transformations=[SentenceSplitter(), embedding])
    nodes = pipeline.run(documents=read(photos))
    assert {type(node) for node in nodes} == {ImageNode}
    expected = encoder.encode_images([noise(1), noise(2)])
    np.testing.assert_allclose([node.embedding for node in nodes], expected, atol=1e-5)


def test_what_a_directory_reader_reads_goes_into_a_ragsight_index(
    photos: Path, store: MultimodalStore
) -> None:
    documents = read(photos)
    assert documents[0].metadata["file_name"] == "1.png"
    assert store.upsert(node_to_chunk(document) for document in documents) == 2
    [first, _] = MultimodalRetriever(store).image_to_image_retrieve(str(photos / "2.png"))
    assert first.metadata["file_path"] == str(photos / "2.png")
    assert first.metadata["file_type"] == "image/png"


async def test_readers_work_in_async(photos: Path) -> None:
    [document] = await ImageReader().aload_data(photos / "1.png")
    assert document.text == "A shoe"


def test_llama_indexs_own_index_takes_the_nodes_and_finds_images(
    photos: Path, embedding: ClipEmbedding
) -> None:
    nodes = embedding(read(photos))
    index = VectorStoreIndex(nodes, embed_model=embedding)
    assert len(index.as_retriever(similarity_top_k=5).retrieve("A shoe")) == 2


def test_llama_indexs_multimodal_index_takes_the_embedding(
    photos: Path, embedding: ClipEmbedding
) -> None:
    nodes = [ImageNode(image_path=str(photos / f"{n}.png"), text="A shoe") for n in (1, 2)]
    index = MultiModalVectorStoreIndex(
        nodes,
        embed_model=embedding,
        image_embed_model=embedding,
        storage_context=StorageContext.from_defaults(),
    )
    retriever = index.as_retriever(image_similarity_top_k=1)
    [found] = retriever.image_to_image_retrieve(str(photos / "2.png"))
    assert found.node.image_path == str(photos / "2.png")


class Listener(MockLLM):
    """A chat model of LlamaIndex's that remembers what it was sent."""

    _heard: list = PrivateAttr(default_factory=list)

    @classmethod
    def class_name(cls) -> str:
        return "Listener"

    @property
    def metadata(self):
        return super().metadata.model_copy(update={"is_chat_model": True})

    def chat(self, messages, **kwargs):
        self._heard.extend(messages)
        return super().chat(messages, **kwargs)


def test_llama_indexs_own_multimodal_synthesis_gets_caption_and_image(
    store: MultimodalStore,
) -> None:
    store.upsert([image_chunk(1, "Figure 1: the pump"), text_chunk("Bread.")])
    llm = Listener()
    engine = RetrieverQueryEngine(
        MultimodalRetriever(store, similarity_top_k=1),
        response_synthesizer=get_response_synthesizer(llm=llm, multimodal=True),
    )
    engine.query("pump")
    blocks = [block for message in llm._heard for block in message.blocks]
    assert any("Figure 1: the pump" in getattr(block, "text", "") for block in blocks)
    [image] = [block for block in blocks if block.block_type == "image"]
    assert image.image_mimetype == "image/png"
    assert image.resolve_image().read()


def test_nodes_of_images_in_memory_are_embedded(
    image_store: BlobStore, embedding: ClipEmbedding, encoder: ClipEncoder
) -> None:
    kept = chunk_to_node(image_chunk(1, "A shoe"), image_store=image_store)
    held = chunk_to_node(image_chunk(1, "A shoe"))
    expected = encoder.encode_images([noise(1)])[0]
    for node in embedding([kept, held]):
        np.testing.assert_allclose(node.embedding, expected, atol=1e-5)
