"""The multimodal store: two Qdrant collections, one id."""

from ragsight.store.clients import RetryOptions
from ragsight.store.collection_options import CollectionOptions
from ragsight.store.engine import Found, VectorSearch
from ragsight.store.filters import FilterLike, parse_filter
from ragsight.store.foreign import ForeignCollections
from ragsight.store.layout import VectorKind
from ragsight.store.opening import StoreOptions
from ragsight.store.operations import Counts, Operations
from ragsight.store.payloads import from_payload, point_id
from ragsight.store.programs import Program, Together, Work
from ragsight.store.records import SourceRecord
from ragsight.store.schema import Profile
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
