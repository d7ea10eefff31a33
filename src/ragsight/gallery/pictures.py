"""How a page gets at its pictures: within it, or by links."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Protocol

from ragsight.chunks import Chunk
from ragsight.errors import InputError, StoreError
from ragsight.gallery.pages import PagePictures
from ragsight.gallery.places import Place
from ragsight.images import ImageSource, thumbnail_data_uri

IMAGE_SIDE = 720
"""Longest side in pixels of a picture within a page."""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page's picture, for SVG.

    Attributes:
        href: Where it is: `#` and the id of a symbol of this document, or a link.
        is_symbol: Whether it is a symbol.
    """

    href: str
    is_symbol: bool = False


@dataclass(frozen=True, slots=True)
class Symbol:
    """A picture that is in the document once and shown any number of times."""

    id: str
    uri: str
    size: tuple[float, float]


class Pictures(Protocol):
    """Gives the addresses of pictures."""

    def image(self, chunk: Chunk) -> str | None:
        """Where a chunk's own picture is; None if it has none that can be shown."""
        ...

    def page(self, chunk: Chunk, place: Place) -> PagePicture | None:
        """Where the picture of a chunk's page is; None if there is none."""
        ...


class InlinePictures:
    """Pictures within the document, as `data:` URIs; each page is painted once.

    Args:
        pages: Paints pages.
        prefix: Begins the ids of symbols, which must differ within one document.
        side: Longest side of a picture in pixels.
    """

    def __init__(self, pages: PagePictures, *, prefix: str, side: int = IMAGE_SIDE) -> None:
        self._pages = pages
        self._prefix = prefix
        self._side = side
        self._symbols: dict[tuple[str, int | None], Symbol | None] = {}

    @property
    def symbols(self) -> list[Symbol]:
        """The pages that were asked for and could be painted."""
        return [symbol for symbol in self._symbols.values() if symbol is not None]

    def image(self, chunk: Chunk) -> str | None:
        """The chunk's own picture, made small."""
        return None if chunk.image is None else inline_image(chunk.image, side=self._side)

    def page(self, chunk: Chunk, place: Place) -> PagePicture | None:
        """The symbol of the chunk's page."""
        key = (chunk.source.uri, chunk.source.page)
        if key not in self._symbols:
            self._symbols[key] = self._symbol(chunk, place)
        symbol = self._symbols[key]
        return None if symbol is None else PagePicture(f"#{symbol.id}", is_symbol=True)

    def _symbol(self, chunk: Chunk, place: Place) -> Symbol | None:
        data = self._pages.picture(chunk)
        if data is None:
            return None
        uri = f"data:image/webp;base64,{base64.b64encode(data).decode('ascii')}"
        return Symbol(f"{self._prefix}-page-{len(self._symbols) + 1}", uri, place.size)


def inline_image(image: ImageSource, *, side: int = IMAGE_SIDE) -> str | None:
    """A picture as a `data:` URI, made small; None if it can't be opened any more."""
    try:
        return thumbnail_data_uri(image, size=side)
    except (InputError, StoreError):
        return None
