"""XML of Office files: read without trusting it, and the names in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, XMLParser

from ragsight.errors import DocumentError

_OPEN = "http://schemas.openxmlformats.org"
A = f"{{{_OPEN}/drawingml/2006/main}}"
C = f"{{{_OPEN}/drawingml/2006/chart}}"
DGM = f"{{{_OPEN}/drawingml/2006/diagram}}"
M = f"{{{_OPEN}/officeDocument/2006/math}}"
MC = f"{{{_OPEN}/markup-compatibility/2006}}"
P = f"{{{_OPEN}/presentationml/2006/main}}"
R = f"{{{_OPEN}/officeDocument/2006/relationships}}"
S = f"{{{_OPEN}/spreadsheetml/2006/main}}"
W = f"{{{_OPEN}/wordprocessingml/2006/main}}"
_MICROSOFT = "http://schemas.microsoft.com/office"
A14 = f"{{{_MICROSOFT}/drawing/2010/main}}"
ADEC = f"{{{_MICROSOFT}/drawing/2017/decorative}}"
CX = f"{{{_MICROSOFT}/drawing/2014/chartex}}"
P14 = f"{{{_MICROSOFT}/powerpoint/2010/main}}"

_STRICT = re.compile(
    rb"http://purl\.oclc\.org/ooxml/"
    rb"(presentationml|wordprocessingml|spreadsheetml|drawingml|officeDocument)/"
)
"""Namespaces of the strict form of the standard, ISO/IEC 29500-1; all else in it is the same."""


_DEEPEST = 256
"""Office programs nest some thirty deep; nesting without end is made to keep readers busy."""

_LARGEST = 2**63
"""Numbers in Office files have 64 bits at most."""


class _DoctypeError(Exception):
    """There is a document type declaration."""


class _Builder(TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        """Stop before any entity is declared: Office files mustn't have one (ECMA-376, part 2)."""
        raise _DoctypeError(name, pubid, system)


def parse_xml(data: bytes, name: str) -> Element:
    """Read XML that may be hostile.

    Args:
        data: The document.
        name: How to name it in messages.

    Returns:
        The root; namespaces of the strict form are replaced by the usual ones.

    Raises:
        DocumentError: If it isn't well-formed, nests more than 256 deep, or declares a document
            type, by which entities would grow without bounds or read files.
    """
    parser = XMLParser(target=_Builder())
    try:
        parser.feed(_STRICT.sub(_transitional, data))
        root = parser.close()
    except _DoctypeError as error:
        raise DocumentError(
            f"{name}: it declares a document type, which no Office program writes and which can "
            "be used for attacks. The file isn't to be trusted."
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise DocumentError(f"{name}: the XML is damaged ({error}).") from error
    assert isinstance(root, Element)
    _check_depth(root, name)
    return root


def _check_depth(root: Element, name: str) -> None:
    level = [root]
    for _ in range(_DEEPEST):
        level = [child for element in level for child in element]
        if not level:
            return
    raise DocumentError(f"{name}: its elements are nested more than {_DEEPEST} deep.")


def _transitional(match: re.Match[bytes]) -> bytes:
    kind = match[1]
    return f"{_OPEN}/".encode() + kind + b"/2006/"


def text_of(element: Element, tag: str) -> list[str]:
    """The texts of all elements of a name, in document order, blank ones left out."""
    return [found.text for found in element.iter(tag) if found.text and found.text.strip()]


def alternatives(element: Element) -> Iterator[Element]:
    """What an `mc:AlternateContent` offers, the best first."""
    yield from element.findall(f"{MC}Choice")
    yield from element.findall(f"{MC}Fallback")


def number(value: str | None, default: int = 0) -> int:
    """A whole number out of an attribute; lengths with units and garbage give the default."""
    try:
        found = int(value) if value is not None else default
    except ValueError:
        return default
    return found if abs(found) < _LARGEST else default


def is_on(value: str | None, default: bool = False) -> bool:
    """A boolean attribute."""
    return default if value is None else value.strip().lower() in {"1", "true", "on"}
