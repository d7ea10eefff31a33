from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document

from drawings import image_chunk, text_chunk
from langchain_ragsight import chunk_to_document, document_to_chunk, hit_to_document
from ragsight import BlobStore, Chunk, Hit, ImageRef, Source, open_image
from ragsight.chunks import CHUNK_KINDS
from ragsight.errors import ConfigurationError, InputError
from ragsight.retrieval import ChannelScore

numbers = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | numbers | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=5,
)
keys = st.text(max_size=6) | st.sampled_from(["source", "page", "ragsight", "id", "label"])
boxes = st.tuples(numbers, numbers, numbers, numbers)
sources = st.builds(
    Source,
    uri=st.text(min_size=1, max_size=12),
    page=st.none() | st.integers(1, 999),
    page_label=st.none() | st.text(min_size=1, max_size=4),
    page_size=st.none() | st.tuples(numbers, numbers),
    bbox=st.none() | boxes,
    section=st.lists(st.text(max_size=6), max_size=3).map(tuple),
    part=st.text(max_size=6),
)
images = st.builds(
    ImageRef,
    uri=st.text(min_size=1, max_size=12),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    mime=st.sampled_from(["image/png", "image/jpeg"]),
    width=st.integers(1, 9999),
    height=st.integers(1, 9999),
    size=st.integers(1, 10**9),
)
any_chunk = st.builds(
    Chunk,
    text=st.text(max_size=20),
    image=st.none() | images,
    source=sources,
    kind=st.sampled_from(CHUNK_KINDS),
    metadata=st.dictionaries(keys, values, max_size=4),
    id=st.just("") | st.text(min_size=1, max_size=8),
)


@given(any_chunk)
def test_a_chunk_comes_back_as_it_was_even_through_json(chunk: Chunk) -> None:
    document = chunk_to_document(chunk)
    written = Document(**json.loads(json.dumps(document.model_dump())))

    assert document_to_chunk(document) == chunk
    assert document_to_chunk(written) == chunk


@given(any_chunk)
def test_a_document_without_its_id_gives_the_same_chunk(chunk: Chunk) -> None:
    document = chunk_to_document(chunk)

    assert document_to_chunk(document.model_copy(update={"id": None})) == chunk


def test_the_users_own_keys_win_over_source_and_page() -> None:
    chunk = Chunk(
        text="x", source=Source(uri="a.pdf", page=3), metadata={"page": "iii", "ragsight": 7}
    )

    document = chunk_to_document(chunk)

    assert document.metadata["page"] == "iii"
    assert document.metadata["source"] == "a.pdf"
    assert document_to_chunk(document) == chunk


def test_metadata_that_was_added_or_changed_later_is_kept() -> None:
    document = chunk_to_document(text_chunk("x", price=3))
    document.metadata |= {"source": "elsewhere", "topic": "pumps"}

    assert document_to_chunk(document).metadata == {
        "price": 3,
        "source": "elsewhere",
        "topic": "pumps",
    }


def test_changing_a_documents_metadata_leaves_the_chunk_alone() -> None:
    chunk = text_chunk("x", tags=["a"])

    chunk_to_document(chunk).metadata["tags"].append("b")

    assert chunk.metadata == {"tags": ["a"]}


def test_parts_of_a_split_document_get_ids_of_their_own_and_keep_the_place() -> None:
    whole = chunk_to_document(text_chunk("one two"))
    parts = [
        document_to_chunk(Document(page_content=text, metadata=whole.metadata))
        for text in whole.page_content.split()
    ]

    assert len({part.id for part in parts} | {whole.id}) == 3
    assert {part.source.uri for part in parts} == {"/docs/a.txt"}


def test_an_id_that_a_vector_store_gave_is_the_chunks_id() -> None:
    document = chunk_to_document(text_chunk("x")).model_copy(update={"id": "42"})

    assert document_to_chunk(document).id == "42"


def test_a_hit_says_in_its_document_why_it_was_found() -> None:
    hit = Hit(text_chunk("x"), 0.5, (ChannelScore("bm25", 1, 7.3, 0.5),))

    document = hit_to_document(hit)

    assert document.metadata["ragsight"]["score"] == 0.5
    assert document.metadata["ragsight"]["channels"] == [
        {"channel": "bm25", "rank": 1, "score": 7.3, "contribution": 0.5}
    ]
    assert document_to_chunk(document) == hit.chunk


def test_an_image_in_memory_needs_a_place_to_be_kept() -> None:
    with pytest.raises(ConfigurationError, match="image_store"):
        chunk_to_document(image_chunk(0))


def test_an_image_in_memory_is_kept_and_can_be_opened_from_the_document(tmp_path: Path) -> None:
    document = chunk_to_document(image_chunk(0), image_store=BlobStore(tmp_path))

    image = document_to_chunk(document).image

    assert image is not None
    assert image.data is None
    assert open_image(image).size == (48, 40)
    assert document.metadata["ragsight"]["image"]["sha256"] == image.sha256
    assert Document.model_validate_json(document.model_dump_json()) == document


@pytest.mark.parametrize(
    ("metadata", "page"),
    [
        ({"page": 3}, 3),
        ({"page": 0}, None),
        ({"page": 0, "total_pages": 9}, 1),
        ({"page": "iv"}, None),
        ({"page": True}, None),
    ],
)
def test_a_foreign_document_keeps_its_source_and_its_page_counted_from_one(
    metadata: dict[str, Any], page: int | None
) -> None:
    chunk = document_to_chunk(Document(page_content="x", metadata={"source": "a.pdf", **metadata}))

    assert chunk.source == Source(uri="a.pdf", page=page)
    assert chunk.kind == "text"
    assert chunk.metadata == {"source": "a.pdf", **metadata}


def test_a_foreign_documents_metadata_is_made_fit_for_json() -> None:
    metadata = {"day": date(2026, 1, 2), "sizes": (1, 2), "ragsight": "mine"}
    chunk = document_to_chunk(Document(page_content="x", metadata=metadata))

    assert chunk.metadata == {"day": "2026-01-02", "sizes": [1, 2], "ragsight": "mine"}


def test_a_foreign_document_is_read_also_where_no_store_could_keep_its_metadata() -> None:
    itself: list[Any] = []
    itself.append(itself)
    for value in (b"abc", object(), float("nan"), itself, {(1, 2): 3}):
        chunk = document_to_chunk(Document(page_content="x", metadata={"raw": value}))
        assert chunk.text == "x"
        assert chunk.metadata["raw"] is value


def test_equal_foreign_documents_give_equal_ids() -> None:
    one, other = (document_to_chunk(Document(page_content="x")) for _ in range(2))

    assert one.id == other.id


def test_a_damaged_record_is_reported_with_the_way_out() -> None:
    document = chunk_to_document(text_chunk("x"))
    document.metadata["ragsight"]["source"] = {}

    with pytest.raises(InputError, match="Take the key out"):
        document_to_chunk(document)
