"""Checks on an Office file's container, before anything in it is unpacked."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path

from ragsight.errors import DocumentError, PasswordRequiredError, UnsupportedFormatError
from ragsight.files import open_regular
from ragsight.loaders.slides.painting.kinds import (
    KIND_NAMES,
    OOXML_TYPES,
    OPENDOCUMENT_TYPES,
    PackageKind,
    head_of,
    named,
    other_kind,
    refuse_ole,
)

_MAX_TOTAL = 10**9
_MAX_PART = 200 * 10**6
_MAX_RATIO = 200
_RATIO_FROM = 10 * 10**6
"""Small parts of XML may shrink a thousandfold; that harms nobody."""

_MAX_PARTS = 50_000
_MAX_LIST = 16 * 10**6
"""Longest list of contents that is read, unpacked; real ones have some kilobytes."""

_ENCRYPTED = 0x1
_ZIP_MARKS = (b"PK\x03\x04", b"PK\x05\x06")
ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, ValueError, LookupError,
    EOFError, OverflowError, OSError, struct.error,
)  # fmt: skip
"""What `zipfile` raises, beside its own error, for damaged input."""


def check_package(path: str | Path, *, kind: PackageKind = "pptx") -> None:
    """Refuse what isn't of the kind, or would harm whoever unpacks it.

    Only the list of what is in the file is read. Limits: 1 GB unpacked, 200 MB for a part, 200
    times the packed size for parts above 10 MB, 50,000 parts.

    Args:
        path: The file.
        kind: What it should be: `pptx` (with its templates and shows), `odp` (OpenDocument),
            `ppt` (PowerPoint 97 to 2003), or `docx` (Word, with its templates).

    Raises:
        SourceNotFoundError: If there is no such file.
        EmptyDocumentError: If it has no bytes.
        PasswordRequiredError: If it is encrypted.
        UnsupportedFormatError: If it is something else; the message says what.
        DocumentError: If it is damaged, or too large when unpacked.

    Example:
        >>> check_package("deck.pptx")  # doctest: +SKIP
    """
    file = Path(path)
    head = head_of(file)
    if kind == "ppt":
        refuse_ole(file, head, wanted=kind)
        return
    if not head.startswith(_ZIP_MARKS):
        refuse_ole(file, head, wanted=kind)
        raise UnsupportedFormatError(
            f"{file}: this is {other_kind(head)}, no {KIND_NAMES[kind]}. Replace the file."
        )
    try:
        with open_regular(file) as opened, zipfile.ZipFile(opened) as package:
            check_sizes(file, package.infolist())
            _check_kind(file, package, kind)
    except ZIP_ERRORS as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise DocumentError(
            f"{file}: the file is damaged or cut short ({reason}). Get it again."
        ) from error


def check_sizes(file: Path | str, parts: Iterable[zipfile.ZipInfo]) -> None:
    """Refuse an archive that is encrypted or would grow without bounds; see `check_package`.

    Raises:
        PasswordRequiredError: If a part is encrypted.
        DocumentError: If it is too large when unpacked.
    """
    total = 0
    for count, part in enumerate(parts, start=1):
        total += part.file_size
        if part.flag_bits & _ENCRYPTED:
            raise PasswordRequiredError(
                f"{file}: the archive is encrypted. Save a copy without a password."
            )
        ratio = part.file_size / max(part.compress_size, 1)
        problem = None
        if part.file_size > _MAX_PART:
            problem = f"part {part.filename!r} has {part.file_size:,} bytes unpacked"
        elif part.file_size > _RATIO_FROM and ratio > _MAX_RATIO:
            problem = f"part {part.filename!r} grows {ratio:,.0f} times when it is unpacked"
        elif total > _MAX_TOTAL:
            problem = f"it has more than {_MAX_TOTAL:,} bytes unpacked"
        elif count > _MAX_PARTS:
            problem = f"it has more than {_MAX_PARTS:,} parts"
        if problem is not None:
            raise DocumentError(
                f"{file}: {problem}; that is a trap, or media too large to load. Save a copy "
                "without large media."
            )


def _check_kind(file: Path, package: zipfile.ZipFile, kind: PackageKind) -> None:
    found = _kind_of(package)
    if found != named(kind):
        raise UnsupportedFormatError(
            f"{file}: this is {found}, no {KIND_NAMES[kind]}. Give the file its right suffix."
        )
    if kind == "odp" and b"encryption-data" in _content(package, "META-INF/manifest.xml"):
        raise PasswordRequiredError(
            f"{file}: the presentation is encrypted. Save a copy without a password."
        )


def _kind_of(package: zipfile.ZipFile) -> str:
    """What a package holds, in words."""
    media = _content(package, "mimetype").strip()
    for opendocument, name in OPENDOCUMENT_TYPES:
        if media.startswith(opendocument):
            return name
    types = _content(package, "[Content_Types].xml")
    for ooxml, name in OOXML_TYPES:
        if ooxml in types:
            return name
    return "a ZIP archive without an Office document in it"


def _content(package: zipfile.ZipFile, name: str) -> bytes:
    try:
        with package.open(name) as part:
            return part.read(_MAX_LIST)
    except KeyError:
        return b""
