from __future__ import annotations

import numpy as np
import pytest
from llama_index.core.embeddings import MockEmbedding

from drawings import text_chunk
from llama_index_ragsight import ClipEmbedding, EmbeddingTextEncoder, MultimodalRetriever
from ragsight import ClipEncoder, MultimodalStore, TextEncoder
from ragsight.errors import ConfigurationError, EncoderError, EncoderMismatchError


def test_an_embedding_serves_an_indexs_dense_channel(encoder: ClipEncoder) -> None:
    dense = EmbeddingTextEncoder(ClipEmbedding(encoder=encoder))
    assert isinstance(dense, TextEncoder)
    with MultimodalStore.open(":memory:", encoder=encoder, text_encoder=dense) as store:
        store.upsert([text_chunk("Red shoes"), text_chunk("Blue mugs")])
        [first, _] = MultimodalRetriever(store).retrieve("Red shoes")
    channels = {c["channel"] for c in first.metadata["ragsight"]["channels"]}
    assert channels == {"bm25", "dense"}
    assert first.text == "Red shoes"


def test_texts_become_rows_and_no_texts_none() -> None:
    dense = EmbeddingTextEncoder(MockEmbedding(embed_dim=5), name="mock")
    assert dense.encode_documents(["a", "b"]).shape == (2, 5)
    assert dense.encode_queries([]).shape == (0, 5)
    assert dense.encode_queries(["a"]).dtype == np.float32


def test_vectors_of_another_dimension_are_refused() -> None:
    dense = EmbeddingTextEncoder(MockEmbedding(embed_dim=5), name="mock", dimension=6)
    with pytest.raises(EncoderError, match="6 dimensions"):
        dense.encode_documents(["a"])


def test_a_model_without_a_name_needs_one() -> None:
    with pytest.raises(ConfigurationError, match="Pass name="):
        EmbeddingTextEncoder(MockEmbedding(embed_dim=5))


def test_an_index_is_not_opened_with_another_model(encoder: ClipEncoder, tmp_path) -> None:
    one, other = (EmbeddingTextEncoder(MockEmbedding(embed_dim=5), name=n) for n in ("a", "b"))
    MultimodalStore.open(tmp_path / "index", encoder=encoder, text_encoder=one).close()
    with pytest.raises(EncoderMismatchError):
        MultimodalStore.open(tmp_path / "index", encoder=encoder, text_encoder=other)
