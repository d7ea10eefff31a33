"""Checks on a file's first bytes, before any parser sees it."""

from __future__ import annotations

from pathlib import Path

from ragsight.errors import DocumentError, EmptyDocumentError, SourceNotFoundError
from ragsight.files import open_regular

_PDF_MARK = b"%PDF-"
_MARK_WITHIN = 1024
"""Readers accept a PDF whose mark stands within its first 1,024 bytes (PDF 1.7, appendix H)."""

_OTHER_KINDS = (
    (b"<!doctype html", "an HTML page, perhaps an error page that was saved as a PDF"),
    (b"<html", "an HTML page, perhaps an error page that was saved as a PDF"),
    (b"\x89png", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"pk\x03\x04", "a ZIP archive or an Office document"),
    (b"%!ps", "a PostScript file"),
)


def check_pdf(source: Path | bytes, name: str) -> None:
    """Refuse what is no PDF: the parser would open HTML, images and archives as documents too.

    Raises:
        SourceNotFoundError: If there is no such file.
        EmptyDocumentError: If it has no bytes.
        DocumentError: If it is a folder, unreadable or no PDF.
    """
    head = source[:_MARK_WITHIN] if isinstance(source, bytes) else _head(source)
    if not head:
        raise EmptyDocumentError(f"{name}: the file is empty (0 bytes). Replace or remove it.")
    if _PDF_MARK in head:
        return
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for mark, kind in _OTHER_KINDS:
        if start.startswith(mark):
            raise DocumentError(f"{name}: this is {kind}, no PDF. Replace the file.")
    raise DocumentError(
        f"{name}: this is no PDF ('%PDF-' is not in its first {_MARK_WITHIN:,} bytes)."
    )


def _head(path: Path) -> bytes:
    if path.is_dir():
        raise DocumentError(f"{path}: this is a folder. Pass the PDF files in it.")
    try:
        with open_regular(path) as file:
            return file.read(_MARK_WITHIN)
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"{path}: there is no such file. Check the path.") from error
    except OSError as error:
        raise DocumentError(f"{path}: the file can't be read ({error}).") from error
