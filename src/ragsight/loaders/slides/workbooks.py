"""Workbooks inside a deck: the cells of embedded sheets, and the data of charts."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from itertools import islice, product
from xml.etree.ElementTree import Element

from ragsight.errors import DocumentError
from ragsight.loaders.slides.chart_data import MOST_POINTS, shown
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.painting.package import ZIP_ERRORS, check_sizes
from ragsight.loaders.slides.xml import R, S, is_on, number

_MOST_BYTES = 50 << 20
"""Bytes of a workbook inside a deck that are read."""

_MOST_ROWS, _MOST_COLUMNS = 10_000, 256
"""Cells that are read of a sheet; a file needs a line to claim that one stands at the far end."""

_MOST_SHEETS = 50
_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,7})(?::\$?([A-Z]{1,3})\$?(\d{1,7}))?")
_DATES = {14: "yyyy-mm-dd", 22: "yyyy-mm-dd hh:mm", 9: "0%", 10: "0.00%"} | dict.fromkeys(
    (15, 16, 17), "yyyy-mm-dd"
)
"""Formats that a number stands for (ECMA-376, part 1, 18.8.30), as far as they change its look."""

Cells = dict[tuple[int, int], str]
"""Values by row and column, from 0."""


class Workbook:
    """The sheets of a workbook, each read when it is asked for.

    Args:
        data: The file.

    Raises:
        DocumentError: If it is none that can be read, or would harm whoever unpacks it.
    """

    def __init__(self, data: bytes) -> None:
        try:
            archive = zipfile.ZipFile(io.BytesIO(data))
        except ZIP_ERRORS as error:
            raise DocumentError(f"the workbook is damaged ({error}).") from error
        check_sizes("the workbook", archive.infolist())
        self._package = Package(archive)
        part = self._package.first("", "officeDocument")
        self._part = part if part is not None else "xl/workbook.xml"
        self._root = self._package.xml(self._part)
        self._texts = self._shared_texts()
        self._formats = self._number_formats()
        self._from_1904 = any(is_on(p.get("date1904")) for p in self._root.iter(f"{S}workbookPr"))
        self._read: dict[str, Cells] = {}

    @classmethod
    def of(cls, package: Package, part: str) -> Workbook:
        """The workbook in a part of a deck.

        Raises:
            DocumentError: If it is missing, or none that can be read.
        """
        return cls(package.read(part, _MOST_BYTES))

    def tables(self) -> Iterator[tuple[str, tuple[tuple[str, ...], ...]]]:
        """The sheets that aren't hidden: names and cells, without empty rows and columns."""
        for sheet in list(self._root.iter(f"{S}sheet"))[:_MOST_SHEETS]:
            if sheet.get("state", "visible") != "visible":
                continue
            name = sheet.get("name", "")
            cells = self._cells(name)
            rows = sorted({row for row, _ in cells})
            columns = sorted({column for _, column in cells})
            if rows:
                yield name, tuple(tuple(cells.get((r, c), "") for c in columns) for r in rows)

    def values(self, formula: str) -> list[str]:
        """The values that a reference stands for, such as `Sheet1!$B$2:$B$5`; empty if none."""
        found: list[str] = []
        for piece in formula.strip().strip("()").split(",")[:_MOST_COLUMNS]:
            name, _, place = piece.rpartition("!")
            match = _RANGE.fullmatch(place.strip())
            if match is None:
                continue
            cells = self._cells(name.strip().strip("'").replace("''", "'"))
            first, last = (match[1], match[2]), (match[3] or match[1], match[4] or match[2])
            rows = range(int(first[1]) - 1, min(int(last[1]), _MOST_ROWS))
            columns = range(_column(first[0]), min(_column(last[0]) + 1, _MOST_COLUMNS))
            places = product(rows, columns)
            found += [cells.get(place, "") for place in islice(places, MOST_POINTS - len(found))]
        return found if any(found) else []

    def _cells(self, name: str) -> Cells:
        if name not in self._read:
            self._read[name] = self._sheet(name)
        return self._read[name]

    def _sheet(self, name: str) -> Cells:
        related = self._package.related(self._part)
        for sheet in self._root.iter(f"{S}sheet"):
            found = related.get(sheet.get(f"{R}id", ""))
            if sheet.get("name") == name and found is not None and not found.external:
                return dict(self._values(self._package.xml(found.target)))
        return {}

    def _values(self, root: Element) -> Iterator[tuple[tuple[int, int], str]]:
        for count, row in enumerate(root.iter(f"{S}row")):
            place = number(row.get("r"), count + 1) - 1
            if not 0 <= place < _MOST_ROWS:
                continue
            for position, cell in enumerate(row.findall(f"{S}c")):
                letters = re.match(r"[A-Z]{1,3}", cell.get("r", ""))
                column = position if letters is None else _column(letters[0])
                if column < _MOST_COLUMNS and (text := self._value(cell)):
                    yield (place, column), text

    def _value(self, cell: Element) -> str:
        kind, text = cell.get("t", "n"), cell.findtext(f"{S}v") or ""
        if kind == "inlineStr":
            return _words(cell.find(f"{S}is"))
        if kind == "s":
            place = number(text, -1)
            return self._texts[place] if 0 <= place < len(self._texts) else ""
        if kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        if kind != "n" or not text:
            return " ".join(text.split())
        style = number(cell.get("s"))
        code = self._formats[style] if 0 <= style < len(self._formats) else ""
        return shown(text, code, from_1904=self._from_1904)

    def _shared_texts(self) -> list[str]:
        root = self._beside("sharedStrings")
        return [] if root is None else [_words(item) for item in root.iter(f"{S}si")]

    def _number_formats(self) -> list[str]:
        root = self._beside("styles")
        styles = None if root is None else root.find(f"{S}cellXfs")
        if root is None or styles is None:
            return []
        own = {number(f.get("numFmtId")): f.get("formatCode", "") for f in root.iter(f"{S}numFmt")}
        known = {**_DATES, **own}
        return [known.get(number(style.get("numFmtId")), "") for style in styles]

    def _beside(self, kind: str) -> Element | None:
        part = self._package.first(self._part, kind)
        try:
            return None if part is None else self._package.xml(part)
        except DocumentError:
            # Numbers are there without it.
            return None


def _words(element: Element | None) -> str:
    if element is None:
        return ""
    # Readings of Japanese words (`rPh`) stand beside them.
    runs = [element, *element.findall(f"{S}r")]
    return " ".join("".join(run.findtext(f"{S}t") or "" for run in runs).split())


def _column(letters: str) -> int:
    place = 0
    for letter in letters:
        place = 26 * place + ord(letter) - ord("A") + 1
    return place - 1
