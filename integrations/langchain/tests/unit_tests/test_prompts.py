from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage
from PIL import Image

from drawings import image_chunk, noise, text_chunk
from langchain_ragsight import (
    aimages_of,
    chunk_to_document,
    document_to_chunk,
    flatten_document,
    images_of,
    multimodal_prompt,
)
from ragsight import BlobStore, SynthesizerOptions, open_image
from ragsight.errors import ConfigurationError, QueryError


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
    before, image, *others = human.content_blocks
    assert [before["type"], image["type"], others[0]["type"]] == ["text", "image", "text"]
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


async def test_the_images_of_documents_are_blocks_for_any_chat_model(tmp_path: Path) -> None:
    found = _with_images(tmp_path, 0, 1, 0)
    text = Document(page_content="no picture")

    blocks = images_of([text, *found])

    assert [block["type"] for block in blocks] == ["image", "image"]
    for seed, block in enumerate(blocks):
        pixels = open_image(base64.b64decode(block["base64"])).tobytes()
        assert pixels == noise(seed).tobytes()
    HumanMessage(content=blocks)
    assert await aimages_of([text, *found]) == blocks
    assert images_of(found, limit=1) == blocks[:1]
    assert images_of(found, limit=0) == []
    assert images_of([flatten_document(document) for document in found]) == blocks


def test_detail_makes_blocks_that_keep_it(tmp_path: Path) -> None:
    (block,) = images_of(_with_images(tmp_path, 0), detail="low")

    assert block["type"] == "image_url"
    assert block["image_url"]["detail"] == "low"
    assert block["image_url"]["url"].startswith("data:image/png;base64,")
    with pytest.raises(ConfigurationError, match="closest"):
        images_of([], detail="closest")


def test_an_image_that_cannot_be_opened_is_left_out_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = _with_images(tmp_path, 0, 1)
    image = document_to_chunk(found[0]).image
    assert image is not None
    Path(image.uri).unlink()

    assert len(images_of(found, limit=1)) == 1
    assert "left out" in caplog.text


def _with_images(folder: Path, *seeds: int) -> list[Document]:
    blobs = BlobStore(folder)
    return [chunk_to_document(image_chunk(seed), image_store=blobs) for seed in seeds]
