"""LangChain's own standard suites."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import EmbeddingsIntegrationTests, RetrieversIntegrationTests

from langchain_ragsight import ClipEmbeddings, MultimodalRetriever
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


def test_embeddings_load_by_the_name_of_a_checkpoint(clip_folder: Path) -> None:
    assert len(ClipEmbeddings(str(clip_folder)).embed_query("foo")) == 16
