"""A deck as a whole: its slides in order, their size and sections."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ragsight.errors import DocumentError
from ragsight.loaders.slides.geometry import EMU_PER_POINT
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.xml import P14, P, R, is_on, number

_USUAL_PLACE = "ppt/presentation.xml"
_DEFAULT_SIZE = (9144000, 6858000)
_OTHER_DOCUMENTS = {
    "document": "a Word document",
    "workbook": "an Excel workbook",
    "sst": "an Excel workbook",
}


@dataclass(frozen=True, slots=True)
class SlideEntry:
    """A slide in the deck's list.

    Attributes:
        number: Its number, from 1, hidden slides counted.
        part: Name of its part; empty if the list leads nowhere.
        section: Name of its section; empty if it is in none.
    """

    number: int
    part: str
    section: str


@dataclass(frozen=True, slots=True)
class Deck:
    """A deck's slides.

    Attributes:
        size: Width and height of its slides in points.
        slides: The slides, in the order they are shown.
        title: The document's title; empty if it has none.
    """

    size: tuple[float, float]
    slides: tuple[SlideEntry, ...]
    title: str


def read_deck(package: Package, name: str) -> Deck:
    """Read a deck's list of slides.

    Args:
        package: The open file.
        name: How to name it in messages.

    Raises:
        DocumentError: If the file is no deck, or its list can't be read.
    """
    part = package.first("", "officeDocument")
    part = part if part is not None else _USUAL_PLACE
    try:
        root = package.xml(part)
    except DocumentError as error:
        raise DocumentError(f"{name}: the list of slides can't be read: {error}") from error
    if root.tag != f"{P}presentation":
        other = _OTHER_DOCUMENTS.get(root.tag.rpartition("}")[2], "another kind of document")
        raise DocumentError(
            f"{name}: this is {other}, no deck of slides. Rename or replace the file."
        )
    slides = tuple(_slides(package, part, root))
    title = _title(package)
    return Deck(_size(root), slides, title)


def _size(root: Element) -> tuple[float, float]:
    """The slides' size in points; the usual one where the deck says none that can be."""
    found = root.find(f"{P}sldSz")
    sides = (0, 0) if found is None else (number(found.get("cx")), number(found.get("cy")))
    width, height = sides if min(sides) > 0 else _DEFAULT_SIZE
    return width / EMU_PER_POINT, height / EMU_PER_POINT


def _slides(package: Package, part: str, root: Element) -> Iterator[SlideEntry]:
    related, sections = package.related(part), _sections(root)
    for count, item in enumerate(root.iterfind(f"{P}sldIdLst/{P}sldId"), start=1):
        relationship = related.get(item.get(f"{R}id", ""))
        target = "" if relationship is None or relationship.external else relationship.target
        yield SlideEntry(count, target, sections.get(item.get("id", ""), ""))


def _sections(root: Element) -> dict[str, str]:
    return {
        slide.get("id", ""): section.get("name", "").strip()
        for section in root.iter(f"{P14}section")
        for slide in section.iter(f"{P14}sldId")
    }


def _title(package: Package) -> str:
    part = package.first("", "core-properties")
    if part is None:
        return ""
    try:
        found = package.xml(part).find("{http://purl.org/dc/elements/1.1/}title")
    except DocumentError:
        # The title of the file is no reason to lose the file.
        return ""
    return "" if found is None or found.text is None else " ".join(found.text.split())


def is_hidden(slide: Element) -> bool:
    """Whether a slide is left out when the deck is shown."""
    return not is_on(slide.get("show"), default=True)
