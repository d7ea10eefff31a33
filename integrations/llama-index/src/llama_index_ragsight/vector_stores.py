"""A ragsight store as a LlamaIndex vector store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores import (
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryResult,
)
from llama_index.core.vector_stores.types import BasePydanticVectorStore

from llama_index_ragsight._callers import retriever_asking
from llama_index_ragsight._convert import chunk_to_node, hit_to_node
from llama_index_ragsight._fields import DOCUMENT_FIELD
from llama_index_ragsight._searching import SearchOptions, query_filter, search_nodes
from llama_index_ragsight._writing import encoded_nodes
from llama_index_ragsight.embeddings import ClipEmbedding
from llama_index_ragsight.filters import Filter, to_filter
from llama_index_ragsight.readers import log_problem
from llama_index_ragsight.text_encoders import EmbeddingTextEncoder
from ragsight import Chunk, ClipEncoder, Hit, ImageTextEncoder, MultimodalStore
from ragsight.errors import ConfigurationError, ErrorHandler, RagsightError
from ragsight.store import Program, Work


class MultimodalVectorStore(BasePydanticVectorStore):
    """Texts and images in a ragsight store, under LlamaIndex's interface.

    Any nodes may be added, mixed as they come. What a node says goes into the text collection,
    what it shows into the image collection, both under its id, and it is found by either. Its
    embedding is used for what it is of: the text, or the image. Whatever has no vector yet is
    encoded by the store. Image bytes go into the store's blobs; nodes come back with the place.

    Query modes: `default` and `mmr` ask the vectors of texts and images (and the words, where the
    store has no text embedding), `sparse` and `text_search` the words, `hybrid` all of it.
    `alpha` weighs vectors against words, from 0 (words) to 1 (vectors). Where several channels
    found something, similarities are fused scores; each channel's own are in
    `metadata["ragsight"]["channels"]`.

    The store that is given stays the caller's to close, as `client`.

    Args:
        store: The store.
        on_error: Called with what costs one node or its image while adding; it is logged by
            default, and the rest is added.

    Example:
        >>> from llama_index.core import MockEmbedding, VectorStoreIndex
        >>> from llama_index.core.schema import TextNode
        >>> vector_store = MultimodalVectorStore.open(
        ...     ":memory:", embed_model=MockEmbedding(embed_dim=8), encoder="ragsight-demo"
        ... )
        >>> _ = vector_store.add([TextNode(text="Red shoes")])
        >>> index = VectorStoreIndex.from_vector_store(
        ...     vector_store, embed_model=MockEmbedding(embed_dim=8)
        ... )
        >>> [node.text for node in index.as_retriever().retrieve("shoes")]
        ['Red shoes']
    """

    stores_text: bool = True
    is_embedding_query: bool = True
    _store: MultimodalStore = PrivateAttr()
    _on_error: ErrorHandler = PrivateAttr()

    def __init__(self, store: MultimodalStore, *, on_error: ErrorHandler = log_problem) -> None:
        super().__init__(stores_text=True, is_embedding_query=True)
        self._store = store
        self._on_error = on_error

    @classmethod
    def open(
        cls,
        location: Any,
        *,
        embed_model: BaseEmbedding | None = None,
        encoder: ImageTextEncoder | ClipEmbedding | str | None = None,
        on_error: ErrorHandler = log_problem,
        **options: Any,
    ) -> MultimodalVectorStore:
        """Open a store, or make it.

        Args:
            location: A folder (the embedded engine), `:memory:`, a Qdrant server's URL, or a
                client; see `ragsight.MultimodalStore.open`.
            embed_model: Embeds the texts: the one that the index has. Without one they are found
                by their words.
            encoder: Embeds the images: an encoder or the name of a checkpoint. By default what
                `embed_model` has, if that is a `ClipEmbedding`, else `ClipEncoder()`.
            on_error: As for the class.
            **options: Other arguments of `ragsight.MultimodalStore.open`: `name`, `blobs`,
                `create`, `options`, `api_key`, ...

        Raises:
            StoreError: If the store can't be opened, or was made with other embeddings.
        """
        images, texts = _encoders(embed_model, encoder)
        store = MultimodalStore.open(location, encoder=images, text_encoder=texts, **options)
        return cls(store, on_error=on_error)

    @classmethod
    async def aopen(
        cls,
        location: Any,
        *,
        embed_model: BaseEmbedding | None = None,
        encoder: ImageTextEncoder | ClipEmbedding | str | None = None,
        on_error: ErrorHandler = log_problem,
        **options: Any,
    ) -> MultimodalVectorStore:
        """Open a store without blocking the event loop; see `open`."""
        images, texts = _encoders(embed_model, encoder)
        for one in (images, texts):
            if one is not None:
                # Asked of the model once, and kept: not on the event loop.
                await asyncio.to_thread(getattr, one, "spec")
        store = await MultimodalStore.aopen(location, encoder=images, text_encoder=texts, **options)
        return cls(store, on_error=on_error)

    @classmethod
    def class_name(cls) -> str:
        """Name under which it is written."""
        return "RagsightVectorStore"

    @property
    def client(self) -> MultimodalStore:
        """The store."""
        return self._store

    def add(
        self,
        nodes: Sequence[BaseNode],
        **kwargs: Any,  # noqa: ARG002 - LlamaIndex's signature
    ) -> list[str]:
        """Add nodes; one with an id that is here already replaces it.

        Args:
            nodes: The nodes. They stay as they are.
            **kwargs: Not used.

        Returns:
            Their ids, in their order.

        Raises:
            InputError: If an embedding fits neither the texts nor the images of the store.
            EncoderError: If an encoder fails.
            StoreError: If the engine refuses.
        """
        chunks = encoded_nodes(self._store, nodes, self._on_error)
        self._store.upsert(chunks, on_error=self._on_chunk_error)
        return [node.node_id for node in nodes]

    async def async_add(
        self,
        nodes: Sequence[BaseNode],
        **kwargs: Any,  # noqa: ARG002 - LlamaIndex's signature
    ) -> list[str]:
        """Add nodes without blocking; `on_error` is called in another thread. See `add`."""
        chunks = await asyncio.to_thread(encoded_nodes, self._store, nodes, self._on_error)
        await self._store.aupsert(chunks, on_error=self._on_chunk_error)
        return [node.node_id for node in nodes]

    def _on_chunk_error(self, chunk: Chunk, error: RagsightError) -> None:  # noqa: ARG002
        self._on_error(error)

    def delete(
        self,
        ref_doc_id: str,
        **delete_kwargs: Any,  # noqa: ARG002 - LlamaIndex's signature
    ) -> None:
        """Remove the nodes of a document, or of a file.

        Args:
            ref_doc_id: Id of the document, or the path of the file.
            **delete_kwargs: Not used.

        Raises:
            StoreError: If the engine refuses.
        """
        self._store.run(self._deleting_document(ref_doc_id))

    async def adelete(
        self,
        ref_doc_id: str,
        **delete_kwargs: Any,  # noqa: ARG002 - LlamaIndex's signature
    ) -> None:
        """Remove the nodes of a document without blocking the event loop; see `delete`."""
        await self._store.arun(self._deleting_document(ref_doc_id))

    def delete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,  # noqa: ARG002 - LlamaIndex's signature
    ) -> None:
        """Remove nodes; ids that aren't here are ignored.

        Args:
            node_ids: Which ones.
            filters: Those that match; with ids, of these only those that match.
            **delete_kwargs: Not used.

        Raises:
            ConfigurationError: If there are neither ids nor filters; see `clear`.
            QueryError: If a filter asks for what the index can't do.
            StoreError: If the engine refuses.
        """
        self._store.run(self._deleting_nodes(node_ids, filters))

    async def adelete_nodes(
        self,
        node_ids: list[str] | None = None,
        filters: MetadataFilters | None = None,
        **delete_kwargs: Any,  # noqa: ARG002 - LlamaIndex's signature
    ) -> None:
        """Remove nodes without blocking the event loop; see `delete_nodes`."""
        await self._store.arun(self._deleting_nodes(node_ids, filters))

    def clear(self) -> None:
        """Remove all nodes."""
        self._store.clear()

    async def aclear(self) -> None:
        """Remove all nodes without blocking the event loop."""
        await self._store.aclear()

    def get_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """Read nodes; ids that aren't here are left out.

        Args:
            node_ids: Which ones, in the order they are wanted.
            filters: Those that match; with ids, of these only those that match.

        Returns:
            The nodes; all that there are, if nothing is asked.

        Raises:
            QueryError: If a filter asks for what the index can't do.
            StoreError: If the engine refuses.
        """
        if filters is None and node_ids is not None:
            return _nodes(self._store.get(node_ids))
        return _in_order(_nodes(self._store.scroll(_filter(node_ids, filters))), node_ids)

    async def aget_nodes(
        self, node_ids: list[str] | None = None, filters: MetadataFilters | None = None
    ) -> list[BaseNode]:
        """Read nodes without blocking the event loop; see `get_nodes`."""
        if filters is None and node_ids is not None:
            return _nodes(await self._store.aget(node_ids))
        chunks = [chunk async for chunk in self._store.ascroll(_filter(node_ids, filters))]
        return _in_order(_nodes(chunks), node_ids)

    def query(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """Find nodes.

        Args:
            query: LlamaIndex's query.
            **kwargs: What an index passes as `vector_store_kwargs`: `image`, an image to find
                similar ones of; `weights` by channel; of the mode `mmr` also `mmr_threshold`,
                `mmr_prefetch_factor` and `mmr_prefetch_k`.

        Returns:
            Nodes with similarities and ids, best first.

        Raises:
            QueryError: If the query is empty, or asks for what the index can't do.
            InputError: If its embedding fits neither the texts nor the images of the store.
            StoreError: If the engine refuses.
        """
        return self._store.run(self._answering(query, self._asked_ids(query), kwargs))

    async def aquery(self, query: VectorStoreQuery, **kwargs: Any) -> VectorStoreQueryResult:
        """Find nodes without blocking the event loop; see `query`."""
        return await self._store.asearch(self._answering(query, self._asked_ids(query), kwargs))

    def _answering(
        self, query: VectorStoreQuery, node_ids: Sequence[str], options: Mapping[str, Any]
    ) -> Program[VectorStoreQueryResult]:
        filter_ = query_filter(query, node_ids)
        hits = yield from search_nodes(self._store, query, SearchOptions.of(options), filter_)
        # Nodes are pydantic models: making some takes as long as the search.
        result: VectorStoreQueryResult = yield Work(partial(_result, hits))
        return result

    def _asked_ids(self, query: VectorStoreQuery) -> list[str]:
        """The nodes that a caller restricts a query to.

        A `VectorStoreIndex` keeps a list of its image and index nodes and sends it along with each
        query. That list isn't meant as a restriction.
        """
        ids = list(query.node_ids or ())
        retriever = retriever_asking(self) if ids else None
        if retriever is None:
            return ids
        listed = list(retriever._index.index_struct.nodes_dict.values())
        return [] if ids == listed else ids

    def _deleting_document(self, ref_doc_id: str) -> Program[None]:
        operations = self._store.operations
        # A document that was added as it is, without being split, is its own node.
        yield from operations.delete([ref_doc_id])
        yield from operations.delete_where({DOCUMENT_FIELD: ref_doc_id})
        yield from operations.delete_source(ref_doc_id)

    def _deleting_nodes(
        self, node_ids: Sequence[str] | None, filters: MetadataFilters | None
    ) -> Program[None]:
        operations = self._store.operations
        if filters is None and node_ids is None:
            raise ConfigurationError("Name the nodes to delete, or call clear() to delete all.")
        if filters is None:
            yield from operations.delete(node_ids if node_ids is not None else ())
        else:
            yield from operations.delete_where(_filter(node_ids, filters))


def _encoders(
    embed_model: BaseEmbedding | None, encoder: ImageTextEncoder | ClipEmbedding | str | None
) -> tuple[ImageTextEncoder, EmbeddingTextEncoder | None]:
    """The encoder of the images, and that of the texts if there is one."""
    images = encoder
    if images is None:
        images = embed_model if isinstance(embed_model, ClipEmbedding) else ClipEncoder()
    if isinstance(images, str):
        images = ClipEncoder(images)
    if isinstance(images, ClipEmbedding):
        images = images._encoder
    if embed_model is None:
        return images, None
    name = embed_model.model_name
    name = name if name not in {"", "unknown"} else embed_model.class_name()
    return images, EmbeddingTextEncoder(embed_model, name=name)


def _filter(node_ids: Sequence[str] | None, filters: MetadataFilters | None) -> Filter | None:
    parts: list[Filter] = [] if filters is None else [to_filter(filters)]
    if node_ids is not None:
        parts.append({"id": {"in": list(node_ids)}})
    parts = [part for part in parts if part]
    return {"and": parts} if parts else None


def _nodes(chunks: Iterable[Chunk]) -> list[BaseNode]:
    return [chunk_to_node(chunk) for chunk in chunks]


def _in_order(nodes: list[BaseNode], ids: Sequence[str] | None) -> list[BaseNode]:
    if ids is None:
        return nodes
    by_id = {node.node_id: node for node in nodes}
    return [by_id[id_] for id_ in ids if id_ in by_id]


def _result(hits: Sequence[Hit]) -> VectorStoreQueryResult:
    found = [hit_to_node(hit) for hit in hits]
    return VectorStoreQueryResult(
        nodes=[item.node for item in found],
        similarities=[hit.score for hit in hits],
        ids=[item.node.node_id for item in found],
    )
