"""How rankings become one, beyond which channels count."""

from __future__ import annotations

from dataclasses import dataclass

from typing_extensions import TypedDict

from ragsight.errors import QueryError
from ragsight.retrieval.fusion import RRF_CONSTANT
from ragsight.retrieval.query import checked_page_weight
from ragsight.retrieval.units import PAGE_WEIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingOptions:
    """How a retriever's rankings become one.

    Attributes:
        page_weight: How much what else was found of a page speaks for the best of it: the share of
            the other scores that is added, where words ask several channels. 0 leaves pages out.
        rrf_constant: How flat reciprocal ranks are; see `ragsight.retrieval.fuse`.
        drop_noise: Find nothing where nothing fits: where no word of the question stands in the
            index, and no channel finds more than it does for questions without meaning (asked once,
            when they are needed first). Without it, channels of vectors always find something.

    Raises:
        QueryError: If a number is negative.

    Example:
        >>> RankingOptions(drop_noise=True).page_weight
        0.4
    """

    page_weight: float = PAGE_WEIGHT
    rrf_constant: float = RRF_CONSTANT
    drop_noise: bool = False

    def __post_init__(self) -> None:
        checked_page_weight(self.page_weight)
        if not 0 <= self.rrf_constant < float("inf"):
            raise QueryError(f"rrf_constant is {self.rrf_constant}; it must be 0 or more.")


class RankingSettings(TypedDict, total=False):
    """The fields of `RankingOptions` as keyword arguments."""

    page_weight: float
    rrf_constant: float
    drop_noise: bool
