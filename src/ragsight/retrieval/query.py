"""What can be asked, and what of it makes sense."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, get_args

from PIL import Image

from ragsight.chunks import Chunk, ImageRef
from ragsight.encoders import Vector
from ragsight.errors import QueryError
from ragsight.images import ImageSource
from ragsight.retrieval.fusion import Fusion
from ragsight.retrieval.grouping import GroupKey
from ragsight.retrieval.hits import Channel, Hit
from ragsight.retrieval.negatives import SPARSE_THRESHOLD
from ragsight.retrieval.units import Unit
from ragsight.spaces import SPACES
from ragsight.store import FilterLike

DEFAULT_WEIGHTS: Mapping[Channel, float] = {
    name: channel.weight for name, channel in SPACES.channels.items()
}
"""Weights of the channels that come with ragsight; `ragsight.spaces` has their reasons."""

Example: TypeAlias = str | Path | bytes | Image.Image | ImageRef | Chunk | Hit
"""What results shall not be like: words (any string), an image (anything else that is one), or a
chunk of the index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for: words, an image, or both.

    Attributes:
        text: Words.
        image: An image to find similar ones of.
        like: Id of a chunk of the index to find similar ones of; it isn't found itself.
        vectors: Query vectors that were made elsewhere: by channel, or by space for the channel
            that asks it with what is in it. They take the place of encoding; channels without one
            are asked with the words and the image as ever.
        not_like: What hits should be far from: words, images (paths as `Path`), chunks or hits.
        not_like_strength: How far: the share of `not_like` that is taken from the query's vectors.
        filter: What every hit must fulfil.
        k: How many hits at the most.
        k_text: How many of them without an image at the most.
        k_images: How many of them with an image at the most.
        offset: How many hits to pass over: pages of one ranking. Any number, 0 too, makes the
            ranking deep enough for 200 hits at the least, so that pages fit together.
        weights: By channel, instead of the retriever's own; 0 turns a channel off.
        score_threshold: Least fused score of a hit; or, by channel, the least score of its own
            (cosine, BM25 weight) that a channel counts.
        group_by: Keep the best hits of each source, page, or value of a metadata key.
        group_size: How many hits of a group are kept.
        diversity: Lambda of maximal marginal relevance: 1 is pure relevance, 0 pure diversity.
        unit: What a hit is: a `chunk`, or the `page` or `document` that chunks were found of, with
            these as its evidence.
        page_weight: Instead of the retriever's own: how much the rest of a page speaks for it.

    Example:
        >>> Query(text="red shoes", filter={"price": {"lt": 50}}, k=3).k
        3
    """

    text: str | None = None
    image: ImageSource | None = None
    like: str | None = None
    vectors: Mapping[str, Vector] | None = field(default=None, compare=False)
    not_like: Sequence[Example] = ()
    not_like_strength: float = 0.5
    filter: FilterLike = None
    k: int | None = None
    k_text: int | None = None
    k_images: int | None = None
    offset: int | None = None
    weights: Mapping[Channel, float] | None = None
    score_threshold: float | Mapping[Channel, float] | None = None
    group_by: GroupKey | None = None
    group_size: int = 1
    diversity: float | None = None
    unit: Unit = "chunk"
    page_weight: float | None = None

    @property
    def words(self) -> str:
        """The text without blanks around it."""
        return self.text.strip() if self.text is not None else ""

    def check(self) -> None:
        """Refuse what makes no sense.

        Raises:
            QueryError: With the field and what it may be.
        """
        given = (self.words, self.image is not None, self.like is not None, self.vectors)
        if not any(given):
            raise QueryError("The query is empty: give words, an image, or both.")
        checked_count("group_size", self.group_size)
        checked_count("offset", self.offset if self.offset is not None else 0, least=0)
        _check_share("diversity", self.diversity)
        checked_page_weight(self.page_weight)
        if self.unit not in get_args(Unit):
            raise QueryError(f"There is no unit {self.unit!r}; there are {get_args(Unit)}.")
        if self.unit != "chunk" and (self.group_by is not None or self.diversity is not None):
            raise QueryError(
                f"Hits that are each a {self.unit} are neither grouped nor diversified: leave "
                "group_by and diversity out, or unit."
            )
        if self.not_like_strength < 0:
            raise QueryError(
                f"not_like_strength is {self.not_like_strength}; it must be 0 or more."
            )
        if isinstance(self.score_threshold, Mapping):
            check_channels(self.score_threshold)

    def threshold(self, channel: Channel) -> float | None:
        """Least score of a channel's own."""
        thresholds = self.score_threshold
        least = thresholds.get(channel) if isinstance(thresholds, Mapping) else None
        if self.not_like and SPACES.space_of(channel).form == "sparse":
            # A point that holds unwanted words only is found too, with a score below zero.
            return SPARSE_THRESHOLD if least is None else max(least, SPARSE_THRESHOLD)
        return least

    @property
    def least_score(self) -> float | None:
        """Least fused score."""
        return None if isinstance(self.score_threshold, Mapping) else self.score_threshold


@dataclass(frozen=True, slots=True)
class Limits:
    """How many hits to keep, in all and by sort."""

    total: int
    text: int
    images: int
    offset: int

    @classmethod
    def of(cls, query: Query, default: int) -> Limits:
        """The limits of a query.

        Raises:
            QueryError: If one is too small.
        """
        parts = [n for n in (query.k_text, query.k_images) if n is not None]
        for part in parts:
            checked_count("k_text or k_images", part, least=0)
        both = len(parts) == 2
        fallback = max(1, sum(parts)) if both else default
        total = checked_count("k", query.k if query.k is not None else fallback)
        offset = query.offset if query.offset is not None else 0
        end = total + offset
        return cls(
            total,
            query.k_text if query.k_text is not None else end,
            query.k_images if query.k_images is not None else end,
            offset,
        )

    def apply(self, hits: Sequence[Hit]) -> list[Hit]:
        """The hits that are within the limits, in their order."""
        left = {False: self.text, True: self.images}
        kept: list[Hit] = []
        for hit in hits:
            has_image = hit.chunk.image is not None
            if left[has_image] > 0 and len(kept) < self.total + self.offset:
                left[has_image] -= 1
                kept.append(hit)
        return kept[self.offset :]


def checked_count(name: str, value: int, *, least: int = 1) -> int:
    """A count that isn't too small.

    Raises:
        QueryError: If it is.
    """
    if value < least:
        raise QueryError(f"{name} is {value}; it must be {least} or more.")
    return value


def checked_weights(weights: Mapping[Channel, float] | None) -> dict[Channel, float]:
    """Weights for all channels.

    Raises:
        QueryError: If a channel or a weight makes no sense, or all weights are 0.
    """
    given = dict(weights) if weights is not None else {}
    check_channels(given)
    for channel, weight in given.items():
        if not 0 <= weight < float("inf"):
            raise QueryError(f"The weight of {channel!r} is {weight}; it must be 0 or more.")
    complete = {name: channel.weight for name, channel in SPACES.channels.items()} | given
    if not any(complete.values()):
        raise QueryError("All channels have weight 0: nothing could be found.")
    return complete


def check_channels(channels: Mapping[Channel, float]) -> None:
    """Refuse names that are no channels.

    Raises:
        QueryError: If there is one.
    """
    for channel in channels:
        if channel not in SPACES.channels:
            there = ", ".join(SPACES.channels)
            raise QueryError(f"There is no channel {channel!r}; there are {there}.")


def checked_fusion(fusion: Fusion) -> Fusion:
    """A fusion that there is.

    Raises:
        QueryError: If there is no such fusion.
    """
    if fusion not in get_args(Fusion):
        raise QueryError(f"There is no fusion {fusion!r}; there are {get_args(Fusion)}.")
    return fusion


def checked_page_weight(weight: float | None) -> float | None:
    """A weight of pages that isn't negative.

    Raises:
        QueryError: If it is.
    """
    if weight is not None and not 0 <= weight < float("inf"):
        raise QueryError(f"page_weight is {weight}; it must be 0 or more.")
    return weight


def _check_share(name: str, value: float | None) -> None:
    if value is not None and not 0 <= value <= 1:
        raise QueryError(f"{name} is {value}; it must be between 0 and 1.")
