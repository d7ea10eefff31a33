"""Readers of PDFs, slides, images and catalogues that keep text and images together."""

from __future__ import annotations

import logging
from abc import abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fsspec import AbstractFileSystem
from fsspec.implementations.local import LocalFileSystem
from llama_index.core.readers.base import BaseReader
from llama_index.core.schema import Document

from llama_index_ragsight._convert import chunk_to_document
from ragsight import (
    BlobStore,
    CatalogLoader,
    Chunk,
    ImageLoader,
    PdfLoader,
    RagsightError,
    SlideLoader,
)
from ragsight.blobs import default_blob_folder
from ragsight.errors import ConfigurationError, ErrorHandler
from ragsight.loaders import (
    LoadOptions,
    LoadSettings,
    PdfOptions,
    PdfSettings,
    SlideOptions,
    SlideSettings,
    loader_for,
)

if TYPE_CHECKING:
    from typing_extensions import Unpack

logger = logging.getLogger(__name__)


def log_problem(error: RagsightError) -> None:
    """Report a problem that costs one page, image or row, and go on."""
    logger.warning("%s", error)


class _ChunkReader(BaseReader):
    def __init__(
        self,
        *,
        image_store: BlobStore | str | Path | None = None,
        on_error: ErrorHandler = log_problem,
        **loader_options: Any,
    ) -> None:
        self._image_store = image_store
        self._loader_options = {"on_error": on_error, **loader_options}

    @abstractmethod
    def _chunks(self, path: Path, options: Mapping[str, Any]) -> Iterator[Chunk]: ...

    def lazy_load_data(
        self,
        file: str | Path,
        extra_info: Mapping[str, Any] | None = None,
        *,
        fs: AbstractFileSystem | None = None,
        **options: Any,
    ) -> Iterator[Document]:
        """Read a file piece by piece.

        Args:
            file: Path of the file.
            extra_info: Metadata for all of its documents; the file's own goes before.
            fs: The file system, where `SimpleDirectoryReader` was given one.
            **options: Options of the loader, instead of those given to the reader.

        Returns:
            The documents, each made when it is asked for.

        Raises:
            InputError: If the file can't be read.
            ConfigurationError: If the file system isn't the local one.
        """
        if fs is not None and not isinstance(fs, LocalFileSystem):
            raise ConfigurationError(f"{file}: only local files are read. Download it first.")
        store = self._image_store if self._image_store is not None else default_blob_folder()
        blobs = store if isinstance(store, BlobStore) else BlobStore(store)
        for chunk in self._chunks(Path(file), {**self._loader_options, **options}):
            document = chunk_to_document(chunk, image_store=blobs)
            document.metadata = {
                **(extra_info if extra_info is not None else {}),
                **document.metadata,
            }
            yield document


class FileReader(_ChunkReader):
    """Reads files of any kind that ragsight reads; the loader is chosen by the file.

    Args:
        image_store: Where pictures out of files are kept: a folder, an fsspec URL, or a blob store.
        on_error: Called with a part of a file that can't be used; it is logged by default.
        **settings: Fields of `ragsight.loaders.LoadOptions`: `pdf`, `slides`, `chunking`,
            `password`, `image_root`.

    Raises:
        ConfigurationError: If a setting makes no sense.

    Example:
        >>> FileReader(image_store="pictures").load_data("notes.md")[0].text  # doctest: +SKIP
        'Oil the pump.'
    """

    def __init__(
        self,
        *,
        image_store: BlobStore | str | Path | None = None,
        on_error: ErrorHandler = log_problem,
        **settings: Unpack[LoadSettings],
    ) -> None:
        LoadOptions(**settings)  # A mistyped name is told now, not at the first file.
        super().__init__(image_store=image_store, on_error=on_error, **settings)

    def _chunks(self, path: Path, options: Mapping[str, Any]) -> Iterator[Chunk]:
        return loader_for(path, **options).lazy_load()


class PdfReader(_ChunkReader):
    """Reads PDFs: passages with their place, figures and tables with caption and image.

    Each passage or figure is a document of its own, sized to be retrieved; splitting it again is
    not needed. Use it alone or as `SimpleDirectoryReader(file_extractor={".pdf": PdfReader()})`.

    Args:
        password: Opens encrypted files.
        pages: Numbers of the pages to read, from 1; all if None.
        options: How a file becomes passages and pictures.
        image_store: Where figures are kept: a folder, an fsspec URL, or a blob store.
        on_error: Called with a page or figure that can't be used; it is logged by default.
        **settings: Fields of `ragsight.PdfOptions` that differ from `options`, such as
            `figures=False`, `page_images="all"`, `ocr="auto"` or `chunking=ChunkingOptions(800)`.

    Raises:
        ConfigurationError: If a setting makes no sense.

    Example:
        >>> documents = PdfReader(image_store="figures").load_data("manual.pdf")  # doctest: +SKIP
        >>> documents[0].metadata["page_label"]  # doctest: +SKIP
        '1'
    """

    def __init__(
        self,
        *,
        password: str | None = None,
        pages: Iterable[int] | None = None,
        options: PdfOptions | None = None,
        image_store: BlobStore | str | Path | None = None,
        on_error: ErrorHandler = log_problem,
        **settings: Unpack[PdfSettings],
    ) -> None:
        super().__init__(
            image_store=image_store,
            on_error=on_error,
            password=password,
            pages=None if pages is None else tuple(pages),
            options=replace(options if options is not None else PdfOptions(), **settings),
        )

    def _chunks(self, path: Path, options: Mapping[str, Any]) -> Iterator[Chunk]:
        return PdfLoader(path, **options).lazy_load()


class SlideReader(_ChunkReader):
    """Reads decks of slides: a document for each slide, with its picture, words and notes.

    Charts, tables and pictures on slides are documents of their own too. Use it alone or as
    `SimpleDirectoryReader(file_extractor={".pptx": SlideReader()})`.

    Args:
        slides: Numbers of the slides to read, from 1; all if None.
        password: Opens encrypted PDFs.
        options: How a deck becomes documents.
        image_store: Where pictures are kept: a folder, an fsspec URL, or a blob store.
        on_error: Called with a slide or picture that can't be used; it is logged by default.
        **settings: Fields of `ragsight.SlideOptions` that differ from `options`, such as
            `render="off"`, `include_hidden=False` or `notes=False`.

    Raises:
        ConfigurationError: If a setting makes no sense.

    Example:
        >>> documents = SlideReader(image_store="slides").load_data("deck.pptx")  # doctest: +SKIP
        >>> documents[0].metadata["title"], documents[0].metadata["page_label"]  # doctest: +SKIP
        ('Welcome', '1')
    """

    def __init__(
        self,
        *,
        slides: Iterable[int] | None = None,
        password: str | None = None,
        options: SlideOptions | None = None,
        image_store: BlobStore | str | Path | None = None,
        on_error: ErrorHandler = log_problem,
        **settings: Unpack[SlideSettings],
    ) -> None:
        super().__init__(
            image_store=image_store,
            on_error=on_error,
            slides=None if slides is None else tuple(slides),
            password=password,
            options=replace(options if options is not None else SlideOptions(), **settings),
        )

    def _chunks(self, path: Path, options: Mapping[str, Any]) -> Iterator[Chunk]:
        return SlideLoader(path, **options).lazy_load()


class ImageReader(_ChunkReader):
    """Reads image files, each with its caption: a text file of the same name beside it.

    Args:
        image_store: Not used by images that are files already.
        on_error: Called with an image of a folder that can't be used; it is logged by default.
        **loader_options: Passed to `ragsight.ImageLoader`, such as `caption`.

    Example:
        >>> document, = ImageReader().load_data("valve.png")  # doctest: +SKIP
        >>> document.image_path, document.text  # doctest: +SKIP
        ('/photos/valve.png', 'valve (valve.png)')
    """

    def _chunks(self, path: Path, options: Mapping[str, Any]) -> Iterator[Chunk]:
        return ImageLoader(path, **options).lazy_load()


class CatalogReader(_ChunkReader):
    """Reads catalogues (CSV, JSON lines), one document for each row: words, picture and facts.

    Args:
        image_store: Not used by pictures that are files already.
        on_error: Called with a row that can't be used; it is logged by default.
        **loader_options: Passed to `ragsight.CatalogLoader`, such as `image_column` and
            `image_root`.

    Example:
        >>> CatalogReader().load_data("shop.csv")[0].metadata["price"]  # doctest: +SKIP
        39.9
    """

    def _chunks(self, path: Path, options: Mapping[str, Any]) -> Iterator[Chunk]:
        return CatalogLoader(path, **options).lazy_load()
