"""The cover drawing and the table of contents."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from reportlab.graphics.shapes import Drawing
from reportlab.platypus import Flowable, Table

from tools.demo.handbook import palette
from tools.demo.handbook.almanac import PLANETS
from tools.demo.handbook.layout import TEXT_WIDTH
from tools.demo.handbook.shapes import Pen, disc, ring, sun
from tools.demo.handbook.story import Heading

ENTRY_WIDTH = 330.0


def cover_art() -> Drawing:
    """Eight orbits around the Sun, for decoration: neither to scale nor a numbered figure."""
    art = Drawing(TEXT_WIDTH, 200, hAlign="CENTER")
    centre = (TEXT_WIDTH / 2, 104.0)
    for index, planet in enumerate(PLANETS):
        radii = (34.0 + 27.0 * index, 13.0 + 10.6 * index)
        ring(art, centre, radii, Pen(palette.RULE, 0.6))
        turn = math.radians(35 + 137.5 * index)
        place = (centre[0] + radii[0] * math.cos(turn), centre[1] + radii[1] * math.sin(turn))
        size = 2.2 + 1.5 * math.log10(planet.radius / 2000) * 2.2
        disc(art, place, size, palette.PLANET_COLOURS[planet.name])
    sun(art, centre, 9)
    return art


def contents(headings: Sequence[Heading], pages: Mapping[str, int]) -> Flowable:
    """Headings with their pages; an unknown page (first pass) prints as 0, equally wide."""
    rows = [[h.number, h.title, str(pages.get(f"section:{h.number}", 0))] for h in headings]
    grid = Table(rows, colWidths=[34, ENTRY_WIDTH - 64, 30], hAlign="CENTER")
    style: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, -1), palette.SERIF, 10.4),
        ("TEXTCOLOR", (0, 0), (-1, -1), palette.INK),
        ("ALIGN", (2, 0), (2, -1), "RIGHT"),
        ("TOPPADDING", (0, 0), (-1, -1), 0.4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.2),
    ]
    for row, heading in enumerate(headings):
        if heading.level == 1:
            style.append(("FONT", (0, row), (-1, row), palette.SANS_BOLD, 9.6))
            style.append(("TOPPADDING", (0, row), (-1, row), 3.4))
    grid.setStyle(style)
    return grid
