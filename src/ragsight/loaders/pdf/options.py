"""What a PDF loader can be told."""

from __future__ import annotations

from dataclasses import dataclass, field

from ragsight.errors import ConfigurationError
from ragsight.loaders.chunking import ChunkingOptions


@dataclass(frozen=True, slots=True)
class PdfOptions:
    """How a PDF becomes chunks.

    Attributes:
        chunking: How long passages are.
        tables: Whether tables become chunks of their own; else their words stay in the text.
        page_images: Whether scanned pages and slides are kept as pictures of the whole page.
        image_side: Longest side of a rendered picture in pixels. Vision models scale down to
            about 1,568, so more is stored but not seen.
        max_dpi: Resolution beyond which small figures aren't enlarged.

    Raises:
        ConfigurationError: If a size is below 1.
    """

    chunking: ChunkingOptions = field(default_factory=ChunkingOptions)
    tables: bool = True
    page_images: bool = True
    image_side: int = 1568
    max_dpi: int = 300

    def __post_init__(self) -> None:
        if self.image_side < 1 or self.max_dpi < 1:
            raise ConfigurationError(
                f"image_side={self.image_side}, max_dpi={self.max_dpi}: both must be 1 or more."
            )
