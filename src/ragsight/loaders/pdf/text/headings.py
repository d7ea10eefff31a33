"""Headings, and the path of headings that a passage stands under."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from ragsight.loaders.pdf.text.blocks import Block

_LARGER = 1.15
"""Times the text's font size; with less, slightly larger text becomes headings, with more, headings
without a number stay text."""

_SLIGHTLY_LARGER = 1.05
"""The same for what begins with a number, as headings and items of lists do."""

_SAME_SIZE = 0.97
"""Times the text's font size for bold headings; with less, bold labels in small type become
headings, with more, rounding makes bold headings text."""

_MAX_CHARACTERS = 180
"""Characters; with more, large or bold paragraphs become headings, with fewer, long titles stay
text."""

_MAX_BOLD_CHARACTERS = 90
"""The same for headings that are bold and no larger than the text."""

_MAX_ROWS = 3
"""Lines of a heading; with more, paragraphs in large type become headings, with fewer, titles that
wrap stay text."""

_NUMBERED = re.compile(
    r"^(?:(?:chapter|section|appendix|part|kapitel|chapitre|anhang|annexe?)\s+)?"
    r"(?P<number>(?:\d{1,3}|[A-Z](?=\.\d))(?:\.\d{1,3}){0,5})[.:)]?\s+\S",
    re.IGNORECASE,
)

Outline = Mapping[tuple[int, str], int]
"""Level by page and plain title."""


def plain_title(text: str) -> str:
    """A title reduced to its letters and digits, for comparison with the bookmarks."""
    return "".join(character for character in text.lower() if character.isalnum())


def outline_of(entries: Iterable[tuple[int, str, int]]) -> dict[tuple[int, str], int]:
    """Bookmarks (level, title, page) as an `Outline`."""
    return {(page, plain_title(title)): level for level, title, page in entries}


def is_heading(block: Block, body_size: float) -> bool:
    """Whether a block looks like a heading: larger or bolder than the text, short, not a sentence.

    Args:
        block: The block.
        body_size: Font size of the document's text, in points.
    """
    text = block.text
    if len(text) > _MAX_CHARACTERS or len(block.lines) > _MAX_ROWS:
        return False
    if sum(character.isalpha() for character in text) < 2 or text[-1] in ".,;:":
        return False
    if not all(line.horizontal and not line.is_field for line in block.lines):
        return False
    if block.size >= _LARGER * body_size:
        return True
    numbered = _depth(text) is not None
    if numbered and block.size >= _SLIGHTLY_LARGER * body_size:
        return True
    return (
        block.is_bold
        and block.size >= _SAME_SIZE * body_size
        and len(text) <= _MAX_BOLD_CHARACTERS
        and len(block.lines) == 1
    )


def _depth(text: str) -> int | None:
    match = _NUMBERED.match(text)
    return None if match is None else match["number"].count(".") + 1


class HeadingPath:
    """The headings above the current place, outermost first.

    A heading ends those of its own level and below. Levels come from the bookmarks where they
    know the heading, else from its number (`2.1` is below `2`), else from its size.

    Example:
        >>> path = HeadingPath()
        >>> path.enter("2 Pumps", 16.0)
        >>> path.enter("2.1 Seals", 12.0)
        >>> path.titles
        ('2 Pumps', '2.1 Seals')
    """

    def __init__(self) -> None:
        self._stack: list[tuple[str, float, int | None]] = []

    @property
    def titles(self) -> tuple[str, ...]:
        """The headings, outermost first."""
        return tuple(title for title, _, _ in self._stack)

    def enter(self, title: str, size: float, level: int | None = None) -> None:
        """Pass a heading.

        Args:
            title: Its text.
            size: Its font size in points.
            level: From 1, where it is known.
        """
        depth = level if level is not None else _depth(title)
        while self._stack and self._ends(self._stack[-1], size, depth):
            self._stack.pop()
        if depth == 1:
            # What stands above a first-level heading is the document's title.
            self._stack.clear()
        self._stack.append((" ".join(title.split()), size, depth))

    @staticmethod
    def _ends(last: tuple[str, float, int | None], size: float, depth: int | None) -> bool:
        _, last_size, last_depth = last
        if depth is not None and last_depth is not None:
            return last_depth >= depth
        return last_size <= size + 0.3
