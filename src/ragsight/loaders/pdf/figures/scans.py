"""Figures on scans: what is dark on the picture of the page, between a caption and the text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import height, intersection, intersects, union, width

Paint = Callable[[BBox], Image.Image | None]
"""Paints a region of the page small; None where that fails."""

_DARKER = 30
"""Grey levels below the paper's; noise and stains stay above."""

_PAPER = 0.9
"""Share of a strip's pixels that are as dark as paper or darker; with less, a dark photograph
passes for the paper, with more, a few bright specks do."""

_SPECKS = 2
"""Dark pixels in a row or column that is inked; with fewer, dust is, with more, hairlines
aren't."""

_FIRST_GAP = 60.0
"""Points from a caption to its figure; with more, what is beyond white space counts, with less,
figures set apart from their captions are missed."""

_ROW_GAP = 48.0
"""Points between the parts of a figure; with more, what stands beyond it is taken in, with less,
its far parts are cut off."""

_SAME_RUN = 6.0
"""Points of white within one part; with more, text and drawing are one part and text stays in the
picture, with less, a row of labels is a part and is cut off as text."""

_BORDER = 24.0
"""Points kept left and right of the text; with more, a scanner's dark edge is in the figure, with
less, figures wider than the text are cut."""

_TEXT_SHARE = 0.9
"""Share of a part's dark pixels that lie on lines of text; with less, diagrams full of words are
lost, with more, text with a stain becomes a figure."""

_SHORT_SIDE = 28.0
"""Points: smaller is a stain or an ornament. With more, flat figures are lost."""


def inked_region(
    paint: Paint, zone: BBox, text: Sequence[BBox], *, towards_bottom: bool
) -> BBox | None:
    """The box of what is drawn in a strip beside a caption.

    Args:
        paint: Paints the page.
        zone: The strip.
        text: Boxes of the page's lines of text.
        towards_bottom: Whether the caption is below the strip, so that the strip is read upwards.

    Returns:
        The box, or None if nothing but text stands near the caption.
    """
    if width(zone) < _SHORT_SIDE or height(zone) < _SHORT_SIDE:
        return None
    image = paint(zone)
    if image is None:
        return None
    dark = _dark(image)
    scale = width(zone) / image.width
    runs = _runs(dark.sum(axis=1) >= _SPECKS, _SAME_RUN / scale)
    rows = _near(runs, image.height, scale, towards_bottom)
    cells = _masked(dark.shape, zone, scale, text)
    while rows and _is_text(dark, cells, rows[-1]):
        # What was reached last is farthest from the caption: a header, or the end of a paragraph.
        rows.pop()
    if not rows or all(_is_text(dark, cells, row) for row in rows):
        return None
    top, bottom = min(row[0] for row in rows), max(row[1] for row in rows)
    across = np.flatnonzero(dark[top:bottom].sum(axis=0) >= _SPECKS)
    if not across.size:
        return None
    left, right = int(across[0]), int(across[-1]) + 1
    box = _on_page(zone, scale, (left, top, right, bottom))
    return box if min(width(box), height(box)) >= _SHORT_SIDE else None


def text_area(lines: Iterable[BBox], page: BBox) -> BBox:
    """The part of a page that has text, with room around: scanners leave dark borders outside."""
    boxes = list(lines)
    if not boxes:
        return page
    left, _, right, _ = union(boxes)
    return intersection(page, (left - _BORDER, page[1], right + _BORDER, page[3]))


def _dark(image: Image.Image) -> NDArray[np.bool_]:
    grey = np.asarray(image.convert("L"), dtype=np.int16)
    return grey < np.quantile(grey, _PAPER) - _DARKER


def _runs(rows: NDArray[np.bool_], gap: float) -> list[tuple[int, int]]:
    """First and last-but-one numbers of rows that are inked, short gaps closed."""
    runs: list[tuple[int, int]] = []
    for number in np.flatnonzero(rows).tolist():
        if runs and number - runs[-1][1] <= gap:
            runs[-1] = (runs[-1][0], number + 1)
        else:
            runs.append((number, number + 1))
    return runs


def _near(
    runs: Sequence[tuple[int, int]], rows: int, scale: float, towards_bottom: bool
) -> list[tuple[int, int]]:
    """The runs from the caption on, as long as they stand close together."""
    found: list[tuple[int, int]] = []
    edge = rows if towards_bottom else 0
    for run in reversed(runs) if towards_bottom else runs:
        gap = (edge - run[1] if towards_bottom else run[0] - edge) * scale
        if gap > (_ROW_GAP if found else _FIRST_GAP):
            break
        found.append(run)
        edge = run[0] if towards_bottom else run[1]
    return found


def _masked(
    shape: tuple[int, ...], zone: BBox, scale: float, text: Iterable[BBox]
) -> NDArray[np.bool_]:
    mask = np.zeros(shape, dtype=bool)
    for box in text:
        if intersects(box, zone):
            left, top = (box[0] - zone[0]) / scale, (box[1] - zone[1]) / scale
            right, bottom = (box[2] - zone[0]) / scale, (box[3] - zone[1]) / scale
            rows = slice(max(0, int(top) - 1), max(0, int(bottom) + 2))
            mask[rows, max(0, int(left) - 2) : max(0, int(right) + 3)] = True
    return mask


def _is_text(dark: NDArray[np.bool_], text: NDArray[np.bool_], run: tuple[int, int]) -> bool:
    inked = dark[run[0] : run[1]]
    whole = int(inked.sum())
    return whole > 0 and int((inked & text[run[0] : run[1]]).sum()) >= _TEXT_SHARE * whole


def _on_page(zone: BBox, scale: float, box: tuple[int, int, int, int]) -> BBox:
    return (
        zone[0] + box[0] * scale,
        zone[1] + box[1] * scale,
        zone[0] + box[2] * scale,
        zone[1] + box[3] * scale,
    )
