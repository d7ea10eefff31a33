"""PyMuPDF's text as lines."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import area, union
from ragsight.loaders.pdf.page.page import Line

_BOLD_FLAG = 1 << 4
_BOLD_NAMES = ("bold", "black", "heavy", "semibold", "demi")

_ACROSS = 0.99
"""Cosine: text turned by less than eight degrees is level. With more, lines of crooked scans are
turned text, with less, slanted labels count as lines of the page."""

_LEADING = 1.45
"""Font sizes from line to line of one block of turned text; with more, paragraphs run together,
with less, each line of widely set text is a block."""

_SAME_SIZE = 0.9
"""Share of the larger line's font size that the smaller line of such a block has; with less,
headings go into paragraphs, with more, lines of mixed type fall apart."""

_HEX_PREFIX = re.compile(r"<((?:[0-9A-Fa-f]{2})+)>")

Turn = tuple[float, float, float, float, float, float]
"""A page's rotation: x' = a x + c y + e, y' = b x + d y + f."""


def placement(turn: Turn, size: tuple[float, float]) -> Callable[[BBox], BBox]:
    """What turns a box as the page is turned, and cuts it to the page.

    Args:
        turn: The rotation; by quarters, so that boxes stay boxes.
        size: Width and height of the page as shown.

    Example:
        >>> placement((1, 0, 0, 1, 0, 0), (100, 100))((-5, 10, 20, 30))
        (0.0, 10, 20, 30)
    """
    a, b, c, d, e, f = turn
    wide, high = size

    def place(box: BBox) -> BBox:
        left, top, right, bottom = box
        x0, x1 = a * left + c * top + e, a * right + c * bottom + e
        y0, y1 = b * left + d * top + f, b * right + d * bottom + f
        return (
            max(0.0, min(x0, x1)),
            max(0.0, min(y0, y1)),
            min(wide, max(x0, x1)),
            min(high, max(y0, y1)),
        )

    return place


def lines_of(
    blocks: Iterable[dict[str, Any]], turn: Turn, place: Callable[[BBox], BBox]
) -> Iterator[Line]:
    """Read the blocks that `Page.get_text("dict")` gives.

    Args:
        blocks: Blocks of lines of spans.
        turn: The page's rotation.
        place: Turns a box as the page is turned, and cuts it to the page.
    """
    above: _Turned | None = None
    for block in blocks:
        for line in block.get("lines", ()):
            spans = [span for span in line["spans"] if span["text"].strip()]
            if not spans:
                continue
            whole = union(span["bbox"] for span in spans)
            box = place(whole)
            if area(box) <= 0:
                continue
            text = "".join(span["text"] for span in line["spans"])
            size, bold = _style(spans)
            number = block["number"]
            above = _Turned.of(whole, line["dir"], size, number, above)
            if above is not None:
                number = above.block
            across = line["dir"][0] * turn[0] + line["dir"][1] * turn[2]
            yield Line(text, box, size, bold, number, across > _ACROSS)


@dataclass(frozen=True, slots=True)
class _Turned:
    """A line of turned text, as it reads: the library makes a block of each that runs upwards.

    Attributes:
        start: Where it begins along its direction.
        end: Where it ends.
        base: How far down it stands, seen in its direction.
        size: Its font size.
        direction: In which it reads.
        block: The block that it belongs to.
        original: The block that the library put it in.
    """

    start: float
    end: float
    base: float
    size: float
    direction: tuple[float, float]
    block: int
    original: int

    @classmethod
    def of(
        cls,
        box: BBox,
        direction: tuple[float, float],
        size: float,
        block: int,
        above: _Turned | None,
    ) -> _Turned | None:
        """A line that may go on with the block of the one before; None for a level one."""
        dx, dy = direction
        if dx > _ACROSS:
            return None
        along = sorted((box[0] * dx + box[1] * dy, box[2] * dx + box[3] * dy))
        base = max(y * dx - x * dy for x in (box[0], box[2]) for y in (box[1], box[3]))
        turned = cls(along[0], along[1], base, size, (round(dx, 2), round(dy, 2)), block, block)
        if above is not None and (block == above.original or turned._continues(above)):
            return replace(turned, block=above.block)
        return turned

    def _continues(self, above: _Turned) -> bool:
        if self.direction != above.direction:
            return False
        larger, smaller = max(self.size, above.size), min(self.size, above.size)
        is_below = 0 < self.base - above.base <= _LEADING * larger
        overlaps = self.start < above.end and above.start < self.end
        return is_below and overlaps and smaller >= _SAME_SIZE * larger


def _style(spans: list[dict[str, Any]]) -> tuple[float, bool]:
    if len(spans) == 1:
        return float(spans[0]["size"]), _is_bold(spans[0])
    longest = max(spans, key=lambda span: len(span["text"]))
    total = sum(len(span["text"]) for span in spans)
    bold = sum(len(span["text"]) for span in spans if _is_bold(span))
    return float(longest["size"]), bold >= 0.8 * total


def _is_bold(span: dict[str, Any]) -> bool:
    return bool(span["flags"] & _BOLD_FLAG) or _names_bold(span["font"])


def plain_label(label: str) -> str:
    """A page's label; the library leaves prefixes that are written in hexadecimal as they are.

    Example:
        >>> plain_label("<FEFF0041002D>3")
        'A-3'
    """
    match = _HEX_PREFIX.match(label)
    if match is None:
        return label
    data = bytes.fromhex(match[1])
    is_wide = data.startswith(codecs.BOM_UTF16_BE)
    prefix = data[2:].decode("utf-16-be", "replace") if is_wide else data.decode("latin-1")
    return prefix + label[match.end() :]


@lru_cache(maxsize=1024)
def _names_bold(font: str) -> bool:
    return any(word in font.lower() for word in _BOLD_NAMES)
