"""Tables of contents, lists of figures and indexes: lines that only say where something is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ragsight.loaders.pdf.page.page import Line
from ragsight.loaders.pdf.text.blocks import rows_of
from ragsight.loaders.pdf.text.headings import plain_title

_LEAST_ENTRIES = 4
"""Entries with dots, or below a heading such as "Contents"; with fewer, two or three prices with
dots are left out, with more, short lists stay in the text."""

_LEAST_PLAIN_ENTRIES = 6
"""The same for entries with neither dots nor a heading."""

_ORDERED = 0.85
"""Share of neighbouring entries in order; with less, price lists are left out, with more, one
misread number keeps a list in the text."""

_TELLING = 0.5
"""Share of the entries that have dots, or titles known as such; with less, other lists are left
out, with more, lists with some unknown titles stay in the text."""

_DENSE = 0.5
"""Share of the rows from the first entry to the last that are entries; with less, text between two
lists is left out as well, with more, wrapped titles stay in the text."""

_SAME_EDGE = 12.0
"""Points by which the right ends of a column's page numbers differ; with more, columns are mixed
and out of order, with less, a ragged one falls apart. A quarter of it shows them aligned."""

_LONGEST = 300
"""Characters of an entry; in longer ones, a search for dots could take minutes."""

_PAGE = r"(?P<page>\d{1,4}|[ivxlc]{1,7}|[A-Z]-?\d{1,3})"
_WITH_LEADER = re.compile(
    rf"(?P<title>.*?)\s*(?:(?:\.\s?){{3,}}|…+|(?:·\s?){{3,}}|_{{4,}})\s*{_PAGE}"
    r"(?:\s?[,\u2013-]\s?\d{1,4})*$"
)
_LEADER = re.compile(r"[.…·_\s]{3,}$")
_PAGE_ALONE = re.compile(rf"{_PAGE}$")
_PAGE_BEHIND = re.compile(rf"(?P<title>.*\S)\s+{_PAGE}$")
_NUMBERED = re.compile(r"^(?:\w{1,12}\s)?(?:\d{1,3}|[A-Z])(?:\.\d{1,3})*[.:)]?\s+\S")
_HEADINGS = frozenset({
    "contents", "tableofcontents", "listoffigures", "listoftables", "index", "inhalt",
    "inhaltsverzeichnis", "abbildungsverzeichnis", "tabellenverzeichnis", "sachverzeichnis",
    "tabledesmatieres", "sommaire", "indice", "indicedecontenidos", "contenido", "contenidos",
    "inhoud", "inhoudsopgave", "spistresci", "obsah", "sisallys", "innehall", "содержание",
    "оглавление", "目录", "目次", "目錄", "차례", "conteudo", "sumario", "sommario",
})  # fmt: skip


@dataclass(frozen=True)
class _Entry:
    title: str
    page: str
    right: float
    has_leader: bool


def contents_lines(
    lines: Mapping[int, Line], outline_titles: Collection[str] = ()
) -> frozenset[int]:
    """Find the lines of a page that list titles with the pages they are on.

    Entries have dot leaders, or their titles are known from the bookmarks, from section numbers or
    from a heading such as "Contents" above them. Their page numbers rise, or their titles are in
    alphabetical order: a price list with dots has neither, and stays text.

    Args:
        lines: The page's numbered lines, without header and footer.
        outline_titles: Plain titles in the bookmarks; see `headings.plain_title`.

    Returns:
        The numbers of the lines, the heading above them included.
    """
    if not _may_hold_entries(lines.values()):
        return frozenset()
    numbers = {id(line): number for number, line in lines.items()}
    rows = rows_of(line for line in lines.values() if line.horizontal)
    found = [_entries(row) for row in rows]
    listed = [number for number, entries in enumerate(found) if entries]
    entries = [entry for row in found for entry in row]
    headed = listed and _heading_above(rows, listed[0])
    if not _is_list(entries, bool(headed), outline_titles):
        return frozenset()
    first, last = listed[0], listed[-1]
    # Between entries stand wrapped titles, names of parts, the letters of an index.
    taken = range(first, last + 1) if len(listed) >= _DENSE * (last - first + 1) else listed
    chosen = {numbers[id(line)] for row in taken for line in rows[row]}
    if headed:
        chosen |= {numbers[id(line)] for line in rows[first - 1]}
    return frozenset(chosen)


def _may_hold_entries(lines: Iterable[Line]) -> bool:
    count = sum(line.text.rstrip()[-1:].isalnum() and (
        "..." in line.text or ". ." in line.text or len(line.text) < 90
    ) and _PAGE_ALONE.search(line.text.rstrip()) is not None for line in lines)  # fmt: skip
    return count >= _LEAST_ENTRIES


def _entries(row: Sequence[Line]) -> list[_Entry]:
    """The entries of one row, of which there are several where a list is set in columns."""
    found: list[_Entry] = []
    title, dotted = "", False
    for line in row:
        text = " ".join(line.text[-_LONGEST:].split())
        joined = f"{title} {text}".strip()[-_LONGEST:]
        leading = _WITH_LEADER.match(joined)
        alone = _PAGE_ALONE.match(text) if title else None
        behind = _PAGE_BEHIND.match(text) if not title else None
        match = leading or alone or (behind if line is row[-1] else None)
        if match is None:
            title, dotted = _LEADER.sub("", joined), bool(_LEADER.search(joined))
            continue
        name = match["title"] if match is not alone else title
        has_leader = dotted or leading is not None
        if name.strip() if has_leader else any(character.isalpha() for character in name):
            found.append(_Entry(name.strip(), match["page"], line.bbox[2], has_leader))
        title, dotted = "", False
    return found


def _heading_above(rows: Sequence[Sequence[Line]], first: int) -> bool:
    if first == 0:
        return False
    return plain_title("".join(line.text for line in rows[first - 1])) in _HEADINGS


def _is_list(entries: Sequence[_Entry], headed: bool, titles: Collection[str]) -> bool:
    dotted = [entry for entry in entries if entry.has_leader]
    if len(dotted) >= _LEAST_ENTRIES and len(dotted) >= _TELLING * len(entries):
        return _share_rising(dotted) >= _ORDERED or _share_alphabetical(dotted) >= _ORDERED
    if len(entries) < (_LEAST_ENTRIES if headed else _LEAST_PLAIN_ENTRIES):
        return False
    if _share_rising(entries) < _ORDERED or not _is_aligned(entries):
        return False
    known = sum(
        _NUMBERED.match(entry.title) is not None or plain_title(entry.title) in titles
        for entry in entries
    )
    return headed or known >= _TELLING * len(entries)


def _share_rising(entries: Sequence[_Entry]) -> float:
    pairs = [
        int(b.page) >= int(a.page)
        for a, b in _neighbours(entries)
        if a.page.isdigit() and b.page.isdigit()
    ]
    return sum(pairs) / len(pairs) if pairs else 0.0


def _share_alphabetical(entries: Sequence[_Entry]) -> float:
    pairs = [a.title[:1].casefold() <= b.title[:1].casefold() for a, b in _neighbours(entries)]
    return sum(pairs) / len(pairs) if pairs else 0.0


def _neighbours(entries: Sequence[_Entry]) -> list[tuple[_Entry, _Entry]]:
    """Entries with the ones below them in their column."""
    columns: list[list[_Entry]] = []
    for entry in entries:
        for column in columns:
            if abs(column[-1].right - entry.right) < _SAME_EDGE:
                column.append(entry)
                break
        else:
            columns.append([entry])
    return [pair for column in columns for pair in pairwise(column)]


def _is_aligned(entries: Sequence[_Entry]) -> bool:
    """Whether the page numbers stand at one right edge, as they do without dots as well."""
    edges = [entry.right for entry in entries]
    return max(sum(abs(a - b) < _SAME_EDGE / 4 for b in edges) for a in edges) >= 0.7 * len(edges)
