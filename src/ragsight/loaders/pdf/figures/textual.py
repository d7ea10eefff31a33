"""Figures of text: listings, specimens and formulas that only a caption makes figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from ragsight.chunks import BBox
from ragsight.loaders.pdf.captions.zones import zone_beside
from ragsight.loaders.pdf.page.geometry import centre_inside, gap_y, height, union, width
from ragsight.loaders.pdf.page.page import Line
from ragsight.loaders.pdf.text.blocks import Block, blocks_of

_OTHER_SIZE = 0.4
"""Points by which the type of a listing differs from the text's; with less, rounding sets text
apart, with more, listings in slightly smaller type are missed."""

_SAME_PITCH = 0.008
"""Share by which a character's mean width may differ between lines of a typewriter's face; with
more, text in other faces passes, with less, rounded boxes make listings fail."""

_LEAST_CHARACTERS = 6
"""Characters of a line whose width tells; with fewer, rounding decides, with more, listings of
short lines are missed."""

_FIRST_GAP, _GAP = 40.0, 30.0
"""Points from the caption to its first line, and from line to line; with more, what follows is
taken in, with less, a listing ends at its empty lines."""

_LEAST_HEIGHT = 28.0
"""Points: what is lower is a stray line. With more, figures of two or three lines are missed."""


def text_figure(
    caption: BBox,
    captions: Sequence[BBox],
    lines: Mapping[int, Line],
    others: Sequence[BBox],
    body_size: float,
    page_width: float,
    *,
    below: bool,
) -> tuple[BBox, frozenset[int]] | None:
    """Find the text beside a caption that is set apart from the running text.

    Args:
        caption: The caption's box.
        captions: Boxes of all the page's captions.
        lines: The page's lines outside captions.
        others: Boxes of headings, figures and tables, at which the figure ends.
        body_size: Font size of the running text, in points.
        page_width: Points.
        below: Whether to look below the caption; above it if not.

    Returns:
        The box and its lines' numbers, or None if only running text is there.
    """
    prose = [
        block.bbox
        for block in blocks_of(lines)
        if block.is_body and not is_set_apart(block, body_size)
    ]
    zone = zone_beside(caption, captions, [*captions, *prose, *others], page_width, below=below)
    inside = [number for number, line in lines.items() if centre_inside(line.bbox, zone)]
    inside.sort(key=lambda number: gap_y(lines[number].bbox, caption))
    chosen: list[int] = []
    edge = caption
    for number in inside:
        box = lines[number].bbox
        if gap_y(box, edge) > (_GAP if chosen else _FIRST_GAP):
            break
        chosen.append(number)
        edge = union((edge, box))
    if not chosen:
        return None
    box = union(lines[number].bbox for number in chosen)
    return (box, frozenset(chosen)) if height(box) >= _LEAST_HEIGHT else None


def is_set_apart(block: Block, body_size: float) -> bool:
    """Whether a block is set in another size than the running text, or in a typewriter's face."""
    sizes = {line.size for line in block.lines}
    if all(abs(size - body_size) >= _OTHER_SIZE for size in sizes):
        return True
    pitches = [
        width(line.bbox) / len(line.text.strip()) / line.size
        for line in block.lines
        if line.size > 0 and len(line.text.strip()) >= _LEAST_CHARACTERS
    ]
    if len(pitches) < 2:
        return False
    middle = median(pitches)
    return all(abs(pitch - middle) < _SAME_PITCH * middle for pitch in pitches)
