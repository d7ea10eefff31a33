"""What a file is, by its first bytes and the names in it."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import Literal

from ragsight.errors import (
    DocumentError,
    EmptyDocumentError,
    PasswordRequiredError,
    SourceNotFoundError,
    UnsupportedFormatError,
)
from ragsight.files import open_regular

DeckPackageKind = Literal["pptx", "odp", "ppt"]
PackageKind = Literal[DeckPackageKind, "docx"]

KIND_NAMES: dict[PackageKind, str] = {
    "pptx": "PowerPoint presentation (.pptx)",
    "odp": "OpenDocument presentation (.odp)",
    "ppt": "PowerPoint 97-2003 presentation (.ppt)",
    "docx": "Word document (.docx)",
}

OOXML_TYPES = (
    (b"presentationml.presentation.main+xml", "a PowerPoint presentation (.pptx)"),
    (b"presentationml.slideshow.main+xml", "a PowerPoint presentation (.pptx)"),
    (b"presentationml.template.main+xml", "a PowerPoint presentation (.pptx)"),
    (b"ms-powerpoint.presentation.macroEnabled", "a PowerPoint presentation (.pptx)"),
    (b"ms-powerpoint.slideshow.macroEnabled", "a PowerPoint presentation (.pptx)"),
    (b"ms-powerpoint.template.macroEnabled", "a PowerPoint presentation (.pptx)"),
    (b"wordprocessingml.document.main+xml", "a Word document (.docx)"),
    (b"wordprocessingml.template.main+xml", "a Word document (.docx)"),
    (b"ms-word.document.macroEnabled", "a Word document (.docx)"),
    (b"ms-word.template.macroEnabled", "a Word document (.docx)"),
    (b"spreadsheetml.sheet.main+xml", "an Excel workbook (.xlsx)"),
    (b"spreadsheetml.template.main+xml", "an Excel template (.xltx)"),
    (b"ms-excel.sheet", "an Excel workbook (.xlsm)"),
)
"""Content types of the main part (ECMA-376, part 1, annex A, and Microsoft's own with macros).

Presentations first: they may hold workbooks, never the reverse."""

_OPENDOCUMENT = b"application/vnd.oasis.opendocument."
OPENDOCUMENT_TYPES = (
    (_OPENDOCUMENT + b"presentation", "an OpenDocument presentation (.odp)"),
    (_OPENDOCUMENT + b"text", "an OpenDocument text (.odt)"),
    (_OPENDOCUMENT + b"spreadsheet", "an OpenDocument spreadsheet (.ods)"),
    (_OPENDOCUMENT + b"graphics", "an OpenDocument drawing (.odg)"),
    (_OPENDOCUMENT, "an OpenDocument file of another kind"),
    (b"application/epub+zip", "an e-book (.epub)"),
)

_OLE_MARK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OTHER_KINDS = (
    (_OLE_MARK, "an old Office file"),
    (b"PK\x03\x04", "a ZIP archive or a newer Office document"),
    (b"%PDF-", "a PDF"),
    (b"<!DOCTYPE", "an HTML page, perhaps an error page that was saved as a presentation"),
    (b"<!doctype", "an HTML page, perhaps an error page that was saved as a presentation"),
    (b"<html", "an HTML page, perhaps an error page that was saved as a presentation"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"{\\rtf", "an RTF document"),
)
_HEAD = 512

# MS-PPT, 2.3.2: a CurrentUserAtom of 20 bytes and the token of an encrypted document.
_ENCRYPTED_PPT = b"\x14\x00\x00\x00\xdf\xc4\xd1\xf3"
_OLE_STREAMS = (
    ("PowerPoint Document", "a PowerPoint 97-2003 presentation (.ppt)"),
    ("WordDocument", "a Word 97-2003 document (.doc)"),
    ("Workbook", "an Excel 97-2003 workbook (.xls)"),
)


def named(kind: PackageKind) -> str:
    """The kind in words, as the tables of types have it."""
    article = "an" if kind == "odp" else "a"
    return f"{article} {KIND_NAMES[kind]}"


def head_of(file: Path) -> bytes:
    """A file's first bytes.

    Raises:
        SourceNotFoundError: If there is no such file.
        EmptyDocumentError: If it has no bytes.
        DocumentError: If it is a folder, or can't be read.
    """
    if file.is_dir():
        raise DocumentError(f"{file}: this is a folder. Pass the presentations in it.")
    try:
        with open_regular(file) as opened:
            head = opened.read(_HEAD)
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"{file}: there is no such file. Check the path.") from error
    except OSError as error:
        raise DocumentError(f"{file}: the file can't be read ({error}).") from error
    if not head:
        raise EmptyDocumentError(f"{file}: the file is empty (0 bytes). Replace or remove it.")
    return head


def other_kind(head: bytes) -> str:
    """What a file that is no presentation seems to be, in words."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    known = (kind for mark, kind in _OTHER_KINDS if start.startswith(mark))
    return next(known, "a file of an unknown kind")


def refuse_ole(file: Path, head: bytes, *, wanted: PackageKind) -> None:
    """Refuse an OLE compound file unless it is an old presentation, and that was wanted.

    Newer Office files are wrapped in one when they are encrypted (MS-OFFCRYPTO, 2.3).

    Raises:
        PasswordRequiredError: If it is encrypted.
        UnsupportedFormatError: If it is something else than what was wanted.
    """
    if not head.startswith(_OLE_MARK):
        if wanted == "ppt":
            raise UnsupportedFormatError(
                f"{file}: this is {other_kind(head)}, no {KIND_NAMES[wanted]}. Give the file its "
                "right suffix, or replace it."
            )
        return
    with (
        open_regular(file) as opened,
        mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        streams = [kind for name, kind in _OLE_STREAMS if data.find(_utf16(name)) >= 0]
        wrapped = data.find(_utf16("EncryptedPackage")) >= 0 and not streams
        if wrapped or data.find(_ENCRYPTED_PPT) >= 0:
            raise PasswordRequiredError(
                f"{file}: the file is encrypted. Save a copy without a password."
            )
    found = streams[0] if streams else "an old Office file of another kind"
    if found != named(wanted):
        raise UnsupportedFormatError(
            f"{file}: this is {found}, no {KIND_NAMES[wanted]}. Give the file its right suffix."
        )


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-le")
