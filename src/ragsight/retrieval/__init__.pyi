"""The public names; `__init__.py` imports each when it is first used."""

from .fusion import (
    RRF_CONSTANT as RRF_CONSTANT,
)
from .fusion import (
    Fused as Fused,
)
from .fusion import (
    Fusion as Fusion,
)
from .fusion import (
    fuse as fuse,
)
from .grouping import GroupKey as GroupKey
from .hits import (
    CHANNELS as CHANNELS,
)
from .hits import (
    Channel as Channel,
)
from .hits import (
    ChannelScore as ChannelScore,
)
from .hits import (
    Hit as Hit,
)
from .hits import (
    Hits as Hits,
)
from .query import (
    DEFAULT_WEIGHTS as DEFAULT_WEIGHTS,
)
from .query import (
    Query as Query,
)
from .ranking import RankingOptions as RankingOptions
from .reading import (
    choose_diverse as choose_diverse,
)
from .reading import (
    read_hits as read_hits,
)
from .rerank import (
    CrossEncoderReranker as CrossEncoderReranker,
)
from .rerank import (
    Reranker as Reranker,
)
from .rerank import (
    arerank as arerank,
)
from .retriever import MultimodalRetriever as MultimodalRetriever
from .units import Unit as Unit
