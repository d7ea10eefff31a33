"""A page beside what a loader made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from PIL import Image

from ragsight.chunks import BBox, Chunk
from ragsight.errors import ImageError
from ragsight.images import open_image

WHOLE_PAGE = frozenset({"page", "slide"})
"""Kinds of chunks whose picture shows all of a page."""

Reason = Literal["header or footer", "contents", "repeated picture", "small picture"]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something on a page that becomes no part of a chunk.

    Attributes:
        bbox: Where it stands, in points.
        reason: Why it is left out.
        text: Its words, if it has any.
    """

    bbox: BBox
    reason: Reason
    text: str = ""


@dataclass(frozen=True, slots=True)
class InspectedPage:
    """A page or slide, and what becomes of it.

    Attributes:
        number: From 1.
        label: The number printed on it, where that differs.
        size: Width and height in points.
        image: How it looks; None if it can't be painted.
        chunks: Its chunks in reading order, without the links between them.
        left_out: What no chunk has.
        problems: What went wrong on it.
    """

    number: int
    label: str = ""
    size: tuple[float, float] = (0.0, 0.0)
    image: Image.Image | None = None
    chunks: tuple[Chunk, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    problems: tuple[str, ...] = ()


def pages_of(chunks: Iterable[Chunk]) -> Iterator[InspectedPage]:
    """Pages from a loader whose chunks have the pictures of whole pages with them.

    Args:
        chunks: Page by page, as `SlideLoader` gives them.
    """
    for number, members in groupby(chunks, key=lambda chunk: chunk.source.page):
        of_page = tuple(members)
        first = of_page[0]
        whole = next((c for c in of_page if c.kind in WHOLE_PAGE and c.image is not None), None)
        yield InspectedPage(
            number=number if number is not None else 0,
            label=first.source.page_label or "",
            size=first.source.page_size or (0.0, 0.0),
            image=None if whole is None else _picture(whole),
            chunks=of_page,
        )


def _picture(chunk: Chunk) -> Image.Image | None:
    assert chunk.image is not None
    try:
        return open_image(chunk.image)
    except ImageError:
        return None
