from __future__ import annotations

import logging
from pathlib import Path

import pytest
from llama_index.core.base.llms.types import ImageBlock, TextBlock
from llama_index.core.schema import (
    MetadataMode,
    NodeRelationship,
    ObjectType,
    RelatedNodeInfo,
    TextNode,
)
from llama_index.core.storage.docstore.utils import doc_to_json, json_to_doc
from reportlab.lib.utils import ImageReader as Picture
from reportlab.pdfgen.canvas import Canvas

from drawings import image_chunk, noise, text_chunk
from llama_index_ragsight import (
    MultimodalNode,
    PdfReader,
    chunk_to_document,
    chunk_to_node,
    node_to_chunk,
)
from ragsight import BlobStore, open_image

Rel = NodeRelationship


def shown(node: MultimodalNode) -> bytes:
    [image] = [block for block in node.get_content_blocks() if isinstance(block, ImageBlock)]
    assert image.image_mimetype == "image/png"
    return open_image(image.resolve_image().read()).tobytes()


def test_an_image_is_read_wherever_it_is_kept(tmp_path: Path) -> None:
    for place in (None, BlobStore("memory://node-test"), BlobStore(tmp_path)):
        node = chunk_to_node(image_chunk(1, "A pump"), image_store=place)
        assert isinstance(node, MultimodalNode)
        assert shown(node) == noise(1).tobytes()


def test_an_image_that_is_gone_is_left_out_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    node = chunk_to_node(image_chunk(1, "A pump"), image_store=BlobStore(tmp_path / "blobs"))
    Path(str(node.image_resource.path)).unlink()
    with caplog.at_level(logging.WARNING):
        [text] = node.get_content_blocks()
    assert isinstance(text, TextBlock)
    assert text.text == "A pump"
    assert node.node_id in caplog.text


def test_metadata_is_shown_as_the_mode_has_it() -> None:
    node = chunk_to_node(image_chunk(1, "A pump", topic="water"))
    first = node.get_content_blocks(MetadataMode.LLM)[0]
    assert "topic: water" in first.text
    assert "ragsight" not in first.text


def test_a_web_address_is_left_to_the_model() -> None:
    node = chunk_to_node(image_chunk(1, "A pump"))
    node.image_resource = type(node.image_resource)(
        url="https://example.org/a.png", mimetype="image/png"
    )
    image = node.get_content_blocks()[-1]
    assert str(image.url) == "https://example.org/a.png"


def test_an_index_keeps_the_node_that_was_found() -> None:
    assert chunk_to_node(image_chunk(1)).as_related_node_info().node_type == ObjectType.TEXT


def test_a_loaders_links_become_relationships_and_come_back() -> None:
    chunk = text_chunk("The pump", page_id="page-4", previous="before", next="after")
    node = chunk_to_node(chunk)
    assert {rel: info.node_id for rel, info in node.relationships.items()} == {
        Rel.SOURCE: "/docs/a.txt",
        Rel.PARENT: "page-4",
        Rel.PREVIOUS: "before",
        Rel.NEXT: "after",
    }
    assert node_to_chunk(node) == chunk
    document = chunk_to_document(chunk)
    assert set(document.relationships) == {Rel.PARENT, Rel.PREVIOUS, Rel.NEXT}
    assert document.ref_doc_id is None
    assert node_to_chunk(json_to_doc(doc_to_json(document))) == chunk


def test_relationships_of_others_survive_a_trip_through_a_chunk() -> None:
    related = {
        Rel.SOURCE: RelatedNodeInfo(node_id="doc", node_type=ObjectType.DOCUMENT, hash="h"),
        Rel.CHILD: [RelatedNodeInfo(node_id="a"), RelatedNodeInfo(node_id="b")],
    }
    node = TextNode(text="Any", metadata={"file_path": "/a.txt"}, relationships=related)
    chunk = node_to_chunk(node)
    assert chunk.source.uri == "/a.txt"
    back = chunk_to_node(chunk)
    assert back.relationships == related
    assert back.metadata["file_path"] == "/a.txt"
    assert "llama_index" not in back.metadata
    assert node_to_chunk(back) == chunk


def test_a_node_from_nowhere_stays_without_a_document() -> None:
    back = chunk_to_node(node_to_chunk(TextNode(id_="a", text="Any")))
    assert (back.ref_doc_id, back.relationships) == (None, {})


def test_hidden_metadata_stays_hidden() -> None:
    node = TextNode(
        text="Any", metadata={"size": 3, "topic": "x"}, excluded_embed_metadata_keys=["size"]
    )
    back = chunk_to_node(node_to_chunk(node))
    assert back.get_content(MetadataMode.EMBED) == "topic: x\n\nAny"
    assert "size: 3" in back.get_content(MetadataMode.LLM)


def test_a_pdfs_passages_and_figures_know_their_neighbours(tmp_path: Path) -> None:
    path = tmp_path / "manual.pdf"
    canvas = Canvas(str(path), pagesize=(400, 500))
    canvas.drawString(30, 440, "The pump moves water through the filter and back.")
    canvas.drawImage(Picture(noise(5, (300, 200))), 50, 180, width=300, height=200)
    canvas.drawString(50, 160, "Figure 1: The pump seen from the side.")
    canvas.showPage()
    canvas.drawString(30, 440, "Change the filter once a year, or more often.")
    canvas.save()
    documents = PdfReader(image_store=tmp_path / "images").load_data(path)
    ids = [document.id_ for document in documents]
    assert len(ids) >= 3
    nodes = [chunk_to_node(node_to_chunk(document)) for document in documents]
    for node, before, after in zip(nodes, [None, *ids], [*ids[1:], None], strict=False):
        previous, following = node.prev_node, node.next_node
        assert (previous.node_id if previous else None) == before
        assert (following.node_id if following else None) == after
        assert node.ref_doc_id == str(path)
