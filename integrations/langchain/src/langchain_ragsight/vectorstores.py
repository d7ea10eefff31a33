"""A ragsight store as a LangChain vector store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from langchain_ragsight._adding import (
    Incoming,
    Item,
    document_items,
    image_items,
    one_each,
    text_documents,
)
from langchain_ragsight._convert import IMAGE_KEY, stored_document
from langchain_ragsight._opening import achoose_encoders, choose_encoders, store_embeddings
from langchain_ragsight._searching import Mode, SearchOptions
from langchain_ragsight._vectorstore_search import SearchMethods
from langchain_ragsight.embeddings import ClipEmbeddings
from langchain_ragsight.retrievers import MultimodalRetriever
from ragsight import ImageTextEncoder, MultimodalStore
from ragsight.errors import ConfigurationError, ErrorHandler
from ragsight.images import ImageSource
from ragsight.store import FilterLike


class MultimodalVectorStore(SearchMethods):
    """Texts and images in a ragsight store, under LangChain's interface.

    A document may name an image in its metadata under `image`: a path, a URL, or a reference. It
    is then found by its pixels too. Metadata comes back as it was given; documents with an image
    have the reference to it beside that, under `ragsight`, never bytes.

    What `similarity_search` asks is settled by `mode`. `dense` asks the vectors of the texts,
    `image` those of the images, both with the question's words; scores are cosines. `hybrid` asks
    all there is (BM25, dense, images) and fuses the rankings. `auto` is `dense` where the store
    has text embeddings and `hybrid` where it has none; with an image in the question it is `image`,
    and `hybrid` with words beside it.

    The store that is given stays the caller's to close; so does one that `from_texts` opens, as
    `vectorstore.store`.

    Args:
        store: The store.
        mode: What `similarity_search` asks unless a call says otherwise.
        image_key: The metadata key under which documents name their images; None if none do.

    Raises:
        ConfigurationError: If it is no `ragsight.MultimodalStore`.
        QueryError: If there is no such mode.

    Example:
        >>> from langchain_core.embeddings import DeterministicFakeEmbedding
        >>> clip = ClipEmbeddings("ragsight-demo")
        >>> vectorstore = MultimodalVectorStore.from_texts(
        ...     ["Red shoes", "A blue mug"], DeterministicFakeEmbedding(size=8), encoder=clip
        ... )
        >>> vectorstore.similarity_search("Red shoes", k=1)[0].page_content
        'Red shoes'
    """

    def __init__(
        self,
        store: MultimodalStore,
        *,
        mode: Mode = "auto",
        image_key: str | None = IMAGE_KEY,
    ) -> None:
        if not isinstance(store, MultimodalStore):
            raise ConfigurationError(
                f"MultimodalVectorStore takes an open ragsight.MultimodalStore, not {store!r}. To "
                "open one by its place, call from_documents([], embedding, location=...)."
            )
        self.store = store
        self.mode = SearchOptions.of({}, mode).mode
        self.image_key = image_key

    def __repr__(self) -> str:
        return f"MultimodalVectorStore({self.store.operations.engine.place!r}, mode={self.mode!r})"

    @property
    def embeddings(self) -> Embeddings | None:
        """What a dense search asks with: the text embeddings, or CLIP where there are none."""
        return store_embeddings(self.store)

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str],
        embedding: Embeddings | None = None,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> MultimodalVectorStore:
        """Open a store and add texts; see `from_documents` for the arguments."""
        return cls.from_documents(text_documents(texts, metadatas), embedding, ids=ids, **kwargs)

    @classmethod
    async def afrom_texts(
        cls,
        texts: Iterable[str],
        embedding: Embeddings | None = None,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> MultimodalVectorStore:
        """Open a store and add texts without blocking the event loop; see `from_documents`."""
        documents = text_documents(texts, metadatas)
        return await cls.afrom_documents(documents, embedding, ids=ids, **kwargs)

    @classmethod
    def from_documents(
        cls,
        documents: Iterable[Document],
        embedding: Embeddings | None = None,
        *,
        location: Any = ":memory:",
        encoder: ImageTextEncoder | ClipEmbeddings | None = None,
        ids: Sequence[str | None] | None = None,
        mode: Mode = "auto",
        **options: Any,
    ) -> MultimodalVectorStore:
        """Open a store, or make it, and add documents.

        Args:
            documents: The documents.
            embedding: Embeds the texts. `ClipEmbeddings` without an `encoder` embed the images
                only; the texts are then found by BM25.
            location: A folder (the embedded engine), `:memory:`, a Qdrant server's URL, or a
                client; see `ragsight.MultimodalStore.open`.
            encoder: Embeds the images; by default `ClipEncoder()`.
            ids: Ids instead of the documents' own.
            mode: As for the class.
            **options: Other arguments of `ragsight.MultimodalStore.open`: `name`, `blobs`,
                `options`, `api_key`, ...

        Raises:
            StoreError: If the store can't be opened, or was made with other embeddings.
            InputError: If a document can't be used.
        """
        images, texts = choose_encoders(embedding, encoder)
        store = MultimodalStore.open(location, encoder=images, text_encoder=texts, **options)
        opened = cls(store, mode=mode)
        try:
            opened.add_documents(documents, ids=ids)
        except BaseException:
            store.close()
            raise
        return opened

    @classmethod
    async def afrom_documents(
        cls,
        documents: Iterable[Document],
        embedding: Embeddings | None = None,
        *,
        location: Any = ":memory:",
        encoder: ImageTextEncoder | ClipEmbeddings | None = None,
        ids: Sequence[str | None] | None = None,
        mode: Mode = "auto",
        **options: Any,
    ) -> MultimodalVectorStore:
        """Open a store and add documents without blocking; see `from_documents`."""
        images, texts = await achoose_encoders(embedding, encoder)
        store = await MultimodalStore.aopen(location, encoder=images, text_encoder=texts, **options)
        opened = cls(store, mode=mode)
        try:
            await opened.aadd_documents(documents, ids=ids)
        except BaseException:
            await store.aclose()
            raise
        return opened

    def add_documents(
        self,
        documents: Iterable[Document],
        *,
        ids: Sequence[str | None] | None = None,
        on_error: ErrorHandler | None = None,
        **kwargs: Any,  # noqa: ARG002 - `index()` passes its batch size
    ) -> list[str]:
        """Add documents; one with an id that is here already replaces it.

        Args:
            documents: The documents. They stay as they are.
            ids: Ids instead of their own. A document without any gets one that is made of its
                content, so that adding it again changes nothing.
            on_error: Called with what can't be used, such as an image that can't be opened; if it
                returns, the words beside it and all else are added. Without it the error is raised.
            **kwargs: Not used.

        Returns:
            The ids of the documents that were added, in their order.

        Raises:
            InputError: If a document can't be used and there is no `on_error`.
            StoreError: If the engine refuses.
            EncoderError: If the embeddings fail.
        """
        return self._add(*document_items(documents, ids, self.image_key), on_error)

    async def aadd_documents(
        self,
        documents: Iterable[Document],
        *,
        ids: Sequence[str | None] | None = None,
        on_error: ErrorHandler | None = None,
        **kwargs: Any,  # noqa: ARG002
    ) -> list[str]:
        """Add documents without blocking; `on_error` is called in a thread. See `add_documents`."""
        return await self._aadd(*document_items(documents, ids, self.image_key), on_error)

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts; see `add_documents`.

        Args:
            texts: The texts.
            metadatas: A dictionary for each.
            ids: An id for each.
            **kwargs: `on_error`.
        """
        return self.add_documents(text_documents(texts, metadatas), ids=ids, **kwargs)

    async def aadd_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Add texts without blocking the event loop; see `add_texts`."""
        return await self.aadd_documents(text_documents(texts, metadatas), ids=ids, **kwargs)

    def add_images(
        self,
        images: Iterable[ImageSource],
        metadatas: Sequence[Mapping[str, Any]] | None = None,
        *,
        captions: Sequence[str] | None = None,
        ids: Sequence[str | None] | None = None,
        on_error: ErrorHandler | None = None,
    ) -> list[str]:
        """Add images; their bytes go into the store's blobs.

        Args:
            images: Paths, URLs, bytes, Pillow images or references.
            metadatas: A dictionary for each.
            captions: Words for each, by which it is found too.
            ids: An id for each; by default made of the content.
            on_error: As for `add_documents`.

        Returns:
            The ids of the images that were added, in their order.

        Raises:
            InputError: If an image can't be used and there is no `on_error`.
            StoreError: If the engine refuses.
            EncoderError: If the encoder fails.
        """
        items = image_items(images, captions, metadatas)
        return self._add(items, list(one_each("ids", ids, len(items))), on_error)

    async def aadd_images(
        self,
        images: Iterable[ImageSource],
        metadatas: Sequence[Mapping[str, Any]] | None = None,
        *,
        captions: Sequence[str] | None = None,
        ids: Sequence[str | None] | None = None,
        on_error: ErrorHandler | None = None,
    ) -> list[str]:
        """Add images without blocking the event loop; see `add_images`."""
        items = image_items(images, captions, metadatas)
        return await self._aadd(items, list(one_each("ids", ids, len(items))), on_error)

    def delete(
        self,
        ids: list[str] | None = None,
        *,
        source: str | None = None,
        filter: FilterLike = None,
        **kwargs: Any,  # noqa: ARG002 - LangChain's signature
    ) -> bool | None:
        """Remove documents; ids that aren't here are ignored.

        Args:
            ids: Which ones.
            source: Those of this source.
            filter: Those that match. With none of the three all documents are removed, as
                LangChain's interface has it.
            **kwargs: Not used.

        Returns:
            True.

        Raises:
            StoreError: If the engine refuses.
        """
        if ids is None and source is None and filter is None:
            self.store.clear()
        else:
            self.store.delete(ids, source=source, filter=filter)
        return True

    async def adelete(
        self,
        ids: list[str] | None = None,
        *,
        source: str | None = None,
        filter: FilterLike = None,
        **kwargs: Any,  # noqa: ARG002 - LangChain's signature
    ) -> bool | None:
        """Remove documents without blocking the event loop; see `delete`."""
        if ids is None and source is None and filter is None:
            await self.store.aclear()
        else:
            await self.store.adelete(ids, source=source, filter=filter)
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Read documents, in the order asked for; ids that aren't here are left out."""
        return [stored_document(chunk) for chunk in self.store.get(ids)]

    async def aget_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Read documents without blocking the event loop; see `get_by_ids`."""
        return [stored_document(chunk) for chunk in await self.store.aget(ids)]

    def as_multimodal_retriever(self, **options: Any) -> MultimodalRetriever:
        """A retriever that asks every channel and explains its ranking; see `MultimodalRetriever`.

        `as_retriever` gives LangChain's own, which searches as this class does.
        """
        return MultimodalRetriever(store=self.store, **options)

    def _add(
        self, items: Sequence[Item], ids: Sequence[str | None], on_error: ErrorHandler | None
    ) -> list[str]:
        incoming = Incoming(items, ids, on_error)
        self.store.upsert(incoming.chunks(), on_error=incoming.skip)
        return incoming.ids

    async def _aadd(
        self, items: Sequence[Item], ids: Sequence[str | None], on_error: ErrorHandler | None
    ) -> list[str]:
        incoming = Incoming(items, ids, on_error)
        await self.store.aupsert(incoming.chunks(), on_error=incoming.skip)
        return incoming.ids
