"""PyMuPDF's text as lines."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterable, Iterator
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
    for block in blocks:
        for line in block.get("lines", ()):
            spans = [span for span in line["spans"] if span["text"].strip()]
            if not spans:
                continue
            box = place(union(span["bbox"] for span in spans))
            if area(box) > 0:
                text = "".join(span["text"] for span in line["spans"])
                across = line["dir"][0] * turn[0] + line["dir"][1] * turn[2]
                size, bold = _style(spans)
                yield Line(text, box, size, bold, block["number"], across > _ACROSS)


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
