"""What is known of a deck before it is painted, and how its pictures are handed out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol

from ragsight.chunks import BBox, ImageRef


@dataclass(frozen=True, slots=True)
class DeckFacts:
    """What a deck says of itself, to check its pictures against.

    Attributes:
        slide_count: Number of slides, hidden ones included.
        hidden: Numbers of the hidden slides, from 1.
        size: Width and height of a slide in points.

    Example:
        >>> DeckFacts(slide_count=3, hidden=frozenset({2}), size=(960.0, 540.0)).visible
        [1, 3]
    """

    slide_count: int
    hidden: frozenset[int]
    size: tuple[float, float]

    @property
    def visible(self) -> list[int]:
        """Numbers of the slides that aren't hidden, in order."""
        return [number for number in range(1, self.slide_count + 1) if number not in self.hidden]


class SlideRenders(Protocol):
    """The pictures of one deck's slides; a context manager.

    Attributes:
        renderer: What painted them: `libreoffice`, `office2pdf` or `pdf`.
        numbers: Number of a slide, from 1 and hidden ones counted, to the page that shows it.
            Slides without a picture are absent.
    """

    renderer: str
    numbers: Mapping[int, int]

    def render(self, slide: int, region: BBox | None = None) -> ImageRef:
        """The picture of a slide.

        Args:
            slide: Its number, from 1, hidden ones counted.
            region: A part of it in points, painted as large as the whole would be if the
                resolution allows it; None for the whole slide.

        Returns:
            A reference that carries the encoded bytes.

        Raises:
            RagsightError: If this slide has no picture or can't be painted.
        """
        ...

    def close(self) -> None:
        """Let go of the files."""
        ...

    def __enter__(self) -> SlideRenders:
        """Itself."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        ...


def page_numbers(deck: DeckFacts, pages: int, *, drops_hidden: bool) -> dict[int, int] | None:
    """Which page shows which slide, by their numbers.

    Args:
        deck: The deck.
        pages: How many pages its picture has.
        drops_hidden: Whether the renderer is known to leave hidden slides out; others may do so in
            older versions.

    Returns:
        Number of a slide to that of its page; None if it can't be known.

    Example:
        >>> facts = DeckFacts(slide_count=3, hidden=frozenset({2}), size=(960.0, 540.0))
        >>> page_numbers(facts, 2, drops_hidden=False), page_numbers(facts, 4, drops_hidden=False)
        ({1: 1, 3: 2}, None)
    """
    visible = deck.visible
    everything = list(range(1, deck.slide_count + 1))
    for slides in (visible, everything) if drops_hidden else (everything, visible):
        if len(slides) == pages:
            return {slide: page for page, slide in enumerate(slides, start=1)}
    return None


def is_same_shape(deck: DeckFacts, size: tuple[float, float]) -> bool:
    """Whether a page has a deck's proportions, to 2%: renderers round, and some scale."""
    width, height = deck.size
    return abs(size[0] * height - size[1] * width) <= 0.02 * size[1] * width
