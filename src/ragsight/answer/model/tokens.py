"""How many tokens images and texts cost; formulas as the providers publish them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias

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


def estimate_text_tokens(text: str) -> int:
    """Estimate the tokens of a text without its model's tokenizer."""
    return math.ceil(len(text.encode("utf-8", "replace")) / BYTES_PER_TOKEN)
