"""Which caption belongs to which region."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import gap_x, gap_y, grown, intersects, shared_x, shared_y

Side = Literal["above", "below", "beside"]

_WRONG_SIDE = 40.0
"""Points that a pair costs more on the unusual side; with more, a caption takes a far figure on the
usual side, with less, the figure before or after its own."""

_BESIDE = 60.0
"""Points that a pair costs more side by side; with less, captions take figures in the next
column."""

_BLOCKED = 200.0
"""Points that a pair costs more with text between; with less, a figure beyond a paragraph wins over
one farther off in plain view."""

_REACH = 0.25
"""Share of the page's height from a caption to its figure; with more, captions whose figure wasn't
found take others, with less, figures far from their captions stay without."""


@dataclass
class CaptionSides:
    """On which side of figures (or tables) a document puts its captions, learned as it is read.

    Attributes:
        above: How many stood above what they describe.
        below: How many stood below.
    """

    above: int = 0
    below: int = 0

    @property
    def usual(self) -> Side:
        """The side seen more often."""
        return "above" if self.above > self.below else "below"

    @property
    def certainty(self) -> float:
        """What it costs a caption to stand on the other side: nothing where nothing is known."""
        return _WRONG_SIDE if self.above != self.below else 0.0

    def note(self, side: Side) -> None:
        """Count a match."""
        if side == "above":
            self.above += 1
        elif side == "below":
            self.below += 1


def match_captions(
    captions: Sequence[BBox],
    regions: Sequence[BBox],
    obstacles: Sequence[BBox],
    sides: CaptionSides,
    page_height: float,
) -> dict[int, int]:
    """Pair captions with regions, cheapest pair first.

    A pair costs its distance in points; more on the wrong side, and much more with text between.
    Both sides are tried for the page as a whole, and the one that pairs more captions is right, or
    pairs them at a lower cost: a caption above its figure may stand close below the figure before.

    Args:
        captions: Boxes of captions.
        regions: Boxes of regions.
        obstacles: Boxes of text that may stand between.
        sides: What is known of the document.
        page_height: Points; pairs farther apart than a quarter of it aren't made.

    Returns:
        Positions of regions by positions of captions.
    """
    both: tuple[Side, Side] = ("below", "above")
    tries: list[tuple[int, float, int, dict[int, int]]] = []
    for usual in sorted(both, key=lambda side: side != sides.usual):
        cost = partial(_cost, obstacles=obstacles, usual=usual, page_height=page_height)
        chosen, total = _greedy(captions, regions, cost)
        if usual != sides.usual:
            total += len(chosen) * sides.certainty
        tries.append((-len(chosen), total, len(tries), chosen))
    _, _, _, chosen = min(tries)
    for c, r in chosen.items():
        sides.note(side_of(captions[c], regions[r]))
    return chosen


def _greedy(
    captions: Sequence[BBox],
    regions: Sequence[BBox],
    cost_of: Callable[[BBox, BBox], float | None],
) -> tuple[dict[int, int], float]:
    """The pairs, cheapest first, and what they cost together."""
    pairs = []
    for c, caption in enumerate(captions):
        for r, region in enumerate(regions):
            cost = cost_of(caption, region)
            if cost is not None:
                pairs.append((cost, c, r))
    chosen: dict[int, int] = {}
    total = 0.0
    for cost, c, r in sorted(pairs):
        if c not in chosen and r not in chosen.values():
            chosen[c] = r
            total += cost
    return chosen, total


def side_of(caption: BBox, region: BBox) -> Side:
    """Where a caption stands, seen from its region."""
    if shared_x(caption, region) <= 0:
        return "beside"
    return "above" if caption[1] + caption[3] < region[1] + region[3] else "below"


def _cost(
    caption: BBox,
    region: BBox,
    *,
    obstacles: Sequence[BBox],
    usual: Side,
    page_height: float,
) -> float | None:
    side = side_of(caption, region)
    if side == "beside" and shared_y(caption, region) < 0.5:
        return None
    distance = gap_x(caption, region) if side == "beside" else gap_y(caption, region)
    if distance > _REACH * page_height:
        return None
    cost = distance
    if side == "beside":
        cost += _BESIDE
    elif side != usual:
        cost += _WRONG_SIDE
    between = _between(caption, region)
    blocked = any(intersects(grown(box, -1), between) and box != caption for box in obstacles)
    return cost + (_BLOCKED if blocked else 0.0)


def _between(a: BBox, b: BBox) -> BBox:
    """The strip between two boxes, as wide (or high) as what they share."""
    left, right = sorted((max(a[0], b[0]), min(a[2], b[2])))
    top, bottom = sorted((max(a[1], b[1]), min(a[3], b[3])))
    return left, top, right, bottom
