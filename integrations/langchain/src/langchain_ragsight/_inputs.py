"""Read what a chain passes to a synthesizer: a question and what was found for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.documents import Document

from langchain_ragsight._convert import document_to_chunk
from langchain_ragsight._queries import read_question
from ragsight import Chunk, Hit
from ragsight.answer import question_image
from ragsight.errors import QueryError

QUESTION_KEYS = ("question", "input", "query")


def read_input(value: Any) -> tuple[str, list[Chunk]]:
    """Find the question and the chunks to answer from.

    The order of the documents is their ranking, whatever scores they carry: a reranker may have
    been at work. An image in the question comes first, for the model has to see it.

    Args:
        value: A dictionary with `context` and one of `QUESTION_KEYS`.

    Returns:
        The question's text and the chunks.

    Raises:
        QueryError: If a key is missing, or holds something else.
        ImageError: If the question's image can't be opened.
    """
    if not isinstance(value, Mapping) or "context" not in value:
        raise QueryError(
            "A synthesizer takes a dictionary with 'context' (documents) and 'question', not "
            f"{_describe(value)}."
        )
    key = next((key for key in QUESTION_KEYS if value.get(key) is not None), None)
    if key is None:
        raise QueryError(f"There is none of the keys {', '.join(QUESTION_KEYS)} in the input.")
    text, image = read_question(value[key])
    chunks = as_chunks(value["context"])
    if image is not None and chunks:
        chunks.insert(0, question_image(image))
    return text if text is not None else "", chunks


def as_chunks(documents: Any) -> list[Chunk]:
    """The chunks of documents; chunks and hits of ragsight's own are taken too.

    Raises:
        QueryError: If it is no sequence of these.
    """
    if isinstance(documents, str) or not isinstance(documents, Sequence):
        raise QueryError(f"The context is a list of documents, not {_describe(documents)}.")
    return [_as_chunk(document) for document in documents]


def _as_chunk(document: Any) -> Chunk:
    if isinstance(document, Document):
        return document_to_chunk(document)
    if isinstance(document, Hit):
        return document.chunk
    if isinstance(document, Chunk):
        return document
    raise QueryError(f"The context holds {_describe(document)} where a document should be.")


def _describe(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"a dictionary with {', '.join(map(str, value)) or 'no keys'}"
    return f"{type(value).__name__}"
