"""LangChain components for ragsight: multimodal retrieval and cited answers from text and images.

Example:
    >>> from langchain_core.runnables import RunnablePassthrough
    >>> from langchain_ragsight import MultimodalRetriever, VisionSynthesizer
    >>> retriever = MultimodalRetriever(store=store, k=6)  # doctest: +SKIP
    >>> synthesizer = VisionSynthesizer("openai:gpt-5.4-mini")  # doctest: +SKIP
    >>> found = {"context": retriever, "question": RunnablePassthrough()}  # doctest: +SKIP
    >>> (found | synthesizer).invoke("How do I change the filter?")  # doctest: +SKIP
"""

from langchain_ragsight._convert import chunk_to_document, document_to_chunk, hit_to_document
from langchain_ragsight._flat import flatten_document
from langchain_ragsight.chat_models import ChatModelBackend
from langchain_ragsight.document_compressors import MultimodalCompressor
from langchain_ragsight.document_loaders import (
    CatalogLoader,
    ChunkLoader,
    ImageLoader,
    PdfLoader,
    SlideLoader,
)
from langchain_ragsight.document_parsers import (
    CatalogParser,
    ImageParser,
    PdfParser,
    SlideParser,
)
from langchain_ragsight.embeddings import ClipEmbeddings, EmbeddingsTextEncoder
from langchain_ragsight.prompts import aimages_of, images_of, multimodal_prompt
from langchain_ragsight.retrievers import MultimodalRetriever
from langchain_ragsight.structured_query import FilterTranslator
from langchain_ragsight.synthesizers import AnswerSynthesizer, VisionSynthesizer
from langchain_ragsight.tools import create_multimodal_retriever_tool
from langchain_ragsight.vectorstores import MultimodalVectorStore

__version__ = "0.1.0"

__all__ = [
    "AnswerSynthesizer",
    "CatalogLoader",
    "CatalogParser",
    "ChatModelBackend",
    "ChunkLoader",
    "ClipEmbeddings",
    "EmbeddingsTextEncoder",
    "FilterTranslator",
    "ImageLoader",
    "ImageParser",
    "MultimodalCompressor",
    "MultimodalRetriever",
    "MultimodalVectorStore",
    "PdfLoader",
    "PdfParser",
    "SlideLoader",
    "SlideParser",
    "VisionSynthesizer",
    "__version__",
    "aimages_of",
    "chunk_to_document",
    "create_multimodal_retriever_tool",
    "document_to_chunk",
    "flatten_document",
    "hit_to_document",
    "images_of",
    "multimodal_prompt",
]
