from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drawings import image_chunk, text_chunk
from ragsight import Chunk, Source
from ragsight.errors import StoreError
from ragsight.store import SourceRecord
from ragsight.store.payloads import belongs_to, from_payload, node_fields, point_id, to_payload

SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8)
KEYS = st.sampled_from(
    ["price", "page_content", "metadata", "ragsight", "_node_content", "doc_id", "text", "id", ""]
) | st.text(max_size=8)
METADATA = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(KEYS, v), max_leaves=6
    ),
)


def node_of(payload: dict[str, Any]) -> Any:
    """What LlamaIndex makes of a payload."""
    utils = pytest.importorskip("llama_index.core.vector_stores.utils")
    return utils.metadata_dict_to_node(payload)


@settings(max_examples=40)
@given(st.text(max_size=30), METADATA, st.text(min_size=1, max_size=12))
def test_a_chunk_comes_back_from_its_payload(text: str, metadata: Any, id_: str) -> None:
    chunk = Chunk(text=text, source=Source(uri="/a", page=3), metadata=metadata, id=id_)
    assert from_payload(to_payload(chunk)).to_dict() == chunk.to_dict()


@settings(max_examples=40)
@given(st.text(max_size=30), METADATA)
def test_a_payload_survives_json(text: str, metadata: Any) -> None:
    payload = to_payload(text_chunk(text) if not metadata else text_chunk(text, m=metadata))
    assert json.loads(json.dumps(payload)) == payload


def test_an_image_s_reference_comes_back_without_its_bytes() -> None:
    chunk = image_chunk(1, "pump")
    found = from_payload(to_payload(chunk))
    assert found.image == chunk.image
    assert found.image is not None
    assert found.image.data is None


def test_text_and_metadata_stand_where_the_frameworks_look() -> None:
    chunk = text_chunk("Red shoes", uri="/shop.csv", price=3, doc_id="mine")
    payload = to_payload(chunk)
    assert (payload["page_content"], payload["metadata"]) == (
        "Red shoes",
        {"price": 3, "doc_id": "mine"},
    )
    assert (payload["price"], payload["doc_id"]) == (3, "/shop.csv")
    node = node_of(payload)
    assert (node.node_id, node.get_content()) == (point_id(chunk.id), "Red shoes")
    assert (node.metadata, node.ref_doc_id) == ({"price": 3, "doc_id": "mine"}, "/shop.csv")


def test_fields_for_nodes_can_be_made_of_anything_with_a_place() -> None:
    node = node_of(node_fields("/a", point_id("x"), "", {"kind": "record"}))
    assert (node.ref_doc_id, node.metadata) == ("/a", {"kind": "record"})


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, None),
        ({"price": 1}, None),
        ({"new": True, "sale": False}, ["metadata.new=true", "metadata.sale=false"]),
        ({"a": {"b": True}, "c": [True, 1]}, ["metadata.a.b=true", "metadata.c=true"]),
    ],
)
def test_booleans_stand_as_words_too(metadata: dict[str, Any], expected: list[str] | None) -> None:
    assert to_payload(text_chunk("a", **metadata))["ragsight"].get("flags") == expected


@given(st.uuids())
def test_a_uuid_is_its_own_point(id_: uuid.UUID) -> None:
    assert point_id(str(id_)) == str(id_)


@given(st.text(), st.text())
def test_other_ids_get_a_uuid_each(one: str, other: str) -> None:
    assert point_id(one) == str(uuid.UUID(point_id(one)))
    assert (point_id(one) == point_id(other)) is (one == other)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"page_content": "x"},
        {"page_content": "x", "metadata": {}, "ragsight": {}},
        {"page_content": "x", "metadata": {}, "ragsight": None},
        {"page_content": "x", "metadata": {}, "ragsight": {"id": "1", "source": {}}},
    ],
)
def test_a_payload_that_is_not_ours_is_reported_with_its_keys(payload: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match=r"ragsight didn't write.*keys are \["):
        from_payload(payload)


def test_a_payload_says_which_collections_its_chunk_is_in() -> None:
    assert belongs_to(to_payload(text_chunk("a"))) == {"text"}
    assert belongs_to(to_payload(image_chunk(1))) == {"image"}
    assert belongs_to(to_payload(image_chunk(1, "a"))) == {"text", "image"}
    assert belongs_to(SourceRecord("/a", "f", ()).to_point().payload) == {"text"}
