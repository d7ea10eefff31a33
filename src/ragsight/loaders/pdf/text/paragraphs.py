"""Lines to paragraphs, paragraphs to sections."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ragsight.chunks import BBox
from ragsight.loaders.pdf.page.geometry import gap, height
from ragsight.loaders.pdf.page.page import Line, Page
from ragsight.loaders.pdf.parts import Analysis, Figure, Table
from ragsight.loaders.pdf.text.blocks import Block, blocks_of, rows_of
from ragsight.loaders.pdf.text.headings import HeadingPath, Outline, is_heading, plain_title
from ragsight.loaders.pdf.text.reading_order import in_reading_order, reads_right_to_left

_SOFT_HYPHEN = "\u00ad"
_WORD = re.compile(r"\w+(?:-\w+)+")
_BROKEN_WORD = re.compile(r"(\w+)-$")
_FIRST_WORD = re.compile(r"^\w+")
# Chinese and Japanese letters and signs, which no space parts; Korean words have spaces.
_WITHOUT_SPACES = re.compile(
    "[\u2e80-\u2fff\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\ufe30-\ufe4f\uff00-\uffef\U00020000-\U0003ffff]"
)
_SENTENCE_END = (".", "!", "?", ":", ";", "…", "。", "”", '"', ")")


@dataclass
class Section:
    """The text under one heading on one page.

    Attributes:
        path: Headings above it, outermost first.
        paragraphs: Its paragraphs.
        lines: The lines that each paragraph was made of.
        parts: Figures and tables, each with the number of paragraphs before it.
        heading: The box of its heading, if that is on the page.
    """

    path: tuple[str, ...]
    paragraphs: list[str] = field(default_factory=list)
    lines: list[list[Line]] = field(default_factory=list)
    parts: list[tuple[int, Figure | Table]] = field(default_factory=list)
    heading: BBox | None = None

    @property
    def is_bare(self) -> bool:
        """Whether nothing stands under its heading on this page."""
        return not self.paragraphs and not self.parts

    @property
    def text(self) -> str:
        """The paragraphs, with an empty line between."""
        return "\n\n".join(self.paragraphs)


@dataclass(frozen=True)
class _Part:
    """A figure or table among the blocks of text."""

    bbox: BBox
    part: Figure | Table
    lines: tuple[Line, ...] = ()


def sections_of(
    page: Page,
    analysis: Analysis,
    path: HeadingPath,
    body_size: float,
    outline: Outline,
) -> list[Section]:
    """Sort a page's text, figures and tables into sections, in reading order.

    Args:
        page: The page.
        analysis: Its parts.
        path: The headings before the page; those on it are added.
        body_size: Font size of the document's text.
        outline: The bookmarks.

    Returns:
        Sections; the first, which may be empty, is what stands above the page's first heading.
    """
    sections = _Sections(path, _compounds(analysis.text))
    blocks = _parted(analysis.text, body_size)
    found: list[Figure | Table] = [*analysis.figures, *analysis.tables]
    parts = [_Part(part.place, part) for part in found if part.place is not None]
    items: list[Block | _Part] = [*blocks, *parts]
    if _is_turned(analysis.text):
        # What stands above doesn't come first; text comes as it was written, pictures after it.
        ordered = items
    else:
        right_to_left = reads_right_to_left(analysis.text.values())
        ordered = list(in_reading_order(items, page.width, right_to_left=right_to_left))
    for item in ordered:
        if isinstance(item, _Part):
            sections.add_part(item.part)
            continue
        level = outline.get((page.number, plain_title(item.text))) if outline else None
        if (level is not None and len(item.text) < 200) or is_heading(item, body_size):
            sections.enter(item, level)
        else:
            sections.add(item)
    return sections.found


def _is_turned(text: Mapping[int, Line]) -> bool:
    """Whether most of a page's text reads upwards or downwards."""
    turned = sum(len(line.text) for line in text.values() if not line.horizontal)
    return 2 * turned > sum(len(line.text) for line in text.values())


def section_at(box: BBox, sections: Sequence[Section]) -> tuple[str, ...]:
    """The headings above a place: of the section whose text stands nearest to it."""
    near = [
        (gap(box, line.bbox), number)
        for number, section in enumerate(sections)
        for lines in section.lines
        for line in lines
    ]
    near += [(gap(box, s.heading), n) for n, s in enumerate(sections) if s.heading is not None]
    return sections[min(near)[1]].path if near else sections[0].path


class _Sections:
    """Sections as they are read."""

    def __init__(self, path: HeadingPath, compounds: frozenset[str]) -> None:
        self._path = path
        self._compounds = compounds
        self._open_end = False
        self.found = [Section(path.titles)]

    def enter(self, heading: Block, level: int | None) -> None:
        self._path.enter(heading.text, heading.size, level)
        self.found.append(Section(self._path.titles, heading=heading.bbox))
        self._open_end = False

    def add_part(self, part: Figure | Table) -> None:
        section = self.found[-1]
        section.parts.append((len(section.paragraphs), part))

    def add(self, block: Block) -> None:
        words = joined_lines(block, self._compounds)
        section = self.found[-1]
        if self._open_end and words[:1].islower():
            section.paragraphs[-1] = _join(section.paragraphs[-1], words, self._compounds)
            section.lines[-1] += block.lines
        else:
            section.paragraphs.append(words)
            section.lines.append(list(block.lines))
        self._open_end = block.is_body and not words.endswith(_SENTENCE_END)


def _parted(text: Mapping[int, Line], body_size: float) -> list[Block]:
    """Blocks, with headings that the library left on top of a paragraph taken off."""
    found = []
    for block in blocks_of(text):
        count = len(block.lines)
        first = Block(block.lines[:1], block.numbers[:1])
        rest = Block(block.lines[1:], block.numbers[1:])
        differs = count > 1 and (
            first.size > rest.size + 0.5 or (first.is_bold and not rest.is_bold)
        )
        below = count > 1 and rest.bbox[1] > first.bbox[1] + 0.5 * height(first.bbox)
        if differs and below and is_heading(first, body_size):
            found += [first, rest]
        else:
            found.append(block)
    return found


def joined_lines(block: Block, compounds: frozenset[str] = frozenset()) -> str:
    """A block's lines as one paragraph, words broken at line ends made whole.

    Args:
        block: The lines.
        compounds: Words known to be written with a hyphen.
    """
    words = ""
    for row in rows_of(block.lines) if block.lines[0].horizontal else [list(block.lines)]:
        text = " ".join(" ".join(line.text.split()) for line in row)
        words = _join(words, text, compounds) if words else text
    return words


def _join(before: str, after: str, compounds: frozenset[str]) -> str:
    if before.endswith(_SOFT_HYPHEN):
        return before[:-1] + after
    if _WITHOUT_SPACES.match(before[-1:]) and _WITHOUT_SPACES.match(after[:1]):
        return before + after
    broken = _BROKEN_WORD.search(before)
    first = _FIRST_WORD.match(after)
    if broken is None or first is None:
        return f"{before} {after}"
    # No syllable has one letter alone before its hyphen: `e-mail`, `T-shirts`.
    is_compound = f"{broken[1]}-{first[0]}".lower() in compounds or len(broken[1]) == 1
    if is_compound or not after[0].islower():
        return before + after
    return before[:-1] + after


def _compounds(lines: Mapping[int, Line]) -> frozenset[str]:
    return frozenset(word.lower() for line in lines.values() for word in _WORD.findall(line.text))


def plain_text(lines: Sequence[Line]) -> str:
    """Labels inside a figure as one line of words, row by row, turned ones last."""
    level = [line for line in lines if line.horizontal]
    turned = [line for line in lines if not line.horizontal]
    words = [line.text for row in rows_of(level) for line in row] + [line.text for line in turned]
    return " ".join(" ".join(words).split())
