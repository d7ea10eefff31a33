"""The shapes of a slide with their places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from xml.etree.ElementTree import Element

from ragsight.chunks import BBox
from ragsight.loaders.slides.geometry import Frame
from ragsight.loaders.slides.placeholders import Layout, Placeholder, placeholder_of
from ragsight.loaders.slides.xml import ADEC, MC, A, P, alternatives, is_on
from ragsight.loaders.written_words import written_words

ShapeKind = Literal["text", "picture", "frame", "group"]

_MOST_NESTED = 32
"""Groups and alternatives deeper than this are read no further; PowerPoint never comes near."""

_KINDS: dict[str, ShapeKind] = {
    f"{P}sp": "text",
    f"{P}pic": "picture",
    f"{P}graphicFrame": "frame",
    f"{P}grpSp": "group",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape, or a group of shapes.

    Attributes:
        kind: `text`, `picture`, `frame` (a table, chart, diagram or embedded object) or `group`.
        element: Its XML.
        bbox: Where it stands on the slide, in points; None if that can't be known.
        alt: Its alternative text; empty if it has none, or is marked as decoration.
        placeholder: The placeholder that it fills.
        children: The shapes of a group.
    """

    kind: ShapeKind
    element: Element
    bbox: BBox | None
    alt: str
    placeholder: Placeholder | None
    children: tuple[Shape, ...] = ()


def shapes_of(slide: Element, layout: Layout) -> list[Shape]:
    """The shapes of a slide, those in groups inside their groups; hidden ones are left out."""
    tree = slide.find(f"{P}cSld/{P}spTree")
    return [] if tree is None else list(_walk(tree, layout, Frame(), 0))


def _walk(tree: Element, layout: Layout, frame: Frame, depth: int) -> Iterator[Shape]:
    for child in tree:
        if child.tag == f"{MC}AlternateContent" and depth < _MOST_NESTED:
            yield from _best(child, layout, frame, depth + 1)
        elif (kind := _KINDS.get(child.tag)) is not None and not _is_hidden(child):
            yield from _shape(kind, child, layout, frame, depth)


def _best(choice: Element, layout: Layout, frame: Frame, depth: int) -> Iterator[Shape]:
    """The first alternative that has shapes: newer kinds of charts come with a plain stand-in."""
    for alternative in alternatives(choice):
        if shapes := list(_walk(alternative, layout, frame, depth)):
            yield from shapes
            return


def _shape(
    kind: ShapeKind, element: Element, layout: Layout, frame: Frame, depth: int
) -> Iterator[Shape]:
    placeholder = placeholder_of(element)
    children: tuple[Shape, ...] = ()
    xfrm = _place(element)
    if kind == "group":
        if depth < _MOST_NESTED:
            children = tuple(_walk(element, layout, frame.inside(xfrm), depth + 1))
        if not children:
            return
    if xfrm is None and placeholder is not None:
        xfrm = layout.place(placeholder)
    yield Shape(kind, element, frame.box(xfrm), _alt(element), placeholder, children)


def _place(element: Element) -> Element | None:
    for path in (f"{P}spPr/{A}xfrm", f"{P}grpSpPr/{A}xfrm", f"{P}xfrm"):
        if (found := element.find(path)) is not None:
            return found
    return None


def _facts(element: Element) -> Element | None:
    return element.find(f"*/{P}cNvPr")


def _is_hidden(element: Element) -> bool:
    facts = _facts(element)
    return facts is not None and is_on(facts.get("hidden"))


def _alt(element: Element) -> str:
    facts = _facts(element)
    if facts is None or any(is_on(mark.get("val")) for mark in facts.iter(f"{ADEC}decorative")):
        return ""
    return written_words(facts.get("descr") or "") or written_words(facts.get("title") or "")
