"""Whether anything fits: what an index finds for questions without meaning."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from ragsight.retrieval.hits import Channel
from ragsight.spaces import SPACES
from ragsight.store import ScoredPoint

NONSENSE = (
    "qwxv plorf gnarble",
    "asdf ghjkl",
    "xxyyzz 0000",
    "jjkk wwpp",
    "hhhhh",
    "qpzm vbnt",
    "trkl mrfn sklp",
    "1x9z7q",
    "vvvq xkcd zzt",
    "ffgh lqlq",
)
"""Questions that nothing answers: whatever is found for them is found for want of better."""

DEVIATIONS = 2.0
"""How far above what nonsense finds a score must be. On public documents with all-MiniLM-L6-v2, of
words that no document has 93% then find nothing, of real questions that share no word with their
document a fifth would, too; with 1.0, 70% and a seventh."""


def noise_floors(found: Sequence[Mapping[Channel, Sequence[ScoredPoint]]]) -> dict[Channel, float]:
    """The score that a channel's best hit must have to be more than noise.

    Args:
        found: What each channel finds for each of `NONSENSE`.

    Returns:
        By channel: the mean of the best scores and `DEVIATIONS` of their standard deviations.
    """
    best: dict[Channel, list[float]] = {}
    for rankings in found:
        for channel, points in rankings.items():
            if points and SPACES.space_of(channel).form != "sparse":
                best.setdefault(channel, []).append(points[0].score)
    return {
        channel: statistics.fmean(scores) + DEVIATIONS * statistics.pstdev(scores)
        for channel, scores in best.items()
    }


def has_no_keyword(found: Mapping[Channel, Sequence[ScoredPoint]]) -> bool:
    """Whether no channel of keywords found any."""
    return not any(
        points for channel, points in found.items() if SPACES.space_of(channel).form == "sparse"
    )


def is_noise(
    found: Mapping[Channel, Sequence[ScoredPoint]], floors: Mapping[Channel, float]
) -> bool:
    """Whether no channel found anything better than nonsense would.

    A word of the question that stands in the index is never noise: what BM25 finds has one.

    Args:
        found: What each channel found.
        floors: Of the channels that always find something; see `noise_floors`.
    """
    return all(
        not points or (channel in floors and points[0].score < floors[channel])
        for channel, points in found.items()
    )
