"""Pictures in a deck: where they are, how they are cropped, which are worth finding."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from PIL import Image

from ragsight.chunks import BBox, ImageRef
from ragsight.images import image_ref, open_image
from ragsight.loaders.pdf.figures.rendering import encoded
from ragsight.loaders.slides.deck import Deck
from ragsight.loaders.slides.geometry import share
from ragsight.loaders.slides.package import MAX_PICTURE, Package
from ragsight.loaders.slides.xml import A, R, number

Digest = tuple[int, int]
Crop = tuple[float, float, float, float]
"""Shares cut off at the left, top, right and bottom."""

_WHOLE = 100_000
_NO_CROP: Crop = (0.0, 0.0, 0.0, 0.0)
_REPEATED_ON, _REPEATED_SHARE = 3, 0.3
_LEAST_SHARE = 0.015
_LEAST_SIDE = 0.06
_LEAST_PIXELS = 48
_DRAWN_SUFFIXES = (".emf", ".wmf", ".emz", ".wmz", ".svg", ".svgz")
FULL_SLIDE = 0.85
"""A picture that covers more of a slide than this is its background, or all there is on it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the file.

    Attributes:
        part: Name of its part; empty if it is only linked.
        link: The address it is linked to; empty if it is in the file.
        crop: What is cut off.
    """

    part: str
    link: str = ""
    crop: Crop = _NO_CROP


def picture_in(package: Package, part: str, element: Element) -> Picture | None:
    """The picture that a shape or a background is filled with, if it is."""
    fill = next((f for f in element.iter() if f.tag.endswith("}blipFill")), None)
    blip = None if fill is None else fill.find(f"{A}blip")
    if fill is None or blip is None:
        return None
    related = package.related(part)
    crop = _crop(fill.find(f"{A}srcRect"))
    for attribute in ("embed", "link"):
        found = related.get(blip.get(f"{R}{attribute}", ""))
        if found is not None and found.external:
            return Picture("", found.target, crop)
        if found is not None:
            return Picture(found.target, "", crop)
    has_reference = blip.get(f"{R}embed") or blip.get(f"{R}link")
    return Picture(f"the picture {has_reference} of {part}") if has_reference else None


def embedded_part(package: Package, part: str, element: Element) -> str | None:
    """The part with the picture that something is filled with."""
    picture = picture_in(package, part, element)
    return picture.part if picture is not None and package.has(picture.part) else None


def _crop(rectangle: Element | None) -> Crop:
    if rectangle is None:
        return _NO_CROP
    left, top, right, bottom = (
        min(max(number(rectangle.get(side)) / _WHOLE, 0.0), 1.0) for side in ("l", "t", "r", "b")
    )
    return (left, top, right, bottom) if left + right < 1 and top + bottom < 1 else _NO_CROP


def load_picture(package: Package, picture: Picture, uri: str) -> ImageRef:
    """A picture as it is shown: cropped.

    Args:
        package: The open file.
        picture: Which.
        uri: How to name it.

    Returns:
        A reference that carries the bytes.

    Raises:
        DocumentError: If its part is missing or damaged.
        ImageError: If it is no picture that can be opened, damaged, or too large.
    """
    name = f"{uri}&part={picture.part}"
    whole = image_ref(package.read(picture.part, MAX_PICTURE), uri=name)
    if picture.crop == _NO_CROP:
        return whole
    return encoded(_cut(open_image(whole), picture.crop), name)


def _cut(image: Image.Image, crop: Crop) -> Image.Image:
    left, top = round(image.width * crop[0]), round(image.height * crop[1])
    right, bottom = round(image.width * (1 - crop[2])), round(image.height * (1 - crop[3]))
    return image.crop((left, top, max(right, left + 1), max(bottom, top + 1)))


def is_worth_finding(box: BBox | None, size: tuple[float, float]) -> bool:
    """Whether a picture is large enough to be looked for, and isn't all of the slide."""
    if box is None:
        return False
    sides = (box[2] - box[0]) / size[0], (box[3] - box[1]) / size[1]
    return _LEAST_SHARE <= share(box, size) <= FULL_SLIDE and min(sides) >= _LEAST_SIDE


def is_drawn(picture: Picture) -> bool:
    """Whether a picture is made of lines, not of pixels: only a program for slides paints it."""
    return picture.part.lower().endswith(_DRAWN_SUFFIXES)


def has_detail(image: ImageRef) -> bool:
    """Whether a picture has pixels enough to show anything."""
    return min(image.width, image.height) >= _LEAST_PIXELS


class Repeats:
    """Pictures that stand on many slides: logos and decorations.

    What makes two pictures one is their content, not their place, and it is told without unpacking
    them.

    Args:
        package: The open file.
        deck: Its slides.
    """

    def __init__(self, package: Package, deck: Deck) -> None:
        self._package = package
        counts: Counter[Digest] = Counter()
        for entry in deck.slides:
            related = package.related(entry.part).values() if entry.part else ()
            counts.update(self._digests(item.target for item in related if item.kind == "image"))
        least = max(_REPEATED_ON, _REPEATED_SHARE * len(deck.slides))
        self._many = {digest for digest, count in counts.items() if count >= least}
        self._seen: set[tuple[Digest, Crop]] = set()

    def _digests(self, parts: Iterable[str]) -> set[Digest]:
        found = (self._package.digest(part) for part in parts)
        return {digest for digest in found if digest is not None}

    def is_new(self, picture: Picture) -> bool:
        """Whether a picture is no decoration, and is asked about for the first time."""
        digest = self._package.digest(picture.part)
        if digest is None or digest in self._many or (digest, picture.crop) in self._seen:
            return False
        self._seen.add((digest, picture.crop))
        return True
