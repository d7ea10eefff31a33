"""Styles of paragraphs: which are headings, captions, items of lists, and what number they bear."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ragsight.errors import DocumentError
from ragsight.loaders.counting import in_form
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.xml import W, is_on, number

_MOST_BASES = 20
"""Styles that a style is based on, one on another; Word allows ten, a circle never ends."""

_CONTENTS = re.compile(r"toc \d|table of figures")
_LEVELS = 9
_BODY_LEVEL = 9
"""What stands for no heading where an outline's level is stored (ECMA-376, part 1, 17.3.1.20)."""


def value_of(element: Element | None, default: str = "") -> str:
    """The `w:val` of an element."""
    return default if element is None else element.get(f"{W}val", default)


def switched_on(properties: Element | None, name: str) -> bool:
    """Whether a switch is among properties and isn't turned off."""
    found = None if properties is None else properties.find(W + name)
    return found is not None and is_on(found.get(f"{W}val"), default=True)


class Styles:
    """The styles of a document.

    Args:
        package: The open file.
        part: The document's part.
    """

    def __init__(self, package: Package, part: str) -> None:
        self._styles: dict[str, Element] = {}
        root = _xml(package, part, "styles")
        for style in () if root is None else root.iter(f"{W}style"):
            self._styles[style.get(f"{W}styleId", "")] = style

    def heading_level(self, paragraph: Element) -> int | None:
        """The level of a heading, from 1, of the document's title 0; None for other paragraphs."""
        own = paragraph.find(f"{W}pPr")
        for properties in (own, *(style.find(f"{W}pPr") for style in self._of(own))):
            level = None if properties is None else properties.find(f"{W}outlineLvl")
            if level is not None:
                found = number(value_of(level), _BODY_LEVEL)
                return found + 1 if 0 <= found < _BODY_LEVEL else None
        names = {self._name(style) for style in self._of(own)}
        for name in names:
            kind, _, last = name.rpartition(" ")
            if kind == "heading" and last.isdigit():
                return min(max(int(last), 1), _LEVELS)
        return 0 if "title" in names else None

    def is_caption(self, paragraph: Element) -> bool:
        """Whether a paragraph has the style of captions."""
        styles = self._of(paragraph.find(f"{W}pPr"))
        return any(self._name(style) in {"caption", "figure", "table caption"} for style in styles)

    def is_contents(self, paragraph: Element) -> bool:
        """Whether a paragraph is a line of a list of contents."""
        styles = self._of(paragraph.find(f"{W}pPr"))
        names = [self._name(style) for style in styles]
        return any(_CONTENTS.fullmatch(name) for name in names)

    def numbering(self, paragraph: Element) -> tuple[str, int] | None:
        """The list that a paragraph belongs to, by itself or by its style, and its level in it."""
        own = paragraph.find(f"{W}pPr")
        level: int | None = None
        for properties in (own, *(style.find(f"{W}pPr") for style in self._of(own))):
            found = None if properties is None else properties.find(f"{W}numPr")
            if found is None:
                continue
            if level is None and (depth := found.find(f"{W}ilvl")) is not None:
                level = min(max(number(value_of(depth)), 0), _LEVELS - 1)
            if (name := found.find(f"{W}numId")) is not None:
                # Number 0 takes a paragraph out of the list of its style.
                return None if value_of(name) == "0" else (value_of(name), level or 0)
        return None

    def _of(self, properties: Element | None) -> list[Element]:
        name = value_of(None if properties is None else properties.find(f"{W}pStyle"))
        return list(self._based(name))

    def _based(self, name: str) -> Iterator[Element]:
        for _ in range(_MOST_BASES):
            style = self._styles.get(name)
            if style is None:
                return
            yield style
            name = value_of(style.find(f"{W}basedOn"))

    @staticmethod
    def _name(style: Element) -> str:
        return value_of(style.find(f"{W}name")).strip().lower()


@dataclass(frozen=True, slots=True)
class _Level:
    format: str
    text: str
    start: int


class Numbering:
    """Counts the items of a document's lists, as Word shows them.

    Args:
        package: The open file.
        part: The document's part.
    """

    def __init__(self, package: Package, part: str) -> None:
        root = _xml(package, part, "numbering")
        self._levels: dict[str, dict[int, _Level]] = {}
        self._counts: dict[str, list[int | None]] = {}
        self._shared: dict[str, str] = {}
        if root is None:
            return
        abstract = {
            found.get(f"{W}abstractNumId", ""): found for found in root.iter(f"{W}abstractNum")
        }
        for item in root.iter(f"{W}num"):
            name, kind = item.get(f"{W}numId", ""), value_of(item.find(f"{W}abstractNumId"))
            levels = [*(abstract[kind].iter(f"{W}lvl") if kind in abstract else ())]
            overridden = [*item.iter(f"{W}lvl")]
            starts = item.find(f"{W}lvlOverride/{W}startOverride") is not None
            # Lists of one kind count on from each other unless they say that they start anew.
            self._shared[name] = name if starts or overridden else f"abstract {kind}"
            self._levels[name] = dict(map(_level, (*levels, *overridden)))

    def mark(self, name: str, depth: int) -> str:
        """What stands before the next item of a list: `-`, `3.`, `2.1`; empty if nothing."""
        levels = self._levels.get(name, {})
        level = levels.get(depth)
        if level is None or level.format == "bullet":
            return "-"
        counts = self._counts.setdefault(self._shared[name], [None] * _LEVELS)
        before = counts[depth]
        counts[depth] = level.start if before is None else before + 1
        counts[depth + 1 :] = [None] * (_LEVELS - depth - 1)
        if level.format == "none":
            return ""
        text = level.text
        for place in range(depth + 1):
            here = levels.get(place, level)
            count = counts[place]
            shown = count if count is not None else here.start
            text = text.replace(f"%{place + 1}", in_form(shown, here.format))
        return " ".join(text.split())


def _level(element: Element) -> tuple[int, _Level]:
    return min(max(number(element.get(f"{W}ilvl")), 0), _LEVELS - 1), _Level(
        value_of(element.find(f"{W}numFmt"), "decimal"),
        value_of(element.find(f"{W}lvlText"))[:100],
        number(value_of(element.find(f"{W}start")), 1),
    )


def _xml(package: Package, part: str, kind: str) -> Element | None:
    """A part beside the document; None where there is none or it can't be read."""
    found = package.first(part, kind)
    try:
        return None if found is None else package.xml(found)
    except DocumentError:
        # Without it the words are all there still, some of them as plain paragraphs.
        return None
