from __future__ import annotations

import base64
import io
import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llama_index.core.base.llms.types import ImageBlock, TextBlock
from llama_index.core.ingestion.pipeline import get_transformation_hash
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import (
    BaseNode,
    ImageDocument,
    ImageNode,
    MetadataMode,
    Node,
    NodeRelationship,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.storage.docstore.utils import doc_to_json, json_to_doc
from llama_index.core.vector_stores.utils import metadata_dict_to_node, node_to_metadata_dict

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import (
    ClipEmbedding,
    chunk_to_document,
    chunk_to_node,
    hit_to_node,
    node_to_chunk,
)
from ragsight import BlobStore, Chunk, Hit, ImageRef, Source, image_ref, open_image
from ragsight.chunks import CHUNK_KINDS
from ragsight.errors import ImageError, InputError, RagsightError
from ragsight.retrieval import ChannelScore


def through_dict(node: BaseNode) -> BaseNode:
    return type(node).from_dict(node.to_dict())


def through_json(node: BaseNode) -> BaseNode:
    return type(node).from_json(json.dumps(node.model_dump(mode="json")))


def through_vector_store(node: BaseNode) -> BaseNode:
    return metadata_dict_to_node(json.loads(json.dumps(node_to_metadata_dict(node))))


def through_vector_store_with_text_apart(node: BaseNode) -> BaseNode:
    text = node.get_content(metadata_mode=MetadataMode.NONE)
    return metadata_dict_to_node(node_to_metadata_dict(node, remove_text=True), text=text)


def through_docstore(node: BaseNode) -> BaseNode:
    return json_to_doc(doc_to_json(node))


def through_pickle(node: BaseNode) -> BaseNode:
    return pickle.loads(pickle.dumps(node))


WAYS = [
    through_dict,
    through_json,
    through_vector_store,
    through_vector_store_with_text_apart,
    through_docstore,
    through_pickle,
]

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
KEYS = st.text() | st.sampled_from(["ragsight", "file_path", "page", "page_label", "label"])
PLACES = st.builds(
    Source,
    uri=st.sampled_from(["/docs/manual.pdf", "s3://bucket/a b.pdf", "C:\\docs\\a.pdf"]),
    page=st.none() | st.integers(1, 999),
    page_label=st.none() | st.text(min_size=1),
    page_size=st.none() | st.tuples(st.floats(1, 999), st.floats(1, 999)),
    bbox=st.none() | st.tuples(*[st.floats(0, 999)] * 4),
    section=st.lists(st.text(min_size=1), max_size=2).map(tuple),
    part=st.text(),
)
IMAGES = st.builds(
    ImageRef,
    uri=st.sampled_from(["/docs/a.png", "blob:abc", "s3://bucket/a b.png", "https://x.org/a.png"]),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    mime=st.sampled_from(["image/png", "image/jpeg"]),
    width=st.integers(1, 9999),
    height=st.integers(1, 9999),
    size=st.integers(1, 9999),
)
CHUNKS = st.builds(
    Chunk,
    text=st.text() | st.just(" \n"),
    image=st.none() | IMAGES,
    source=PLACES,
    kind=st.sampled_from(CHUNK_KINDS),
    metadata=st.dictionaries(KEYS, JSON_VALUES, max_size=4),
)


@given(chunk=CHUNKS, way=st.sampled_from(WAYS))
def test_a_chunk_comes_back_as_it_was(chunk: Chunk, way: Callable[[BaseNode], BaseNode]) -> None:
    node = chunk_to_node(chunk)
    assert node_to_chunk(node) == chunk
    assert node_to_chunk(way(node)) == chunk


@given(chunk=CHUNKS, way=st.sampled_from(WAYS))
def test_a_chunk_comes_back_from_a_document_too(
    chunk: Chunk, way: Callable[[BaseNode], BaseNode]
) -> None:
    assert node_to_chunk(way(chunk_to_document(chunk))) == chunk


@given(chunk=CHUNKS)
def test_a_node_says_where_it_comes_from(chunk: Chunk) -> None:
    node = chunk_to_node(chunk)
    assert node.node_id == chunk.id
    assert node.ref_doc_id == chunk.source.uri
    if "file_path" not in chunk.metadata:
        assert node.metadata["file_path"] == chunk.source.uri


def test_the_page_is_shown_as_llama_index_users_expect() -> None:
    place = Source(uri="/docs/manual.pdf", page=4)
    assert chunk_to_node(Chunk(text="a", source=place)).metadata["page_label"] == "4"
    printed = replace(place, page_label="iv")
    metadata = chunk_to_node(Chunk(text="a", source=printed)).metadata
    assert (metadata["page_label"], metadata["page"]) == ("iv", 4)


def test_models_see_the_text_and_not_the_bookkeeping() -> None:
    node = chunk_to_node(text_chunk("Open the valve.", topic="valve", order=3))
    assert node.get_content(MetadataMode.EMBED) == "topic: valve\n\nOpen the valve."
    assert node.get_content(MetadataMode.LLM).startswith("file_path: /docs/a.txt\ntopic: valve")


def test_a_node_with_image_shows_caption_and_image(image_store: BlobStore) -> None:
    node = chunk_to_node(image_chunk(1, "Figure 1: the pump"), image_store=image_store)
    text, image = node.get_content_blocks(MetadataMode.NONE)
    assert isinstance(text, TextBlock)
    assert text.text == "Figure 1: the pump"
    assert isinstance(image, ImageBlock)
    assert open_image(image.resolve_image().read()).tobytes() == noise(1).tobytes()


def test_the_media_type_is_that_of_the_bytes_and_not_of_the_name(tmp_path: Path) -> None:
    path = tmp_path / "really_a_png.jpg"
    noise(1).save(path, format="PNG")
    chunk = Chunk(image=image_ref(path), source=Source(uri=str(path)), kind="image")
    for node in (chunk_to_node(chunk), through_vector_store(chunk_to_document(chunk))):
        [image] = [b for b in node.get_content_blocks() if isinstance(b, ImageBlock)]
        assert image.image_mimetype == "image/png"


def test_an_image_without_words_is_shown_by_its_title_and_comes_back_without_words() -> None:
    node = chunk_to_node(image_chunk(1, label="Figure 7"))
    assert node.get_content() == "Figure 7 (a.pdf, p. 2)"
    assert node_to_chunk(node).text == ""
    node.set_content("A pump.")
    assert node_to_chunk(node).text == "A pump."


@pytest.mark.parametrize("caption", ["", "The same caption"])
def test_different_images_with_the_same_words_have_different_hashes(caption: str) -> None:
    place = Source(uri="/docs/a.pdf")
    chunks = [Chunk(text=caption, image=image_chunk(n).image, source=place) for n in (1, 2)]
    for convert in (chunk_to_node, chunk_to_document):
        one, other = (through_docstore(convert(chunk)) for chunk in chunks)
        assert one.hash != other.hash
        embedding = ClipEmbedding("nowhere")
        assert get_transformation_hash([one], embedding) != get_transformation_hash(
            [other], embedding
        )


def test_image_bytes_survive_in_memory_and_in_an_image_store(image_store: BlobStore) -> None:
    chunk = image_chunk(1)
    assert chunk.image is not None
    back = node_to_chunk(chunk_to_node(chunk)).image
    assert back is not None
    assert back.data == chunk.image.data
    stored = node_to_chunk(through_vector_store(chunk_to_node(chunk, image_store=image_store)))
    assert stored.image is not None
    assert stored.image.data is None
    assert open_image(stored.image).tobytes() == noise(1).tobytes()


def test_converting_changes_neither_chunk_nor_node() -> None:
    chunk = text_chunk("a", tags=["x"])
    node = chunk_to_node(chunk)
    node.metadata["tags"].append("y")
    assert chunk.metadata["tags"] == ["x"]
    node_to_chunk(node).metadata["tags"].append("z")
    assert node.metadata["tags"] == ["x", "y"]


def test_a_place_that_was_changed_since_is_the_users() -> None:
    node = chunk_to_node(text_chunk("a"))
    node.metadata["file_path"] = "elsewhere"
    assert node_to_chunk(node).metadata == {"file_path": "elsewhere"}


def test_splitters_keep_the_image_of_a_document(image_store: BlobStore) -> None:
    words = " ".join(f"Sentence number {n}." for n in range(60))
    document = chunk_to_document(image_chunk(1, words), image_store=image_store)
    nodes = SentenceSplitter(chunk_size=80, chunk_overlap=0).get_nodes_from_documents([document])
    assert len(nodes) > 1
    for node in nodes:
        assert isinstance(node, ImageNode)
        assert node.image_path is not None
        chunk = node_to_chunk(node)
        assert chunk.image is not None
        assert chunk.text in words
        assert chunk.source == Source(uri="/docs/a.pdf", page=2)


def test_a_hit_becomes_a_node_that_says_why() -> None:
    chunk = text_chunk("a")
    channel = ChannelScore("bm25", rank=2, score=7.0, contribution=0.016)
    node = hit_to_node(Hit(chunk, 0.016, (channel,)))
    assert (node.node_id, node.score) == (chunk.id, 0.016)
    own = node.metadata["ragsight"]
    assert own["why"] == "bm25 #2 (7)"
    assert own["channels"] == [{"channel": "bm25", "rank": 2, "score": 7.0, "contribution": 0.016}]
    assert node_to_chunk(node.node) == chunk


def test_a_foreign_text_node_keeps_id_text_and_metadata() -> None:
    document = RelatedNodeInfo(node_id="doc-7")
    node = TextNode(
        id_="n1",
        text="Open.",
        metadata={"topic": "valve", "page_label": "12"},
        relationships={NodeRelationship.SOURCE: document},
    )
    chunk = node_to_chunk(node)
    assert (chunk.id, chunk.text, chunk.kind) == ("n1", "Open.", "text")
    assert chunk.source == Source(uri="doc-7", page=12)
    assert chunk.metadata == {"topic": "valve", "page_label": "12"}
    assert node_to_chunk(chunk_to_node(chunk)) == chunk


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise(seed).save(buffer, format="PNG")
    return buffer.getvalue()


def test_the_images_of_foreign_nodes_are_found_wherever_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(3))
    encoded = base64.b64encode(png(3)).decode()
    nodes = [
        ImageNode(image=encoded, text="A caption"),
        ImageNode(image_path=str(path), text="A caption"),
        ImageDocument(image=png(3), text="A caption"),
        ImageDocument(image_path=str(path), text="A caption"),
        through_docstore(ImageDocument(image_path=str(path), text="A caption")),
    ]
    for node in nodes:
        chunk = node_to_chunk(node)
        assert chunk.text == "A caption"
        assert chunk.kind == "image"
        assert chunk.image is not None
        assert open_image(chunk.image).tobytes() == noise(3).tobytes()


@pytest.mark.parametrize(
    "node",
    [
        ImageNode(image="not base64!", text="A caption"),
        ImageNode(image=base64.b64encode(b"no image").decode(), text="A caption"),
        ImageNode(image_path="/nowhere/a.png", text="A caption"),
        ImageNode(image_url="https://localhost/a.png", text="A caption"),
    ],
)
def test_a_foreign_image_that_cannot_be_used_costs_only_itself(node: ImageNode) -> None:
    with pytest.raises(InputError):
        node_to_chunk(node)
    problems: list[RagsightError] = []
    chunk = node_to_chunk(node, on_error=problems.append)
    assert (chunk.text, chunk.image, len(problems)) == ("A caption", None, 1)


def test_a_url_into_the_private_network_is_not_fetched() -> None:
    with pytest.raises(ImageError, match="isn't public"):
        node_to_chunk(
            Node.from_dict(ImageDocument(image_resource={"url": "https://10.0.0.1/a"}).dict())
        )


def test_damaged_bookkeeping_is_reported() -> None:
    node = chunk_to_node(text_chunk("a"))
    node.metadata["ragsight"]["source"] = None
    with pytest.raises(InputError, match="is damaged"):
        node_to_chunk(node)
