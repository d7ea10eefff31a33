"""ragsight's loaders as parsers of blobs, for LangChain's generic loaders and blob stores."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.document_loaders import BaseBlobParser
from langchain_core.documents import Document
from langchain_core.documents.base import Blob

import ragsight
from langchain_ragsight._convert import chunk_to_document
from langchain_ragsight._images import ImageStoreLike, open_image_store
from ragsight import Chunk, Source, image_ref
from ragsight.errors import ErrorHandler, InputError, raise_error
from ragsight.loaders import PdfOptions, PdfSettings, SlideOptions, SlideSettings

if TYPE_CHECKING:
    from typing_extensions import Unpack


class _ChunkParser(BaseBlobParser):
    """Makes documents of the chunks of a blob; the blob's metadata is theirs too."""

    def __init__(self, image_store: ImageStoreLike = None) -> None:
        self.image_store = open_image_store(image_store)

    @abstractmethod
    def _chunks(self, blob: Blob) -> Iterable[Chunk]: ...

    def lazy_parse(self, blob: Blob) -> Iterator[Document]:
        """Parse piece by piece.

        Args:
            blob: A file, or bytes in memory.

        Raises:
            InputError: If the blob can't be used.
            StoreError: If an image can't be kept.
        """
        place = {} if blob.data is None or blob.source is None else {"source": blob.source}
        for chunk in self._chunks(blob):
            document = chunk_to_document(chunk, image_store=self.image_store)
            document.metadata = {**blob.metadata, **document.metadata, **place}
            yield document


class PdfParser(_ChunkParser):
    """Parses PDFs as `PdfLoader` loads them.

    Args:
        password: Opens encrypted files.
        pages: Numbers of the pages to load, from 1; all if None.
        options: How a file becomes passages and pictures.
        on_error: Called with a problem that costs a page or a picture only.
        image_store: Where the pictures are kept; see `ChunkLoader`.
        **settings: Fields of `ragsight.PdfOptions` that differ from `options`; see `PdfLoader`.

    Raises:
        ConfigurationError: If a setting makes no sense.

    Example:
        >>> blob = Blob.from_path("manual.pdf")
        >>> for document in PdfParser().lazy_parse(blob):  # doctest: +SKIP
        ...     print(document.metadata["page"], document.page_content)
    """

    def __init__(
        self,
        *,
        password: str | None = None,
        pages: Iterable[int] | None = None,
        options: PdfOptions | None = None,
        on_error: ErrorHandler = raise_error,
        image_store: ImageStoreLike = None,
        **settings: Unpack[PdfSettings],
    ) -> None:
        super().__init__(image_store)
        self._password = password
        self._pages = None if pages is None else tuple(pages)
        self._options = replace(options if options is not None else PdfOptions(), **settings)
        self._on_error = on_error

    def _chunks(self, blob: Blob) -> Iterable[Chunk]:
        return ragsight.PdfLoader(
            _content(blob),
            password=self._password,
            pages=self._pages,
            options=self._options,
            on_error=self._on_error,
        ).lazy_load()


class SlideParser(_ChunkParser):
    """Parses decks of slides as `SlideLoader` loads them.

    Args:
        slides: Numbers of the slides to load, from 1; all if None.
        password: Opens encrypted PDFs.
        options: How a deck becomes documents.
        on_error: Called with a problem that costs a slide or a picture only.
        image_store: Where the pictures are kept; see `ChunkLoader`.
        **settings: Fields of `ragsight.SlideOptions` that differ from `options`; see `SlideLoader`.

    Raises:
        ConfigurationError: If a setting makes no sense.

    Example:
        >>> blob = Blob.from_path("deck.pptx")
        >>> for document in SlideParser().lazy_parse(blob):  # doctest: +SKIP
        ...     print(document.metadata["page"], document.metadata.get("title"))
    """

    def __init__(
        self,
        *,
        slides: Iterable[int] | None = None,
        password: str | None = None,
        options: SlideOptions | None = None,
        on_error: ErrorHandler = raise_error,
        image_store: ImageStoreLike = None,
        **settings: Unpack[SlideSettings],
    ) -> None:
        super().__init__(image_store)
        self._slides = None if slides is None else tuple(slides)
        self._password = password
        self._options = replace(options if options is not None else SlideOptions(), **settings)
        self._on_error = on_error

    def _chunks(self, blob: Blob) -> Iterable[Chunk]:
        return ragsight.SlideLoader(
            _content(blob),
            slides=self._slides,
            password=self._password,
            options=self._options,
            on_error=self._on_error,
        ).lazy_load()


class ImageParser(_ChunkParser):
    """Parses images, one document each.

    Args:
        caption: Gives the caption of an image file; by default the text file beside it.
        image_store: Where images are kept that are in memory only; see `ChunkLoader`.

    Example:
        >>> blob = Blob.from_path("shoe.png")
        >>> ImageParser().parse(blob)[0].metadata["name"]  # doctest: +SKIP
        'shoe'
    """

    def __init__(
        self,
        *,
        caption: Callable[[Path], str] | None = None,
        image_store: ImageStoreLike = None,
    ) -> None:
        super().__init__(image_store)
        self._caption = caption

    def _chunks(self, blob: Blob) -> Iterable[Chunk]:
        content = _content(blob)
        if isinstance(content, Path):
            return ragsight.ImageLoader(content, caption=self._caption).lazy_load()
        image = image_ref(content)
        place = Source(uri=blob.source if blob.source is not None else image.uri)
        return [Chunk(image=image, source=place, kind="image")]


class CatalogParser(_ChunkParser):
    """Parses catalogues (CSV, JSON lines), one document for each row, with its picture.

    Args:
        image_column: The column with the path of the picture, relative to the catalogue.
        text_columns: The columns whose words become the text.
        image_root: The folder that the pictures must lie in or below; by default that of the
            catalogue.
        on_error: Called with a row's problem; the other rows are loaded if it returns.

    Example:
        >>> blob = Blob.from_path("shop.csv")
        >>> CatalogParser().parse(blob)[0].metadata["price"]  # doctest: +SKIP
        39.9
    """

    def __init__(
        self,
        *,
        image_column: str = "image",
        text_columns: Sequence[str] | None = None,
        image_root: str | Path | None = None,
        on_error: ErrorHandler = raise_error,
    ) -> None:
        super().__init__()
        self._image_column = image_column
        self._text_columns = text_columns
        self._image_root = image_root
        self._on_error = on_error

    def _chunks(self, blob: Blob) -> Iterable[Chunk]:
        content = _content(blob)
        if isinstance(content, bytes):
            raise InputError(
                f"{blob.source or 'A catalogue in memory'}: the pictures of a catalogue are found "
                "beside its file. Save it there, and pass Blob.from_path(path)."
            )
        return ragsight.CatalogLoader(
            content,
            image_column=self._image_column,
            text_columns=self._text_columns,
            image_root=self._image_root,
            on_error=self._on_error,
        ).lazy_load()


def _content(blob: Blob) -> Path | bytes:
    if blob.data is None and blob.path is not None:
        return Path(blob.path)
    return blob.as_bytes()
