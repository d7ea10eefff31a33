from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, SystemMessage
from PIL import Image

from drawings import image_chunk, text_chunk
from langchain_ragsight import chunk_to_document, multimodal_prompt
from ragsight import BlobStore, SynthesizerOptions
from ragsight.errors import QueryError


@pytest.fixture
def documents(tmp_path: Path) -> list[Document]:
    kept = BlobStore(tmp_path)
    return [
        chunk_to_document(image_chunk(0, "The valve"), image_store=kept),
        chunk_to_document(text_chunk("It opens at {pressure} bar [7].")),
    ]


def _text(message: BaseMessage) -> str:
    return str(message.text)


def test_each_image_follows_its_label_as_a_standard_block(documents: list[Document]) -> None:
    system, human = multimodal_prompt("When does it open?", documents)

    assert isinstance(system, SystemMessage)
    assert [block["type"] for block in human.content_blocks] == ["text", "image", "text"]
    before, image, _ = human.content_blocks
    assert "Image of [1]" in before["text"]
    assert image["mime_type"] == "image/png"
    with Image.open(io.BytesIO(base64.b64decode(image["base64"]))) as opened:
        assert opened.size == (48, 40)


def test_documents_are_data_and_their_braces_and_markers_are_harmless(
    documents: list[Document],
) -> None:
    _, human = multimodal_prompt("When does it open?", documents)

    assert "{pressure}" in _text(human)
    assert "[7]" not in _text(human)


def test_options_reach_the_request(documents: list[Document]) -> None:
    options = SynthesizerOptions(max_images=0, instructions="Answer in French.")

    system, human = multimodal_prompt("When?", documents, options=options)

    assert "Answer in French." in _text(system)
    assert "image" not in {block["type"] for block in human.content_blocks}


def test_without_documents_the_model_is_told_so() -> None:
    system, human = multimodal_prompt("When?", [])

    assert "No sources were found" in _text(system)
    assert _text(human) == "When?"


@pytest.mark.parametrize("documents", ["a string", [1]])
def test_what_is_no_document_is_refused(documents: list[Document]) -> None:
    with pytest.raises(QueryError):
        multimodal_prompt("When?", documents)
