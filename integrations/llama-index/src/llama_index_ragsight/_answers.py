"""Nodes on their way into an answer, and what an answer says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from llama_index.core.schema import NodeWithScore

from llama_index_ragsight._convert import node_to_chunk
from ragsight import Answer, Chunk, Citation, RagsightError
from ragsight.answer import question_image
from ragsight.errors import InputError


@dataclass(frozen=True, slots=True)
class Evidence:
    """What nodes hold.

    Attributes:
        chunks: One for each node, in their order; before them an image of the question's.
        problems: Images that can't be used, and why.
    """

    chunks: tuple[Chunk, ...]
    problems: tuple[str, ...]


def read_nodes(nodes: Sequence[NodeWithScore], *, image: str | None = None) -> Evidence:
    """Turn nodes into chunks; one whose image can't be used keeps its text.

    Args:
        nodes: The nodes.
        image: An image of the question's, which comes first where there are nodes.
    """
    problems: list[str] = []

    def note(error: RagsightError) -> None:
        problems.append(str(error))

    chunks = tuple(node_to_chunk(node.node, on_error=note) for node in nodes)
    if image is not None and chunks:
        try:
            chunks = (question_image(image), *chunks)
        except InputError as error:
            note(error)
    return Evidence(chunks, tuple(problems))


def answer_metadata(answer: Answer, evidence: Evidence) -> dict[str, Any]:
    """What a response's metadata say of its answer: JSON-ready, nodes by id."""
    return {
        "citations": [_citation(citation) for citation in answer.citations],
        "abstained": answer.abstained,
        "usage": None if answer.usage is None else answer.usage.to_dict(),
        "cost": answer.cost,
        "model": answer.model,
        "finish_reason": answer.finish_reason,
        "request_ids": list(answer.request_ids),
        "images": [image.to_dict() for image in answer.images],
        "invalid_citations": list(answer.invalid_citations),
        "dropped": [
            {"node_id": entry.chunk.id, "part": entry.part, "reason": entry.reason}
            for entry in answer.dropped
        ],
        "warnings": [*evidence.problems, *answer.warnings],
    }


def _citation(citation: Citation) -> dict[str, Any]:
    source = citation.chunk.source
    return {
        "n": citation.n,
        "node_id": citation.chunk.id,
        "spans": [list(span) for span in citation.spans],
        "fields": list(citation.fields),
        "title": citation.chunk.title,
        "file_path": source.uri,
        "page": source.page,
    }
