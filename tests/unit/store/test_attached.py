from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drawings import image_chunk, noise
from ragsight import Chunk
from ragsight.errors import StoreError
from ragsight.store import ForeignCollections
from ragsight.store.attached import read_payload
from ragsight.store.payloads import to_payload

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=5), part),
    max_leaves=8,
)
KEYS = st.sampled_from(
    [
        "page_content",
        "text",
        "metadata",
        "_node_content",
        "source",
        "page",
        "total_pages",
        "file_path",
        "image_path",
        "ref_doc_id",
        "page_label",
    ]
)


def node(**fields: Any) -> dict[str, Any]:
    return {"_node_content": json.dumps(fields), "_node_type": "TextNode"}


@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_any_payload_gives_a_chunk_or_a_clear_error(payload: dict[str, Any]) -> None:
    try:
        chunk = read_payload("7", payload)
    except StoreError as error:
        assert "has no text that can be read" in str(error)  # noqa: PT017 - one of two outcomes
    else:
        assert chunk.id == "7"
        assert isinstance(chunk.text, str)
        assert chunk.source.uri
        assert chunk.source.page is None or chunk.source.page >= 1


@given(JSON)
def test_any_node_gives_a_chunk_or_a_clear_error(content: Any) -> None:
    try:
        assert read_payload("7", node(text="a", metadata=content)).text == "a"
        read_payload("7", {"_node_content": json.dumps(content)})
    except StoreError as error:
        assert "has no text" in str(error)  # noqa: PT017 - one of two outcomes


def test_a_payload_of_ours_is_read_as_ours() -> None:
    chunk = image_chunk(1, "pump", price=3)
    assert read_payload("ignored", to_payload(chunk)) == chunk


def test_a_langchain_document_keeps_text_and_metadata() -> None:
    chunk = read_payload("7", {"page_content": "Red", "metadata": {"source": "/a.txt", "n": 1}})
    assert (chunk.text, chunk.metadata, chunk.source.uri, chunk.kind) == (
        "Red",
        {"source": "/a.txt", "n": 1},
        "/a.txt",
        "text",
    )
    bare = read_payload("7", {"page_content": "Red", "metadata": None})
    assert (bare.text, bare.source.uri) == ("Red", "7")


@pytest.mark.parametrize(
    ("metadata", "page"),
    [
        ({}, None),
        ({"page": 3}, 3),
        ({"page": 0}, 1),
        ({"page": 0, "total_pages": 9}, 1),
        ({"page": 3, "total_pages": 9}, 4),
        ({"page": 3.0}, 3),
        ({"page": "iv"}, None),
        ({"page": True}, None),
        ({"page": float("nan")}, None),
        ({"page": -4, "total_pages": 9}, 1),
    ],
)
def test_pages_count_from_one(metadata: dict[str, Any], page: int | None) -> None:
    assert read_payload("7", {"page_content": "a", "metadata": metadata}).source.page == page


def test_a_printed_page_number_is_kept() -> None:
    metadata = {"page_label": "iv"}
    chunk = read_payload("7", {"page_content": "a", "metadata": metadata})
    assert (chunk.source.page, chunk.source.page_label) == (None, "iv")


def test_a_node_keeps_text_metadata_and_document() -> None:
    payload = node(text="Red", metadata={"price": 3}) | {"price": 3, "ref_doc_id": "doc-1"}
    chunk = read_payload("7", payload)
    assert (chunk.text, chunk.metadata, chunk.source.uri) == ("Red", {"price": 3}, "doc-1")


def test_a_node_with_resources_keeps_text_and_image(tmp_path: Path) -> None:
    noise(1).save(tmp_path / "a.png")
    resources = {
        "text_resource": {"text": "Red"},
        "image_resource": {"path": str(tmp_path / "a.png"), "url": None},
    }
    chunk = read_payload("7", node(**resources))
    assert (chunk.text, chunk.kind) == ("Red", "image")
    assert chunk.image is not None
    assert (chunk.image.mime, chunk.image.width) == ("image/png", 48)


def test_a_node_without_a_document_is_its_own_source() -> None:
    assert read_payload("7", node(text="a") | {"ref_doc_id": "None"}).source.uri == "7"


@pytest.mark.parametrize(
    "place", ["/gone/away.png", "https://shop.example/a.png", "data:image/png;base64,AA"]
)
def test_an_image_that_can_t_be_opened_costs_only_the_image(place: str) -> None:
    chunk = read_payload("7", node(image_path=place, metadata={"n": 1}))
    assert (chunk.image, chunk.kind, chunk.text) == (None, "image", "")
    assert chunk.metadata == {"n": 1, "image_path": place}


def test_other_payloads_with_a_text_are_read_flat() -> None:
    chunk = read_payload("7", {"text": "Red", "lang": "en", "url": "https://a.example"})
    assert chunk == Chunk(text="Red", source=chunk.source, id="7", metadata=chunk.metadata)
    assert chunk.metadata == {"lang": "en", "url": "https://a.example"}
    assert chunk.source.uri == "https://a.example"


def test_a_payload_with_nothing_to_show_is_reported_with_its_keys() -> None:
    with pytest.raises(StoreError, match=r"point 7 has no text.*\['a', 'b'\].*page_content"):
        read_payload("7", {"b": 1, "a": 2})


def test_only_collections_that_were_named_count() -> None:
    assert ForeignCollections().names == {}
    assert ForeignCollections(image="pictures").names == {"image": "pictures"}
    both = ForeignCollections(text="texts", image="pictures")
    assert both.names == {"text": "texts", "image": "pictures"}
