"""The libraries that can read pages, by name: every PDF is opened here."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal, cast, get_args

from ragsight.errors import ConfigurationError
from ragsight.loaders.pdf.backends.protocol import PageSource

BackendName = Literal["pymupdf", "pdfium"]

BACKEND_VARIABLE = "RAGSIGHT_PDF_BACKEND"
"""Names the library that is taken where none is named in the call."""


def default_backend() -> BackendName:
    """The library that is taken where none is named: the environment's choice, else PyMuPDF.

    Raises:
        ConfigurationError: If the environment names one that isn't known.
    """
    name = os.environ.get(BACKEND_VARIABLE, "").strip()
    if name and name not in get_args(BackendName):
        raise ConfigurationError(
            f"{BACKEND_VARIABLE}={name}: choose one of {', '.join(get_args(BackendName))}."
        )
    return cast("BackendName", name) if name else "pymupdf"


def open_pdf(
    source: Path | bytes,
    name: str,
    password: str | None = None,
    backend: BackendName | None = None,
) -> PageSource:
    """Open a file with a library; no other one is imported.

    Args:
        source: A path, or the file's bytes.
        name: How to name it in messages.
        password: Opens an encrypted file.
        backend: The library; None for `default_backend()`.

    Raises:
        MissingExtraError: If the library isn't installed.
        DocumentError: If the file can't be opened; see `MuPdfFile`.
    """
    if (backend if backend is not None else default_backend()) == "pdfium":
        from ragsight.loaders.pdf.backends.pdfium.source import PdfiumFile

        return PdfiumFile(source, name, password)
    from ragsight.loaders.pdf.backends.mupdf.source import MuPdfFile

    return MuPdfFile(source, name, password)
