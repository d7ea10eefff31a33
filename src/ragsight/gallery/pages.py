"""Pictures of the pages that hits stand on."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

from PIL import Image

from ragsight.chunks import BBox, Chunk, Source
from ragsight.errors import DocumentError, InputError, StoreError
from ragsight.images import open_image
from ragsight.loaders.pdf.backends.protocol import PageSource
from ragsight.loaders.pdf.backends.registry import BackendName, open_pdf

PAGE_SIDE = 1000
"""Longest side in pixels: enough to read a page's running text."""

_QUALITY = 70
_SAME_SIZE = 1.5
"""Points by which a page's size may differ from what was indexed: it was rounded."""


class PagePictures:
    """Paints pages anew from their PDF while it is there, else takes the picture that was indexed.

    Args:
        known: Chunks in hand; a picture of a page may be among them.
        lookup: Finds a chunk by id, for pictures of pages that aren't in hand.
        backend: The library that reads PDFs; None for the default one.

    Example:
        >>> from ragsight import Source
        >>> chunk = Chunk(text="A passage.", source=Source(uri="gone.pdf", page=1))
        >>> PagePictures([chunk]).picture(chunk) is None
        True
    """

    def __init__(
        self,
        known: Iterable[Chunk] = (),
        lookup: Callable[[str], Chunk | None] | None = None,
        *,
        backend: BackendName | None = None,
    ) -> None:
        self._known = {chunk.id: chunk for chunk in known if chunk.image is not None}
        self._lookup = lookup
        self._backend = backend

    def picture(self, chunk: Chunk) -> bytes | None:
        """The page of a chunk as a WebP picture; None if there is no way to it any more."""
        image = painted_page(chunk.source, self._backend)
        if image is None:
            image = self._indexed(chunk)
        return None if image is None else encoded_page(image)

    def _indexed(self, chunk: Chunk) -> Image.Image | None:
        id_ = str(chunk.metadata.get("page_id", ""))
        page = self._known.get(id_)
        if page is None and id_ and self._lookup is not None:
            page = self._lookup(id_)
        if page is None or page.image is None:
            return None
        try:
            return open_image(page.image)
        except (InputError, StoreError):
            return None


def painted_page(source: Source, backend: BackendName | None = None) -> Image.Image | None:
    """Paint a page from its PDF; None if it isn't there, or is no longer the page it was."""
    path = Path(source.uri)
    if source.page is None or source.page_size is None or path.suffix.lower() != ".pdf":
        return None
    try:
        if not path.is_file():
            return None
        with closing(open_pdf(path, source.uri, None, backend)) as file:
            box = (0.0, 0.0, *source.page_size)
            if source.page > file.page_count or not _is_same(file, source.page, box):
                return None
            return file.render(source.page, box, max_side=PAGE_SIDE, max_dpi=300)
    except (DocumentError, OSError, ValueError):
        # Encrypted, damaged, changed, or a name that no file can have: it is shown without.
        return None


def encoded_page(image: Image.Image) -> bytes:
    """Encode a page's picture small."""
    small = image.convert("RGB")
    small.thumbnail((PAGE_SIDE, PAGE_SIDE), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, format="WEBP", quality=_QUALITY)
    return buffer.getvalue()


def _is_same(file: PageSource, number: int, box: BBox) -> bool:
    page = file.page(number)
    return all(
        abs(now - then) <= _SAME_SIZE
        for now, then in zip((page.width, page.height), box[2:], strict=True)
    )
