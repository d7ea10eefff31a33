from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core import (
    SimpleDirectoryReader,
    StorageContext,
    VectorStoreIndex,
    load_index_from_storage,
)
from llama_index.core.ingestion import DocstoreStrategy, IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import Document, ImageDocument, MetadataMode
from llama_index.core.storage.docstore import SimpleDocumentStore

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import (
    ClipEmbedding,
    ImageReader,
    MultimodalRetriever,
    MultimodalVectorStore,
    chunk_to_node,
    node_to_chunk,
    with_image_digests,
)
from ragsight import ClipEncoder, open_image

TEXTS = [text_chunk("The pump moves water"), text_chunk("Bread is baked")]
IMAGES = [image_chunk(1, "A red shoe"), image_chunk(2)]


@pytest.fixture
def vector_store(encoder: ClipEncoder, words: Any) -> Iterator[MultimodalVectorStore]:
    opened = MultimodalVectorStore.open(":memory:", embed_model=words(), encoder=encoder)
    yield opened
    opened.client.close()


def index_of(chunks: Any, store: MultimodalVectorStore, embed_model: Any) -> VectorStoreIndex:
    return VectorStoreIndex(
        [chunk_to_node(chunk) for chunk in chunks],
        storage_context=StorageContext.from_defaults(vector_store=store),
        embed_model=embed_model,
    )


@pytest.mark.parametrize("chunks", [TEXTS, IMAGES, [*TEXTS, *IMAGES]])
@pytest.mark.parametrize("model", ["words", "clip"])
async def test_an_index_of_texts_images_or_both_answers_words_and_images(
    chunks: Any, model: str, encoder: ClipEncoder, words: Any, tmp_path: Path
) -> None:
    embed_model = words() if model == "words" else ClipEmbedding(encoder=encoder)
    store = MultimodalVectorStore.open(":memory:", embed_model=embed_model, encoder=encoder)
    index = index_of(chunks, store, embed_model)
    ids = {chunk.id for chunk in chunks}
    retriever = index.as_retriever(similarity_top_k=9)
    assert {node.node_id for node in retriever.retrieve("pump")} == ids
    assert {node.node_id for node in await retriever.aretrieve("pump")} == ids
    noise(2).save(tmp_path / "query.png")
    by_image = index.as_retriever(
        similarity_top_k=1, vector_store_kwargs={"image": tmp_path / "query.png"}
    )
    if IMAGES[1] in chunks:
        assert by_image.retrieve("")[0].node_id == IMAGES[1].id
    both = MultimodalRetriever(store, similarity_top_k=9)
    assert {node.node_id for node in both.retrieve("pump bread")} == ids
    store.client.close()


def test_an_index_over_a_store_that_is_there_finds_what_it_holds(
    vector_store: MultimodalVectorStore, words: Any
) -> None:
    vector_store.client.upsert([*TEXTS, *IMAGES])
    index = VectorStoreIndex.from_vector_store(vector_store, embed_model=words())
    found = index.as_retriever(similarity_top_k=4).retrieve("red shoe")
    assert {node.node_id for node in found} == {c.id for c in (*TEXTS, *IMAGES)}
    assert found[0].node_id == IMAGES[0].id


def photos(folder: Path) -> list[Any]:
    """Two pictures with one caption."""
    folder.mkdir(exist_ok=True)
    for n in (1, 2):
        noise(n).save(folder / f"{n}.png")
        (folder / f"{n}.txt").write_text("A shoe")
    reader = SimpleDirectoryReader(
        str(folder), required_exts=[".png"], file_extractor={".png": ImageReader()}
    )
    return list(reader.load_data())


@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("split", [False, True])
async def test_a_pipeline_run_twice_keeps_both_of_two_images_of_one_caption(
    tmp_path: Path, encoder: ClipEncoder, is_async: bool, split: bool
) -> None:
    embedding = ClipEmbedding(encoder=encoder)
    store = MultimodalVectorStore.open(":memory:", embed_model=embedding)
    pipeline = IngestionPipeline(
        transformations=[*([SentenceSplitter()] if split else []), embedding],
        vector_store=store,
        docstore=SimpleDocumentStore(),
    )
    for round_ in range(2):
        documents = photos(tmp_path / "photos")
        run = pipeline.arun(documents=documents) if is_async else None
        nodes = await run if run is not None else pipeline.run(documents=documents)
        assert len(nodes) == (2 if round_ == 0 else 0)
    stored = store.get_nodes()
    assert len(stored) == 2
    pixels = {open_image(node_to_chunk(node).image).tobytes() for node in stored}
    assert pixels == {noise(1).tobytes(), noise(2).tobytes()}
    for node in stored:
        [expected] = encoder.encode_images([node_to_chunk(node).image])
        vector = store.client.vectors(node.node_id)["clip"]
        assert float(vector @ expected) == pytest.approx(1, abs=1e-4)


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="LlamaIndex starts no workers on one core")
def test_workers_of_a_pipeline_keep_both_of_two_images_of_one_caption(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    embedding = ClipEmbedding(encoder=encoder)
    store = MultimodalVectorStore.open(":memory:", embed_model=embedding)
    pipeline = IngestionPipeline(transformations=[embedding], vector_store=store)
    pipeline.run(documents=photos(tmp_path / "photos"), num_workers=2)
    assert len(pipeline.cache.cache.get_all(collection=pipeline.cache.collection)) == 2
    stored = store.get_nodes()
    pixels = {open_image(node_to_chunk(node).image).tobytes() for node in stored}
    assert pixels == {noise(1).tobytes(), noise(2).tobytes()}
    store.client.close()


def test_a_pipeline_updates_and_deletes_documents(
    tmp_path: Path, vector_store: MultimodalVectorStore, words: Any
) -> None:
    def documents(seed: int, text: str) -> list[Any]:
        noise(seed).save(tmp_path / "a.png")
        return with_image_digests(
            [
                ImageDocument(id_="image", text="A shoe", image_path=str(tmp_path / "a.png")),
                Document(id_="text", text=text),
            ]
        )

    pipeline = IngestionPipeline(
        transformations=[SentenceSplitter(), words()],
        vector_store=vector_store,
        docstore=SimpleDocumentStore(),
        docstore_strategy=DocstoreStrategy.UPSERTS_AND_DELETE,
    )
    pipeline.run(documents=documents(1, "One"))
    pipeline.run(documents=documents(2, "One"))
    images = [n for n in map(node_to_chunk, vector_store.get_nodes()) if n.image is not None]
    [image] = images
    assert open_image(image.image).tobytes() == noise(2).tobytes()
    pipeline.run(documents=documents(2, "Two")[1:])
    [node] = vector_store.get_nodes()
    assert node.get_content() == "Two"


def test_refresh_replaces_what_changed_and_nothing_else(
    tmp_path: Path, vector_store: MultimodalVectorStore, words: Any
) -> None:
    documents = [*photos(tmp_path / "photos"), Document(id_="t", text="The pump moves water")]
    index = VectorStoreIndex.from_documents(
        documents,
        storage_context=StorageContext.from_defaults(vector_store=vector_store),
        embed_model=words(),
        transformations=[SentenceSplitter()],
    )
    before = {node.node_id for node in vector_store.get_nodes()}
    changed = [*photos(tmp_path / "photos"), Document(id_="t", text="Bread is baked")]
    assert index.refresh_ref_docs(changed) == [False, False, True]
    after = vector_store.get_nodes()
    assert len({node.node_id for node in after} & before) == 2
    assert sorted(node.get_content() for node in after) == ["A shoe", "A shoe", "Bread is baked"]
    index.delete_ref_doc(documents[0].doc_id, delete_from_docstore=True)
    assert len(vector_store.get_nodes()) == 2


def test_what_a_directory_reader_adds_is_hidden_from_models_after_the_trip_too(
    tmp_path: Path, vector_store: MultimodalVectorStore
) -> None:
    [document, _] = photos(tmp_path / "photos")
    assert "file_size" not in document.get_content(MetadataMode.LLM)
    vector_store.add([document])
    [node] = vector_store.get_nodes()
    assert node.metadata["file_size"] > 0
    assert "file_size" not in node.get_content(MetadataMode.LLM)
    assert node.get_content(MetadataMode.EMBED) == document.get_content(MetadataMode.EMBED)


ELSEWHERE = """
import json, sys
sys.path.insert(0, sys.argv[3])
from conftest import WordEmbedding
from llama_index.core import StorageContext, load_index_from_storage
from llama_index_ragsight import MultimodalVectorStore, node_to_chunk
from ragsight import ClipEncoder, open_image
import hashlib
place, clip = sys.argv[1:3]
store = MultimodalVectorStore.open(
    place + "/index", embed_model=WordEmbedding(), encoder=ClipEncoder(clip), create=False
)
storage = StorageContext.from_defaults(vector_store=store, persist_dir=place + "/storage")
index = load_index_from_storage(storage, embed_model=WordEmbedding())
answers = {}
for mode in ("default", "sparse", "hybrid"):
    found = index.as_retriever(vector_store_query_mode=mode, similarity_top_k=4).retrieve("shoe")
    answers[mode] = [[n.node_id, round(n.score, 4), n.get_content()] for n in found]
images = [node_to_chunk(n).image for n in store.get_nodes()]
answers["images"] = sorted(
    hashlib.sha256(open_image(i).tobytes()).hexdigest() for i in images if i is not None
)
store.client.close()
print(json.dumps(answers))
"""


def answers(index: VectorStoreIndex, mode: str) -> list[list[Any]]:
    retriever = index.as_retriever(vector_store_query_mode=mode, similarity_top_k=4)
    return [[n.node_id, round(n.score, 4), n.get_content()] for n in retriever.retrieve("shoe")]


def test_an_index_that_was_persisted_answers_alike_in_another_process(
    tmp_path: Path, clip_folder: Path, words: Any
) -> None:
    def opened() -> MultimodalVectorStore:
        return MultimodalVectorStore.open(
            tmp_path / "index", embed_model=words(), encoder=ClipEncoder(str(clip_folder))
        )

    store = opened()
    index = index_of([*TEXTS, *IMAGES], store, words())
    expected = {mode: answers(index, mode) for mode in ("default", "sparse", "hybrid")}
    index.storage_context.persist(tmp_path / "storage")
    store.client.close()
    helpers = [str(Path(__file__).parents[1]), str(Path(__file__).parents[4] / "tests")]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.append({helpers[1]!r})\n{ELSEWHERE}",
         str(tmp_path), str(clip_folder), helpers[0]],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert len(found.pop("images")) == 2
    assert found == expected


def test_an_index_that_was_persisted_is_loaded_in_this_process(
    tmp_path: Path, vector_store: MultimodalVectorStore, words: Any
) -> None:
    index = index_of([*TEXTS, *IMAGES], vector_store, words())
    index.storage_context.persist(tmp_path)
    storage = StorageContext.from_defaults(vector_store=vector_store, persist_dir=str(tmp_path))
    again = load_index_from_storage(storage, embed_model=words())
    assert answers(again, "default") == answers(index, "default")
