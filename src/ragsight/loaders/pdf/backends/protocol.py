"""What the loader asks of a PDF library: the interface that each backend implements."""

from __future__ import annotations

from typing import Protocol

from PIL import Image

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.page import Drawing, Line, Page


class PageSource(Protocol):
    """An open PDF.

    Pages are numbered from 1. Boxes are in points, with the page's rotation applied, and cut to
    what is shown: to the page and to the clip paths in force. Whatever is wrong with a file comes
    as a `DocumentError` that names the file and the page; nothing is printed.

    Attributes:
        name: How messages name the file.
        page_count: At least 1.
        repaired: Whether the file was damaged and what could be saved of it was read.
    """

    name: str
    page_count: int
    repaired: bool

    def outline(self) -> list[tuple[int, str, int]]:
        """The bookmarks: level from 1, title, page; empty where they are absent or damaged."""
        ...

    def page(self, number: int) -> Page:
        """A page's lines of text and its pictures.

        Raises:
            DocumentError: If the page is damaged.
        """
        ...

    def drawings(self, number: int) -> tuple[Drawing, ...]:
        """A page's painted paths.

        Raises:
            DocumentError: If the page is damaged.
        """
        ...

    def words(self, number: int) -> tuple[Line, ...]:
        """A page's words one by one, for what is set closer than lines are told apart.

        Raises:
            DocumentError: If the page is damaged.
        """
        ...

    def render(self, number: int, box: BBox, *, max_side: int, max_dpi: int) -> Image.Image:
        """Paint a region as it looks on the page: masks, colour spaces and labels included.

        Args:
            number: The page.
            box: The region in points.
            max_side: Longest side of the picture, in pixels.
            max_dpi: Highest resolution.

        Raises:
            DocumentError: If the region can't be painted.
        """
        ...

    def trim_memory(self) -> None:
        """Empty the library's caches."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
