"""Results and answers as a notebook shows them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from ragsight.answer import Answer
from ragsight.gallery.rendering import render_fragment, render_gallery, write_gallery
from ragsight.gallery.sections import GallerySection
from ragsight.images import ImageSource
from ragsight.retrieval import Hit
from ragsight.store import MultimodalStore

Shown: TypeAlias = Hit | Iterable[Hit] | Answer
"""What can be shown: a hit, a result, an answer."""


@dataclass(frozen=True, slots=True)
class Gallery:
    """Results to look at: as the last line of a notebook's cell, or written as a page.

    Attributes:
        sections: What is shown.
        store: Where the hits are from, for pictures of pages that aren't among them.

    Example:
        >>> gallery = show([], title="a blue whale")
        >>> "Nothing was found." in gallery.to_html()
        True
    """

    sections: tuple[GallerySection, ...]
    store: MultimodalStore | None = None

    def to_html(self, *, title: str = "ragsight") -> str:
        """The page; see `render_gallery`."""
        return render_gallery(self.sections, title=title, store=self.store)

    def write(self, path: str | Path, *, title: str = "ragsight") -> Path:
        """Write the page; see `write_gallery`."""
        return write_gallery(path, self.sections, title=title, store=self.store)

    def _repr_html_(self) -> str:
        return render_fragment(self.sections, store=self.store)


def show(
    found: Shown,
    *,
    title: str = "",
    answer: Answer | None = None,
    image: ImageSource | None = None,
    store: MultimodalStore | None = None,
) -> Gallery:
    """Show a result, an answer, or an answer above the result that it was given from.

    Args:
        found: Hits, one hit, or an answer.
        title: The query, to stand above.
        answer: The answer that was given from the hits.
        image: The image that was searched with.
        store: Where the hits are from, for pictures of pages that aren't among them.

    Returns:
        What a notebook shows as it is, and what `write` makes a page of.

    Example:
        >>> from ragsight import Chunk, Source
        >>> hit = Hit(Chunk(text="Open the valve.", source=Source(uri="manual.pdf")), 0.5)
        >>> "Open the valve." in show(hit).to_html()
        True
    """
    given = found if isinstance(found, Answer) else answer
    hits = () if isinstance(found, Answer) else (found,) if isinstance(found, Hit) else found
    section = GallerySection(
        title, tuple(hits), query_image=image, answer=given if given is not None else ""
    )
    return Gallery((section,), store)
