"""What retrieval returns: a chunk, its score, and why it was found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from ragsight.chunks import Chunk
from ragsight.spaces import SPACES, ChannelName

Channel: TypeAlias = ChannelName
"""The name of a way to find a chunk: by words, by the meaning of its text, by its pixels."""

CHANNELS: tuple[Channel, ...] = tuple(SPACES.channels)
"""The channels that come with ragsight; `ragsight.spaces.SPACES` has those that were added too."""


@dataclass(frozen=True, slots=True)
class ChannelScore:
    """What one channel said of a chunk.

    Attributes:
        channel: The channel.
        rank: Place in that channel's ranking, from 1.
        score: The channel's own score: BM25 weight, or cosine from -1 to 1.
        contribution: What it added to the hit's fused score.
    """

    channel: Channel
    rank: int
    score: float
    contribution: float


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found.

    Attributes:
        chunk: The chunk; its image reference can be opened as it is.
        score: Fused score, or the reranker's; comparable within one result only.
        channels: What each channel that found it said, largest contribution first.
        reranked: What a reranker said of it, where one did.
        support: What the rest of its page (of a document: of the file) added to the fused score.
        evidence: Of a page or a document: the chunks that were found of it, best first.

    Example:
        >>> from ragsight.chunks import Chunk, Source
        >>> chunk = Chunk(text="It opens at 3 bar.", source=Source(uri="manual.pdf"))
        >>> Hit(chunk, 0.5, (ChannelScore("bm25", rank=1, score=6.2, contribution=0.5),)).why
        'bm25 #1 (6.2)'
    """

    chunk: Chunk
    score: float
    channels: tuple[ChannelScore, ...] = ()
    reranked: float | None = None
    support: float = 0.0
    evidence: tuple[Hit, ...] = ()

    @property
    def why(self) -> str:
        """One line that explains the ranking, such as `bm25 #1 (7.31), text_to_image #3 (0.28)`.

        After a reranker: `reranked (0.93), bm25 #1 (7.31)`. Where more was found on its page:
        `bm25 #1 (7.31), page (+0.12)`.
        """
        reasons = [f"{c.channel} #{c.rank} ({c.score:.3g})" for c in self.channels]
        if self.support > 0:
            whole = "document" if self.chunk.kind == "document" else "page"
            reasons.append(f"{whole} (+{self.support:.2g})")
        if self.reranked is not None:
            reasons.insert(0, f"reranked ({self.reranked:.3g})")
        return ", ".join(reasons)

    def _repr_html_(self) -> str:
        return _shown(self)

    def to_dict(self) -> dict[str, Any]:
        """The hit as JSON-ready values, without image bytes."""
        return {
            "score": self.score,
            "channels": [
                {
                    "channel": c.channel,
                    "rank": c.rank,
                    "score": c.score,
                    "contribution": c.contribution,
                }
                for c in self.channels
            ],
            "reranked": self.reranked,
            "support": self.support,
            "evidence": [hit.to_dict() for hit in self.evidence],
            "chunk": self.chunk.to_dict(),
        }


class Hits(list[Hit]):
    """A result: a list of hits that a notebook shows as a gallery.

    Example:
        >>> from ragsight import Chunk, Source
        >>> hits = Hits([Hit(Chunk(text="Red shoes", source=Source(uri="shop.csv")), 0.5)])
        >>> len(hits), "Red shoes" in hits._repr_html_()
        (1, True)
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        return _shown(self)


def _shown(found: Hit | Hits) -> str:
    # What draws them is built upon this module, and loaded when something is drawn only.
    from ragsight.gallery import show

    html: str = show(found)._repr_html_()
    return html
