"""A drawing in SVG: read without trusting it, its words, and what of it may be painted."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser, tostring

from ragsight.errors import DocumentError, EmptyDocumentError
from ragsight.loaders.written_words import written_words

SVG = "{http://www.w3.org/2000/svg}"
_XLINK = "{http://www.w3.org/1999/xlink}href"

MOST_BYTES = 20 << 20
"""Bytes of a drawing, unpacked; as a tree it takes some ten times as much memory."""

_GROWTH = 4
_LEAST_GROWN = 8 << 20
"""Characters of content that entities may make of a drawing, at least; more is an attack."""

_DEEPEST = 256
"""Elements inside each other; drawing programs nest some twenty deep."""

_MOST_ELEMENTS = 500_000
"""Maps have a hundred thousand; each takes a hundred bytes and more as a tree."""

_HARMLESS = re.compile(r"\s*(?:#|data:image/(?:png|jpe?g|gif|webp)[;,])", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"url\(\s*[\"']?(?!\s*[\"']?(?:#|data:image/(?:png|jpe?g|gif|webp)[;,]))[^)]*\)|@import[^;]*;?",
    re.IGNORECASE,
)
_ACTIVE = frozenset(
    {"script", "foreignObject", "iframe", "audio", "video", "handler", "set"}
    | {"animate", "animateMotion", "animateTransform"}
)
_PLOTTED = re.compile(r"text_?\d*|.*(?:label|title|legend).*", re.IGNORECASE)
"""Ids of groups in which plotting programs draw letters, and leave the words as a comment."""


class _GrownError(Exception):
    """Entities made more of it than any drawing has."""


class _Builder(TreeBuilder):
    """Keeps comments, and count of what entities make of the file."""

    def __init__(self, most: int) -> None:
        super().__init__(insert_comments=True)
        self._left = most
        self._elements = _MOST_ELEMENTS

    def start(self, tag: Any, attrs: Any) -> Any:
        """Begin an element."""
        self._elements -= 1
        self._take(sum(map(len, attrs.values())))
        return super().start(tag, attrs)

    def data(self, data: Any) -> None:
        """Take text."""
        self._take(len(data))
        super().data(data)

    def _take(self, count: int) -> None:
        self._left -= count
        if self._left < 0 or self._elements < 0:
            raise _GrownError


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing.

    Attributes:
        title: Its title and description.
        words: The words in it, each once, in the order of the file.
        safe: It without scripts and without anything that lies outside of it, to be painted.
        size: Width and height in its own units; None where it doesn't say.
        removed: Whether something outside of it was referred to.
    """

    title: str
    words: str
    safe: bytes
    size: tuple[float, float] | None
    removed: bool


def read_drawing(data: bytes, name: str) -> Drawing:
    """Read a drawing that may be hostile.

    Args:
        data: The file, or what gzip made of it.
        name: How to name it in messages.

    Raises:
        DocumentError: If it is no drawing, damaged, or larger than any.
    """
    if not data:
        raise EmptyDocumentError(f"{name}: the file is empty (0 bytes).")
    data = _unpacked(data, name)
    parser = XMLParser(target=_Builder(max(_LEAST_GROWN, _GROWTH * len(data))))
    try:
        parser.feed(data)
        root = parser.close()
    except _GrownError as error:
        raise DocumentError(
            f"{name}: it grows without bounds when it is read; the file isn't to be trusted."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise DocumentError(f"{name}: the drawing is damaged ({error}).") from error
    if not isinstance(root, Element) or root.tag not in (f"{SVG}svg", "svg"):
        raise DocumentError(f"{name}: this is no drawing in SVG.")
    _check_depth(root, name)
    heads = [_text(child) for child in root if _local(child) in {"title", "desc"}]
    title = "\n\n".join(dict.fromkeys(filter(None, map(written_words, heads))))
    words = dict.fromkeys(filter(None, _words(root)))
    removed = _clean(root)
    return Drawing(
        title=title,
        words="\n".join(word for word in words if word not in title),
        safe=tostring(root, encoding="utf-8"),
        size=_size(root),
        removed=removed,
    )


def _unpacked(data: bytes, name: str) -> bytes:
    if data.startswith(b"\x1f\x8b"):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            data = unpacker.decompress(data, MOST_BYTES + 1)
        except zlib.error as error:
            raise DocumentError(f"{name}: the drawing is damaged ({error}).") from error
    if len(data) > MOST_BYTES:
        raise DocumentError(
            f"{name}: the drawing is longer than {MOST_BYTES >> 20} MB and isn't read."
        )
    return data


def _check_depth(root: Element, name: str) -> None:
    level = [root]
    for _ in range(_DEEPEST):
        level = [child for element in level for child in element]
        if not level:
            return
    raise DocumentError(f"{name}: its elements are nested more than {_DEEPEST} deep.")


def _local(element: Element) -> str:
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _text(element: Element) -> str:
    """The words of an element as a line; those in comments are none."""
    pieces = [element.text or ""]
    for child in element:
        pieces += [_text(child) if isinstance(child.tag, str) else "", child.tail or ""]
    return " ".join("".join(pieces).split())


def _words(element: Element) -> Iterator[str]:
    plotted = _PLOTTED.fullmatch(element.get("id", "")[:100])
    for child in element:
        if not isinstance(child.tag, str):
            yield " ".join((child.text or "").split()) if plotted else ""
            continue
        name = _local(child)
        if name in {"text", "title", "desc", "foreignObject"}:
            yield _text(child)
        elif name not in {"script", "style", "metadata"}:
            yield " ".join(child.get("aria-label", "").split())
            yield from _words(child)


def _clean(root: Element) -> bool:
    """Take out what runs or lies elsewhere; says whether something lay elsewhere."""
    removed = False
    for parent in list(root.iter()):
        _drop_active(parent)
        for key in list(parent.attrib):
            value = parent.attrib[key]
            if key in ("href", _XLINK) and _local(parent) != "a" and not _HARMLESS.match(value):
                removed = True
                del parent.attrib[key]
            elif key.rpartition("}")[2].startswith("on") or key.endswith("}base"):
                del parent.attrib[key]
            elif "(" in value and _ELSEWHERE.search(value):
                removed = True
                parent.attrib[key] = _ELSEWHERE.sub("none", value)
        if _local(parent) == "style" and parent.text:
            kept = _ELSEWHERE.sub("none", parent.text)
            removed = removed or kept != parent.text
            parent.text = kept
    return removed


def _drop_active(parent: Element) -> None:
    """Take out comments and what runs; the words that follow them stay."""
    kept: list[Element] = []
    for child in parent:
        if isinstance(child.tag, str) and _local(child) not in _ACTIVE:
            kept.append(child)
        elif child.tail and kept:
            kept[-1].tail = (kept[-1].tail or "") + child.tail
        elif child.tail:
            parent.text = (parent.text or "") + child.tail
    parent[:] = kept


def _size(root: Element) -> tuple[float, float] | None:
    box = re.findall(r"[-+]?[\d.]+(?:e[-+]?\d+)?", root.get("viewBox", "")[:200], re.IGNORECASE)
    sides = box[2:4] if len(box) == 4 else [root.get("width", ""), root.get("height", "")]
    try:
        width, height = (float(re.sub(r"[a-z]+$", "", side.strip().lower())) for side in sides)
    except ValueError:
        return None
    return (width, height) if 0 < width < 1e9 and 0 < height < 1e9 else None
