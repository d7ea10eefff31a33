"""The strip beside a caption in which its figure or table stands."""

from __future__ import annotations

from collections.abc import Iterable

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import gap_x, gap_y, grown, intersects, shared_x, shared_y

_NEAR = 60.0
"""Points; text within them of a caption, left or right of it, is a column beside its figure."""


def zone_beside(
    caption: BBox,
    captions: Iterable[BBox],
    bounds: Iterable[BBox],
    page_width: float,
    *,
    below: bool,
) -> BBox:
    """The strip from a caption to the next text, as wide as the column that the caption is in.

    Args:
        caption: Box of the caption.
        captions: Boxes of all the page's captions; the room between two side by side is halved.
        bounds: Boxes of running text, headings, captions and figures.
        page_width: Points.
        below: Whether the strip is below the caption; above it if not.

    Returns:
        The strip; endless on the side on which nothing bounds it.
    """
    others = [box for box in bounds if box != caption]
    top, bottom = _ends(caption, others, below)
    left, right = 0.0, page_width
    aside = [box for box in others if shared_x(box, caption) == 0]
    for box in sorted(aside, key=lambda box: gap_y(box, caption)):
        if not intersects(grown(box, -1), (left, top, right, bottom)):
            continue
        if gap_y(box, caption) > _NEAR:
            # What begins farther away stands below (or above) the figure, not beside it.
            top, bottom = (top, box[1]) if below else (box[3], bottom)
        elif box[2] <= caption[0]:
            left = max(left, box[2])
        else:
            right = min(right, box[0])
    for box in captions:
        if shared_y(box, caption) > 0 and gap_x(box, caption) > 0:
            middle = (max(box[0], caption[0]) + min(box[2], caption[2])) / 2
            if box[0] < caption[0]:
                left = max(left, middle)
            else:
                right = min(right, middle)
    return left, top, right, bottom


def _ends(caption: BBox, others: Iterable[BBox], below: bool) -> tuple[float, float]:
    near = [box for box in others if shared_x(box, caption) > 0]
    if below:
        edge = caption[3]
        return edge, min((box[1] for box in near if box[1] >= edge - 2), default=float("inf"))
    edge = caption[1]
    return max((box[3] for box in near if box[3] <= edge + 2), default=float("-inf")), edge
