"""Words of SmartArt diagrams."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ragsight.loaders.slides.words import one_line
from ragsight.loaders.slides.xml import DGM, number

_DRAWN = "pres"
"""Points of this type stand for the shapes that are drawn, not for what is said."""

_MOST_NESTED = 64


def diagram_lines(data: Element) -> list[str]:
    """The words of a diagram as a Markdown list, nested as its points are.

    Args:
        data: The root of the diagram's data part, `dgm:dataModel`.
    """
    texts = {
        point.get("modelId", ""): text
        for point in data.iter(f"{DGM}pt")
        if point.get("type") != _DRAWN and (text := _text(point))
    }
    below = _children(data)
    under = {child for children in below.values() for child in children}
    roots = [point for point in _points(data) if point not in under]
    lines: list[str] = []
    seen: set[str] = set()
    for root in (*roots, *_points(data)):
        lines += _listed(root, texts, below, seen)
    return lines


def _text(point: Element) -> str:
    body = point.find(f"{DGM}t")
    return "" if body is None else one_line(body)


def _points(data: Element) -> list[str]:
    return [point.get("modelId", "") for point in data.iter(f"{DGM}pt")]


def _children(data: Element) -> dict[str, list[str]]:
    below: dict[str, list[tuple[int, str]]] = {}
    for link in data.iter(f"{DGM}cxn"):
        if link.get("type", "parOf") == "parOf":
            child = (number(link.get("srcOrd")), link.get("destId", ""))
            below.setdefault(link.get("srcId", ""), []).append(child)
    return {parent: [child for _, child in sorted(found)] for parent, found in below.items()}


def _listed(
    root: str, texts: dict[str, str], below: dict[str, list[str]], seen: set[str]
) -> Iterator[str]:
    """A point and those below it; each once, whatever circles the file may have."""
    waiting = [(root, 0)]
    while waiting:
        point, depth = waiting.pop()
        if point in seen or depth > _MOST_NESTED:
            continue
        seen.add(point)
        if point in texts:
            yield f"{'  ' * depth}- {texts[point]}"
            depth += 1
        waiting += [(child, depth) for child in reversed(below.get(point, []))]
