"""The searching half of the vector store's interface."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStore

import ragsight
from langchain_ragsight._convert import stored_document
from langchain_ragsight._searching import (
    Mode,
    Scored,
    Search,
    SearchOptions,
    cosine_relevance,
    diverse_vector_search,
    diversified,
    plan_search,
    vector_search,
)
from ragsight import MultimodalStore
from ragsight.images import ImageSource


class SearchMethods(VectorStore):
    """All that finds documents.

    Keyword arguments of each method: `filter` (such as `{"price": {"lt": 50}}`), `mode` (`auto`,
    `dense`, `image` or `hybrid`), `score_threshold` (least score), and `weights` by channel for a
    hybrid search. Each raises `QueryError` where one makes no sense.
    """

    store: MultimodalStore
    mode: Mode

    def similarity_search(self, query: Any, k: int = 4, **kwargs: Any) -> list[Document]:
        """Find documents for a question.

        Args:
            query: A string, a dictionary with `text` and `image`, or a message with image blocks.
            k: How many at the most.
            **kwargs: `filter`, `mode`, `score_threshold`, `weights`.

        Returns:
            Documents, best first.

        Raises:
            QueryError: If the question is empty, or an option makes no sense.
            StoreError: If the engine refuses.
        """
        return _documents(self._found(query, k, kwargs)[1])

    async def asimilarity_search(self, query: Any, k: int = 4, **kwargs: Any) -> list[Document]:
        """Find documents without blocking the event loop; see `similarity_search`."""
        return _documents((await self._afound(query, k, kwargs))[1])

    def similarity_search_with_score(
        self, query: Any, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Find documents with scores, the higher the better; see `similarity_search`.

        Returns:
            Documents with the cosine (-1 to 1) of a dense or image search, or the fused score of a
            hybrid one.
        """
        return _pairs(self._found(query, k, kwargs)[1])

    async def asimilarity_search_with_score(
        self, query: Any, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Find documents with scores without blocking; see `similarity_search_with_score`."""
        return _pairs((await self._afound(query, k, kwargs))[1])

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, **kwargs: Any
    ) -> list[Document]:
        """Find what is nearest to a vector.

        Args:
            embedding: A vector of the text embeddings or of the image encoder.
            k: How many at the most.
            **kwargs: `space` says which of the two: `text` or `image`. By default the one whose
                length fits; where both do, the text embeddings'. Also `filter`, `score_threshold`.

        Returns:
            Documents, nearest first.

        Raises:
            QueryError: If no vectors of the store have this length.
        """
        return _documents(self._near(embedding, k, kwargs))

    async def asimilarity_search_by_vector(
        self, embedding: list[float], k: int = 4, **kwargs: Any
    ) -> list[Document]:
        """Find what is nearest to a vector without blocking; see `similarity_search_by_vector`."""
        return _documents(await self._anear(embedding, k, kwargs))

    def similarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Find what is nearest to a vector, with cosines; see `similarity_search_by_vector`."""
        return _pairs(self._near(embedding, k, kwargs))

    async def asimilarity_search_with_score_by_vector(
        self, embedding: list[float], k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Find what is nearest to a vector, with cosines, without blocking the event loop."""
        return _pairs(await self._anear(embedding, k, kwargs))

    def similarity_search_by_image(
        self, image: ImageSource, k: int = 4, **kwargs: Any
    ) -> list[Document]:
        """Find similar images.

        Args:
            image: A path, a URL, bytes or a Pillow image.
            k: How many at the most.
            **kwargs: `filter`, `score_threshold`.

        Raises:
            ImageError: If the image can't be opened.
        """
        return self.similarity_search({"image": image}, k, **kwargs)

    async def asimilarity_search_by_image(
        self, image: ImageSource, k: int = 4, **kwargs: Any
    ) -> list[Document]:
        """Find similar images without blocking the event loop."""
        return await self.asimilarity_search({"image": image}, k, **kwargs)

    def similarity_search_by_image_with_score(
        self, image: ImageSource, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Find similar images, with cosines; see `similarity_search_by_image`."""
        return self.similarity_search_with_score({"image": image}, k, **kwargs)

    async def asimilarity_search_by_image_with_score(
        self, image: ImageSource, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Find similar images, with cosines, without blocking the event loop."""
        return await self.asimilarity_search_with_score({"image": image}, k, **kwargs)

    def max_marginal_relevance_search(
        self,
        query: Any,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Find documents that fit the question and differ from one another.

        Args:
            query: As for `similarity_search`.
            k: How many at the most.
            fetch_k: How many to choose from.
            lambda_mult: 1 is pure relevance, 0 pure diversity.
            **kwargs: As for `similarity_search`.
        """
        search, found = self._found(query, max(k, fetch_k), kwargs)
        chosen = diversified(self.store, found, k, lambda_mult, alone=search.vectors)
        return _documents(self.store.run(chosen))

    async def amax_marginal_relevance_search(
        self,
        query: Any,
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Find different documents without blocking; see `max_marginal_relevance_search`."""
        search, found = await self._afound(query, max(k, fetch_k), kwargs)
        chosen = diversified(self.store, found, k, lambda_mult, alone=search.vectors)
        return _documents(await self.store.asearch(chosen))

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Find documents near to a vector that differ from one another.

        Args:
            embedding: As for `similarity_search_by_vector`.
            k: How many at the most.
            fetch_k: How many to choose from.
            lambda_mult: 1 is pure relevance, 0 pure diversity.
            **kwargs: As for `similarity_search_by_vector`.
        """
        options = SearchOptions.of(kwargs, self.mode)
        program = diverse_vector_search(
            self.store, embedding, k, options, fetch_k=fetch_k, diversity_lambda=lambda_mult
        )
        return _documents(self.store.run(program))

    async def amax_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Find different documents near to a vector without blocking the event loop."""
        options = SearchOptions.of(kwargs, self.mode)
        program = diverse_vector_search(
            self.store, embedding, k, options, fetch_k=fetch_k, diversity_lambda=lambda_mult
        )
        return _documents(await self.store.asearch(program))

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        """How a score of a search by words becomes a relevance, 0 to 1."""
        search = plan_search(self.store, "any words", 1, SearchOptions(mode=self.mode))
        return search.relevance if search.alone is None else cosine_relevance

    def _similarity_search_with_relevance_scores(
        self, query: Any, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        # Not by the function above: the question and the call decide which scores there are.
        search, found = self._found(query, k, kwargs)
        return [(document, search.relevance(score)) for document, score in _pairs(found)]

    async def _asimilarity_search_with_relevance_scores(
        self, query: Any, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        search, found = await self._afound(query, k, kwargs)
        return [(document, search.relevance(score)) for document, score in _pairs(found)]

    def _found(self, query: Any, k: int, kwargs: dict[str, Any]) -> tuple[Search, list[Scored]]:
        search = plan_search(self.store, query, k, SearchOptions.of(kwargs, self.mode))
        hits = ragsight.MultimodalRetriever(self.store).retrieve(search.query)
        return search, search.scored(hits)

    async def _afound(
        self, query: Any, k: int, kwargs: dict[str, Any]
    ) -> tuple[Search, list[Scored]]:
        search = plan_search(self.store, query, k, SearchOptions.of(kwargs, self.mode))
        hits = await ragsight.MultimodalRetriever(self.store).aretrieve(search.query)
        return search, search.scored(hits)

    def _near(self, embedding: list[float], k: int, kwargs: dict[str, Any]) -> list[Scored]:
        options = SearchOptions.of(kwargs, self.mode)
        return self.store.run(vector_search(self.store, embedding, k, options))[0]

    async def _anear(self, embedding: list[float], k: int, kwargs: dict[str, Any]) -> list[Scored]:
        options = SearchOptions.of(kwargs, self.mode)
        return (await self.store.asearch(vector_search(self.store, embedding, k, options)))[0]


def _documents(found: Iterable[Scored]) -> list[Document]:
    return [stored_document(item.chunk) for item in found]


def _pairs(found: Iterable[Scored]) -> list[tuple[Document, float]]:
    return [(stored_document(item.chunk), item.score) for item in found]
