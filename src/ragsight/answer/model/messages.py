"""What goes to a vision model and what comes back, in no provider's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ragsight.images.preparing import PreparedImage


@dataclass(frozen=True, slots=True)
class TextPart:
    """A piece of text in a request.

    Attributes:
        text: The text, never empty.
    """

    text: str


@dataclass(frozen=True, slots=True)
class ImagePart:
    """An image in a request.

    Attributes:
        image: The image, within the model's limits.
        n: Number of the source that it belongs to.
    """

    image: PreparedImage
    n: int


Part: TypeAlias = TextPart | ImagePart


@dataclass(frozen=True, slots=True, kw_only=True)
class VisionRequest:
    """One question to a vision model, with text and images in reading order.

    Attributes:
        system: Instructions.
        parts: The user's message: sources first, the question last.
        detail: How closely the model should look, in OpenAI's words; other providers ignore it.
        schema: JSON schema of the reply, for providers that can hold a model to it. The
            instructions ask for it as well.

    Example:
        >>> VisionRequest(system="Be brief.", parts=(TextPart("What is 1 + 1?"),)).images
        ()
    """

    system: str
    parts: tuple[Part, ...]
    detail: str = "high"
    schema: Mapping[str, Any] | None = None

    @property
    def images(self) -> tuple[PreparedImage, ...]:
        """The images, in reading order."""
        return tuple(part.image for part in self.parts if isinstance(part, ImagePart))

    @property
    def text(self) -> str:
        """The user's message without its images."""
        return "\n".join(part.text for part in self.parts if isinstance(part, TextPart))


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that a provider counted.

    Attributes:
        input_tokens: Tokens of the request, those from a cache included.
        output_tokens: Tokens of the answer, hidden reasoning included.
        cached_tokens: How many of the input tokens came from the provider's cache.
        cache_write_tokens: How many of the input tokens were written to it.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            cached_tokens=self.cached_tokens + other.cached_tokens,
            cache_write_tokens=self.cache_write_tokens + other.cache_write_tokens,
        )

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    def to_dict(self) -> dict[str, int]:
        """The counts as JSON-ready values."""
        return {
            "input_tokens": self.input_tokens,
            "output_tokens": self.output_tokens,
            "cached_tokens": self.cached_tokens,
            "cache_write_tokens": self.cache_write_tokens,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A model's whole reply; the last event of a stream.

    Attributes:
        text: All of the text.
        model: The model that answered, as the provider names it.
        usage: Token counts, where the provider gave them.
        finish_reason: `stop`, `length`, `refusal`, `content_filter`, or the provider's own word.
        request_id: The provider's id of the request, where it gave one.
    """

    text: str
    model: str
    usage: Usage | None = None
    finish_reason: str = "stop"
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class TextDelta:
    """A piece of a streamed reply.

    Attributes:
        text: The text that arrived.
    """

    text: str


StreamEvent: TypeAlias = TextDelta | Completion
"""Deltas, then exactly one completion."""
