"""Pages that are kept as pictures: which figures need no picture of their own there."""

from __future__ import annotations

from dataclasses import replace

from ragsight.loaders.pdf.options import PdfOptions
from ragsight.loaders.pdf.page.geometry import area
from ragsight.loaders.pdf.page.kinds import PageKind
from ragsight.loaders.pdf.page.page import Page
from ragsight.loaders.pdf.parts import Analysis, Figure

_SAME_AS_PAGE = 0.75
"""Share of the page that a figure covers if the page's own picture shows it as well; with less,
large figures have no picture of their own, with more, one picture is kept twice."""


def kept_whole(kind: PageKind | None, analysis: Analysis, options: PdfOptions) -> PageKind | None:
    """What a page is that is kept as a picture; None if it isn't to be kept.

    Args:
        kind: What it looks like.
        analysis: Its parts; figures with captions tell that it is an ordinary page.
        options: Whether pictures of pages are wanted.
    """
    if not options.figures or options.page_images == "none":
        return None
    return kind if all(figure.caption is None for figure in analysis.figures) else None


def without_shown_figures(analysis: Analysis, page: Page, kind: PageKind) -> Analysis:
    """The page without the figures that its own picture shows well enough.

    Their words go back to the page's text: the boxes on a slide are drawings around what it says.
    """
    shown = [figure for figure in analysis.figures if _is_shown(figure, page, kind)]
    numbers = {number for figure in shown for number in figure.inner}
    return replace(
        analysis,
        figures=tuple(figure for figure in analysis.figures if figure not in shown),
        text={n: page.lines[n] for n in sorted({*analysis.text, *numbers})},
    )


def _is_shown(figure: Figure, page: Page, kind: PageKind) -> bool:
    if figure.caption is not None:
        return False
    if kind != "page" or figure.bbox is None:
        return True
    return area(figure.bbox) > _SAME_AS_PAGE * area(page.bbox)
