"""A retriever that finds text and images in one explained ranking."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from llama_index.core.base.base_multi_modal_retriever import MultiModalRetriever
from llama_index.core.callbacks import CallbackManager
from llama_index.core.schema import NodeWithScore, QueryBundle, QueryType
from llama_index.core.vector_stores import MetadataFilters

from llama_index_ragsight._convert import hit_to_node
from llama_index_ragsight._merging import merge_hits
from llama_index_ragsight.filters import to_filter
from llama_index_ragsight.vector_stores import MultimodalVectorStore
from ragsight import Hit, MultimodalStore, Query
from ragsight import MultimodalRetriever as CoreRetriever
from ragsight.errors import QueryError


class MultimodalRetriever(MultiModalRetriever):
    """Finds nodes by their words and by their pixels.

    `retrieve` takes a string or a `QueryBundle`, whose `image_path` is looked for too and whose
    `custom_embedding_strs` are asked instead of the question where there are any, their rankings
    added up. A ready-made `embedding` is not used: the channels search in several spaces.

    Args:
        source: An index, its vector store, or a ragsight retriever with weights and fusion of its
            own.
        similarity_top_k: How many nodes; with `image_similarity_top_k`, how many without an image.
        image_similarity_top_k: How many nodes with an image. By default text and images compete
            for the places of `similarity_top_k`.
        filters: What every node must fulfil: LlamaIndex's filters, or a ragsight filter.
        callback_manager: LlamaIndex's.

    Attributes:
        core: The ragsight retriever.

    Raises:
        QueryError: If Qdrant can't do what a filter asks for.

    Example:
        >>> from ragsight import Chunk, ClipEncoder, MultimodalStore, Source
        >>> store = MultimodalStore.open(":memory:", encoder=ClipEncoder("ragsight-demo"))
        >>> store.upsert([Chunk(text="Red shoes, size 42", source=Source(uri="shop.csv"))])
        1
        >>> [node.text for node in MultimodalRetriever(store).retrieve("red shoes")]
        ['Red shoes, size 42']
    """

    def __init__(
        self,
        source: MultimodalStore | MultimodalVectorStore | CoreRetriever,
        *,
        similarity_top_k: int = 10,
        image_similarity_top_k: int | None = None,
        filters: MetadataFilters | Mapping[str, Any] | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        super().__init__(callback_manager=callback_manager)
        store = source.client if isinstance(source, MultimodalVectorStore) else source
        self.core = CoreRetriever(store) if isinstance(store, MultimodalStore) else store
        self.similarity_top_k = similarity_top_k
        self.image_similarity_top_k = image_similarity_top_k
        self._filter = to_filter(filters) if isinstance(filters, MetadataFilters) else filters

    def text_retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Find nodes without an image by words."""
        return self._run(self._of_text(str_or_query_bundle))

    async def atext_retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Find nodes without an image by words, without blocking the event loop."""
        return await self._arun(self._of_text(str_or_query_bundle))

    def text_to_image_retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Find nodes with an image by words: those of their captions, and what they show."""
        return self._text_to_image_retrieve(_words(str_or_query_bundle))

    async def atext_to_image_retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Find nodes with an image by words, without blocking the event loop."""
        return await self._atext_to_image_retrieve(_words(str_or_query_bundle))

    def image_to_image_retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Find nodes with an image like the one at a path, or at a bundle's `image_path`."""
        return self._image_to_image_retrieve(_picture(str_or_query_bundle))

    async def aimage_to_image_retrieve(self, str_or_query_bundle: QueryType) -> list[NodeWithScore]:
        """Find nodes with an image like another one, without blocking the event loop."""
        return await self._aimage_to_image_retrieve(_picture(str_or_query_bundle))

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return self._run(self._of_all(query_bundle))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await self._arun(self._of_all(query_bundle))

    def _text_to_image_retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return self._run(self._of_images(query_bundle))

    async def _atext_to_image_retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await self._arun(self._of_images(query_bundle))

    def _image_to_image_retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return self._run(self._like_image(query_bundle))

    async def _aimage_to_image_retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await self._arun(self._like_image(query_bundle))

    def _of_all(self, bundle: QueryBundle) -> list[Query]:
        asked = Query(image=bundle.image_path, filter=self._filter)
        if self.image_similarity_top_k is None:
            return _wordings(bundle, replace(asked, k=self.similarity_top_k))
        k_images = self.image_similarity_top_k
        return _wordings(bundle, replace(asked, k_text=self.similarity_top_k, k_images=k_images))

    def _of_text(self, query: QueryType) -> list[Query]:
        asked = Query(filter=self._filter, k_text=self.similarity_top_k, k_images=0)
        return _wordings(_words(query), asked)

    def _of_images(self, bundle: QueryBundle) -> list[Query]:
        return _wordings(bundle, Query(filter=self._filter, k_text=0, k_images=self._image_k))

    def _like_image(self, bundle: QueryBundle) -> list[Query]:
        if bundle.image_path is None:
            raise QueryError("There is no image to compare with. Pass a path, or image_path=.")
        return [
            Query(image=bundle.image_path, filter=self._filter, k_text=0, k_images=self._image_k)
        ]

    @property
    def _image_k(self) -> int:
        k = self.image_similarity_top_k
        return k if k is not None else self.similarity_top_k

    def _run(self, queries: Sequence[Query]) -> list[NodeWithScore]:
        return _nodes(self.core.retrieve_many(queries), queries)

    async def _arun(self, queries: Sequence[Query]) -> list[NodeWithScore]:
        results = await self.core.aretrieve_many(queries)
        return await asyncio.to_thread(_nodes, results, queries)


def _words(query: QueryType) -> QueryBundle:
    return QueryBundle(query) if isinstance(query, str) else query


def _picture(query: QueryType) -> QueryBundle:
    return QueryBundle("", image_path=query) if isinstance(query, str) else query


def _wordings(bundle: QueryBundle, query: Query) -> list[Query]:
    """The same query in each of the bundle's wordings; the bundle stays as it is."""
    texts = [text for text in bundle.embedding_strs if text.strip()]
    return [replace(query, text=text) for text in texts] if texts else [query]


def _nodes(results: Sequence[Sequence[Hit]], queries: Sequence[Query]) -> list[NodeWithScore]:
    hits = results[0] if len(results) == 1 else merge_hits(results, queries[0])
    return [hit_to_node(hit) for hit in hits]
