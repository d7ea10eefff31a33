"""Page furniture: running headers, footers and page numbers, found by comparing pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.page import Line, Page

TOP_BAND = 0.10
BOTTOM_BAND = 0.10
"""Shares of the page's height in which furniture is looked for."""

REPEATS = 3
"""On so many pages a line must stand to be furniture: two is what similar pages do by chance."""

WINDOW = 4
"""Pages looked at on either side: headers of left and right pages alternate."""

Places = dict[str, list[float]]
"""Tops by the words of a line, digits masked."""

_SAME_PLACE = 6.0
_SLIDE_TITLE = 0.04
_CLEARANCE = 6.0
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"^\W*(?:(?:page|p|seite|página|pagina|стр)\b\.?\s*)?"
    r"(?:\d{1,5}|(?=[ivxlc])c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})\b)(?:\s*(?:/|of|von|de|sur|из)\s*\d{1,5})?\W*$",
    re.IGNORECASE,
)


def furniture_lines(page: Page, others: Iterable[Places]) -> frozenset[int]:
    """Find a page's running headers, footers and page numbers.

    A line in the top or bottom band is furniture if the same words, digits aside, stand at the
    same height on two other pages, or if it is a page number at the very edge.

    Args:
        page: The page.
        others: What `places_of` tells of its neighbours.

    Returns:
        Positions in `page.lines`.
    """
    numerals = {
        number
        for number, line in enumerate(page.lines)
        if _in_band(line.bbox, page.height) and is_page_number(line.text) and _is_edge(line, page)
    }
    found = set(numerals)
    places = list(others)
    for number, line in enumerate(page.lines):
        if _in_band(line.bbox, page.height) and not _is_slide_title(line, page):
            key = _masked(line.text)
            repeats = sum(
                any(abs(line.bbox[1] - y) <= _SAME_PLACE for y in tops.get(key, ()))
                for tops in places
            )
            if repeats >= REPEATS - 1:
                found.add(number)
    # A page of nothing but such lines is a title or a divider, and they are its content.
    return frozenset(found if len(found) < len(page.lines) else numerals)


def content_area(page: Page, furniture: Iterable[int]) -> BBox:
    """The page between its header and its footer."""
    top, bottom = 0.0, page.height
    for number in furniture:
        box = page.lines[number].bbox
        if box[3] < page.height / 2:
            top = max(top, box[3] + _CLEARANCE)
        else:
            bottom = min(bottom, box[1] - _CLEARANCE)
    return 0.0, top, page.width, bottom


def repeated_boxes(page: Page, others: Sequence[Page]) -> list[tuple[BBox, list[int]]]:
    """Pictures that stand at one place on several pages: perhaps a logo, perhaps screenshots.

    Returns:
        Boxes, each with the numbers of the other pages that have one there; at least two.
    """
    found = []
    for box in page.pictures:
        pages = [
            other.number
            for other in others
            if any(max(abs(a - b) for a, b in zip(box, twin, strict=True)) < 2
                   for twin in other.pictures)
        ]  # fmt: skip
        if len(pages) >= REPEATS - 1:
            found.append((box, pages))
    return found


def is_page_number(text: str) -> bool:
    """Whether a line is nothing but a page number: `12`, `- iv -`, `Page 3 of 20`.

    Example:
        >>> is_page_number("Page 3 of 20"), is_page_number("3 pumps")
        (True, False)
    """
    return _PAGE_NUMBER.match(text) is not None


def places_of(page: Page) -> Places:
    """Where the lines in a page's top and bottom bands stand."""
    tops: dict[str, list[float]] = {}
    for line in page.lines:
        if _in_band(line.bbox, page.height):
            tops.setdefault(_masked(line.text), []).append(line.bbox[1])
    return tops


def _masked(text: str) -> str:
    return _DIGITS.sub("#", " ".join(text.split())).lower()


def _in_band(box: BBox, height: float) -> bool:
    return box[3] <= height * TOP_BAND or box[1] >= height * (1 - BOTTOM_BAND)


def _is_slide_title(line: Line, page: Page) -> bool:
    """Whether a line is set as large as titles of slides, which stay as the slide builds up."""
    return page.width > page.height and line.size >= _SLIDE_TITLE * page.height


def _is_edge(line: Line, page: Page) -> bool:
    """Whether no line stands farther out, on the line's side of the page."""
    middle = (line.bbox[1] + line.bbox[3]) / 2
    if line.bbox[1] < page.height / 2:
        return all(other.bbox[3] >= middle for other in page.lines)
    return all(other.bbox[1] <= middle for other in page.lines)
