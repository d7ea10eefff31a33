"""The blocks of a page in reading order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ragsight.chunks import ImageRef
from ragsight.loaders.blocks import MOST_CELLS, Block, Figure, Grid, Heading, Words, whole_rows
from ragsight.loaders.html.page import Element, HtmlPage
from ragsight.loaders.written_words import written_words

Loading = Callable[[str], "ImageRef | None"]
"""Gives the picture at an address; None where it can't be had."""

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dir"}
    | {"div", "dl", "dt", "fieldset", "figure", "footer", "form", "header", "hgroup", "html"}
    | {"li", "main", "ol", "p", "pre", "search", "section", "summary", "table", "ul", "hr"}
    | {"tr", "td", "th", "tbody", "thead", "tfoot", "caption", "figcaption", "legend", "menu"}
    | {"nav"}
)
_DEEPEST = 150
"""Elements inside each other that are told apart; below that, all words are one paragraph."""

_LONGEST_ADDRESS = 100 << 20
_LAZY = ("data-src", "data-original", "data-lazy-src", "data-image")
_WIDTH = re.compile(r"\s+(\d+(?:\.\d+)?)[wx]\s*$")
_SPACES = re.compile(r"[ \t\r\n\f]+")


def page_blocks(page: HtmlPage, load: Loading) -> list[Block]:
    """The blocks of a page.

    Args:
        page: The page.
        load: Gives the pictures; asked when a chunk is made of one.
    """
    reader = _Reader(page.dropped, load)
    for root in page.roots:
        reader.block(root, 0)
        reader.flush()
    return reader.blocks


def picture_addresses(page: HtmlPage) -> Iterator[str]:
    """The addresses of the pictures on a page."""
    for root in page.roots:
        for element in root.iter("img", "picture", "image"):
            if address := _address(element):
                yield address


@dataclass
class _Reader:
    dropped: frozenset[Element]
    load: Loading
    blocks: list[Block] = field(default_factory=list)
    _line: list[str] = field(default_factory=list)

    def flush(self) -> None:
        """End a paragraph."""
        lines = [_SPACES.sub(" ", line).strip() for line in "".join(self._line).split("\v")]
        self._line.clear()
        if text := "\n".join(filter(None, lines)):
            self.blocks.append(Words(text))

    def block(self, element: Element, depth: int) -> None:
        """Read an element that begins a new line, or holds some that do."""
        if depth > _DEEPEST:
            self._line.append(" ".join(self._texts(element)))
            return
        self._line.append(element.text or "")
        for child in element:
            self._child(child, depth)
            self._line.append(child.tail or "")

    def _child(self, child: Element, depth: int) -> None:
        tag = child.tag
        if child in self.dropped:
            return
        if depth > _DEEPEST:
            self._line.append(" ".join(self._texts(child)))
        elif tag == "br":
            self._line.append("\v")
        elif tag in ("img", "picture"):
            self._figure(child, "")
        elif tag == "svg":
            self._line.append(self._one_line(child))
        elif tag in _BLOCKS or tag in _HEADINGS:
            self.flush()
            self._own_lines(child, depth)
            self.flush()
        else:
            self.block(child, depth + 1)

    def _own_lines(self, child: Element, depth: int) -> None:
        tag = child.tag
        if tag in _HEADINGS:
            if text := self._one_line(child):
                self.blocks.append(Heading(_HEADINGS[tag], text))
            self._pictures(child)
        elif tag == "figure":
            self._captioned(child, depth)
        elif tag == "pre":
            self._code(child)
        elif tag in ("ul", "ol", "menu", "dir"):
            if lines := self._items(child, 0):
                self.blocks.append(Words("\n".join(lines)))
            self._inner_blocks(child, depth)
        elif tag == "table" and self._is_data(child):
            self._table(child, "")
        else:
            self.block(child, depth + 1)

    def _texts(self, element: Element) -> Iterator[str]:
        """The words of an element, without those that were dropped."""
        waiting: list[Element | str] = [element]
        while waiting:
            item = waiting.pop()
            if isinstance(item, str):
                yield item
            elif item not in self.dropped:
                rest = [part for child in item for part in (child, child.tail or "")]
                waiting += reversed([item.text or "", *rest])

    def _one_line(self, element: Element, *, without: frozenset[str] = frozenset()) -> str:
        if not without:
            return " ".join("".join(_spaced(self._texts(element), element)).split())
        pieces = [element.text or ""]
        for child in element:
            pieces.append("" if child.tag in without else self._one_line(child))
            pieces.append(child.tail or "")
        return " ".join("".join(pieces).split())

    def _items(self, items: Element, level: int) -> list[str]:
        lines = []
        count = _number(items.get("start"), 1)
        for item in items:
            if item in self.dropped or level > 20:
                continue
            if item.tag in ("ul", "ol"):
                lines += self._items(item, level + 1)
            elif item.tag == "li" and not _has_blocks(item):
                text = self._one_line(item, without=frozenset({"ul", "ol"}))
                mark = f"{count}." if items.tag == "ol" else "-"
                lines += ["  " * level + f"{mark} {text}"] if text else []
                for inner in item.iterchildren("ul", "ol"):
                    lines += self._items(inner, level + 1)
            count += 1
        return lines

    def _inner_blocks(self, items: Element, depth: int) -> None:
        """Items that hold tables, code or several paragraphs, and the pictures of the others."""
        for item in items.iterchildren("li"):
            if item in self.dropped:
                continue
            if _has_blocks(item):
                self.block(item, depth + 1)
                self.flush()
            else:
                self._pictures(item)

    def _pictures(self, element: Element) -> None:
        for picture in element.iter("img"):
            if picture not in self.dropped:
                self._figure(picture, "")

    def _figure(self, element: Element, caption: str) -> None:
        address = _address(element)
        image = element if element.tag == "img" else next(element.iter("img"), element)
        texts = [written_words(image.get(name, "")) for name in ("alt", "title")]
        words = "\n\n".join(dict.fromkeys(filter(None, texts)))
        if address or caption or words:
            load = self.load
            self.blocks.append(Figure(caption, words, picture=lambda: load(address)))

    def _captioned(self, figure: Element, depth: int) -> None:
        """A figure with its caption, whatever it shows: pictures, a table, code, a drawing."""
        captions = list(figure.iter("figcaption"))
        caption = " ".join(filter(None, map(self._one_line, captions)))
        pictures = [e for e in figure.iter("img", "picture") if e not in self.dropped]
        pictures = [e for e in pictures if e.getparent().tag != "picture"]
        grids = [e for e in figure.iter("table") if self._is_data(e)]
        drawn = list(figure.iter("svg"))
        if any(inner is not figure for inner in figure.iter("figure")):
            self.block(figure, depth + 1)
        elif pictures:
            for picture in pictures:
                self._figure(picture, caption)
            for part in figure:
                self._rest(part)
        elif grids:
            for grid in grids:
                self._table(grid, caption)
        elif drawn:
            self.blocks.append(Figure(caption, words=" ".join(map(self._one_line, drawn))))
        else:
            self.block(figure, depth + 1)

    def _rest(self, part: Element) -> None:
        """Words in a figure beside its pictures and its caption."""
        if part not in self.dropped and next(part.iter("figcaption"), None) is None:
            self._line.append(self._one_line(part) + "\v")

    def _code(self, element: Element) -> None:
        text = "".join(self._texts(element)).strip("\n").rstrip()
        if text:
            fence = "```" if "```" not in text else "````"
            self.blocks.append(Words(f"{fence}\n{text}\n{fence}"))
        self._pictures(element)

    def _is_data(self, table: Element) -> bool:
        """Whether a table holds data; pages were laid out with tables too."""
        if table.get("role") in ("presentation", "none") or table in self.dropped:
            return False
        if next(table.iter("th", "caption"), None) is not None:
            return True
        if any(e is not table for e in table.iter("table", "h1", "h2", "h3")):
            return False
        rows = list(table.iter("tr"))
        return len(rows) > 1 and max(len(row) for row in rows) > 1

    def _table(self, table: Element, caption: str) -> None:
        own = table.find("caption")
        words = [caption, "" if own is None else self._one_line(own)]
        rows = whole_rows(_cells(table, self._one_line))
        text = " ".join(dict.fromkeys(filter(None, words)))
        if len(rows) > 1 or (rows and len(rows[0]) > 1):
            self.blocks.append(Grid(rows, text))
        elif rows or text:
            self.blocks.append(Words("\n\n".join(filter(None, [text, *(row[0] for row in rows)]))))
        self._pictures(table)


def _spaced(texts: Iterator[str], element: Element) -> Iterator[str]:
    """Words of different lines, cells or items don't run together."""
    joint = " " if any(child.tag in _BLOCKS | {"br"} for child in element.iter()) else ""
    for text in texts:
        yield text + joint


def _has_blocks(item: Element) -> bool:
    """Whether an item of a list holds more than words and lists."""
    return any(True for _ in item.iter("p", "table", "pre", "figure", "blockquote", *_HEADINGS))


def _cells(table: Element, words: Callable[[Element], str]) -> Iterator[list[str]]:
    """The cells of each row; those that others cover are empty, so that columns stay."""
    covered: dict[int, int] = {}
    total = 0
    for row in table.iter("tr"):
        if next(row.iterancestors("table"), None) is not table:
            continue
        cells: list[str] = []
        for cell in row.iterchildren("td", "th"):
            _skip_covered(cells, covered)
            across = min(max(_number(cell.get("colspan"), 1), 1), 1000)
            down = min(max(_number(cell.get("rowspan"), 1), 1), 65534)
            for place in range(len(cells), len(cells) + across):
                if down > 1:
                    covered[place] = down - 1
            cells += [words(cell), *[""] * (across - 1)]
        _skip_covered(cells, covered)
        total += len(cells)
        if total > MOST_CELLS:
            return
        yield cells


def _skip_covered(cells: list[str], covered: dict[int, int]) -> None:
    while covered.get(len(cells), 0) > 0:
        covered[len(cells)] -= 1
        cells.append("")


def _number(text: str | None, default: int) -> int:
    try:
        return int(text) if text is not None and len(text) < 10 else default
    except ValueError:
        return default


def _address(element: Element) -> str:
    """Where a picture is; pages that load late say it elsewhere than in `src`."""
    image = element if element.tag != "picture" else next(element.iter("img"), element)
    address = (image.get("src") or "").strip()
    late = next(filter(None, (image.get(name) for name in _LAZY)), "")
    if late and (not address or address.startswith("data:")):
        address = late.strip()
    if not address:
        sets = [image.get("srcset", ""), *(s.get("srcset", "") for s in element.iter("source"))]
        address = next(filter(None, map(_largest, sets)), "")
    return address if len(address) <= _LONGEST_ADDRESS else ""


def _largest(choices: str) -> str:
    """The largest of the pictures that a `srcset` offers."""
    best = (-1.0, "")
    for choice in choices.split(", "):
        found = _WIDTH.search(choice)
        size = float(found[1]) if found is not None else 0.0
        address = choice[: found.start()] if found is not None else choice
        best = max(best, (size, address.strip().rstrip(",")), key=lambda pair: pair[0])
    return best[1]
