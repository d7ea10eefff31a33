"""Chunks from the parts of one page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from PIL import Image

from ragsight.chunks import BBox, Chunk, ChunkKind, Source
from ragsight.errors import DocumentError, ErrorHandler, ImageError
from ragsight.loaders.chunking import Passage
from ragsight.loaders.pdf.backends.protocol import PageSource
from ragsight.loaders.pdf.captions.blocks import CaptionBlock
from ragsight.loaders.pdf.captions.mentions import find_mentions
from ragsight.loaders.pdf.figures.rendering import encoded_region, paint_region
from ragsight.loaders.pdf.ocr.reading import OcrReader
from ragsight.loaders.pdf.options import PdfOptions
from ragsight.loaders.pdf.page.geometry import rounded, union
from ragsight.loaders.pdf.page.page import Line, Page
from ragsight.loaders.pdf.parts import Figure, Table
from ragsight.loaders.pdf.tables.grids import to_markdown
from ragsight.loaders.pdf.text.paragraphs import Section, plain_text

Headings = tuple[str, ...]
"""Titles, outermost first."""

_WITH_BITMAPS = frozenset({"bitmap", "mixed"})

_TELLING_LENGTH = 20
"""Characters: shorter lines are found in any passage. With fewer, a passage is shown where another
stands; with more, the short lines of narrow columns tell nothing."""


@dataclass(frozen=True)
class ChunkMaker:
    """Makes the chunks of one page.

    Attributes:
        source: The open file.
        page: The page.
        uri: `Source.uri` of the chunks.
        options: How chunks are made.
        on_error: Told of a picture that can't be made or read.
        ocr: Reads text in pictures.
        sentences: Running text around the page, for mentions.
        warnings: What to know about all of the page's chunks.
        method: Where the page's text is from: its `text` layer, or `ocr`.
    """

    source: PageSource
    page: Page
    uri: str
    options: PdfOptions
    on_error: ErrorHandler
    ocr: OcrReader
    sentences: Sequence[str] = ()
    warnings: Sequence[str] = ()
    method: Literal["text", "ocr"] = "text"

    def text(self, text: str, box: BBox | None, section: Headings, part: str) -> Chunk:
        """A passage."""
        place = self._place(box, section, part)
        return self._chunk("text", text, None, place, {"method": self.method})

    def figure(self, figure: Figure, section: Headings, part: str) -> Chunk | None:
        """A figure's chunk; None if it has neither caption nor words nor a picture."""
        box = figure.bbox if figure.bbox is not None else self.page.bbox
        wanted = self.options.figure_images == "all"
        image = self._painted(box) if wanted else None
        caption = figure.caption
        inner = plain_text([self.page.lines[number] for number in sorted(figure.inner)])
        if image is None and caption is None and (wanted or not inner):
            return None
        metadata = self._facts(caption) | {"method": figure.method}
        if inner:
            metadata["inner_text"] = inner
        texts = [caption.caption.text if caption is not None else inner]
        if figure.method in _WITH_BITMAPS and image is not None:
            metadata |= (read := self._read(image))
            texts += [read["ocr_text"]] if "ocr_text" in read else []
        text = "\n\n".join(filter(None, texts))
        return self._chunk("figure", text, image, self._place(box, section, part), metadata)

    def table(self, table: Table, section: Headings, part: str) -> Chunk:
        """A table's chunk: caption, cells as Markdown, picture."""
        markdown = to_markdown(table.rows)
        caption = table.caption
        metadata = self._facts(caption) | {"method": table.method}
        metadata["cells"] = [list(row) for row in table.rows]
        text = markdown if caption is None else f"{caption.caption.text}\n\n{markdown}"
        image = self._painted(table.bbox) if self.options.figure_images == "all" else None
        return self._chunk("table", text, image, self._place(table.bbox, section, part), metadata)

    def whole_page(self, text: str, section: Headings, method: str) -> Chunk | None:
        """The page as a picture; None if it can't be painted."""
        image = self._painted(self.page.bbox)
        if image is None:
            return None
        place = self._place(self.page.bbox, section, "")
        return self._chunk("page", text, image, place, {"method": method})

    def _chunk(
        self,
        kind: ChunkKind,
        text: str,
        image: Image.Image | None,
        place: Source,
        metadata: dict[str, Any],
    ) -> Chunk:
        box = place.bbox if place.bbox is not None else self.page.bbox
        ref = None if image is None else encoded_region(image, self.page, box, self.uri)
        if warnings := [*self.warnings, *metadata.get("warnings", ())]:
            metadata["warnings"] = warnings
        return Chunk(text=text, image=ref, source=place, kind=kind, metadata=metadata)

    def _facts(self, block: CaptionBlock | None) -> dict[str, Any]:
        if block is None:
            return {}
        caption = block.caption
        facts: dict[str, Any] = {
            "label": caption.label,
            "caption": caption.text,
            "caption_bbox": list(rounded(block.bbox)),
        }
        if mentions := find_mentions(caption, self.sentences):
            facts["nearby_text"] = mentions
        return facts

    def _read(self, image: Image.Image) -> dict[str, Any]:
        """The text in a picture, where it is asked for."""
        if self.ocr.engine is None:
            return {} if self.options.ocr == "off" else {"warnings": [self.ocr.hint]}
        try:
            text = self.ocr.text(image)
        except DocumentError as error:
            self.on_error(error)
            return {"warnings": [str(error)]}
        return {"ocr_text": text} if text else {}

    def _painted(self, box: BBox) -> Image.Image | None:
        try:
            return paint_region(self.source, self.page, box, self.options)
        except (DocumentError, ImageError) as error:
            self.on_error(error)
            return None

    def _place(self, box: BBox | None, section: Headings, part: str) -> Source:
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


def passage_box(passage: Passage, section: Section) -> BBox | None:
    """The box around a passage's lines; around its paragraphs' where none is found whole."""
    paragraphs = section.lines[passage.first : passage.last + 1]
    words = " ".join(passage.text.split())
    inside = [line for lines in paragraphs for line in _lines_in(words, lines)]
    among = inside if inside else [line for lines in paragraphs for line in lines]
    return union(line.bbox for line in among) if among else None


def _lines_in(words: str, lines: Sequence[Line]) -> list[Line]:
    """The lines of a paragraph that a passage holds.

    A short line ("the hill.") may be found in any passage; it counts beside one that counts.
    """
    found = [" ".join(line.text.split()).rstrip("-") in words for line in lines]
    telling = [len(line.text) >= min(_TELLING_LENGTH, len(words)) for line in lines]
    sure = [a and b for a, b in zip(found, telling, strict=True)]
    return [
        line
        for number, line in enumerate(lines)
        if found[number] and any(sure[max(0, number - 1) : number + 2])
    ]


def section_of(part: Figure | Table, own: Section, sections: Sequence[Section]) -> Headings:
    """The section that a figure or table belongs to.

    That is the one on its page that speaks of it, else the one it stands in.
    """
    if part.caption is not None:
        for section in (own, *sections):
            if find_mentions(part.caption.caption, section.paragraphs):
                return section.path
    return own.path
