"""Retrieval: channels, fusion, explained hits."""

from ragsight.retrieval.fusion import RRF_CONSTANT, Fused, Fusion, fuse
from ragsight.retrieval.grouping import GroupKey
from ragsight.retrieval.hits import CHANNELS, Channel, ChannelScore, Hit, Hits
from ragsight.retrieval.query import DEFAULT_WEIGHTS, Query
from ragsight.retrieval.reading import choose_diverse, read_hits
from ragsight.retrieval.rerank import CrossEncoderReranker, Reranker, arerank
from ragsight.retrieval.retriever import MultimodalRetriever

__all__ = [
    "CHANNELS",
    "DEFAULT_WEIGHTS",
    "RRF_CONSTANT",
    "Channel",
    "ChannelScore",
    "CrossEncoderReranker",
    "Fused",
    "Fusion",
    "GroupKey",
    "Hit",
    "Hits",
    "MultimodalRetriever",
    "Query",
    "Reranker",
    "arerank",
    "choose_diverse",
    "fuse",
    "read_hits",
]
