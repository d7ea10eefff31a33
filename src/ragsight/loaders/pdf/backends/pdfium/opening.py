"""Open files with PDFium, damaged ones too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ragsight.errors import DocumentError, PasswordRequiredError, WrongPasswordError
from ragsight.files import read_regular

_CATALOGUE = re.compile(rb"(\d{1,10})\s+(\d{1,5})\s+obj\s*<<[^>]{0,200}?/Type\s*/Catalog\b")
_LARGEST_REPAIR = 256 << 20
"""Bytes; a larger file isn't read into memory to look for what is left of it."""


def opened(
    raw: Any, source: Path | bytes, name: str, password: str | None
) -> tuple[Any, Path | bytes, bool]:
    """Open a file; the lock must be held.

    Args:
        raw: The library.
        source: A path, or the file's bytes.
        name: How to name it in messages.
        password: Opens an encrypted file.

    Returns:
        The library's document; what it reads from, to be kept as long as it is open; and whether
        the file is damaged.

    Raises:
        PasswordRequiredError: If it is encrypted and no password was given.
        WrongPasswordError: If the password doesn't open it.
        DocumentError: If it is too damaged to open.
    """
    secret = None if password is None else password.encode("utf-8") + b"\0"
    document = _load(raw, source, secret)
    if document:
        return document, source, not raw.FPDF_DocumentHasValidCrossReferenceTable(document)
    problem = raw.FPDF_GetLastError()
    if problem == raw.FPDF_ERR_PASSWORD:
        if password is None:
            raise PasswordRequiredError(f"{name}: the file is encrypted. Pass password=...")
        raise WrongPasswordError(f"{name}: the password doesn't open the file.")
    if problem == raw.FPDF_ERR_SECURITY:
        raise DocumentError(f"{name}: the file is encrypted in a way that can't be opened.")
    repaired = _with_trailer(source)
    if repaired is not None and (document := _load(raw, repaired, secret)):
        return document, repaired, True
    raise DocumentError(
        f"{name}: the file is damaged and can't be opened, or it holds no pages; it may be cut "
        "short. Get it again."
    )


def _load(raw: Any, source: Path | bytes, secret: bytes | None) -> Any:
    if isinstance(source, bytes):
        return raw.FPDF_LoadMemDocument64(source, len(source), secret)
    return raw.FPDF_LoadDocument(str(source).encode("utf-8") + b"\0", secret)


def _content(path: Path) -> bytes:
    """A file's bytes, if it is there and not too large to be mended."""
    try:
        return read_regular(path, most=_LARGEST_REPAIR)
    except OSError:
        return b""


def _with_trailer(source: Path | bytes) -> bytes | None:
    """The file with a new end that names its catalogue; None where that can't help.

    The library finds a file's objects again without an index, but not the one to begin with.
    """
    if not isinstance(source, bytes):
        source = _content(source)
    found = list(_CATALOGUE.finditer(source))
    if not found or b"/Encrypt" in source:
        return None
    number, generation = (int(part) for part in found[-1].groups())
    return source + b"\ntrailer\n<</Root %d %d R>>\n%%%%EOF\n" % (number, generation)
