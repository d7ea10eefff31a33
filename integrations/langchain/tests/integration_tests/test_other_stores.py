"""ragsight's embeddings and documents in vector stores of others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import chromadb
import pytest
from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore

from drawings import noise
from langchain_ragsight import (
    ClipEmbeddings,
    ImageLoader,
    VisionSynthesizer,
    document_to_chunk,
    flatten_document,
    images_of,
)
from ragsight import ClipEncoder, open_image
from ragsight.testing import FakeVisionBackend

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:chromadb")


ANOTHER_PROCESS = """
import json, sys
import chromadb
from langchain_chroma import Chroma
from langchain_ragsight import ClipEmbeddings

folder, model, image = sys.argv[1:]
clip = ClipEmbeddings(model)
client = chromadb.PersistentClient(folder, chromadb.Settings(anonymized_telemetry=False))
store = Chroma("photos", clip, client=client)
near = store.similarity_search_by_vector(clip.embed_image(image), k=2)
words = store.similarity_search("a mug", k=2)
print(json.dumps({
    "near": [d.model_dump() for d in near], "by words": [d.model_dump() for d in words]
}))
"""


@pytest.fixture
def clip(encoder: ClipEncoder) -> ClipEmbeddings:
    return ClipEmbeddings(encoder=encoder)


@pytest.fixture
def photos(tmp_path: Path) -> list[Document]:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, seed, caption in (("shoe", 0, "A red shoe"), ("mug", 1, "A blue mug")):
        noise(seed).save(folder / f"{name}.png")
        (folder / f"{name}.txt").write_text(caption)
    return ImageLoader(folder).load()


def _opened(folder: Path, clip: ClipEmbeddings) -> Chroma:
    client = chromadb.PersistentClient(str(folder), chromadb.Settings(anonymized_telemetry=False))
    return Chroma("photos", clip, client=client, collection_metadata={"hnsw:space": "cosine"})


def test_captions_in_chroma_lead_to_their_images(
    clip: ClipEmbeddings, photos: list[Document], tmp_path: Path
) -> None:
    vectorstore = _opened(tmp_path / "chroma", clip)
    vectorstore.add_documents([flatten_document(document) for document in photos])

    (found,) = vectorstore.similarity_search("A red shoe", k=1)

    chunk = document_to_chunk(found)
    assert chunk == next(c for c in map(document_to_chunk, photos) if c.text == "A red shoe")
    assert chunk.image is not None
    assert open_image(chunk.image).tobytes() == noise(0).tobytes()
    assert len(images_of([found])) == 1

    backend = FakeVisionBackend("It is red [1].")
    VisionSynthesizer(backend).invoke({"question": "Which colour?", "context": [found]})
    assert len(backend.requests[0].images) == 1


def test_images_in_chroma_are_found_by_words_and_images_and_survive_a_restart(
    clip: ClipEmbeddings, photos: list[Document], tmp_path: Path
) -> None:
    first = _opened(tmp_path / "chroma", clip)
    paths = [document.metadata["source"] for document in photos]
    flat = [flatten_document(document) for document in photos]
    client = chromadb.PersistentClient(
        str(tmp_path / "chroma"), chromadb.Settings(anonymized_telemetry=False)
    )
    client.get_collection("photos").upsert(
        ids=[document.id or "" for document in flat],
        embeddings=[list(row) for row in clip.embed_images(paths)],
        documents=[document.page_content for document in flat],
        metadatas=[document.metadata for document in flat],
    )
    near = first.similarity_search_by_vector(clip.embed_image(noise(1)), k=2)
    by_words = first.similarity_search("a mug", k=2)
    noise(1).save(tmp_path / "question.png")

    restarted = subprocess.run(
        [
            *(sys.executable, "-W", "ignore", "-c", ANOTHER_PROCESS),
            *(str(tmp_path / "chroma"), clip.encoder.spec.name, str(tmp_path / "question.png")),
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert near[0].page_content == "A blue mug"
    assert {document_to_chunk(d).id for d in near} == {d.id for d in photos}
    assert json.loads(restarted.stdout.splitlines()[-1]) == {
        "near": [d.model_dump() for d in near],
        "by words": [d.model_dump() for d in by_words],
    }


async def test_langchains_store_in_memory_takes_the_documents_as_they_are(
    clip: ClipEmbeddings, photos: list[Document]
) -> None:
    vectorstore = InMemoryVectorStore(clip)
    await vectorstore.aadd_documents(photos)

    (found,) = await vectorstore.asimilarity_search("A blue mug", k=1)
    near: Any = vectorstore.similarity_search_by_vector(clip.embed_image(noise(1)), k=2)

    assert found.page_content == "A blue mug"
    assert document_to_chunk(found) in map(document_to_chunk, photos)
    assert {d.page_content for d in near} == {"A blue mug", "A red shoe"}
