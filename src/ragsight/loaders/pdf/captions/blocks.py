"""Find captions on a page and gather the lines each consists of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ragsight.chunks import BBox
from ragsight.loaders.pdf.captions.patterns import Caption, parse_caption
from ragsight.loaders.pdf.page.geometry import gap_x, shared_x, union
from ragsight.loaders.pdf.page.page import Line
from ragsight.loaders.pdf.text.blocks import Block

_MAX_LINES = 14
"""Lines of a caption; with more, a caption set like the text below may take a column, with fewer,
long captions are cut."""

_LINE_GAP = 0.45
"""Times the height of a line: the white between two lines of a caption. With more, the paragraph
below joins it; with less, widely set captions end after a line."""

_SIZE_TOLERANCE = 0.7
"""Points by which type in a caption differs from its first line's; with more, text below joins it,
with less, captions end where the type changes a little."""

_LABEL_GAP, _FOREIGN_LABEL_GAP = 3.0, 1.5
"""Times the height of a line: the space between a label and its caption in the label's block, and
in another. With more, a line of the next column joins; with less, the label stands alone."""


@dataclass(frozen=True)
class CaptionBlock:
    """A caption and where it stands.

    Attributes:
        caption: What it says.
        bbox: Around its lines.
        numbers: Its lines' positions in the page.
    """

    caption: Caption
    bbox: BBox
    numbers: frozenset[int]


def find_captions(lines: Mapping[int, Line]) -> list[CaptionBlock]:
    """Find the captions among a page's numbered lines, from top to bottom."""
    starts = {
        number
        for number, line in lines.items()
        if line.horizontal
        and parse_caption(line.text) is not None
        and not _continues_text(number, lines)
    }
    found = []
    for start in sorted(starts, key=lambda number: lines[number].bbox[1]):
        block = _gathered(start, lines, starts)
        caption = parse_caption(block.text)
        if caption is not None:
            found.append(CaptionBlock(caption, block.bbox, frozenset(block.numbers)))
    return found


def _continues_text(number: int, lines: Mapping[int, Line]) -> bool:
    """Whether the line is inside a paragraph: the one above looks the same and is as long."""
    line = lines[number]
    above = lines.get(number - 1)
    if above is None or above.block != line.block or above.bold != line.bold:
        return False
    same_size = abs(above.size - line.size) < 0.1
    same_left = abs(above.bbox[0] - line.bbox[0]) < 2
    reaches_right = above.bbox[2] >= line.bbox[2] - 20
    is_sentence_end = above.text.rstrip().endswith((".", "!", "?"))
    return same_size and same_left and reaches_right and not is_sentence_end


def _gathered(start: int, lines: Mapping[int, Line], starts: set[int]) -> Block:
    first = lines[start]
    chosen = [start]
    below = sorted(
        (number for number, line in lines.items() if line.bbox[1] >= first.bbox[1] - 1),
        key=lambda number: (lines[number].bbox[1], lines[number].bbox[0]),
    )
    for number in below:
        if len(chosen) >= _MAX_LINES:
            break
        if number in starts or number in chosen:
            continue
        gathered = [lines[item] for item in chosen]
        if _belongs(lines[number], gathered) and not _has_neighbours(number, lines, gathered):
            chosen.append(number)
    return Block(tuple(lines[number] for number in chosen), tuple(chosen))


def _belongs(line: Line, chosen: list[Line]) -> bool:
    first, last = chosen[0], chosen[-1]
    height = last.bbox[3] - last.bbox[1]
    if not line.horizontal or abs(line.size - first.size) > _SIZE_TOLERANCE:
        return False
    box = union(item.bbox for item in chosen)
    on_same_row = abs(line.bbox[1] - last.bbox[1]) < 0.4 * height
    if on_same_row:
        # A label set apart from its text by a wide space comes as a line of its own.
        wide = _LABEL_GAP if line.block == first.block else _FOREIGN_LABEL_GAP
        return len(chosen) == 1 and 0 <= line.bbox[0] - last.bbox[2] < wide * height
    follows = -0.3 * height <= line.bbox[1] - last.bbox[3] < _LINE_GAP * height
    aligned = _centred(line.bbox, box) or -2 * height <= line.bbox[0] - box[0] <= 6 * height
    return follows and aligned and shared_x(line.bbox, box) > 0.5


def _has_neighbours(number: int, lines: Mapping[int, Line], chosen: list[Line]) -> bool:
    """Whether the line is one of several side by side under the caption: a table's cells."""
    row, own = lines[number].bbox, lines[number].block
    box = union(item.bbox for item in chosen)
    height = row[3] - row[1]
    return any(
        other != number
        and line not in chosen
        and abs(line.bbox[1] - row[1]) < 0.4 * height
        and gap_x(line.bbox, row) > 0
        and (shared_x(line.bbox, box) > 0.1 or line.block == own != chosen[0].block)
        for other, line in lines.items()
    )


def _centred(box: BBox, other: BBox) -> bool:
    return abs((box[0] + box[2]) - (other[0] + other[2])) / 2 < 6
