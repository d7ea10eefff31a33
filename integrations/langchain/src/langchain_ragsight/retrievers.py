"""Multimodal retrieval as a LangChain retriever."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever, LangSmithRetrieverParams
from pydantic import ConfigDict

import ragsight
from langchain_ragsight._convert import hit_to_document
from langchain_ragsight._queries import read_question
from ragsight import Hit, MultimodalStore, Query
from ragsight.errors import QueryError
from ragsight.retrieval import Channel, Fusion, GroupKey
from ragsight.store import FilterLike

_QUERY_OPTIONS = frozenset(field.name for field in fields(Query)) - {"text", "image"}


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
        score_threshold: Least fused score, or least score of each channel.
        not_like: Words, images (paths as `Path`) or chunks that results shall be far from.
        not_like_strength: How far.
        group_by: Keep the best documents of each `source`, `page` or metadata key.
        group_size: How many of each group.
        diversity: Lambda of maximal marginal relevance: 1 is pure relevance, 0 pure diversity.
        fusion: `rrf`, `relative` or `dbsf`.
        depth: How far down each channel's ranking to look.
        rerank: Orders the best documents anew: `CrossEncoderReranker`, `VisionReranker` or any
            function of a query and hits.
        rerank_depth: How many it is given.

    `invoke` takes every field of `ragsight.Query` for one call, as keywords: `k`, `filter`,
    `weights`, `not_like`, `offset`, and so on. An empty filter lifts the constructor's.

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

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    store: MultimodalStore
    k: int = 10
    k_text: int | None = None
    k_images: int | None = None
    filter: FilterLike = None
    weights: Mapping[Channel, float] | None = None
    score_threshold: float | Mapping[Channel, float] | None = None
    not_like: Sequence[Any] = ()
    not_like_strength: float = 0.5
    group_by: GroupKey | None = None
    group_size: int = 1
    diversity: float | None = None
    fusion: Fusion = "rrf"
    depth: int | None = None
    rerank: Callable[..., list[Hit]] | None = None
    rerank_depth: int | None = None

    def model_post_init(self, context: Any, /) -> None:
        """Refuse options that make no sense now, not at the first question."""
        super().model_post_init(context)
        self._core()
        self._query("anything", {}).check()

    def _core(self) -> ragsight.MultimodalRetriever:
        # Made for each call, since the fields may be assigned to.
        return ragsight.MultimodalRetriever(
            self.store,
            k=self.k,
            weights=self.weights,
            fusion=self.fusion,
            depth=self.depth,
            rerank=self.rerank,
            rerank_depth=self.rerank_depth,
        )

    def _query(self, query: Any, overrides: Mapping[str, Any]) -> Query:
        unknown = sorted(overrides.keys() - _QUERY_OPTIONS)
        if unknown:
            known = ", ".join(sorted(_QUERY_OPTIONS))
            raise QueryError(f"A question has no option {unknown[0]!r}; there are {known}.")
        text, image = read_question(query)
        own = {name: getattr(self, name) for name in type(self).model_fields}
        given = {name: value for name, value in overrides.items() if value is not None}
        options = {name: own[name] for name in _QUERY_OPTIONS & own.keys()} | given
        return Query(text=text, image=image, **options)

    def _get_ls_params(self, **kwargs: Any) -> LangSmithRetrieverParams:
        params = super()._get_ls_params(**kwargs)
        params["ls_vector_store_provider"] = type(self.store).__name__
        if self.store.has_encoder:
            params["ls_embedding_provider"] = type(self.store.encoder).__name__
        if self.store.profile.encoder is not None:
            params["ls_embedding_model"] = self.store.profile.encoder.name
        return params

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain's signature
        **options: Any,
    ) -> list[Document]:
        question = self._query(query, options)
        return [hit_to_document(hit) for hit in self._core().retrieve(question)]

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain's signature
        **options: Any,
    ) -> list[Document]:
        question = self._query(query, options)
        hits = await self._core().aretrieve(question)
        return [hit_to_document(hit) for hit in hits]
