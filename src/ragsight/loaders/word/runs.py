"""The words of a paragraph as a reader sees them, and the marks among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from ragsight.loaders.slides.xml import MC, M, W, alternatives
from ragsight.loaders.word.styles import switched_on

_SIGNS = {
    f"{W}tab": "\t",
    f"{W}br": "\n",
    f"{W}cr": "\n",
    f"{W}noBreakHyphen": "\u2011",
    f"{W}ptab": "\t",
}
_TEXTS = frozenset({f"{W}t", f"{M}t"})
_NOTES = {f"{W}footnoteReference": "footnote", f"{W}endnoteReference": "endnote"}
_MARKS = frozenset({*_NOTES, *(W + n for n in ("sym", "commentReference"))}) | frozenset(
    W + name for name in ("drawing", "pict", "object")
)
_SKIPPED = frozenset(
    W + name
    for name in ("pPr", "rPr", "del", "moveFrom", "instrText", "delText", "txbxContent", "tbl")
)
"""What isn't to be seen, or is read as blocks of its own. Deleted words may be kept as tracked
changes; inserted ones stand in the text."""

_PRIVATE = range(0xE000, 0xF900)
"""Signs of symbol fonts have no meaning without their font (Unicode, private use area)."""

_MOST_NESTED = 64
"""Elements inside elements of a paragraph; Word writes fewer than ten."""


@dataclass(slots=True)
class ParagraphWords:
    """What a paragraph says.

    Attributes:
        text: Its words, with numbers of notes in brackets.
        notes: Kind (`footnote`, `endnote`) and id of the notes that it refers to.
        comments: Ids of the comments that end or stand in it.
        drawn: Elements with pictures, charts, diagrams or boxes of text.
    """

    text: str = ""
    notes: list[tuple[str, str]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    drawn: list[Element] = field(default_factory=list)


def read_words(paragraph: Element) -> ParagraphWords:
    """Read a paragraph."""
    found = ParagraphWords()
    pieces = "".join(_pieces(paragraph, found, 0))
    lines = (" ".join(line.split()) for line in pieces.split("\n"))
    found.text = "\n".join(filter(None, lines))
    return found


def _pieces(element: Element, found: ParagraphWords, depth: int) -> Iterator[str]:
    for child in () if depth > _MOST_NESTED else element:
        tag = child.tag
        if tag in _SIGNS or tag in _TEXTS:
            yield _SIGNS.get(tag, child.text or "")
        elif tag in _MARKS:
            yield _noted(child, found)
        elif tag == f"{MC}AlternateContent":
            # What newer programs draw comes first, a stand-in for older ones after it.
            best = next(alternatives(child), None)
            if best is not None:
                yield from _pieces(best, found, depth + 1)
        elif tag not in _SKIPPED and not switched_on(child.find(f"{W}rPr"), "vanish"):
            yield from _pieces(child, found, depth + 1)


def _noted(mark: Element, found: ParagraphWords) -> str:
    """Keep what a mark refers to; gives the sign that stands for it."""
    name = mark.get(f"{W}id", "")
    if mark.tag == f"{W}sym":
        return _symbol(mark)
    if mark.tag == f"{W}commentReference":
        found.comments.append(name)
    elif mark.tag in _NOTES:
        found.notes.append((_NOTES[mark.tag], name))
        return f"[{len(found.notes)}]"
    else:
        found.drawn.append(mark)
    return ""


def _symbol(element: Element) -> str:
    try:
        code = int(element.get(f"{W}char", ""), 16)
        return "" if code in _PRIVATE else chr(code)
    except (ValueError, OverflowError):
        return ""
