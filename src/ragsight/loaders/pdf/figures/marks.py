"""The marks figures are made of: a page's pictures and drawings, without what is no figure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import (
    area,
    centre_inside,
    gap_x,
    gap_y,
    height,
    overlap,
    width,
)
from ragsight.loaders.pdf.page.kinds import COVERS_PAGE
from ragsight.loaders.pdf.page.page import Drawing, Line, Page

_EDGE, _WHOLE, _BAND = 3.0, 0.95, 0.2
"""Points from the page's edge, and shares of its width or height: a strip that long and flat is no
figure. With a deeper band, a figure across the page's edge is lost, and all that is on it."""

_RULE = 2.5
"""Points: a drawing as thin is a rule. With more, flat bars of charts are left out as underlines;
with less, thick underlines become figures."""

_UNDERLINE_GAP = 3.5
"""Points from a line's bottom to the rule under it; with more, an axis near a label is left out."""

_LONGEST_BAR = 80.0
"""Points: longer rules are no bars of fractions. With more, lines through labels of diagrams are
left out; with less, long fractions become figures."""

_AMID = 2.0
"""Points below a line's top and above its bottom within which bars stand; with less, rules that
only touch text are left out, with more, the bars in small type stay."""

_MIN_ACROSS = 0.15
"""Share of the page's width from which a rule may be a separator; with less, lines of small
drawings are left out, with more, short separators become figures."""

_MIN_DOWN = 0.30
"""The same for upright rules, as a share of the page's height."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A picture or a drawing.

    Attributes:
        bbox: Where it stands.
        picture: Whether it is a bitmap or a shading.
        filled: Whether it is a drawing that fills an area.
        angular: Whether it is a drawing of horizontal and vertical edges only.
    """

    bbox: BBox
    picture: bool = False
    filled: bool = False
    angular: bool = True


def figure_marks(
    page: Page,
    drawings: Iterable[Drawing],
    content: BBox,
    dropped: Sequence[BBox] = (),
) -> list[Mark]:
    """The marks a figure can be made of.

    Left out are white drawings (except on pictures), page-filling pictures and frames, strips along
    an edge of the page with all that stands on them, what stands in the header or footer,
    underlines, bars of fractions, and rules that nothing else on the page belongs to.

    Args:
        page: The page.
        drawings: Its drawings.
        content: The page between header and footer.
        dropped: Pictures known to be decoration.
    """
    pictures = [
        box
        for box in page.pictures
        if area(box) <= COVERS_PAGE * area(page.bbox) and box not in dropped
    ]
    drawings = list(drawings)
    bands = [drawing.bbox for drawing in drawings if _is_band(drawing.bbox, page)]
    pictures = [box for box in pictures if not _lies_on(box, bands)]
    marks = [Mark(box, picture=True) for box in pictures]
    underlines = _Underlines(page.lines)
    paths = [
        Mark(drawing.bbox, filled=drawing.filled, angular=drawing.angular)
        for drawing in drawings
        if not (drawing.white and not _lies_on(drawing.bbox, pictures))
        and not _frames_page(drawing.bbox, page)
        and not (bands and _lies_on(drawing.bbox, bands))
        and drawing.bbox not in underlines
        and not (_is_short_rule(drawing.bbox) and _is_in_text(drawing.bbox, page.lines))
    ]
    marks += paths
    rules = [mark for mark in paths if _is_rule(mark.bbox, page)]
    lonely = {id(rule) for rule in rules if _is_lonely(rule, rules, marks)}
    return [mark for mark in marks if id(mark) not in lonely and centre_inside(mark.bbox, content)]


def _lies_on(box: BBox, pictures: Sequence[BBox]) -> bool:
    return any(overlap(box, picture) > 0.9 for picture in pictures)


def _frames_page(box: BBox, page: Page) -> bool:
    return width(box) > COVERS_PAGE * page.width and height(box) > COVERS_PAGE * page.height


def _is_band(box: BBox, page: Page) -> bool:
    """Whether a drawing is a strip along an edge of the page, under a title or a footer."""
    at_side = box[0] < _EDGE or box[2] > page.width - _EDGE
    at_end = box[1] < _EDGE or box[3] > page.height - _EDGE
    across = width(box) > _WHOLE * page.width and height(box) < _BAND * page.height
    down = height(box) > _WHOLE * page.height and width(box) < _BAND * page.width
    return (at_end and across) or (at_side and down)


class _Underlines:
    """Tells drawings that underline text; lines are looked up by where they end."""

    def __init__(self, lines: Sequence[Line]) -> None:
        worded = (line for line in lines if line.horizontal and any(map(str.isalpha, line.text)))
        self._boxes = sorted((line.bbox for line in worded), key=_bottom)

    def __contains__(self, box: BBox) -> bool:
        if height(box) > _RULE:
            return False
        first = bisect_left(self._boxes, box[1] - _UNDERLINE_GAP, key=_bottom)
        for line in self._boxes[first:]:
            if line[3] >= box[1] + _UNDERLINE_GAP:
                return False
            if box[0] >= line[0] - 2 and box[2] <= line[2] + 2:
                return True
        return False


def _bottom(box: BBox) -> float:
    return box[3]


def _is_short_rule(box: BBox) -> bool:
    return height(box) < _RULE and width(box) < _LONGEST_BAR


def _is_in_text(bar: BBox, lines: Sequence[Line]) -> bool:
    """Whether a short rule stands amid letters, as the bar of a fraction or of a root does."""
    x, y = (bar[0] + bar[2]) / 2, (bar[1] + bar[3]) / 2
    for line in lines:
        left, top, right, bottom = line.bbox
        if left <= x <= right + 1 and top + _AMID < y < bottom - _AMID:
            return True
    return False


def _is_rule(box: BBox, page: Page) -> bool:
    across = height(box) < _RULE and width(box) > _MIN_ACROSS * page.width
    down = width(box) < _RULE and height(box) > _MIN_DOWN * page.height
    return across or down


def _is_lonely(rule: Mark, rules: Sequence[Mark], marks: Sequence[Mark]) -> bool:
    """Whether a rule separates text: axes and table rules come with others of their extent."""
    if any(_supports(mark.bbox, rule.bbox) for mark in marks if mark is not rule):
        return False
    twins = sum(_same_extent(rule.bbox, other.bbox) for other in rules)
    return twins < 3


def _supports(mark: BBox, rule: BBox) -> bool:
    """Whether something with a second dimension stands on the rule, as a bar on an axis does."""
    if max(gap_x(mark, rule), gap_y(mark, rule)) > 3:
        return False
    is_across = width(rule) > height(rule)
    return (height(mark) if is_across else width(mark)) > _RULE * 2


def _same_extent(a: BBox, b: BBox) -> bool:
    across = abs(a[0] - b[0]) < 2 and abs(a[2] - b[2]) < 2
    down = abs(a[1] - b[1]) < 2 and abs(a[3] - b[3]) < 2
    return across or down
