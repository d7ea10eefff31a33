"""Flow diagrams, tables and pages of running text."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from ragsight.demo.palette import mix

if TYPE_CHECKING:
    from random import Random

    from ragsight.demo.drawing.plot import Paper
    from ragsight.demo.palette import RGB

_STEPS = (
    "Start", "Load", "Parse", "Check", "Embed", "Store", "Search", "Rank", "Review", "Approve",
    "Ship", "Order", "Test", "Deploy", "Input", "Output", "Client", "Server", "Queue", "End",
)  # fmt: skip
_WORDS = [
    "the",
    "quick",
    "report",
    "shows",
    "that",
    "every",
    "region",
    "grew",
    "while",
    "costs",
    "fell",
    "in",
    "most",
    "of",
    "them",
    "and",
    "orders",
    "from",
    "abroad",
    "were",
    "steady",
    "until",
    "late",
    "autumn",
    "when",
    "new",
    "rules",
    "for",
    "imports",
    "came",
    "into",
    "force",
    "so",
    "that",
    "delivery",
    "took",
    "longer",
    "than",
    "planned",
]


_LAYOUTS = ((3, 1), (4, 1), (5, 1), (1, 4), (1, 3), (2, 2), (3, 2), (4, 2), (4, 3), (3, 3))


def flow_diagram(paper: Paper) -> None:
    """Boxes joined by arrows: in a row, in a column, in a grid or around a branch."""
    rng = paper.rng
    area = paper.head()
    columns, rows = rng.choice(_LAYOUTS)
    if paper.width > paper.height * 1.2 and columns < rows:
        columns, rows = rows, columns
    order = _snake(columns, rows)
    centres = [area.at((c + 0.5) / columns, 1 - (r + 0.5) / rows) for c, r in order]
    depth = rng.uniform(7, 16)
    half = (
        (area.right - area.left) / columns * rng.uniform(0.28, 0.38),
        min((area.bottom - area.top) / rows * rng.uniform(0.2, 0.34), paper.unit * depth),
    )
    for start, end in pairwise(centres):
        _arrow(paper, start, end, half)
    shapes = rng.choice((("box",), ("round",), ("box", "diamond"), ("round", "box"), ("oval",)))
    pale = rng.choice((0.0, 0.3, 0.6, 0.8, 0.9))
    tints = [mix(colour, (255, 255, 255), pale) for colour in paper.colours[: rng.choice((1, 3))]]
    tints.append((255, 255, 255))
    for i, centre in enumerate(centres):
        fill = rng.choice(tints)
        _step(paper, centre, half, shapes[i % len(shapes)], fill)


def table(paper: Paper) -> None:
    """Rows and columns of short words and numbers, ruled or banded."""
    rng = paper.rng
    area = paper.head()
    columns, rows = rng.randrange(3, 7), rng.randrange(4, 13)
    head = mix(paper.colours[0], (255, 255, 255), rng.choice((0.0, 0.4, 0.85)))
    banded, ruled = rng.random() < 0.5, rng.choice(("all", "rows", "none"))
    centred = rng.random() < 0.5
    step = min((area.bottom - area.top) / rows, paper.unit * rng.uniform(7, 12))
    for row in range(rows):
        top = area.top + row * step
        cells = (area.left, top, area.right, top + step)
        if row == 0 or (banded and row % 2):
            fill = head if row == 0 else mix(paper.background, paper.ink, 0.07)
            paper.draw.rectangle(cells, fill=fill)
        if ruled != "none":
            foot = [(area.left, top + step), (area.right, top + step)]
            paper.draw.line(foot, fill=paper.faint, width=paper.stroke)
        for column in range(columns):
            inset = 0.5 if centred else 0.06
            at = area.left + (area.right - area.left) * (column + inset) / columns, top + step / 2
            paper.text(at, _cell(rng, column, heading=row == 0), "mm" if centred else "lm")
    if ruled == "all":
        bottom = area.top + rows * step
        for column in range(columns + 1):
            x = area.left + (area.right - area.left) * column / columns
            paper.draw.line([(x, area.top), (x, bottom)], fill=paper.faint, width=paper.stroke)


def text_page(paper: Paper) -> None:
    """Paragraphs in one or two columns under headings."""
    rng = paper.rng
    area = paper.head()
    columns = rng.choice((1, 1, 2))
    leading = paper.text_size * paper.unit * rng.uniform(0.95, 1.3)
    scale = rng.uniform(0.6, 0.9)
    for column in range(columns):
        left = area.left + (area.right - area.left) * column / columns
        letters = int((area.right - area.left) / columns / (paper.text_size * paper.unit * 0.56))
        y, left_in_paragraph = area.top, rng.randrange(3, 9)
        while y < area.bottom - leading:
            if left_in_paragraph == 0:
                y += leading * rng.uniform(0.5, 1)
                left_in_paragraph = rng.randrange(3, 10)
                if rng.random() < 0.3:
                    paper.text((left, y), " ".join(rng.sample(_WORDS, 3)), "lt", 1.1)
                    y += leading * 1.5
            paper.text((left, y), _sentence(rng, int(letters / scale)), "lt", scale)
            y += leading
            left_in_paragraph -= 1


def _snake(columns: int, rows: int) -> list[tuple[int, int]]:
    """Cells in reading order, every second row backwards, so that neighbours touch."""
    order: list[tuple[int, int]] = []
    for row in range(rows):
        line = [(column, row) for column in range(columns)]
        order.extend(line if row % 2 == 0 else line[::-1])
    return order


def _step(
    paper: Paper, centre: tuple[float, float], half: tuple[float, float], shape: str, fill: RGB
) -> None:
    (x, y), (w, h) = centre, half
    corners = (x - w, y - h, x + w, y + h)
    if shape == "diamond":
        points = [(x, y - h * 1.2), (x + w, y), (x, y + h * 1.2), (x - w, y)]
        paper.draw.polygon(points, fill=fill, outline=paper.ink, width=paper.stroke)
    elif shape == "oval":
        paper.draw.ellipse(corners, fill=fill, outline=paper.ink, width=paper.stroke)
    else:
        radius = h * 0.5 if shape == "round" else 0
        paper.draw.rounded_rectangle(corners, radius, fill, paper.ink, paper.stroke)
    words = paper.rng.sample(_STEPS, paper.rng.choice((1, 1, 2)))
    for i, word in enumerate(words):
        offset = (i - (len(words) - 1) / 2) * paper.text_size * paper.unit
        paper.text((x, y + offset), word, scale=0.85)


def _arrow(
    paper: Paper, start: tuple[float, float], end: tuple[float, float], half: tuple[float, float]
) -> None:
    across = abs(end[0] - start[0]) > abs(end[1] - start[1])
    angle = math.atan2(end[1] - start[1], end[0] - start[0])
    cos, sin = math.cos(angle), math.sin(angle)
    reach = half[0] if across else half[1]
    tip = end[0] - cos * reach, end[1] - sin * reach
    paper.draw.line([start, tip], fill=paper.ink, width=paper.stroke)
    barb = paper.unit * 2.6
    wings = [
        (tip[0] - barb * math.cos(angle + turn), tip[1] - barb * math.sin(angle + turn))
        for turn in (-0.45, 0.45)
    ]
    paper.draw.polygon([tip, *wings], fill=paper.ink)


def _cell(rng: Random, column: int, *, heading: bool) -> str:
    if heading or column == 0:
        return rng.choice(_WORDS).capitalize()
    return f"{rng.uniform(0, 999):.{rng.choice((0, 1, 2))}f}"


def _sentence(rng: Random, letters: int) -> str:
    line = ""
    while len(line) < letters:
        line = f"{line} {rng.choice(_WORDS)}".strip()
    return line[: max(8, letters)]
