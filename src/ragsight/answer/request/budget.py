"""What still fits into a request; the lowest-ranked sources give way first."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class ImageBudget:
    """Room for images in one request, offered best first.

    Once an image is refused all later ones are: a worse image never takes the place of a better
    one because it happens to be smaller.

    Attributes:
        max_images: How many images.
        max_tokens: How many tokens, all images together.
        max_bytes: How many bytes in base64, all images together.

    Example:
        >>> budget = ImageBudget(max_images=1, max_tokens=5000, max_bytes=1_000_000)
        >>> budget.admit(tokens=900, size=40_000)
        ''
        >>> budget.admit(tokens=900, size=40_000)
        'only 1 image is sent to this model; raise SynthesizerOptions.max_images for more'
    """

    max_images: int
    max_tokens: int
    max_bytes: int
    images: int = 0
    tokens: int = 0
    bytes: int = 0
    refusal: str = ""

    @property
    def closed(self) -> str:
        """Why no image fits any more, known without opening it; empty while there is room."""
        if not self.refusal and self.images >= self.max_images:
            count = f"{self.max_images} image{'s are' if self.max_images != 1 else ' is'}"
            self.refusal = (
                f"only {count} sent to this model; raise SynthesizerOptions.max_images for more"
            )
        return self.refusal

    def admit(self, *, tokens: int, size: int) -> str:
        """Take one image in.

        Args:
            tokens: What it costs.
            size: Its bytes in base64.

        Returns:
            The reason why it was refused, empty when it was taken.
        """
        if self.closed:
            return self.refusal
        if self.tokens + tokens > self.max_tokens:
            self.refusal = (
                f"the image budget of {self.max_tokens:,} tokens is used up; raise "
                f"SynthesizerOptions.image_token_budget for more"
            )
        elif self.bytes + size > self.max_bytes:
            self.refusal = f"the request would be larger than {self.max_bytes:,} bytes"
        else:
            self.images += 1
            self.tokens += tokens
            self.bytes += size
        return self.refusal


@dataclass(slots=True, kw_only=True)
class TextBudget:
    """Room for the sources' texts in one request, offered best first.

    Attributes:
        max_tokens: How many tokens, all texts together.
    """

    max_tokens: int
    tokens: int = 0
    refusal: str = ""

    def admit(self, *, tokens: int) -> str:
        """Take one text in; returns the reason why it was refused, empty when it was taken."""
        if not self.refusal and self.tokens + tokens > self.max_tokens:
            self.refusal = (
                f"the text budget of {self.max_tokens:,} tokens is used up; raise "
                f"SynthesizerOptions.text_token_budget for more"
            )
        if not self.refusal:
            self.tokens += tokens
        return self.refusal
