"""Pages that are kept as pictures: scans and slides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import area
from ragsight.loaders.pdf.page.grouping import group_boxes
from ragsight.loaders.pdf.page.page import Line, Page

COVERS_PAGE = 0.85
"""Share of the page's area (of both sides, for frames) from which on a picture is its background;
with less, large figures are lost as backgrounds, with more, scans with a margin are figures."""

_FEW_CHARACTERS = 50
"""Characters that a scan may have as text, such as a stamp or a page number; with more, figures
with a page of their own are read as scans, with fewer, stamped scans aren't kept whole."""

_TOUCHING = 2.0
"""Points between the strips of one scan; with more, two figures close together are a scan, with
less, scans in loose strips aren't."""

PageKind = Literal["scan", "slide", "page"]


def page_kind(page: Page) -> PageKind | None:
    """What a page is that is kept as a picture: a scan, a slide, or one on a background picture.

    A page whose letters can't be read is as good as a scan.
    """
    if page.unreadable or is_scan(page):
        return "scan"
    if is_slide(page, page.lines):
        return "slide"
    return None if background(page) is None else "page"


def background(page: Page) -> BBox | None:
    """The picture that covers the page, if there is one: a scan, or a slide's background."""
    covering = [box for box in page.pictures if area(box) > COVERS_PAGE * area(page.bbox)]
    return covering[0] if covering else None


def is_scan(page: Page) -> bool:
    """Whether the page is a picture with almost no text."""
    characters = sum(len(line.text.strip()) for line in page.lines)
    if characters >= _FEW_CHARACTERS:
        return False
    covered = sum(area(box) for box in page.pictures) > 0.5 * area(page.bbox)
    # Scans come in one piece or in strips that touch; two pictures with a gap are figures.
    return background(page) is not None or (
        covered and len(group_boxes(page.pictures, _TOUCHING)) == 1
    )


def is_slide(page: Page, lines: Sequence[Line]) -> bool:
    """Whether the page looks like a slide: landscape, little text, set large."""
    if page.height <= 0 or not 1.25 <= page.width / page.height <= 1.85:
        return False
    characters = sum(len(line.text) for line in lines)
    largest = max((line.size for line in lines), default=0.0)
    return characters < 1500 and largest >= 0.03 * page.height
