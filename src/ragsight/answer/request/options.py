"""What a caller can set about answering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from ragsight.answer.model.profiles import DETAILS, Detail, ModelLimits
from ragsight.errors import ConfigurationError

Order: TypeAlias = Literal["score", "ends", "input"]
Overflow: TypeAlias = Literal["drop", "map_reduce", "raise"]
InvalidCitations: TypeAlias = Literal["dropped", "repaired", "raised"]

ORDERS: tuple[Order, ...] = get_args(Order)
OVERFLOWS: tuple[Overflow, ...] = get_args(Overflow)
INVALID_CITATIONS: tuple[InvalidCitations, ...] = get_args(InvalidCitations)

ANSWER_TOKENS = 8192
"""Room that is left in a model's context for ragsight's own words and the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizerOptions:
    """How sources become a request, and a reply an answer.

    Attributes:
        order: `score` puts the best source first, which models read best (arXiv 2606.16494),
            `ends` puts the best at both ends, `input` keeps the caller's order.
        detail: How closely the model looks at images. `auto` leaves it to the model, which may
            cost three times as much on a page.
        max_images: Most images in a request; `None` for the model's own limit.
        token_budget: Most tokens for all texts and images together; never more than the model's
            context holds.
        image_share: Part of the budget that images may take, from 0 to 1; the rest is for texts.
        image_token_budget: Most tokens for all images together, by the provider's formula, where
            a share isn't what you mean.
        text_token_budget: Most tokens for all texts together, estimated, likewise.
        near_duplicates: Send versions of one picture (scaled, compressed anew) from one document
            once. Exact copies are always sent once.
        min_score: Hits that score less are left out, and where none is left no model is asked.
            What a good score is depends on the retriever. Chunks without a score pass.
        overflow: What to do with sources for which there is no room: `drop` the lowest-ranked and
            warn; `map_reduce` reads them in further requests, each of which takes notes, and
            answers from the notes; `raise` an error instead of answering.
        max_requests: Most requests for notes; what doesn't fit into them is dropped.
        invalid_citations: What to do with a citation of a number that no source has: `dropped`
            takes it out of the text; `repaired` asks the model once to cite anew (a stream then
            comes in one piece) and drops what is still wrong; `raised` makes it an error.
        instructions: Your own instructions, put after ragsight's.
        nothing_found: What an answer says when there was nothing to answer from.
        profile: Limits of the model, instead of those in ragsight's table.

    Raises:
        ConfigurationError: If a value makes no sense.

    Example:
        >>> options = SynthesizerOptions(max_images=4, token_budget=20_000, image_share=0.75)
        >>> options.budgets(context=None)
        (15000, 5000)
    """

    order: Order = "score"
    detail: Detail = "high"
    max_images: int | None = None
    token_budget: int = 100_000
    image_share: float = 0.5
    image_token_budget: int | None = None
    text_token_budget: int | None = None
    near_duplicates: bool = True
    min_score: float | None = None
    overflow: Overflow = "drop"
    max_requests: int = 8
    invalid_citations: InvalidCitations = "dropped"
    instructions: str = ""
    nothing_found: str = "No relevant sources were found."
    profile: ModelLimits | None = None

    def __post_init__(self) -> None:
        _one_of("order", self.order, ORDERS)
        _one_of("detail", self.detail, DETAILS)
        _one_of("overflow", self.overflow, OVERFLOWS)
        _one_of("invalid_citations", self.invalid_citations, INVALID_CITATIONS)
        for name in ("max_images", "image_token_budget", "text_token_budget"):
            value = getattr(self, name)
            _not_negative(name, value if value is not None else 0)
        _not_negative("token_budget", self.token_budget)
        if self.max_requests < 1:
            raise ConfigurationError(f"max_requests={self.max_requests}: it must be 1 or more.")
        if not 0 <= self.image_share <= 1:
            raise ConfigurationError(f"image_share={self.image_share}: it must be from 0 to 1.")

    def budgets(self, context: int | None) -> tuple[int, int]:
        """Tokens for all images and for all texts of a request.

        Args:
            context: Tokens that the model's context holds; `None` where that isn't known.
        """
        room = self.token_budget
        if context is not None:
            # A small context is shared with the answer; a quarter of it is enough for that.
            room = min(room, context - min(ANSWER_TOKENS, context // 4))
        for_images = int(room * self.image_share)
        images, texts = self.image_token_budget, self.text_token_budget
        return (
            images if images is not None else for_images,
            texts if texts is not None else room - for_images,
        )


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(f"{name}={value!r}: choose one of {', '.join(allowed)}.")


def _not_negative(name: str, value: int) -> None:
    if value < 0:
        raise ConfigurationError(f"{name}={value}: it can't be negative.")
