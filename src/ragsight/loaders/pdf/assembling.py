"""Chunks from the parts of one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ragsight.chunks import BBox, Chunk, ImageRef, Source
from ragsight.errors import DocumentError, ErrorHandler, ImageError
from ragsight.loaders.chunking import split_text
from ragsight.loaders.pdf.analysis import Figure, Table
from ragsight.loaders.pdf.captions import Caption
from ragsight.loaders.pdf.geometry import rounded, union
from ragsight.loaders.pdf.mentions import find_mentions
from ragsight.loaders.pdf.options import PdfOptions
from ragsight.loaders.pdf.page import Page
from ragsight.loaders.pdf.paragraphs import Section, plain_text
from ragsight.loaders.pdf.rendering import render_region
from ragsight.loaders.pdf.source import PdfFile
from ragsight.loaders.pdf.tables import to_markdown

_TELLING_LENGTH = 20


@dataclass(frozen=True)
class ChunkMaker:
    """Makes the chunks of one page.

    Attributes:
        file: The open file.
        page: The page.
        uri: `Source.uri` of the chunks.
        options: How chunks are made.
        on_error: Told of a picture that can't be made.
        sentences: Running text around the page, for mentions.
    """

    file: PdfFile
    page: Page
    uri: str
    options: PdfOptions
    on_error: ErrorHandler
    sentences: Sequence[str] = ()

    def passages(self, sections: Sequence[Section]) -> Iterator[Chunk]:
        """Passages of the page's sections; of a page with headings only, those."""
        number = 0
        for section in sections:
            for passage in split_text(section.text, self.options.chunking):
                number += 1
                yield Chunk(
                    text=passage,
                    source=self._source(_around(passage, section), section.path, f"text {number}"),
                )
        if number == 0 and sections:
            titles = "\n".join(section.path[-1] for section in sections if section.path)
            if titles:
                yield Chunk(text=titles, source=self._source(None, (), "text 1"))

    def figure(self, figure: Figure, section: tuple[str, ...], part: str) -> Chunk | None:
        """A figure's chunk; None if it has neither caption nor a picture that can be made."""
        box = self.figure_box(figure)
        image = self._image(box)
        inner = self._inner(figure.inner)
        caption = None if figure.caption is None else figure.caption.caption
        if image is None and caption is None:
            return None
        metadata = self._facts(caption) | {"method": figure.method}
        if inner:
            metadata["inner_text"] = inner
        return Chunk(
            text=caption.text if caption is not None else inner,
            image=image,
            source=self._source(box, section, part),
            kind="figure",
            metadata=metadata,
        )

    def figure_box(self, figure: Figure) -> BBox:
        """Where a figure is; the whole page where only its caption was found."""
        return figure.bbox if figure.bbox is not None else self.page.bbox

    def table(self, table: Table, section: tuple[str, ...], part: str) -> Chunk:
        """A table's chunk: caption, cells as Markdown, picture."""
        caption = None if table.caption is None else table.caption.caption
        markdown = to_markdown(table.rows)
        return Chunk(
            text=markdown if caption is None else f"{caption.text}\n\n{markdown}",
            image=self._image(table.bbox),
            source=self._source(table.bbox, section, part),
            kind="table",
            metadata=self._facts(caption) | {"method": table.method},
        )

    def whole_page(self, text: str, section: tuple[str, ...], method: str) -> Chunk | None:
        """The page as a picture; None if it can't be painted."""
        image = self._image(self.page.bbox)
        if image is None:
            return None
        return Chunk(
            text=text,
            image=image,
            source=self._source(self.page.bbox, section, ""),
            kind="page",
            metadata={"method": method},
        )

    def _facts(self, caption: Caption | None) -> dict[str, Any]:
        if caption is None:
            return {}
        facts: dict[str, Any] = {"label": caption.label, "caption": caption.text}
        if mentions := find_mentions(caption, self.sentences):
            facts["mentions"] = mentions
        return facts

    def _inner(self, numbers: frozenset[int]) -> str:
        return plain_text([self.page.lines[number] for number in sorted(numbers)])

    def _image(self, box: BBox) -> ImageRef | None:
        try:
            return render_region(self.file, self.page, box, self.uri, self.options)
        except (DocumentError, ImageError) as error:
            self.on_error(error)
            return None

    def _source(self, box: BBox | None, section: tuple[str, ...], part: str) -> Source:
        page = self.page
        return Source(
            uri=self.uri,
            page=page.number,
            page_label=page.label if page.label not in ("", str(page.number)) else None,
            page_size=(round(page.width, 2), round(page.height, 2)),
            bbox=None if box is None else rounded(box),
            section=section,
            part=part,
        )


def _around(passage: str, section: Section) -> BBox:
    """The box around a passage's lines; around its section's where none is found whole."""
    words = " ".join(passage.split())
    inside = [
        line
        for line in section.lines
        # A short last line ("the hill.") may be found in any passage.
        if len(line.text) >= min(_TELLING_LENGTH, len(words))
        and " ".join(line.text.split()).rstrip("-") in words
    ]
    return union(line.bbox for line in inside or section.lines)


def section_at(box: BBox, caption: Caption | None, sections: Sequence[Section]) -> tuple[str, ...]:
    """The section that a figure or table belongs to.

    That is the one on its page that speaks of it, else the one whose heading stands above it.
    """
    if caption is not None:
        for section in sections:
            if find_mentions(caption, section.paragraphs):
                return section.path
    above = [
        (section.heading[1], number)
        for number, section in enumerate(sections)
        if section.heading is not None and section.heading[1] <= box[1]
    ]
    return sections[max(above)[1]].path if above else sections[0].path
