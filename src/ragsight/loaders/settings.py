"""What the loaders that are chosen by kind of file can be told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

from ragsight.loaders.chunking import ChunkingOptions
from ragsight.loaders.pdf import PdfOptions
from ragsight.loaders.slides import SlideOptions


@dataclass(frozen=True, slots=True)
class LoadOptions:
    """How files of each kind become chunks, where the loader is chosen by the file.

    Attributes:
        pdf: How PDFs become chunks.
        slides: How decks of slides become chunks.
        chunking: How long passages are, in files of every kind; None leaves it to the options of
            the kind, such as `pdf.chunking`.
        password: Opens encrypted files; others don't mind it.
        image_root: The folder that the pictures of catalogues must lie in or below; None for that
            of each catalogue. See `CatalogLoader`.

    Example:
        >>> LoadOptions(pdf=PdfOptions(ocr="auto")).pdf_options.ocr
        'auto'
    """

    pdf: PdfOptions | None = None
    slides: SlideOptions | None = None
    chunking: ChunkingOptions | None = None
    password: str | None = None
    image_root: str | Path | None = None

    @property
    def pdf_options(self) -> PdfOptions:
        """What holds for PDFs."""
        options = self.pdf if self.pdf is not None else PdfOptions()
        return options if self.chunking is None else replace(options, chunking=self.chunking)

    @property
    def slide_options(self) -> SlideOptions:
        """What holds for decks: PDFs of them are read by the library that reads the others."""
        options = self.slides if self.slides is not None else SlideOptions()
        if options.backend is not None:
            return options
        return replace(options, backend=self.pdf_options.backend)


class LoadSettings(TypedDict, total=False):
    """The fields of `LoadOptions`, as keyword arguments of `load`, `loader_for` and `ingest`."""

    pdf: PdfOptions | None
    slides: SlideOptions | None
    chunking: ChunkingOptions | None
    password: str | None
    image_root: str | Path | None
