"""What kind of deck a file is, by its content."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from ragsight.errors import DocumentError, EmptyDocumentError, PasswordRequiredError

DeckKind = Literal["pptx", "pdf", "other"]
"""`other` is what has to be converted first: OpenDocument, and PowerPoint before 2007."""

POWERPOINT_SUFFIXES = frozenset({".pptx", ".pptm", ".ppsx", ".ppsm", ".potx", ".potm"})
SLIDE_SUFFIXES = POWERPOINT_SUFFIXES
"""Suffixes of decks; a PDF may be one too."""

_HEAD = 1024
_ZIP = b"PK\x03\x04"
_COMPOUND_FILE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_OLD_POWERPOINT = "PowerPoint Document".encode("utf-16-le")
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.presentation"


def kind_of(path: Path, name: str) -> DeckKind:
    """What kind of deck a file is.

    Args:
        path: The file.
        name: How to name it in messages.

    Raises:
        EmptyDocumentError: If it has no bytes.
        PasswordRequiredError: If it is encrypted.
        DocumentError: If it is no deck, or can't be read.
    """
    head = _head(path, name)
    if not head:
        raise EmptyDocumentError(f"{name}: the file is empty (0 bytes). Replace or remove it.")
    if b"%PDF-" in head:
        return "pdf"
    if head.startswith(_ZIP):
        return "other" if _is_open_document(path) else "pptx"
    if head.startswith(_COMPOUND_FILE):
        return _compound_file(path, name)
    if _OPEN_DOCUMENT in head:
        return "other"
    raise DocumentError(
        f"{name}: this is no deck of slides (neither PowerPoint, OpenDocument nor PDF), or it is "
        "damaged. Replace the file."
    )


def _head(path: Path, name: str) -> bytes:
    if path.is_dir():
        raise DocumentError(f"{name}: this is a folder. Pass the decks in it.")
    try:
        with path.open("rb") as file:
            return file.read(_HEAD)
    except OSError as error:
        raise DocumentError(f"{name}: the file can't be read ({error}).") from error


def _is_open_document(path: Path) -> bool:
    try:
        with zipfile.ZipFile(path) as archive, archive.open("mimetype") as opened:
            return opened.read(_HEAD).startswith(_OPEN_DOCUMENT)
    except (KeyError, ValueError, OSError, RuntimeError, zipfile.BadZipFile, EOFError):
        # What is wrong with an archive is said where it is read as a deck.
        return False


def _compound_file(path: Path, name: str) -> DeckKind:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DocumentError(f"{name}: the file can't be read ({error}).") from error
    if _ENCRYPTED in content:
        raise PasswordRequiredError(
            f"{name}: the deck is protected by a password. Save it without one (File > Info > "
            "Protect Presentation), or as PDF."
        )
    if _OLD_POWERPOINT in content:
        return "other"
    raise DocumentError(f"{name}: this is an old Office file, but no deck of slides.")
