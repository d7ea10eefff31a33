"""Open the pictures of decks: from the cache, or painted now."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal, get_args

from ragsight.errors import (
    ConfigurationError,
    ErrorHandler,
    InputError,
    RenderError,
    raise_error,
)
from ragsight.loaders.base import absolute
from ragsight.loaders.pdf.backends.protocol import PageSource
from ragsight.loaders.pdf.backends.registry import BackendName, default_backend, open_pdf
from ragsight.loaders.slides.painting.cache import RenderCache, chosen_cache
from ragsight.loaders.slides.painting.deck import (
    DeckFacts,
    SlideRenders,
    is_same_shape,
    page_numbers,
)
from ragsight.loaders.slides.painting.formats import check_deck
from ragsight.loaders.slides.painting.pages import PageLook, PdfRenders
from ragsight.loaders.slides.painting.painting import PaintedDeck, shelf_of
from ragsight.loaders.slides.painting.renderers import (
    NO_RENDERER,
    Renderer,
    find_renderer,
    warn_of_no_renderer,
)

RenderMode = Literal["auto", "require", "off"]

IMAGE_SIDE = 1568
"""Longest side of a picture in pixels: vision models scale larger ones down to about that."""

TIMEOUT = 120.0
"""Seconds that a deck may take."""


def open_renders(
    path: str | Path,
    deck: DeckFacts,
    *,
    mode: RenderMode = "auto",
    timeout: float = TIMEOUT,
    on_error: ErrorHandler = raise_error,
    cache: RenderCache | bool = True,
    image_side: int = IMAGE_SIDE,
    backend: BackendName | None = None,
) -> SlideRenders | None:
    """Open the pictures of a deck's slides, painting the deck first if that wasn't done yet.

    LibreOffice paints it where it is installed, else the package office2pdf-python does, which
    leaves hidden slides out. The deck's links are not followed. The pages of a PDF are its slides.

    Args:
        path: The deck.
        deck: What it says of itself. Pictures that can't be told apart by it aren't handed out.
        mode: `auto`: without a renderer there are no pictures, and one warning is logged in each
            process; a deck that can't be painted goes to `on_error`. `require`: both are raised.
            `off`: no pictures.
        timeout: Seconds that painting the deck may take.
        on_error: Called with why this deck can't be painted.
        cache: Where pictures are kept: true for `default_render_folder()`, false for nowhere.
        image_side: Longest side of a picture in pixels.
        backend: The library that reads the PDF; None for `default_backend()`.

    Returns:
        The pictures, to be closed; None if there are none.

    Raises:
        SourceNotFoundError: If there is no such file.
        ConfigurationError: If there is no such mode, or nothing that paints decks is installed
            and `mode` is `require`.
        RenderError: If the deck can't be painted and `mode` is `require` or `on_error` raises.

    Example:
        >>> facts = DeckFacts(slide_count=2, hidden=frozenset(), size=(960.0, 540.0))
        >>> with open_renders("deck.pptx", facts) as renders:  # doctest: +SKIP
        ...     print(renders.renderer, renders.render(2).width)
    """
    if mode not in get_args(RenderMode):
        raise ConfigurationError(f"mode={mode!r}: choose one of {', '.join(get_args(RenderMode))}.")
    file = absolute(path)
    look = PageLook(image_side, backend if backend is not None else default_backend())
    if mode == "off" or deck.slide_count == 0:
        return None
    try:
        if file.suffix.lower() == ".pdf":
            return _pages_of(file, deck, chosen_cache(cache), look)
        renderer = find_renderer(file)
        if renderer is None:
            _miss_renderer(mode)
            return None
        return _slides_of(file, deck, renderer, timeout, chosen_cache(cache), look)
    except InputError as error:
        if mode == "require":
            raise
        on_error(error)
        return None


def _miss_renderer(mode: RenderMode) -> None:
    if mode == "require":
        raise ConfigurationError(
            "Pictures of slides are required, and nothing that paints them is installed. "
            f"{NO_RENDERER.partition('. ')[2]}"
        )
    warn_of_no_renderer()


def _pages_of(
    file: Path, deck: DeckFacts, cache: RenderCache | None, look: PageLook
) -> SlideRenders:
    return PdfRenders(
        str(file),
        "pdf",
        {number: number for number in range(1, deck.slide_count + 1)},
        shelf=shelf_of(file, cache, "pdf"),
        open_pdf=partial(open_pdf, file, str(file), None, look.backend),
        look=look,
    )


def _slides_of(
    file: Path,
    deck: DeckFacts,
    renderer: Renderer,
    timeout: float,
    cache: RenderCache | None,
    look: PageLook,
) -> SlideRenders:
    painted = PaintedDeck(file, shelf_of(file, cache, renderer.identity), look.backend)
    numbers: dict[int, int] = {}
    scale = 1.0
    if deck.visible or not renderer.drops_hidden:
        if painted.facts is None:
            painted.accept(_pdf_of(file, renderer, timeout))
        numbers = _numbers(painted, deck, renderer)
        assert painted.facts is not None
        scale = painted.facts.size[0] / deck.size[0]
    return PdfRenders(
        str(file),
        renderer.name,
        numbers,
        shelf=painted.shelf,
        open_pdf=partial(_pdf_source, painted, renderer, timeout),
        look=look,
        scale=scale,
    )


def _numbers(painted: PaintedDeck, deck: DeckFacts, renderer: Renderer) -> dict[int, int]:
    facts = painted.facts
    assert facts is not None
    numbers = page_numbers(deck, facts.pages, drops_hidden=renderer.drops_hidden)
    if numbers is None:
        raise RenderError(
            f"{painted.path}: {renderer.name} made {facts.pages} pages of {deck.slide_count} "
            f"slides ({len(deck.hidden)} hidden). Which page shows which slide can't be known, so "
            "none is used. Save the deck anew in the program that made it."
        )
    if not is_same_shape(deck, facts.size):
        raise RenderError(
            f"{painted.path}: {renderer.name} made pages of {facts.size[0]:.0f} x "
            f"{facts.size[1]:.0f} points of slides of {deck.size[0]:.0f} x {deck.size[1]:.0f}, so "
            "they don't show the slides. Save the deck anew in the program that made it."
        )
    return numbers


def _pdf_source(painted: PaintedDeck, renderer: Renderer, timeout: float) -> PageSource:
    source = painted.source()
    if source is None:
        # Damaged, or removed to make room, since it was looked up.
        painted.accept(_pdf_of(painted.path, renderer, timeout))
        source = painted.source()
    assert source is not None
    return source


def _pdf_of(file: Path, renderer: Renderer, timeout: float) -> bytes:
    check_deck(file)
    _, result = next(iter(renderer.pdfs([file], timeout=timeout)))
    if isinstance(result, RenderError):
        raise result
    return result
