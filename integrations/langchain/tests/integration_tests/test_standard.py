"""LangChain's own standard suites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import (
    EmbeddingsIntegrationTests,
    RetrieversIntegrationTests,
    VectorStoreIntegrationTests,
)

from langchain_ragsight import ClipEmbeddings, MultimodalRetriever, MultimodalVectorStore
from ragsight import ClipEncoder, MultimodalStore


class TestClipEmbeddingsStandard(EmbeddingsIntegrationTests):
    @pytest.fixture(autouse=True)
    def _use_encoder(self, encoder: ClipEncoder) -> None:
        self._encoder = encoder

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return ClipEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"encoder": self._encoder}


class TestCachedClipEmbeddingsStandard(EmbeddingsIntegrationTests):
    @pytest.fixture(autouse=True)
    def _use_encoder(self, encoder: ClipEncoder, tmp_path: Path) -> None:
        self._encoder = encoder
        self._cache = tmp_path / "cache.sqlite"

    @property
    def embeddings_class(self) -> type[Embeddings]:
        return ClipEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"encoder": self._encoder, "cache": self._cache}


class TestMultimodalRetrieverStandard(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _use_store(self, store: MultimodalStore) -> None:
        self._store = store

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return MultimodalRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"store": self._store}

    @property
    def retriever_query_example(self) -> str:
        return "a drawing of the valve"


@pytest.fixture(scope="module")
def embedded(
    encoder: ClipEncoder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MultimodalVectorStore]:
    """One index for the whole suite: making one waits for the disk several times."""
    opened = MultimodalVectorStore.from_texts(
        [],
        VectorStoreIntegrationTests.get_embeddings(),
        location=tmp_path_factory.mktemp("index"),
        encoder=encoder,
    )
    with opened.store:
        yield opened


class TestMultimodalVectorStoreOnTheEmbeddedEngine(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, embedded: MultimodalVectorStore) -> Iterator[VectorStore]:
        yield embedded
        embedded.delete()


class TestMultimodalVectorStoreInMemory(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, encoder: ClipEncoder) -> Iterator[VectorStore]:
        opened = MultimodalVectorStore.from_texts([], self.get_embeddings(), encoder=encoder)
        with opened.store:
            yield opened


class TestHybridMultimodalVectorStore(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, encoder: ClipEncoder) -> Iterator[VectorStore]:
        opened = MultimodalVectorStore.from_texts(
            [], self.get_embeddings(), encoder=encoder, mode="hybrid"
        )
        with opened.store:
            yield opened


class TestMultimodalVectorStoreWithClipForTexts(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self, encoder: ClipEncoder) -> Iterator[VectorStore]:
        clip = ClipEmbeddings(encoder=encoder)
        opened = MultimodalVectorStore.from_texts([], clip, encoder=clip)
        with opened.store:
            yield opened


class TestVectorStoreRetrieverStandard(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _use_store(self, store: MultimodalStore) -> None:
        self._vectorstore = MultimodalVectorStore(store)

    def _retriever(self, **options: Any) -> BaseRetriever:
        return self._vectorstore.as_retriever(search_kwargs=options)

    @property
    def retriever_constructor(self) -> Any:
        return self._retriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {}

    @property
    def retriever_query_example(self) -> str:
        return "a drawing of the valve"


def test_embeddings_load_by_the_name_of_a_checkpoint(clip_folder: Path) -> None:
    assert len(ClipEmbeddings(str(clip_folder)).embed_query("foo")) == 16
