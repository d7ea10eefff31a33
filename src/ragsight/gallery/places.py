"""Where on its page a hit stands, in numbers that can be drawn."""

from __future__ import annotations

from dataclasses import dataclass

from ragsight.chunks import BBox, Chunk

ViewBox = tuple[float, float, float, float]
"""Left, top, width, height in points: what an SVG shows."""

_ASPECT = 0.9
"""Height by width of the part of a page that a card shows."""

_LEAST_WIDTH = 0.6
"""Of the page's width: closer, and nobody sees any more where on the page it is."""

_MARGIN = 12.0
_WHOLE = 0.95


@dataclass(frozen=True, slots=True)
class Place:
    """A region on a page.

    Attributes:
        size: Width and height of the page in points.
        box: The region; None if it is the whole page, or isn't known.
    """

    size: tuple[float, float]
    box: BBox | None

    @property
    def whole(self) -> ViewBox:
        """The page."""
        return 0.0, 0.0, *self.size

    @property
    def closer(self) -> ViewBox:
        """A part of the page with the region in it, or its beginning if it is too tall."""
        width, height = self.size
        left, top, right, bottom = self.box if self.box is not None else (0.0, 0.0, width, height)
        shown = min(width, max(right - left + 2 * _MARGIN, _LEAST_WIDTH * width))
        tall = min(height, _ASPECT * shown)
        x = _kept((left + right - shown) / 2, width - shown)
        fits = bottom - top + 2 * _MARGIN <= tall
        y = _kept((top + bottom - tall) / 2 if fits else top - _MARGIN, height - tall)
        return round(x, 1), round(y, 1), round(shown, 1), round(tall, 1)

    @property
    def shade(self) -> str:
        """The path around the region: the page without it."""
        width, height = self.size
        page = f"M0 0H{width:g}V{height:g}H0Z"
        if self.box is None:
            return page
        left, top, right, bottom = self.box
        return f"{page}M{left:g} {top:g}V{bottom:g}H{right:g}V{top:g}Z"


def place_of(chunk: Chunk) -> Place | None:
    """Where a chunk stands; None if its page isn't known, or the chunk is the page.

    Example:
        >>> from ragsight import Source
        >>> source = Source(uri="a.pdf", page=1, page_size=(600, 800), bbox=(50, 100, 550, 160))
        >>> place_of(Chunk(text="A passage.", source=source)).closer
        (38.0, 0.0, 524.0, 471.6)
    """
    source = chunk.source
    if source.page_size is None or source.page is None or chunk.kind in {"page", "slide"}:
        return None
    width, height = source.page_size
    if not (0 < width < float("inf") and 0 < height < float("inf")):
        return None
    return Place((width, height), _inside(source.bbox, width, height))


def _inside(box: BBox | None, width: float, height: float) -> BBox | None:
    if box is None:
        return None
    left, right = (min(max(value, 0.0), width) for value in (box[0], box[2]))
    top, bottom = (min(max(value, 0.0), height) for value in (box[1], box[3]))
    if not (left < right and top < bottom):
        return None
    whole = (right - left) * (bottom - top) >= _WHOLE * width * height
    return None if whole else (left, top, right, bottom)


def _kept(value: float, most: float) -> float:
    return min(max(value, 0.0), max(most, 0.0))
