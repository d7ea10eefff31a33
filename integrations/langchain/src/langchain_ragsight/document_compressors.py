"""Fewer and better documents, without losing the images."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import Callbacks
from langchain_core.documents import Document
from langchain_core.documents.compressor import BaseDocumentCompressor
from pydantic import ConfigDict, Field

from langchain_ragsight._convert import (
    document_score,
    document_to_chunk,
    document_to_hit,
    document_without_image,
    scored_document,
)
from langchain_ragsight._queries import read_question
from ragsight import Hit, Query
from ragsight.retrieval import arerank


class MultimodalCompressor(BaseDocumentCompressor):
    """Reranks documents, drops the weak ones, and keeps to a budget of images.

    A reranker that reads text only (`CrossEncoderReranker`) can't judge a bare image: such
    documents keep their places and pass any threshold. `VisionReranker` looks at the images.

    Attributes:
        rerank: Orders the documents anew: `VisionReranker`, `CrossEncoderReranker`, or any
            function of a query and hits.
        min_score: Least score: the reranker's, 0 to 1, or without one what the retriever gave. A
            document that has none stays.
        k: How many documents at the most.
        max_images: How many images at the most. A further document keeps its words and loses its
            image; one without words goes.

    Example:
        >>> compressor = MultimodalCompressor(k=1)
        >>> found = [Document(page_content="Red shoes"), Document(page_content="A blue mug")]
        >>> [kept.page_content for kept in compressor.compress_documents(found, "red")]
        ['Red shoes']
    """

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    rerank: Callable[..., list[Hit]] | None = None
    min_score: float | None = None
    k: int | None = Field(default=None, ge=1)
    max_images: int | None = Field(default=None, ge=0)

    def compress_documents(
        self,
        documents: Sequence[Document],
        query: str,
        callbacks: Callbacks | None = None,  # noqa: ARG002 - LangChain's signature
    ) -> Sequence[Document]:
        """Choose among documents.

        Args:
            documents: Best first; they stay as they are.
            query: A string, or a dictionary or message with an image; see `MultimodalRetriever`.
            callbacks: Not used.

        Returns:
            Copies of the chosen ones, best first; `metadata["ragsight"]` has the new score, or
            `relevance_score` in documents of any other making.

        Raises:
            QueryError: If the query makes no sense.
            BackendError: If the reranker's provider refused.
        """
        hits = _hits(documents)
        if self.rerank is not None and hits:
            hits = self.rerank(_query(query), hits)
        return self._chosen(documents, hits)

    async def acompress_documents(
        self,
        documents: Sequence[Document],
        query: str,
        callbacks: Callbacks | None = None,  # noqa: ARG002 - LangChain's signature
    ) -> Sequence[Document]:
        """Choose among documents without blocking the event loop; see `compress_documents`."""
        hits = _hits(documents)
        if self.rerank is not None and hits:
            hits = await arerank(self.rerank, _query(query), hits)
        return self._chosen(documents, hits)

    def _chosen(self, documents: Sequence[Document], hits: Sequence[Hit]) -> list[Document]:
        strong = [d for d, hit in _paired(documents, hits) if self._is_strong(d, hit)]
        return list(self._within_budget(strong))[: self.k]

    def _is_strong(self, document: Document, hit: Hit) -> bool:
        score = hit.reranked if self.rerank is not None else document_score(document)
        return self.min_score is None or score is None or score >= self.min_score

    def _within_budget(self, documents: Sequence[Document]) -> Iterator[Document]:
        left = self.max_images
        for document in documents:
            has_image = document_to_chunk(document).image is not None
            if left is None or not has_image:
                yield document
            elif left > 0:
                left -= 1
                yield document
            elif document.page_content.strip():
                yield document_without_image(document)


def _hits(documents: Sequence[Document]) -> list[Hit]:
    return [document_to_hit(document, place) for place, document in enumerate(documents, start=1)]


def _query(value: Any) -> str | Query:
    text, image = read_question(value)
    return Query(text=text, image=image) if image is not None else text or ""


def _paired(documents: Sequence[Document], hits: Sequence[Hit]) -> Iterator[tuple[Document, Hit]]:
    """The documents in the order of the hits that were made of them."""
    by_id: dict[str, list[Document]] = defaultdict(list)
    for document in documents:
        by_id[document_to_chunk(document).id].append(document)
    for hit in hits:
        # A reranker may leave hits out, but it can't bring any in.
        if by_id[hit.chunk.id]:
            yield scored_document(by_id[hit.chunk.id].pop(0), hit), hit
