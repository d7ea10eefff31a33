"""The multimodal store: two Qdrant collections, one id."""

from ragsight.store.attached import ForeignCollections
from ragsight.store.engines.base import Found, VectorSearch
from ragsight.store.engines.collection_options import CollectionOptions
from ragsight.store.engines.qdrant_clients import RetryOptions
from ragsight.store.filters import FilterLike, parse_filter
from ragsight.store.layout import VectorKind
from ragsight.store.locations import StoreOptions
from ragsight.store.operations import Counts, Operations
from ragsight.store.payloads import from_payload, point_id
from ragsight.store.records import SourceRecord
from ragsight.store.schema import Profile
from ragsight.store.steps import Program, Together, Work
from ragsight.store.store import MultimodalStore
from ragsight.store.transfer import TransferReport

__all__ = [
    "CollectionOptions",
    "Counts",
    "FilterLike",
    "ForeignCollections",
    "Found",
    "MultimodalStore",
    "Operations",
    "Profile",
    "Program",
    "RetryOptions",
    "SourceRecord",
    "StoreOptions",
    "Together",
    "TransferReport",
    "VectorKind",
    "VectorSearch",
    "Work",
    "from_payload",
    "parse_filter",
    "point_id",
]
