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

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
