"""ragsight for LlamaIndex: readers, embedding, retriever and synthesizer for text and images.

Example:
    >>> from llama_index.core.query_engine import RetrieverQueryEngine
    >>> from llama_index_ragsight import MultimodalRetriever, VisionSynthesizer
    >>> engine = RetrieverQueryEngine(
    ...     MultimodalRetriever(store, similarity_top_k=8),
    ...     response_synthesizer=VisionSynthesizer("openai:gpt-5.4-mini"),
    ... )  # doctest: +SKIP
    >>> engine.query("Which part is marked 4?").metadata["citations"]  # doctest: +SKIP
"""

from __future__ import annotations

from llama_index_ragsight._convert import (
    chunk_to_document,
    chunk_to_node,
    hit_to_node,
    node_to_chunk,
)
from llama_index_ragsight.embeddings import ClipEmbedding
from llama_index_ragsight.readers import CatalogReader, ImageReader, PdfReader
from llama_index_ragsight.response_synthesizers import VisionSynthesizer
from llama_index_ragsight.retrievers import MultimodalRetriever
from llama_index_ragsight.text_encoders import EmbeddingTextEncoder

__all__ = [
    "CatalogReader",
    "ClipEmbedding",
    "EmbeddingTextEncoder",
    "ImageReader",
    "MultimodalRetriever",
    "PdfReader",
    "VisionSynthesizer",
    "chunk_to_document",
    "chunk_to_node",
    "hit_to_node",
    "node_to_chunk",
]
