"""Multimodal retrieval as a LangChain retriever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

import ragsight
from langchain_ragsight._convert import hit_to_document
from langchain_ragsight._queries import read_question
from ragsight import MultimodalStore, Query
from ragsight.retrieval import Channel, Fusion
from ragsight.store import FilterLike


class MultimodalRetriever(BaseRetriever):
    """Finds documents by their words and by their pixels, in one explained ranking.

    The question is a string, a dictionary with `text` (or `query`, `question`, `input`) and
    `image`, or a message with text and image blocks. `metadata["ragsight"]` of each document says
    which channels found it, at what rank and score.

    Attributes:
        store: Where to search.
        k: How many documents at the most.
        k_text: How many of them without an image at the most.
        k_images: How many of them with an image at the most.
        filter: What each must fulfil, such as `{"price": {"lt": 50}}`.
        weights: By channel, instead of ragsight's own; 0 turns a channel off.
        fusion: `rrf`, `relative` or `dbsf`.
        depth: How far down each channel's ranking to look.

    `invoke` takes `k`, `filter` and `weights` for one call, as keywords.

    Raises:
        QueryError: If an option makes no sense.

    Example:
        >>> from ragsight import Chunk, ClipEncoder, MultimodalStore, Source
        >>> store = MultimodalStore.open(":memory:", encoder=ClipEncoder("ragsight-demo"))
        >>> store.upsert([Chunk(text="Red shoes, size 42", source=Source(uri="shop.csv"))])
        1
        >>> [found.page_content for found in MultimodalRetriever(store=store).invoke("red shoes")]
        ['Red shoes, size 42']
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    store: MultimodalStore
    k: int = 10
    k_text: int | None = None
    k_images: int | None = None
    filter: FilterLike = None
    weights: Mapping[Channel, float] | None = None
    fusion: Fusion = "rrf"
    depth: int | None = None

    def model_post_init(self, context: Any, /) -> None:
        """Refuse options that make no sense now, not at the first question."""
        super().model_post_init(context)
        self._core()

    def _core(self) -> ragsight.MultimodalRetriever:
        # Made for each call, since the fields may be assigned to.
        return ragsight.MultimodalRetriever(
            self.store, k=self.k, weights=self.weights, fusion=self.fusion, depth=self.depth
        )

    def _query(self, query: Any, overrides: Mapping[str, Any]) -> Query:
        text, image = read_question(query)
        given = {key: value for key, value in overrides.items() if value is not None}
        fields = {"k": self.k, "filter": self.filter, "weights": self.weights, **given}
        return Query(text=text, image=image, k_text=self.k_text, k_images=self.k_images, **fields)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain's signature
        k: int | None = None,
        filter: FilterLike = None,
        weights: Mapping[Channel, float] | None = None,
    ) -> list[Document]:
        question = self._query(query, {"k": k, "filter": filter, "weights": weights})
        return [hit_to_document(hit) for hit in self._core().retrieve(question)]

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain's signature
        k: int | None = None,
        filter: FilterLike = None,
        weights: Mapping[Channel, float] | None = None,
    ) -> list[Document]:
        question = self._query(query, {"k": k, "filter": filter, "weights": weights})
        return [hit_to_document(hit) for hit in await self._core().aretrieve(question)]
