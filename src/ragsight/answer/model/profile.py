"""What a vision model takes, and what images and texts cost it, as the providers publish it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias, get_args

from ragsight.images.preparing import ImageLimits

Detail: TypeAlias = Literal["auto", "low", "high", "original"]

DETAILS: tuple[Detail, ...] = get_args(Detail)


BYTES_PER_TOKEN = 4
"""Bytes of UTF-8 to a token: right for English, and for scripts of 3 bytes a sign near enough."""


@dataclass(frozen=True, slots=True)
class PatchTokens:
    """An image costs its square patches, times a factor.

    Attributes:
        patch: Side of a patch in pixels: 32 at OpenAI, 28 at Anthropic.
        multiplier: Tokens to a patch.

    Example:
        >>> PatchTokens(32, 1.2).count(1600, 1600)
        3000
    """

    patch: int
    multiplier: float = 1.0

    def count(self, width: int, height: int) -> int:
        """Tokens of an image of this size in pixels, within the model's limits."""
        patches = math.ceil(width / self.patch) * math.ceil(height / self.patch)
        # Rounded first: 1.2 has no exact float, and a product may lie a hair above the integer.
        return math.ceil(round(patches * self.multiplier, 6))


@dataclass(frozen=True, slots=True)
class TileTokens:
    """An image costs a base and its tiles of 512 pixels.

    Attributes:
        base: Tokens of any image.
        tile: Tokens of each tile.

    Example:
        >>> TileTokens(85, 170).count(768, 1024)
        765
    """

    base: int
    tile: int

    def count(self, width: int, height: int) -> int:
        """Tokens of an image of this size in pixels, within the model's limits."""
        return self.base + self.tile * math.ceil(width / 512) * math.ceil(height / 512)


TokenRule: TypeAlias = PatchTokens | TileTokens


@dataclass(frozen=True, slots=True)
class ImageRule:
    """How a model looks at an image at one level of detail.

    Attributes:
        limits: The largest size that isn't scaled down by the provider.
        tokens: What an image of a given size costs.
    """

    limits: ImageLimits
    tokens: TokenRule


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelLimits:
    """Limits of a vision model.

    Attributes:
        name: Family of models that share these limits.
        rules: How it looks at images, by level of detail (`low`, `high`, `original`).
        auto: The level that `auto` stands for.
        max_images: Images that one request may hold.
        default_images: Images that are sent unless the caller asks for more; `None` for all.
        max_request_bytes: Largest request, images counted in base64.
        many_images: Above this many images `many_images_edge` holds for each of them.
        many_images_edge: Longest side in pixels then.
        context: Tokens of request and answer together; `None` where that isn't known.
        date: When these limits were read in the provider's documentation, as `2026-11`; empty
            for a profile of your own.
        retires: The day from which the provider no longer serves the model, where it named one.
        warning: What the caller should know about this profile.

    Example:
        >>> from ragsight.answer import profile_for
        >>> profile_for("anthropic", "claude-opus-4-7").rule("high").limits.fit(3840, 2160)
        (2576, 1449)
    """

    name: str
    rules: Mapping[str, ImageRule]
    auto: str = "high"
    max_images: int
    default_images: int | None = None
    max_request_bytes: int
    many_images: int | None = None
    many_images_edge: int | None = None
    context: int | None = None
    date: str = ""
    retires: str = ""
    warning: str = ""

    def level(self, detail: str) -> str | None:
        """The level that a caller's `detail` means here, or `None` where there is no such level."""
        level = self.auto if detail == "auto" else detail
        return level if level in self.rules else None

    def rule(self, detail: str, *, images: int = 1) -> ImageRule:
        """How an image is looked at in a request of so many images.

        Raises:
            KeyError: If the model has no such level; see `level`.
        """
        rule = self.rules[self.auto if detail == "auto" else detail]
        if self.many_images is None or self.many_images_edge is None or images <= self.many_images:
            return rule
        edge = min(rule.limits.max_edge, self.many_images_edge)
        return replace(rule, limits=replace(rule.limits, max_edge=edge))

    def tightened(
        self, *, max_edge: int | None = None, max_bytes: int | None = None
    ) -> ModelLimits:
        """This profile with images of at most so many pixels a side or bytes before base64."""

        def tighten(limits: ImageLimits) -> ImageLimits:
            edge = min(limits.max_edge, max_edge) if max_edge is not None else limits.max_edge
            size = min(limits.max_bytes, max_bytes) if max_bytes is not None else limits.max_bytes
            return replace(limits, max_edge=edge, max_bytes=size)

        rules = {
            name: replace(rule, limits=tighten(rule.limits)) for name, rule in self.rules.items()
        }
        return replace(self, rules=rules)


def estimate_text_tokens(text: str) -> int:
    """Estimate the tokens of a text without its model's tokenizer."""
    return math.ceil(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)
