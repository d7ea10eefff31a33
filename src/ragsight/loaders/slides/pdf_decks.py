"""Decks that were saved as PDF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ragsight.chunks import Chunk, ImageRef, Source
from ragsight.errors import DocumentError, EmptyDocumentError, ErrorHandler
from ragsight.loaders.chunking import ChunkingOptions
from ragsight.loaders.pdf import PdfLoader, PdfOptions
from ragsight.loaders.pdf.backends.registry import open_pdf
from ragsight.loaders.pdf.figures.rendering import encoded_region
from ragsight.loaders.pdf.isolation.limited import LimitedSource
from ragsight.loaders.pdf.page.page import Page
from ragsight.loaders.slides.options import SlideOptions

_TRIM_EVERY = 50
_LONGEST_TITLE = 120
_LEAST_ASPECT, _MOST_ASPECT = 1.2, 2.6
_WHOLE_PAGES = ChunkingOptions(size=1_000_000, overlap=0)
_LINKS = frozenset(
    {"previous", "next", "order", "page_id", "mentions", "mentioned_in", "mentioned_labels"}
)
"""What the PDF loader says of chunks that are merged into slides here."""


class PdfDeck:
    """A deck saved as PDF: pages that are wider than high are slides, one chunk each.

    Other pages, such as a handout's, keep the PDF loader's chunks.

    Args:
        path: The file.
        uri: `Source.uri` of the chunks.
        options: How chunks are made.
        password: Opens an encrypted file.
        on_error: Told of what costs a page or a picture.
    """

    def __init__(
        self,
        path: Path,
        uri: str,
        options: SlideOptions,
        password: str | None,
        on_error: ErrorHandler,
    ) -> None:
        self._path = path
        self._uri = uri
        self._options = options
        self._password = password
        self._on_error = on_error

    def chunks(self, wanted: frozenset[int] | None) -> Iterator[Chunk]:
        """Page by page: the slide, then its figures and tables.

        Raises:
            EmptyDocumentError: If there is nothing on any page, and none is painted.
            DocumentError: As the PDF loader does.
        """
        loader = PdfLoader(
            self._path,
            password=self._password,
            pages=wanted,
            on_error=self._on_error,
            page_images="none",
            contents="mark",
            chunking=_WHOLE_PAGES,
            backend=self._options.pdf_backend,
        )
        backend = self._options.pdf_backend
        with closing(open_pdf(self._path, self._uri, self._password, backend)) as file:
            source = LimitedSource(file, self._options.timeout)
            numbers = [n for n in range(1, source.page_count + 1) if wanted is None or n in wanted]
            headings: tuple[str, ...] = ()
            for number, found in _by_page(self._contents(loader), numbers):
                page = [self._freed(chunk) for chunk in found]
                yield from self._page(source, number, page, headings)
                headings = page[-1].source.section if page else headings
                source.forget(number)
                if number % _TRIM_EVERY == 0:
                    source.trim_memory()

    def _contents(self, loader: PdfLoader) -> Iterator[Chunk]:
        try:
            yield from loader.lazy_load()
        except EmptyDocumentError:
            # A deck of pictures has nothing else to load, but its slides can be painted.
            if self._options.render == "off":
                raise

    def _freed(self, chunk: Chunk) -> Chunk:
        """A chunk without links to chunks that may be merged away, named as this deck is."""
        kept = {key: value for key, value in chunk.metadata.items() if key not in _LINKS}
        return replace(chunk, source=replace(chunk.source, uri=self._uri), metadata=kept, id="")

    def _page(
        self, source: LimitedSource, number: int, page: list[Chunk], headings: tuple[str, ...]
    ) -> Iterator[Chunk]:
        try:
            shape = source.page(number)
        except DocumentError:
            # The PDF loader has reported it.
            return
        if not is_slide_shaped((shape.width, shape.height)):
            yield from page
            return
        place = Source(
            uri=self._uri,
            page=number,
            page_size=(round(shape.width, 2), round(shape.height, 2)),
            unit="slide",
        )
        image = None if self._options.render == "off" else self._painted(source, shape)
        yield from _slide(page, place, image, headings, figures=self._options.figures)

    def _painted(self, source: LimitedSource, page: Page) -> ImageRef | None:
        size = PdfOptions()
        try:
            image = source.render(
                page.number, page.bbox, max_side=size.image_side, max_dpi=size.max_dpi
            )
        except DocumentError as error:
            self._on_error(error)
            return None
        return encoded_region(image, page, page.bbox, self._uri)


def _by_page(chunks: Iterable[Chunk], numbers: Iterable[int]) -> Iterator[tuple[int, list[Chunk]]]:
    """Each page's chunks; none for a page without."""
    rest = iter(chunks)
    chunk = next(rest, None)
    for number in numbers:
        page: list[Chunk] = []
        while chunk is not None and (chunk.source.page or 0) <= number:
            page.append(chunk)
            chunk = next(rest, None)
        yield number, page


def is_slide_shaped(size: tuple[float, float] | None) -> bool:
    """Whether a page is as wide as slides are: from 5:4 to ultra-wide screens."""
    if size is None or size[1] <= 0:
        return False
    return _LEAST_ASPECT <= size[0] / size[1] <= _MOST_ASPECT


def _slide(
    page: list[Chunk],
    place: Source,
    image: ImageRef | None,
    headings: tuple[str, ...],
    *,
    figures: bool,
) -> Iterator[Chunk]:
    """One chunk of the page's picture and all its words, then what stands on it."""
    texts, before = [], headings
    for chunk in page:
        if chunk.source.section != before and chunk.source.section:
            texts.append(chunk.source.section[-1])
        before = chunk.source.section
        texts.append(chunk.text)
    text = "\n\n".join(dict.fromkeys(filter(None, texts)))
    if not text and image is None:
        return
    title = text.partition("\n")[0]
    facts = {"hidden": False, "method": "pdf" if image is not None else "text"}
    named = {"title": title} if 0 < len(title) <= _LONGEST_TITLE else {}
    whole = Chunk(text=text, image=image, source=place, kind="slide", metadata=named | facts)
    yield whole
    for chunk in page:
        if figures and chunk.kind in {"figure", "table"}:
            links = {**chunk.metadata, "page_id": whole.id, "hidden": False}
            yield replace(chunk, source=replace(chunk.source, unit="slide"), metadata=links, id="")
