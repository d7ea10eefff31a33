"""Page furniture: running headers, footers and page numbers, found by comparing pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.page import Line, Page

TOP_BAND = 0.10

BOTTOM_BAND = 0.10
"""Shares of the page's height in which furniture is looked for: with more, lines of text are looked
at as well, with less, headers set low stay in the text."""

REPEATS = 3
"""On so many pages a line must stand to be furniture: two is what similar pages do by chance."""

WINDOW = 4
"""Pages looked at on either side: headers of left and right pages alternate."""

_LARGE = 1.3
"""Times the text's font size: lines set as large are titles and amounts, not running headers."""

_SAME_PLACE = 6.0
"""Points by which tops of one running header differ; with more, lines of text count as repeated."""

_SAME_SIZE = 1.05
"""Times the text's font size: what is set larger, or bold, is a heading if it counts up."""

_SLIDE_TITLE = 0.04
"""Share of the page's height: type as large on a landscape page is a title. With less, running
headers of slides stay; with more, titles that repeat are lost."""

_CLEARANCE = 6.0
"""Points below a header and above a footer; with less, the rules beside them count as drawings,
with more, what is drawn right next to them is lost."""

_DIGITS = re.compile(r"\d+")
_THING = re.compile(
    r"(?:\b(?:no|nr|núm|num|number|nummer|numéro|id|invoice|rechnung|facture|factura|question|frage"
    r"|aufgabe|exercise|case|order|item|serial|record|account|konto|form|sheet|table|figure)\b|[№#])"
    r"\W{0,3}\d",
    re.IGNORECASE,
)
"""A number that counts something other than pages, right after the word for it."""

_PAGE_NUMBER = re.compile(
    r"^\W*(?:(?:page|p|seite|página|pagina|стр)\b\.?\s*)?"
    r"(?:\d{1,5}|(?=[ivxlc])c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})\b)(?:\s*(?:/|of|von|de|sur|из)\s*\d{1,5})?\W*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class EdgeLine:
    """A line in a page's top or bottom band.

    Attributes:
        top: Where it begins, in points.
        numbers: The whole numbers in it, in order.
    """

    top: float
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PageEdges:
    """The lines in a page's top and bottom bands.

    Attributes:
        page: The page's number.
        lines: By their words, digits masked.
    """

    page: int
    lines: Mapping[str, Sequence[EdgeLine]]


def furniture_lines(
    page: Page, others: Iterable[PageEdges], text_size: float | None = None
) -> frozenset[int]:
    """Find a page's running headers, footers and page numbers.

    A line in the top or bottom band is furniture if the same words stand at the same height on two
    other pages, or if it is a page number at the very edge. Numbers in the line must be the same
    there too, or count up with the pages: invoices, statements and forms have lines at their edges
    that differ in nothing but numbers, and these are what is looked for. Lines in large type stay.

    Args:
        page: The page.
        others: What `edges_of` tells of its neighbours.
        text_size: Font size of the text around, in points, if known.

    Returns:
        Positions in `page.lines`.
    """
    numerals = {
        number
        for number, line in enumerate(page.lines)
        if _in_band(line.bbox, page.height) and is_page_number(line.text) and _is_edge(line, page)
    }
    found = set(numerals)
    edges = list(others)
    for number, line in enumerate(page.lines):
        if not _in_band(line.bbox, page.height) or _is_slide_title(line, page):
            continue
        if text_size is not None and line.size >= _LARGE * text_size:
            continue
        set_apart = text_size is not None and (line.bold or line.size > _SAME_SIZE * text_size)
        counts = not set_apart and not _is_counted_thing(line.text)
        if _repeats(line, page.number, edges, counts=counts) >= REPEATS - 1:
            found.add(number)
    # A page of nothing but such lines is a title or a divider, and they are its content.
    return frozenset(found if len(found) < len(page.lines) else numerals)


def _is_counted_thing(text: str) -> bool:
    """Whether a line numbers something other than pages: "Invoice no. 12", "Question 3"."""
    return _THING.search(text) is not None


def _repeats(line: Line, page: int, edges: Sequence[PageEdges], *, counts: bool) -> int:
    """On how many other pages a line stands too.

    Args:
        line: The line.
        page: The number of its page.
        edges: The other pages' lines.
        counts: Whether numbers may count up with the pages, as "Question 3" does without being
            furniture where it is set as a heading.
    """
    key, numbers = _masked(line.text), _numbers(line.text)
    return sum(
        any(
            abs(line.bbox[1] - twin.top) <= _SAME_PLACE
            and _agree(numbers, twin.numbers, page - other.page if counts else 0)
            for twin in other.lines.get(key, ())
        )
        for other in edges
    )


def _agree(numbers: Sequence[int], others: Sequence[int], pages: int) -> bool:
    """Whether numbers are equal or, one of them, farther by as many as the pages are apart."""
    differing = [a - b for a, b in zip(numbers, others, strict=True) if a != b]
    return not differing or (len(differing) == 1 and differing[0] == pages)


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


def edges_of(page: Page) -> PageEdges:
    """The lines in a page's top and bottom bands."""
    lines: dict[str, list[EdgeLine]] = {}
    for line in page.lines:
        if _in_band(line.bbox, page.height):
            edge = EdgeLine(line.bbox[1], _numbers(line.text))
            lines.setdefault(_masked(line.text), []).append(edge)
    return PageEdges(page.number, lines)


def _numbers(text: str) -> tuple[int, ...]:
    # Numbers of more digits than any page count are compared by their ends.
    return tuple(int(digits[-12:]) for digits in _DIGITS.findall(text))


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
