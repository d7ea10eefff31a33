"""Why a hit was found, in parts that can be drawn: one bar of the channels' contributions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ragsight.retrieval import Channel, Hit
from ragsight.spaces import SPACES

PAGE = "page"
"""What stands for the rest of a page among the channels."""

_BESIDE = "more that fits was found on its page"


@dataclass(frozen=True, slots=True)
class Reason:
    """What one channel said of a hit, or the rest of its page.

    Attributes:
        channel: The channel, or `page`.
        meaning: What it goes by, in a sentence.
        rank: Place in its ranking, from 1; None of a page, which is in none.
        score: Its own score, shortened.
        weight: What its voice counts, shortened; empty if it isn't known.
        start: Where its part of the bar begins, 0 to 100.
        share: How long that part is, 0 to 100; 100 is the best fused score of the result.
    """

    channel: Channel
    meaning: str
    rank: int | None
    score: str
    weight: str
    start: float
    share: float

    @property
    def mark(self) -> str:
        """The class that its part of the bar is drawn by; a page has one that no channel has."""
        return self.channel if self.rank is not None else "beside"


def explain(
    hits: Sequence[Hit], weights: Mapping[Channel, float] | None = None
) -> list[tuple[Reason, ...]]:
    """Explain each hit of a result; bars of one result can be compared.

    Args:
        hits: The result.
        weights: By channel, where they are known.

    Returns:
        For each hit its channels, largest contribution first.

    Example:
        >>> from ragsight import Chunk, Source
        >>> from ragsight.retrieval import ChannelScore
        >>> chunk = Chunk(text="A red mug.", source=Source(uri="shop.csv"))
        >>> hits = [Hit(chunk, n, (ChannelScore("bm25", 1, 7.31, n),)) for n in (0.5, 0.25)]
        >>> [reasons[0].share for reasons in explain(hits)]
        [100.0, 50.0]
    """
    best = max((_total(hit) for hit in hits), default=0.0)
    return [tuple(_reasons(hit, best, weights)) for hit in hits]


def _reasons(hit: Hit, best: float, weights: Mapping[Channel, float] | None) -> list[Reason]:
    reasons: list[Reason] = []
    start = 0.0
    for found in hit.channels:
        share = 100.0 * _length(found.contribution) / best if best > 0 else 0.0
        weight = weights.get(found.channel) if weights is not None else None
        reasons.append(
            Reason(
                found.channel,
                _meaning(found.channel),
                found.rank,
                f"{found.score:.3g}",
                "" if weight is None else f"{weight:g}",
                round(start, 2),
                round(share, 2),
            )
        )
        start += share
    if hit.support > 0 and best > 0:
        share = 100.0 * _length(hit.support) / best
        added = f"+{hit.support:.2g}"
        reasons.append(Reason(PAGE, _BESIDE, None, added, "", round(start, 2), round(share, 2)))
    return reasons


def _meaning(channel: Channel) -> str:
    # A hit may be from another program, which has more channels.
    known = SPACES.channels.get(channel)
    return "" if known is None else known.meaning


def _total(hit: Hit) -> float:
    parts = [*(found.contribution for found in hit.channels), hit.support]
    return sum(map(_length, parts))


def _length(contribution: float) -> float:
    # A reranker of the user's may leave anything here; a bar has no negative length.
    return max(0.0, contribution) if math.isfinite(contribution) else 0.0
