"""Retrieval: channels, fusion, explained hits."""

from ragsight.retrieval.fusion import Fused, Fusion, fuse
from ragsight.retrieval.hits import CHANNELS, Channel, ChannelScore, Hit, Hits
from ragsight.retrieval.query import DEFAULT_WEIGHTS, Query
from ragsight.retrieval.reading import choose_diverse, read_hits
from ragsight.retrieval.rerank import CrossEncoderReranker, Reranker
from ragsight.retrieval.retriever import MultimodalRetriever

__all__ = [
    "CHANNELS",
    "DEFAULT_WEIGHTS",
    "Channel",
    "ChannelScore",
    "CrossEncoderReranker",
    "Fused",
    "Fusion",
    "Hit",
    "Hits",
    "MultimodalRetriever",
    "Query",
    "Reranker",
    "choose_diverse",
    "fuse",
    "read_hits",
]
