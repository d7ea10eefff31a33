"""Retrieval: channels, fusion, explained hits."""

from ragsight.retrieval.fusion import Fused, Fusion, fuse
from ragsight.retrieval.hits import CHANNELS, Channel, ChannelScore, Hit
from ragsight.retrieval.retriever import DEFAULT_WEIGHTS, MultimodalRetriever, Query

__all__ = [
    "CHANNELS",
    "DEFAULT_WEIGHTS",
    "Channel",
    "ChannelScore",
    "Fused",
    "Fusion",
    "Hit",
    "MultimodalRetriever",
    "Query",
    "fuse",
]
