from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from langchain_core.documents import Document

from drawings import image_chunk, text_chunk
from langchain_ragsight import chunk_to_document, document_to_chunk, flatten_document
from langchain_ragsight._flat import unpacked
from ragsight import BlobStore

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)
metadata = st.dictionaries(
    st.sampled_from(["ragsight", "source", "nested", "k"]), json_values, max_size=3
)


@given(metadata)
def test_flat_metadata_is_flat_and_comes_back_whole(metadata: dict[str, Any]) -> None:
    document = Document(page_content="x", metadata=metadata)

    flat = flatten_document(document)

    assert all(isinstance(value, str | int | float) for value in flat.metadata.values())
    assert unpacked(flat, "ragsight").metadata == metadata


def test_the_image_of_a_flat_document_is_known_again(tmp_path: Any) -> None:
    document = chunk_to_document(
        image_chunk(0, "A valve", tags=["a"]), image_store=BlobStore(tmp_path)
    )

    assert document_to_chunk(flatten_document(document)) == document_to_chunk(document)


def test_a_documents_own_metadata_stays_as_it_is() -> None:
    document = chunk_to_document(text_chunk("x", sizes=[1]))
    before = document.model_copy(deep=True)

    flatten_document(document)

    assert document == before


def test_flat_documents_and_words_of_others_are_left_alone() -> None:
    for value in ("words", "{broken", "[1]", '{"a": 1}', "[" * 100_000):
        document = Document(page_content="x", metadata={"ragsight": value})
        assert unpacked(document, "ragsight") == document
        assert flatten_document(document) == document
