"""Results as one HTML page that needs nothing beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from markupsafe import Markup

from ragsight.answer import Answer
from ragsight.answer.reply.markdown import text_html
from ragsight.answer.reply.view import answer_facts
from ragsight.characters import encodable
from ragsight.chunks import Chunk
from ragsight.gallery.cards import Card, cards_of
from ragsight.gallery.pages import PagePictures
from ragsight.gallery.pictures import InlinePictures, Pictures, inline_image
from ragsight.gallery.sections import GallerySection
from ragsight.gallery.templates import asset, template
from ragsight.html_pages import content_hash, write_page
from ragsight.loaders.pdf.backends.registry import BackendName
from ragsight.store import MultimodalStore

NOTEBOOK_SIDE = 480
"""Longest side in pixels of a picture in a notebook, which keeps them all."""


@dataclass(frozen=True, slots=True)
class AnswerView:
    """An answer, ready to be put into a template.

    Attributes:
        text: Its text, as HTML; its markers lead to the anchors of its sources.
        abstained: Whether the sources didn't hold the answer.
        warnings: What a reader should know.
        facts: What made it and what it took.
    """

    text: Markup
    abstained: bool = False
    warnings: Sequence[str] = ()
    facts: str = ""


@dataclass(frozen=True, slots=True)
class SectionView:
    """A section, ready to be put into a template."""

    anchor: str
    section: GallerySection
    image: str | None
    answer: AnswerView | None
    cards: Sequence[Card]


def render_gallery(
    sections: Sequence[GallerySection],
    *,
    title: str = "ragsight",
    store: MultimodalStore | None = None,
    pdf_backend: BackendName | None = None,
) -> str:
    """Render results as a self-contained HTML page; all text in it is escaped.

    Each hit is shown with its picture, its page with the region marked, and what each channel said
    of it. Pages are painted anew from their PDF while it is there; otherwise the picture of the
    page that was indexed is taken, or, if there is none, the page is outlined. Arrow keys go from
    hit to hit, Enter shows one in full, Escape closes it. The page loads nothing, and its content
    security policy allows no script but its own.

    Args:
        sections: What to show, in order.
        title: Heading of the page.
        store: Where the hits are from; pictures of pages that aren't among them are looked up in
            it.
        pdf_backend: The library that paints pages from their PDF, as `PdfOptions.backend`; None
            for the default one.

    Returns:
        The HTML. An image that can't be opened any more is left out.

    Example:
        >>> "Nothing was found." in render_gallery([GallerySection("a blue whale")])
        True
    """
    html = _rendered("page.html.j2", sections, title=title, store=store, backend=pdf_backend)
    return html.lstrip()


def render_fragment(
    sections: Sequence[GallerySection], *, store: MultimodalStore | None = None
) -> str:
    """Render results for a notebook: a piece of HTML without scripts, in the notebook's colours."""
    side = NOTEBOOK_SIDE
    return _rendered("notebook.html.j2", sections, title="", store=store, side=side).strip()


def write_gallery(
    path: str | Path,
    sections: Sequence[GallerySection],
    *,
    title: str = "ragsight",
    store: MultimodalStore | None = None,
    pdf_backend: BackendName | None = None,
) -> Path:
    """Write results as a self-contained HTML page; see `render_gallery`.

    Args:
        path: The file to write; its folder is made.
        sections: What to show, in order.
        title: Heading of the page.
        store: Where the hits are from.
        pdf_backend: As in `render_gallery`.

    Returns:
        The absolute path of the page.

    Raises:
        RagsightError: If the file can't be written.

    Example:
        >>> write_gallery("page.html", [GallerySection("red shoes", [])]).name
        'page.html'
    """
    html = render_gallery(sections, title=title, store=store, pdf_backend=pdf_backend)
    return write_page(path, html)


def answer_view(answer: Answer | str, prefix: str) -> AnswerView | None:
    """An answer for a template; None if there is none.

    Args:
        answer: The answer, or its text.
        prefix: What the anchors of its sources begin with.
    """
    if isinstance(answer, str):
        return AnswerView(Markup("<p>{}</p>").format(answer)) if answer else None
    return AnswerView(
        text_html(answer, prefix),
        answer.abstained,
        answer.warnings,
        answer_facts(answer),
    )


def section_view(section: GallerySection, pictures: Pictures, anchor: str) -> SectionView:
    """A section for a template.

    Args:
        section: The section.
        pictures: Gives the addresses of pictures.
        anchor: Its id in the document; those of its cards begin with it.
    """
    answer = section.answer if isinstance(section.answer, Answer) else None
    return SectionView(
        anchor,
        section,
        None if section.query_image is None else inline_image(section.query_image),
        answer_view(section.answer, anchor),
        cards_of(section.hits, pictures, prefix=anchor, answer=answer, weights=section.weights),
    )


def _rendered(
    name: str,
    sections: Sequence[GallerySection],
    *,
    title: str,
    store: MultimodalStore | None,
    side: int | None = None,
    backend: BackendName | None = None,
) -> str:
    prefix = f"rs-{_digest(sections)}"
    known = [chunk for section in sections for chunk in _chunks(section)]
    pages = PagePictures(known, None if store is None else partial(_found, store), backend=backend)
    sized = {} if side is None else {"side": side}
    pictures = InlinePictures(pages, prefix=prefix, **sized)
    views = [
        section_view(section, pictures, f"{prefix}-s{number}")
        for number, section in enumerate(sections, start=1)
    ]
    style, script = asset("gallery.css"), asset("gallery.js")
    html = template(name).render(
        title=title,
        sections=views,
        symbols=pictures.symbols,
        style=style,
        script=script,
        style_hash=content_hash(style),
        script_hash=content_hash(script),
    )
    return encodable(html)


def _chunks(section: GallerySection) -> Iterator[Chunk]:
    yield from (hit.chunk for hit in section.hits)
    if isinstance(section.answer, Answer):
        yield from section.answer.sources


def _found(store: MultimodalStore, id_: str) -> Chunk | None:
    return next(iter(store.get([id_])), None)


def _digest(sections: Sequence[GallerySection]) -> str:
    # Results of one notebook share a page: their anchors must differ.
    ids = [[section.title, *(chunk.id for chunk in _chunks(section))] for section in sections]
    return hashlib.sha256(repr(ids).encode("utf-8", "replace")).hexdigest()[:8]
