"""What a caller can set about answering."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from ragsight.answer.profiles import DETAILS, Detail, ModelProfile
from ragsight.errors import ConfigurationError

Order: TypeAlias = Literal["score", "ends", "input"]

ORDERS: tuple[Order, ...] = get_args(Order)


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthesizerOptions:
    """How sources become a request.

    Attributes:
        order: `score` puts the best source first, which models read best (arXiv 2606.16494),
            `ends` puts the best at both ends, `input` keeps the caller's order.
        detail: How closely the model looks at images. `auto` leaves it to the model, which may
            cost three times as much on a page.
        max_images: Most images in a request; `None` for the model's own limit.
        image_token_budget: Most tokens for all images together, by the provider's formula.
        text_token_budget: Most tokens for all texts together, estimated.
        instructions: Your own instructions, put after ragsight's.
        nothing_found: What an answer says when there was nothing to answer from.
        profile: Limits of the model, instead of those in ragsight's table.

    Raises:
        ConfigurationError: If a value makes no sense.

    Example:
        >>> SynthesizerOptions(max_images=4, instructions="Answer in one sentence.").order
        'score'
    """

    order: Order = "score"
    detail: Detail = "high"
    max_images: int | None = None
    image_token_budget: int = 50_000
    text_token_budget: int = 50_000
    instructions: str = ""
    nothing_found: str = "No relevant sources were found."
    profile: ModelProfile | None = None

    def __post_init__(self) -> None:
        _one_of("order", self.order, ORDERS)
        _one_of("detail", self.detail, DETAILS)
        _not_negative("max_images", self.max_images if self.max_images is not None else 0)
        _not_negative("image_token_budget", self.image_token_budget)
        _not_negative("text_token_budget", self.text_token_budget)


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(f"{name}={value!r}: choose one of {', '.join(allowed)}.")


def _not_negative(name: str, value: int) -> None:
    if value < 0:
        raise ConfigurationError(f"{name}={value}: it can't be negative.")
