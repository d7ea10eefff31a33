"""What kind of deck a file is, by its content."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from ragsight.files import open_regular
from ragsight.loaders.slides.painting import check_package
from ragsight.loaders.slides.painting.formats import KINDS
from ragsight.loaders.slides.painting.kinds import DeckPackageKind, head_of
from ragsight.loaders.slides.painting.package import ZIP_ERRORS

DeckKind = Literal["pptx", "odp", "ppt", "pdf"]

SLIDE_SUFFIXES = frozenset(KINDS)
"""Suffixes of decks; a PDF may be one too."""

_PDF_MARK = b"%PDF-"
_OLE_MARK = b"\xd0\xcf\x11\xe0"
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument"


def kind_of(path: Path) -> DeckKind:
    """What kind of deck a file is; one that would harm whoever unpacks it is refused.

    Args:
        path: The file; its suffix doesn't count.

    Raises:
        EmptyDocumentError: If it has no bytes.
        PasswordRequiredError: If it is encrypted.
        UnsupportedFormatError: If it is no deck; the message says what it is.
        DocumentError: If it is damaged, too large when unpacked, or can't be read.
    """
    head = head_of(path)
    if _PDF_MARK in head:
        return "pdf"
    kind: DeckPackageKind = "pptx"
    if head.startswith(_OLE_MARK):
        # An encrypted .pptx is wrapped in the container of .ppt; either is told apart there.
        kind = "ppt"
    elif _is_open_document(path):
        kind = "odp"
    check_package(path, kind=kind)
    return kind


def has_suffix_of(path: Path, kind: DeckKind) -> bool:
    """Whether a file's suffix says what it is."""
    suffix = path.suffix.lower()
    return suffix == ".pdf" if kind == "pdf" else KINDS.get(suffix) == kind


def _is_open_document(path: Path) -> bool:
    try:
        with (
            open_regular(path) as file,
            zipfile.ZipFile(file) as archive,
            archive.open("mimetype") as opened,
        ):
            return opened.read(len(_OPEN_DOCUMENT)) == _OPEN_DOCUMENT
    except ZIP_ERRORS:
        # What is wrong with an archive is said by the check that follows.
        return False
