"""The libraries that can read pages, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ragsight.loaders.pdf.backends.protocol import PageSource

BackendName = Literal["pymupdf", "pdfium"]


def open_pdf(
    source: Path | bytes, name: str, password: str | None = None, backend: BackendName = "pymupdf"
) -> PageSource:
    """Open a file with a library.

    Args:
        source: A path, or the file's bytes.
        name: How to name it in messages.
        password: Opens an encrypted file.
        backend: The library.

    Raises:
        MissingExtraError: If the library isn't installed.
        DocumentError: If the file can't be opened; see `MuPdfFile`.
    """
    if backend == "pdfium":
        from ragsight.loaders.pdf.backends.pdfium.source import PdfiumFile

        return PdfiumFile(source, name, password)
    from ragsight.loaders.pdf.backends.mupdf.source import MuPdfFile

    return MuPdfFile(source, name, password)
