"""The multimodal store: two Qdrant collections, one id."""

from ragsight.store.engine import VectorSearch
from ragsight.store.filters import FilterLike, parse_filter
from ragsight.store.records import SourceRecord
from ragsight.store.schema import Profile, from_payload
from ragsight.store.store import Counts, MultimodalStore

__all__ = [
    "Counts",
    "FilterLike",
    "MultimodalStore",
    "Profile",
    "SourceRecord",
    "VectorSearch",
    "from_payload",
    "parse_filter",
]
