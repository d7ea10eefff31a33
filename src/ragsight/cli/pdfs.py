"""Options for PDFs, which several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer

if TYPE_CHECKING:
    from ragsight.loaders import PdfOptions
    from ragsight.loaders.pdf.backends.registry import BackendName

# Typer reads annotations at run time, and on Python 3.10 not all of the newer syntax.
# ruff: noqa: UP045

Password = Annotated[
    Optional[str],
    typer.Option(
        "--password",
        envvar="RAGSIGHT_PASSWORD",
        help="Opens encrypted PDFs. From the environment, other users don't see it.",
    ),
]
Ocr = Annotated[
    Optional[str],
    typer.Option(
        "--ocr",
        metavar="LANGUAGES",
        help="Read the text in scans and figures with tesseract: eng, eng+deu, ...",
    ),
]
PageImages = Annotated[
    str,
    typer.Option(
        "--page-images",
        metavar="auto|all|none",
        help="Which pages of PDFs are kept as pictures; auto: scans and slides.",
    ),
]
PdfBackend = Annotated[
    str,
    typer.Option(
        "--pdf-backend",
        metavar="pymupdf|pdfium",
        envvar="RAGSIGHT_PDF_BACKEND",
        help="The library that reads PDFs; pdfium is under a permissive licence.",
    ),
]


def pdf_options(*, ocr: str | None, page_images: str, backend: str) -> PdfOptions:
    """What the options of a command say about PDFs.

    Args:
        ocr: Languages of the text in pictures; None if it isn't to be read.
        page_images: As `PdfOptions.page_images`.
        backend: As `PdfOptions.backend`.

    Raises:
        ConfigurationError: If a value is none of its choices, or text in pictures can't be read.
    """
    from ragsight.loaders import PdfOptions
    from ragsight.loaders.pdf.ocr.reading import tesseract

    options = PdfOptions(
        page_images=page_images,  # type: ignore[arg-type] # It is checked there.
        backend=backend,  # type: ignore[arg-type] # And so is this.
        ocr="off" if ocr is None else "auto",
        ocr_language=ocr if ocr is not None else "eng",
    )
    if ocr is not None:
        # Whoever asks for it on a command line wants to know at once that it can't be done.
        tesseract(ocr, options.backend)
    return options


def pdf_backend_name(name: str) -> BackendName:
    """The library that was named.

    Raises:
        ConfigurationError: If it isn't known.
    """
    from ragsight.loaders import PdfOptions

    return PdfOptions(backend=name).backend  # type: ignore[arg-type] # It is checked there.
