"""What image files say of themselves: EXIF, IPTC, XMP, texts of PNG."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from xml.etree.ElementTree import Element

from PIL import ImageFile, IptcImagePlugin

from ragsight.errors import DocumentError, ImageError
from ragsight.images.opening import open_lazily
from ragsight.loaders.slides.xml import parse_xml
from ragsight.loaders.written_words import written_words

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XMP_NAMES = tuple(
    f"{{{space}}}{name}"
    for space, name in (
        ("http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/", "AltTextAccessibility"),
        ("http://iptc.org/std/Iptc4xmpCore/1.0/xmlns/", "ExtDescrAccessibility"),
        ("http://purl.org/dc/elements/1.1/", "title"),
        ("http://ns.adobe.com/photoshop/1.0/", "Headline"),
        ("http://purl.org/dc/elements/1.1/", "description"),
    )
)
_IPTC = ((2, 5), (2, 105), (2, 120))
"""Title, headline, caption (IPTC-IIM 4.2)."""

_MAKER, _MODEL, _SOFTWARE = 0x010F, 0x0110, 0x0131
_DESCRIPTION, _XP_TITLE, _XP_COMMENT, _XP_SUBJECT = 0x010E, 0x9C9B, 0x9C9C, 0x9C9F
_EXIF, _USER_COMMENT = 0x8769, 0x9286
_CHARSETS = {b"ASCII\0\0\0": "utf-8", b"UNICODE\0": "utf-16", b"JIS\0\0\0\0\0": "iso2022_jp"}
_PNG_KEYS = ("Title", "Description", "Comment")
_MOST = 1 << 20
"""Bytes of XMP that are read; with previews in it, some files have megabytes."""

_DAMAGED = (OSError, ValueError, SyntaxError, KeyError, TypeError, IndexError, OverflowError)
"""What damaged metadata raise; the picture is worth having without them."""


def embedded_words(data: bytes, name: str) -> str:
    """What a person wrote into an image file about it: its title, then its description.

    Args:
        data: The encoded image.
        name: How to name it in messages.

    Returns:
        The words, each field a paragraph; empty if there are none, or the file is damaged.
    """
    try:
        image = open_lazily(data, name)
    except ImageError:
        return ""
    exif = _exif(image)
    machine = [str(exif.get(tag) or "") for tag in (_MAKER, _MODEL, _SOFTWARE)]
    found = [written_words(text, machine) for text in _texts(image, exif)]
    kept: list[str] = []
    for words in filter(None, found):
        # One description often stands in three places, cut in one of them.
        kept = [other for other in kept if other not in words]
        if not any(words in other for other in kept):
            kept.append(words)
    return "\n\n".join(kept)


def _exif(image: ImageFile.ImageFile) -> dict[int, Any]:
    with suppress(*_DAMAGED):
        exif = image.getexif()
        found = dict(exif)
        with suppress(*_DAMAGED):
            found |= exif.get_ifd(_EXIF)
        return found
    return {}


def _texts(image: ImageFile.ImageFile, exif: dict[int, Any]) -> Iterator[str]:
    for read in (_of_iptc, _of_xmp):
        with suppress(*_DAMAGED, DocumentError):
            yield from list(read(image))
    if image.format == "PNG":
        texts = {str(key).lower(): value for key, value in image.info.items()}
        yield from (str(texts.get(key.lower()) or "") for key in _PNG_KEYS)
    for tag in (_XP_TITLE, _XP_SUBJECT, _DESCRIPTION, _XP_COMMENT):
        value = exif.get(tag)
        if isinstance(value, tuple):
            with suppress(*_DAMAGED):
                value = bytes(value)
        if isinstance(value, bytes):
            value = value.decode("utf-16-le" if tag != _DESCRIPTION else "utf-8", "ignore")
        if isinstance(value, str):
            yield _repaired(value)
    comment = exif.get(_USER_COMMENT)
    if isinstance(comment, bytes) and (charset := _CHARSETS.get(comment[:8])):
        yield comment[8:].decode(_order(comment[8:]) if charset == "utf-16" else charset, "ignore")


def _order(data: bytes) -> str:
    """The byte order of UTF-16 without a mark: Latin letters have their zero last in `le`."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return "utf-16-be" if data[::2].count(0) > data[1::2].count(0) else "utf-16-le"


def _repaired(text: str) -> str:
    """EXIF says ASCII and programs write UTF-8, which Pillow reads as Latin-1."""
    try:
        return text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _of_iptc(image: ImageFile.ImageFile) -> Iterator[str]:
    if image.format not in {"JPEG", "MPO", "TIFF"}:
        return
    found = IptcImagePlugin.getiptcinfo(image) or {}
    is_utf8 = found.get((1, 90)) == b"\x1b%G"
    for key in _IPTC:
        value = found.get(key)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, bytes):
            try:
                yield value.decode("utf-8")
            except UnicodeDecodeError:
                yield value.decode("utf-8" if is_utf8 else "cp1252", "ignore")


def _of_xmp(image: ImageFile.ImageFile) -> Iterator[str]:
    packet = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if packet is None and image.format == "TIFF":
        packet = getattr(image, "tag_v2", {}).get(700)
    if isinstance(packet, str):
        packet = packet.encode()
    if not isinstance(packet, bytes) or len(packet) > _MOST:
        return
    start, end = packet.find(b"<"), packet.rfind(b">")
    if start < 0 or end < 0:
        return
    root = parse_xml(packet[start : end + 1], "XMP")
    for name in _XMP_NAMES:
        for element in root.iter(f"{_RDF}Description"):
            # Short values may stand as attributes, and a language's text in a list of languages.
            yield element.get(name, "")
            if (found := element.find(name)) is not None:
                yield _alternative(found)


def _alternative(element: Element) -> str:
    items = list(element.iter(f"{_RDF}li"))
    return (items[0].text if items else element.text) or ""
