"""What a PDF's pages look like, what is made of them, and what is left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from PIL import Image

from ragsight.chunks import Chunk
from ragsight.errors import DocumentError
from ragsight.loaders.inspected import WHOLE_PAGE, InspectedPage, LeftOut
from ragsight.loaders.pdf.document_pass import DocumentPass
from ragsight.loaders.pdf.isolation.limited import LimitedSource
from ragsight.loaders.pdf.options import PdfOptions
from ragsight.loaders.pdf.page.geometry import overlap
from ragsight.loaders.pdf.page.page import Page
from ragsight.loaders.pdf.page.reader import PageReader

_MOSTLY = 0.5
"""Share of a picture inside a chunk's box; with more, pictures that are in the index are shown as
left out, with less, ones cut off it aren't."""

_MAX_DPI = 150
"""Pixels an inch of a painted page; with more, pictures of small pages grow, with less, their text
blurs."""


def inspected_pages(
    source: LimitedSource, uri: str, options: PdfOptions, numbers: Sequence[int], image_side: int
) -> Iterator[InspectedPage]:
    """Inspect pages one after the other.

    Args:
        source: The open file.
        uri: `Source.uri` of the chunks.
        options: How chunks are made.
        numbers: Of the pages.
        image_side: Longest side of a page's picture, in pixels.
    """
    problems: list[str] = []
    run = DocumentPass(source, uri, options, lambda error: problems.append(str(error)))
    order = 0
    for number in numbers:
        chunks = []
        for chunk in run.chunks(number):
            order += 1
            chunks.append(replace(chunk, metadata={**chunk.metadata, "order": order}))
        page = _page(run.reader, number)
        image = _painted(source, number, page, image_side, problems)
        yield InspectedPage(
            number=number,
            label=page.label if page.label != str(number) else "",
            size=(page.width, page.height),
            image=image,
            chunks=tuple(chunks),
            left_out=tuple(_left_out(run.reader, page, chunks, options)),
            problems=tuple(dict.fromkeys(problems)),
        )
        problems.clear()


def _page(reader: PageReader, number: int) -> Page:
    try:
        return reader.page(number)
    except DocumentError:
        # It was reported when its chunks were asked for.
        return Page(number=number, width=0.0, height=0.0)


def _painted(
    source: LimitedSource, number: int, page: Page, side: int, problems: list[str]
) -> Image.Image | None:
    if page.width <= 0:
        return None
    try:
        return source.render(number, page.bbox, max_side=side, max_dpi=_MAX_DPI)
    except DocumentError as error:
        problems.append(str(error))
        return None


def _left_out(
    reader: PageReader, page: Page, chunks: Sequence[Chunk], options: PdfOptions
) -> Iterator[LeftOut]:
    if page.width <= 0:
        return
    furniture = reader.furniture(page.number)
    for number in sorted(furniture):
        line = page.lines[number]
        yield LeftOut(line.bbox, "header or footer", line.text)
    if options.contents == "drop":
        for number in sorted(reader.contents(page.number) - furniture):
            line = page.lines[number]
            yield LeftOut(line.bbox, "contents", line.text)
    repeated = reader.decoration(page.number)
    yield from (LeftOut(box, "repeated picture") for box in repeated)
    pictured = [c.source.bbox for c in chunks if c.image is not None and c.source.bbox is not None]
    if any(chunk.kind in WHOLE_PAGE for chunk in chunks):
        return
    for box in page.pictures:
        if box not in repeated and all(overlap(box, other) < _MOSTLY for other in pictured):
            yield LeftOut(box, "small picture")
