"""What a gallery is made of: a query, what it found, what was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ragsight.answer import Answer
from ragsight.images import ImageSource
from ragsight.retrieval import Channel, Hit


@dataclass(frozen=True, slots=True)
class GallerySection:
    """One query and what it found.

    Attributes:
        title: The query, as a person would say it.
        hits: What was found.
        note: A line under the title.
        query_image: The image that was searched with, if there was one.
        answer: An answer, if there is one: the whole, whose `[n]` then lead to their sources, or
            just its text.
        weights: What each channel's voice counted, as in `MultimodalRetriever.weights`; shown
            beside the channels where it is given.

    Example:
        >>> from ragsight import Chunk, Source
        >>> hit = Hit(Chunk(text="Open the valve.", source=Source(uri="manual.pdf", page=2)), 0.5)
        >>> GallerySection("How do I open it?", [hit]).title
        'How do I open it?'
    """

    title: str
    hits: Sequence[Hit] = field(default_factory=tuple)
    note: str = ""
    query_image: ImageSource | None = None
    answer: str | Answer = ""
    weights: Mapping[Channel, float] | None = None
