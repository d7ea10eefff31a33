"""Copies of decks whose links lead nowhere.

A deck may refer to pictures, films and documents that aren't in it, and whoever paints it looks for
them: on the network, or on this machine, whose files would then be seen in a picture of a slide.
LibreOffice's own setting against that covers some of these references only. So they are cut in the
copy that it is given. Links that a reader clicks are left alone.
"""

from __future__ import annotations

import html
import re
import shutil
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote

from ragsight.files import open_regular

_CUT = "removed:"
"""What a link is replaced with: no scheme that any program knows."""

_CLICKED = ("http:", "https:", "mailto:")
_INTERNAL = ("#", "data:")
_ARCHIVE = b"PK"
_OPENDOCUMENT = frozenset({"mimetype", "content.xml", "meta-inf/manifest.xml"})
"""Parts that OpenDocument has; one is enough, lest a deck be taken for both kinds."""

_PACKAGE = frozenset({"", ".", ".."})
"""The package itself; a chart's data are in `..`."""

# A quoted value holds no `<`, so that no tag can hide in one: each `<` begins a try of its own.
_TAG = re.compile(rb"""<(?:"[^"<]*"|'[^'<]*'|[^"'<>])*>""")
# A name begins where none stands before: tried within one too, a long one would take its square.
_ATTRIBUTE = re.compile(rb"""(?<![\w:.-])([\w:.-]+)(\s*=\s*)("[^"]*"|'[^']*')""")
_REFERENCE = re.compile(rb"""(?:href|src)\s*=\s*("[^"]*"|'[^']*')""")
_OTHER_ENCODING = re.compile(
    rb"""<\?xml[^>]*encoding\s*=\s*["'](?!(?:utf-?8|us-ascii|iso-8859-\d+|windows-125\d)["'])""",
    re.IGNORECASE,
)
_DECLARATIONS = (b"<!ENTITY", b"<!ATTLIST")
"""In a document type, by which a link can stand elsewhere than in its tag."""

_CLICKS = re.compile(rb"<(?:text:a|draw:a|presentation:event-listener|svg:a|a)\s")

_BLOCK = 1 << 20

Rewriter = Callable[[bytes], bytes]


def copy_unlinked(source: Path, copy: Path) -> None:
    """Copy a deck; cut what it refers to outside of itself, if it is a ZIP archive.

    Raises:
        OSError: If it can't be read or the copy can't be written.
        zipfile.BadZipFile: If it is damaged.
    """
    with open_regular(source) as opened:
        if opened.read(len(_ARCHIVE)) == _ARCHIVE and _copied_without_links(opened, copy):
            return
        opened.seek(0)
        with copy.open("wb") as whole:
            shutil.copyfileobj(opened, whole, _BLOCK)


def _copied_without_links(opened: BinaryIO, copy: Path) -> bool:
    """Copy an archive if something has to be cut in it; otherwise say so."""
    with zipfile.ZipFile(opened) as package:
        cut = _rewritten(package)
        if not cut:
            return False
        # Stored: packing it again would take longer than painting some decks.
        with zipfile.ZipFile(copy, "w") as written:
            for number, part in enumerate(package.infolist()):
                if package.getinfo(part.filename) is not part:
                    # Of parts with one name the last is the one that is read.
                    continue
                if number in cut:
                    written.writestr(part.filename, cut[number])
                    continue
                with package.open(part) as old, written.open(part.filename, "w") as new:
                    shutil.copyfileobj(old, new, _BLOCK)
        return True


def _rewritten(package: zipfile.ZipFile) -> dict[int, bytes]:
    """The parts in which something was cut, by their place in the list of parts."""
    names = {part.filename for part in package.infolist()}
    is_opendocument = not _OPENDOCUMENT.isdisjoint(name.lower() for name in names)
    cut: dict[int, bytes] = {}
    for number, part in enumerate(package.infolist()):
        rewrite = _rewriter(part.filename.lower(), names, is_opendocument)
        if rewrite is not None:
            before = package.read(part)
            after = _safely(rewrite, before)
            if after != before:
                cut[number] = after
    return cut


def _rewriter(name: str, names: set[str], is_opendocument: bool) -> Rewriter | None:
    if name.endswith(".rels"):
        return partial(_TAG.sub, _cut_relationship)
    if name.endswith((".svg", ".vml")) or (is_opendocument and name.endswith(".xml")):
        return partial(_without_references, names=names)
    return None


def _safely(rewrite: Rewriter, data: bytes) -> bytes:
    """Rewrite a part; one in which a link could be hidden from us is emptied."""
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")
    is_readable = start.startswith(b"<") and b"\0" not in start[:64]
    if start and (not is_readable or _OTHER_ENCODING.match(start) or _declares(data)):
        return b""
    return rewrite(data)


def _declares(data: bytes) -> bool:
    return b"<!DOCTYPE" in data and any(mark in data for mark in _DECLARATIONS)


def _cut_relationship(tag: re.Match[bytes]) -> bytes:
    """A reference of an Office Open XML part (ECMA-376, part 2, 9.3), cut if it leads outside."""
    found = {name: _value(quoted) for name, _, quoted in _ATTRIBUTE.findall(tag[0])}
    if found.get(b"TargetMode", "").lower() != "external":
        return tag[0]
    is_clicked = found.get(b"Type", "").endswith("/hyperlink")
    if is_clicked and found.get(b"Target", "").lower().startswith(_CLICKED):
        return tag[0]
    return _ATTRIBUTE.sub(lambda each: _replaced(each) if each[1] == b"Target" else each[0], tag[0])


def _without_references(data: bytes, names: set[str]) -> bytes:
    if all(_is_inside(_value(quoted), names) for quoted in _REFERENCE.findall(data)):
        return data

    def cut(tag: re.Match[bytes]) -> bytes:
        is_clicked = _CLICKS.match(tag[0]) is not None

        def cut_reference(attribute: re.Match[bytes]) -> bytes:
            value = _value(attribute[3])
            is_reference = attribute[1].rpartition(b":")[2] in {b"href", b"src"}
            is_kept = _is_inside(value, names) or (is_clicked and _is_clickable(value))
            return attribute[0] if is_kept or not is_reference else _replaced(attribute)

        return _ATTRIBUTE.sub(cut_reference, tag[0])

    return _TAG.sub(cut, data)


def _is_clickable(value: str) -> bool:
    return value.lower().startswith(_CLICKED)


def _is_inside(value: str, names: set[str]) -> bool:
    if value in _PACKAGE or value.startswith(_INTERNAL):
        return True
    name = unquote(value).removeprefix("./").rstrip("/")
    return name in names or f"{name}/content.xml" in names


def _value(quoted: bytes) -> str:
    return html.unescape(quoted[1:-1].decode("utf-8", "replace")).strip()


def _replaced(attribute: re.Match[bytes]) -> bytes:
    return attribute[1] + attribute[2] + b'"' + _CUT.encode() + b'"'
