"""ragsight for LlamaIndex: vector store, retriever, synthesizer, readers for text and images.

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
from llama_index_ragsight._images import with_image_digests
from llama_index_ragsight._nodes import MultimodalNode
from llama_index_ragsight.chat_engines import (
    VisionCondensePlusContextChatEngine,
    VisionContextChatEngine,
)
from llama_index_ragsight.embeddings import ClipEmbedding
from llama_index_ragsight.llms import LlamaIndexBackend
from llama_index_ragsight.postprocessors import ChannelCutoff, VisionRerank
from llama_index_ragsight.readers import CatalogReader, ImageReader, PdfReader, SlideReader
from llama_index_ragsight.response_synthesizers import VisionSynthesizer
from llama_index_ragsight.retrievers import MultimodalRetriever
from llama_index_ragsight.text_encoders import EmbeddingTextEncoder
from llama_index_ragsight.tools import MultimodalQueryEngineTool
from llama_index_ragsight.vector_stores import MultimodalVectorStore

__all__ = [
    "CatalogReader",
    "ChannelCutoff",
    "ClipEmbedding",
    "EmbeddingTextEncoder",
    "ImageReader",
    "LlamaIndexBackend",
    "MultimodalNode",
    "MultimodalQueryEngineTool",
    "MultimodalRetriever",
    "MultimodalVectorStore",
    "PdfReader",
    "SlideReader",
    "VisionCondensePlusContextChatEngine",
    "VisionContextChatEngine",
    "VisionRerank",
    "VisionSynthesizer",
    "chunk_to_document",
    "chunk_to_node",
    "hit_to_node",
    "node_to_chunk",
    "with_image_digests",
]
