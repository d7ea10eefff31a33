"""`ClipEmbedding` and our nodes with vector stores that aren't ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.vector_stores import SimpleVectorStore, VectorStoreQuery
from qdrant_client import QdrantClient

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import ClipEmbedding, chunk_to_node, node_to_chunk
from ragsight import BlobStore, ClipEncoder, open_image


def simple(_: Path) -> Any:
    return SimpleVectorStore()


def qdrant(_: Path) -> Any:
    module = pytest.importorskip("llama_index.vector_stores.qdrant")
    return module.QdrantVectorStore("nodes", client=QdrantClient(":memory:"))


def chroma(folder: Path) -> Any:
    module = pytest.importorskip("llama_index.vector_stores.chroma")
    chromadb = pytest.importorskip("chromadb")
    client = chromadb.PersistentClient(
        str(folder), settings=chromadb.Settings(anonymized_telemetry=False)
    )
    return module.ChromaVectorStore(client.get_or_create_collection("nodes"))


@pytest.fixture(params=[simple, qdrant, chroma], ids=lambda make: make.__name__)
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Any]:
    return lambda: request.param(tmp_path / "store")


@pytest.mark.filterwarnings("ignore:Payload indexes have no effect:UserWarning")
def test_images_and_texts_are_found_by_pixels_and_words(
    make_store: Callable[[], Any], encoder: ClipEncoder, image_store: BlobStore
) -> None:
    embedding = ClipEmbedding(encoder=encoder)
    chunks = [
        image_chunk(1, "A red shoe", topic="shoes"),
        image_chunk(2, "A red shoe", topic="shoes"),
        text_chunk("The pump moves water", topic="water"),
    ]
    nodes = embedding([chunk_to_node(chunk, image_store=image_store) for chunk in chunks])
    store = make_store()
    if getattr(store, "flat_metadata", False):
        # Chroma takes flat metadata only: the bookkeeping goes, path and caption stay.
        for node in nodes:
            node.metadata.pop("ragsight")
    index = VectorStoreIndex(
        nodes,
        storage_context=StorageContext.from_defaults(vector_store=store),
        embed_model=embedding,
        store_nodes_override=not store.stores_text,
    )
    query = embedding.get_image_embedding_batch([_saved(image_store, 2)])[0]
    [found] = store.query(VectorStoreQuery(query_embedding=query, similarity_top_k=1)).ids
    assert found == chunks[1].id
    [first, *_] = index.as_retriever(similarity_top_k=3).retrieve("The pump moves water")
    assert first.node_id == chunks[2].id
    image = index.as_retriever(similarity_top_k=3).retrieve("A red shoe")
    [shoe] = [node for node in image if node.node_id == chunks[1].id]
    back = node_to_chunk(shoe.node)
    assert back.text == "A red shoe"
    assert back.image is not None
    assert open_image(back.image).tobytes() == noise(2).tobytes()
    assert back.metadata["topic"] == "shoes"


def _saved(image_store: BlobStore, seed: int) -> str:
    path = Path(image_store.url) / f"query-{seed}.png"
    noise(seed).save(path)
    return str(path)
