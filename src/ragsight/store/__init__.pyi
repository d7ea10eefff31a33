"""The public names; `__init__.py` imports each when it is first used."""

from .admission import (
    admitted as admitted,
)
from .admission import (
    leaves_out as leaves_out,
)
from .attached import ForeignCollections as ForeignCollections
from .doctor import (
    check_index as check_index,
)
from .doctor import (
    repair_index as repair_index,
)
from .engines.base import (
    ScoredPoint as ScoredPoint,
)
from .engines.base import (
    VectorSearch as VectorSearch,
)
from .engines.collection_options import CollectionOptions as CollectionOptions
from .engines.retry_options import RetryOptions as RetryOptions
from .filters import (
    FilterLike as FilterLike,
)
from .filters import (
    parse_filter as parse_filter,
)
from .given_vectors import EncodedChunk as EncodedChunk
from .index_report import IndexReport as IndexReport
from .layout import VectorKind as VectorKind
from .locations import StoreOptions as StoreOptions
from .operations import (
    Counts as Counts,
)
from .operations import (
    Operations as Operations,
)
from .payloads import (
    from_payload as from_payload,
)
from .payloads import (
    point_id as point_id,
)
from .read_only import ReadOnlyIndexWarning as ReadOnlyIndexWarning
from .records import SourceRecord as SourceRecord
from .schema import IndexManifest as IndexManifest
from .steps import (
    Program as Program,
)
from .steps import (
    Together as Together,
)
from .steps import (
    Work as Work,
)
from .store import MultimodalStore as MultimodalStore
from .transfer import TransferReport as TransferReport
