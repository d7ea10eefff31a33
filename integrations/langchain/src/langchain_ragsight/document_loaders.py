"""ragsight's loaders as LangChain document loaders."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.document_loaders import BaseLoader
from langchain_core.documents import Document

import ragsight
from langchain_ragsight._convert import chunk_to_document
from langchain_ragsight._images import ImageStoreLike, open_image_store
from ragsight.errors import ErrorHandler, raise_error
from ragsight.loaders import (
    Loader,
    LoadSettings,
    PdfOptions,
    PdfSettings,
    SlideOptions,
    SlideSettings,
    loader_for,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack


class ChunkLoader(BaseLoader):
    """Any ragsight loader as a LangChain loader.

    A document can't hold an image, so each one refers to it by path: image files stay where they
    are, pictures out of a file (the figures of a PDF) are kept in `image_store`, once each.

    Args:
        loader: The loader.
        image_store: A folder, an fsspec URL (`s3://bucket/prefix`) or a `BlobStore`; by default
            `~/.ragsight/blobs`, or `blobs` in `$RAGSIGHT_HOME`.

    Example:
        >>> loader = ChunkLoader(ragsight.TextLoader("notes.md"))  # doctest: +SKIP
        >>> loader.load()[0].metadata["source"]  # doctest: +SKIP
        '/home/ada/notes.md'
    """

    def __init__(self, loader: Loader, *, image_store: ImageStoreLike = None) -> None:
        self.loader = loader
        self.image_store = open_image_store(image_store)

    def lazy_load(self) -> Iterator[Document]:
        """Load piece by piece.

        Raises:
            InputError: If the file can't be used.
            StoreError: If an image can't be kept.
        """
        for chunk in self.loader.lazy_load():
            yield chunk_to_document(chunk, image_store=self.image_store)


class FileLoader(ChunkLoader):
    """Loads a file of any kind that ragsight reads; the loader is chosen by the file.

    Args:
        path: The file.
        on_error: Called with a problem that costs a part of the file only; loading goes on if it
            returns.
        image_store: Where pictures out of the file are kept; see `ChunkLoader`.
        **settings: Fields of `ragsight.loaders.LoadOptions`: `pdf`, `slides`, `chunking`,
            `password`, `image_root`.

    Raises:
        SourceNotFoundError: If there is no such file.
        UnsupportedFormatError: If no loader knows this kind.

    Example:
        >>> FileLoader("notes.md").load()[0].metadata["source"]  # doctest: +SKIP
        '/home/ada/notes.md'
    """

    def __init__(
        self,
        path: str | Path,
        *,
        on_error: ErrorHandler = raise_error,
        image_store: ImageStoreLike = None,
        **settings: Unpack[LoadSettings],
    ) -> None:
        super().__init__(loader_for(path, on_error=on_error, **settings), image_store=image_store)


class PdfLoader(ChunkLoader):
    """Loads a PDF: passages, and figures with their captions, in reading order.

    Args:
        path: A file, or a file's bytes.
        password: Opens an encrypted file.
        pages: Numbers of the pages to load, from 1; all if None.
        options: How the file becomes passages and pictures.
        on_error: Called with a problem that costs a page or a picture only; loading goes on if it
            returns.
        image_store: Where the pictures are kept; see `ChunkLoader`.
        **settings: Fields of `ragsight.PdfOptions` that differ from `options`, such as
            `figures=False`, `page_images="all"`, `ocr="auto"` or `chunking=ChunkingOptions(800)`.

    Raises:
        SourceNotFoundError: If there is no such file.
        ConfigurationError: If a page number is below 1, or a setting makes no sense.

    Example:
        >>> for document in PdfLoader("manual.pdf").lazy_load():  # doctest: +SKIP
        ...     print(document.metadata["page"], document.page_content)
    """

    def __init__(
        self,
        path: str | Path | bytes,
        *,
        password: str | None = None,
        pages: Iterable[int] | None = None,
        options: PdfOptions | None = None,
        on_error: ErrorHandler = raise_error,
        image_store: ImageStoreLike = None,
        **settings: Unpack[PdfSettings],
    ) -> None:
        loader = ragsight.PdfLoader(
            path, password=password, pages=pages, options=options, on_error=on_error, **settings
        )
        super().__init__(loader, image_store=image_store)


class SlideLoader(ChunkLoader):
    """Loads a deck of slides: a document for each slide with its picture, words and notes.

    Charts, tables and pictures on slides are documents of their own too.

    Args:
        path: A file (PowerPoint, OpenDocument, PDF), or a file's bytes.
        slides: Numbers of the slides to load, from 1; all if None.
        password: Opens an encrypted PDF.
        options: How the deck becomes documents.
        on_error: Called with a problem that costs a slide or a picture only; loading goes on if it
            returns.
        image_store: Where the pictures are kept; see `ChunkLoader`.
        **settings: Fields of `ragsight.SlideOptions` that differ from `options`, such as
            `render="off"`, `include_hidden=False` or `notes=False`.

    Raises:
        SourceNotFoundError: If there is no such file.
        ConfigurationError: If a slide number is below 1, or a setting makes no sense.

    Example:
        >>> for document in SlideLoader("deck.pptx").lazy_load():  # doctest: +SKIP
        ...     print(document.metadata["page"], document.metadata.get("title"))
    """

    def __init__(
        self,
        path: str | Path | bytes,
        *,
        slides: Iterable[int] | None = None,
        password: str | None = None,
        options: SlideOptions | None = None,
        on_error: ErrorHandler = raise_error,
        image_store: ImageStoreLike = None,
        **settings: Unpack[SlideSettings],
    ) -> None:
        loader = ragsight.SlideLoader(
            path, slides=slides, password=password, options=options, on_error=on_error, **settings
        )
        super().__init__(loader, image_store=image_store)


class ImageLoader(ChunkLoader):
    """Loads an image file, or all images below a folder, one document each.

    The text is a caption: what `caption` returns, else the text file beside the image.

    Args:
        path: An image file or a folder.
        recursive: Look into folders inside the folder.
        caption: Gives an image's caption.
        on_error: Called with an image that can't be used; the others are loaded if it returns.

    Raises:
        SourceNotFoundError: If there is nothing at the path.

    Example:
        >>> ImageLoader("photos").load()[0].metadata["name"]  # doctest: +SKIP
        'red shoe'
    """

    def __init__(
        self,
        path: str | Path,
        *,
        recursive: bool = True,
        caption: Callable[[Path], str] | None = None,
        on_error: ErrorHandler = raise_error,
    ) -> None:
        super().__init__(
            ragsight.ImageLoader(path, recursive=recursive, caption=caption, on_error=on_error)
        )


class CatalogLoader(ChunkLoader):
    """Loads a catalogue (CSV, JSON lines), one document for each row, with its picture.

    Args:
        path: The file.
        image_column: The column with the path of the picture, relative to the catalogue.
        text_columns: The columns whose words become the text.
        image_root: The folder that the pictures must lie in or below; by default that of the
            catalogue.
        on_error: Called with a row's problem; the other rows are loaded if it returns.

    Raises:
        SourceNotFoundError: If there is no such file.

    Example:
        >>> CatalogLoader("shop.csv").load()[0].metadata["price"]  # doctest: +SKIP
        39.9
    """

    def __init__(
        self,
        path: str | Path,
        *,
        image_column: str = "image",
        text_columns: Sequence[str] | None = None,
        image_root: str | Path | None = None,
        on_error: ErrorHandler = raise_error,
    ) -> None:
        super().__init__(
            ragsight.CatalogLoader(
                path,
                image_column=image_column,
                text_columns=text_columns,
                image_root=image_root,
                on_error=on_error,
            )
        )
