"""The blocks of a Word document in reading order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from xml.etree.ElementTree import Element

from ragsight.chunks import ImageRef
from ragsight.errors import DocumentError, ErrorHandler, InputError
from ragsight.images import image_ref
from ragsight.loaders.blocks import MOST_CELLS, Block, Figure, Grid, Heading, Words, whole_rows
from ragsight.loaders.pdf.captions.patterns import parse_caption
from ragsight.loaders.slides.charts import read_chart
from ragsight.loaders.slides.diagrams import diagram_lines
from ragsight.loaders.slides.new_charts import read_new_chart
from ragsight.loaders.slides.package import MAX_PICTURE, Package
from ragsight.loaders.slides.pictures import Picture, is_drawn
from ragsight.loaders.slides.xml import CX, DGM, A, C, R, W, number
from ragsight.loaders.word.remarks import Remarks
from ragsight.loaders.word.runs import read_words
from ragsight.loaders.word.styles import Numbering, Styles, value_of
from ragsight.loaders.written_words import written_words

_VML = "{urn:schemas-microsoft-com:vml}"
_OFFICE = "{urn:schemas-microsoft-com:office:office}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}"
_WRAPPERS = frozenset(
    W + n for n in ("sdt", "sdtContent", "customXml", "ins", "moveTo", "smartTag")
)
_MOST_NESTED = 32
"""Tables and boxes inside each other are read no deeper; what is deeper costs itself."""

_LONGEST_CAPTION = 1000
"""Characters; a longer paragraph is no caption, whatever it begins with."""


@dataclass(frozen=True, slots=True)
class _Captioned:
    """A paragraph that may be the caption of what stands beside it."""

    text: str


class WordReader:
    """Reads the parts of one document.

    Args:
        package: The open file.
        part: The document's part.
        uri: How to name the file.
        on_error: Told of what can't be read; the rest goes on if it returns.
    """

    def __init__(self, package: Package, part: str, uri: str, on_error: ErrorHandler) -> None:
        self._package = package
        self._part = part
        self._uri = uri
        self._on_error = on_error
        self._styles = Styles(package, part)
        self._numbering = Numbering(package, part)
        self._remarks = Remarks(package, part, self._report)

    def _report(self, problem: str) -> None:
        self._on_error(DocumentError(f"{self._uri}: {problem}"))

    def blocks(self, body: Element) -> list[Block]:
        """What stands at the edges of pages, then the body, captions with what they belong to."""
        edges = self._remarks.edges()
        return [*([Words(edges)] if edges else []), *with_captions(self._read(body, 0))]

    def _read(self, container: Element, depth: int) -> Iterator[Block | _Captioned]:
        if depth > _MOST_NESTED:
            self._report(f"what is nested more than {_MOST_NESTED} deep isn't read.")
            return
        for child in container:
            if child.tag == f"{W}p":
                yield from self._paragraph(child, depth)
            elif child.tag == f"{W}tbl":
                yield from self._table(child, depth)
            elif child.tag in _WRAPPERS:
                yield from self._read(child, depth + 1)

    def _paragraph(self, paragraph: Element, depth: int) -> Iterator[Block | _Captioned]:
        if self._styles.is_contents(paragraph):
            # Headings are found where they stand.
            return
        words = read_words(paragraph)
        level = self._styles.heading_level(paragraph)
        text = self._numbered(paragraph, words.text, level is not None)
        if text and level is not None:
            yield Heading(level, " ".join(text.split()))
        elif text and self._may_be_caption(paragraph, text):
            yield _Captioned(" ".join(text.split()))
        elif text:
            yield Words(text)
        yield from map(Words, self._remarks.of(words.notes, words.comments))
        for element in words.drawn:
            yield from self._drawn(element, depth)

    def _numbered(self, paragraph: Element, text: str, is_heading: bool) -> str:
        found = self._styles.numbering(paragraph) if text else None
        if found is None:
            return text
        mark = self._numbering.mark(*found)
        if is_heading:
            return text if mark == "-" else f"{mark} {text}".strip()
        indent = "  " * found[1]
        return indent + f"{mark} {text}".strip().replace("\n", f"\n{indent}  ")

    def _may_be_caption(self, paragraph: Element, text: str) -> bool:
        if len(text) > _LONGEST_CAPTION:
            return False
        return self._styles.is_caption(paragraph) or parse_caption(text) is not None

    def _table(self, table: Element, depth: int) -> Iterator[Block | _Captioned]:
        rows = list(_found(table, "tr"))
        cells = [list(_found(row, "tc")) for row in rows]
        if max(map(len, cells), default=0) <= 1:
            # A frame around text, not a table.
            for row in cells:
                for cell in row:
                    yield from self._read(cell, depth + 1)
            return
        drawn: list[Element] = []
        grid = whole_rows(list(self._row(row, drawn)) for row in cells)
        if grid:
            yield Grid(grid)
        for element in drawn:
            yield from self._drawn(element, depth)

    def _row(self, cells: Sequence[Element], drawn: list[Element]) -> Iterator[str]:
        for cell in cells:
            properties = cell.find(f"{W}tcPr")
            span = None if properties is None else properties.find(f"{W}gridSpan")
            merged = None if properties is None else properties.find(f"{W}vMerge")
            continues = merged is not None and value_of(merged, "continue") == "continue"
            yield "" if continues else self._cell(cell, drawn)
            # Cells that others cover are empty, so that columns stay under each other.
            covered = min(max(number(value_of(span), 1), 1), MOST_CELLS) - 1
            yield from [""] * covered

    def _cell(self, cell: Element, drawn: list[Element]) -> str:
        texts = []
        for paragraph in _paragraphs(cell, 0):
            words = read_words(paragraph)
            drawn += words.drawn
            texts += [self._numbered(paragraph, words.text, False).strip()]
            texts += self._remarks.of(words.notes, words.comments)
        return " ".join(filter(None, texts))

    def _drawn(self, element: Element, depth: int) -> Iterator[Block | _Captioned]:
        alternative = _alternative(element)
        for reference in _seen_in(element):
            if reference.tag == f"{W}txbxContent":
                yield from self._read(reference, depth + 1)
            elif reference.tag == f"{A}blip":
                names = reference.get(f"{R}embed", ""), reference.get(f"{R}link", "")
                yield self._picture(names, alternative)
            elif reference.tag == f"{_VML}imagedata":
                yield self._picture((reference.get(f"{R}id", ""), ""), alternative)
            elif reference.tag in (f"{C}chart", f"{CX}chart"):
                yield from self._chart(reference, alternative)
            elif reference.tag == f"{DGM}relIds":
                root = self._xml(reference.get(f"{R}dm", ""), "a diagram")
                if root is not None:
                    lines = "\n".join(diagram_lines(root))
                    yield Figure(alternative=alternative, words=lines)

    def _chart(self, reference: Element, alternative: str) -> Iterator[Block]:
        root = self._xml(reference.get(f"{R}id", ""), "a chart")
        if root is not None:
            read = read_chart if reference.tag == f"{C}chart" else read_new_chart
            yield Figure(alternative=alternative, words=read(root).to_text())

    def _xml(self, name: str, what: str) -> Element | None:
        found = self._package.related(self._part).get(name)
        try:
            if found is None or found.external:
                raise DocumentError("it is missing in the file.")
            return self._package.xml(found.target)
        except DocumentError as error:
            self._report(f"{what} can't be read: {error}")
            return None

    def _picture(self, names: tuple[str, str], alternative: str) -> Figure:
        related = self._package.related(self._part)
        found = next((related[name] for name in names if name in related), None)

        def load() -> ImageRef | None:
            if found is None:
                self._report("a picture is missing in the file.")
                return None
            if found.external:
                self._report("a picture is linked instead of being in the file; it is not fetched.")
                return None
            try:
                return self._loaded(found.target)
            except InputError as error:
                self._report(f"a picture can't be read: {error}")
                return None

        return Figure(alternative=alternative, picture=load)

    def _loaded(self, part: str) -> ImageRef | None:
        if is_drawn(Picture(part)):
            raise DocumentError(f"{part} is made of lines (EMF, WMF, SVG) and isn't painted.")
        data = self._package.read(part, MAX_PICTURE)
        return image_ref(data, uri=f"{self._uri}#part={part}")


def with_captions(blocks: Iterable[Block | _Captioned]) -> list[Block]:
    """Give captions to the figure or table before them, else to the one after them.

    Tables have theirs above as a rule; a caption that says "Table" goes there first.
    """
    row = list(blocks)
    taken: dict[int, str] = {}
    used: set[int] = set()
    for at, block in enumerate(row):
        if not isinstance(block, _Captioned):
            continue
        parsed = parse_caption(block.text)
        places = [at - 1, at + 1]
        if parsed is not None and parsed.kind == "table":
            places.reverse()
        for place in places:
            if _fits(row, place, parsed.kind if parsed is not None else None, taken):
                taken[place] = block.text
                used.add(at)
                break
    result: list[Block] = []
    for at, block in enumerate(row):
        if isinstance(block, _Captioned):
            # What belongs to nothing is a line of the text.
            result += [] if at in used else [Words(block.text)]
        elif isinstance(block, Figure | Grid) and at in taken:
            result.append(replace(block, caption=taken[at]))
        else:
            result.append(block)
    return result


def _fits(
    row: Sequence[Block | _Captioned], place: int, kind: str | None, taken: dict[int, str]
) -> bool:
    if not 0 <= place < len(row) or place in taken:
        return False
    block = row[place]
    if isinstance(block, Figure):
        # Tables are drawn as pictures too.
        return True
    return isinstance(block, Grid) and kind != "figure"


def _found(container: Element, name: str, depth: int = 0) -> Iterator[Element]:
    """Rows or cells, those inside content controls and tracked insertions among them."""
    for child in container:
        if child.tag == W + name:
            yield child
        elif child.tag in _WRAPPERS and depth < _MOST_NESTED:
            yield from _found(child, name, depth + 1)


def _paragraphs(cell: Element, depth: int) -> Iterator[Element]:
    """The paragraphs of a cell, those of tables inside it among them."""
    for child in () if depth > 3 * _MOST_NESTED else cell:
        if child.tag == f"{W}p":
            yield child
        else:
            yield from _paragraphs(child, depth + 1)


def _alternative(element: Element) -> str:
    texts = []
    for facts in (*element.iter(f"{_DRAWING}docPr"), *element.iter(f"{_VML}shape")):
        texts += [facts.get("descr", ""), facts.get("title", ""), facts.get("alt", "")]
    texts += [data.get(f"{_OFFICE}title", "") for data in element.iter(f"{_VML}imagedata")]
    words = list(dict.fromkeys(filter(None, map(written_words, texts))))
    return "\n\n".join(words)


def _seen_in(element: Element) -> Iterator[Element]:
    """What is in a drawing, as far as the boxes of text in it, which are read by themselves."""
    for child in element:
        yield child
        if child.tag != f"{W}txbxContent":
            yield from _seen_in(child)
