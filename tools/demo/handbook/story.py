"""The parts a story is made of; the prose modules list them in reading order.

In paragraphs, `{fig:key}` and `{tab:key}` become "Figure 3" or "Table 1".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Heading:
    """A numbered heading; "2" is a chapter, "2.1" a section.

    Example:
        >>> Heading("2.1", "Sizes").level
        2
    """

    number: str
    title: str

    @property
    def level(self) -> int:
        """1 for chapters, 2 for sections."""
        return self.number.count(".") + 1


@dataclass(frozen=True)
class Figure:
    """One figure across the column, by its key in the catalogue.

    Example:
        >>> Figure("tides").key
        'tides'
    """

    key: str


@dataclass(frozen=True)
class FigureRow:
    """Two figures side by side, each with its own caption.

    Example:
        >>> FigureRow("atmospheres", "mars-globe").left
        'atmospheres'
    """

    left: str
    right: str


@dataclass(frozen=True)
class TableHere:
    """A table, by its key in the catalogue.

    Example:
        >>> TableHere("planets").key
        'planets'
    """

    key: str


@dataclass(frozen=True)
class Terms:
    """A glossary: terms in bold with what they mean.

    Example:
        >>> Terms((("Apsis", "An end of an orbit."),)).entries[0][0]
        'Apsis'
    """

    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Columns:
    """Parts set in two columns, read down the left one first; they stay on one page.

    Example:
        >>> len(Columns(("One paragraph.",), ("Another.",)).left)
        1
    """

    left: Sequence[Part]
    right: Sequence[Part]


Part: TypeAlias = "str | Heading | Figure | FigureRow | TableHere | Terms | Columns"


def flat(parts: Sequence[Part]) -> Iterator[Part]:
    """The parts in reading order, with those inside columns in place."""
    for part in parts:
        if isinstance(part, Columns):
            yield from flat((*part.left, *part.right))
        else:
            yield part


def figure_keys(parts: Sequence[Part]) -> list[str]:
    """Keys of all figures in reading order: the order they are numbered in."""
    keys: list[str] = []
    for part in flat(parts):
        if isinstance(part, Figure):
            keys.append(part.key)
        elif isinstance(part, FigureRow):
            keys.extend((part.left, part.right))
    return keys


def table_keys(parts: Sequence[Part]) -> list[str]:
    """Keys of all tables in reading order."""
    return [part.key for part in flat(parts) if isinstance(part, TableHere)]
