"""The two halves of a chunk, in the text and in the image collection: do they agree? Pure."""

from __future__ import annotations

from typing import NamedTuple

from ragsight.spaces import Collection
from ragsight.store.engines.base import Payload, Point
from ragsight.store.payloads import belongs_to
from ragsight.store.schema import OWN_KEY


class Halves(NamedTuple):
    """What stands under one id: a point of each collection, or none."""

    text: Point | None
    image: Point | None

    @property
    def present(self) -> set[Collection]:
        """The collections that have a point."""
        found: set[Collection] = set()
        if self.text is not None:
            found.add("text")
        if self.image is not None:
            found.add("image")
        return found

    @property
    def missing(self) -> set[Collection]:
        """The collections where a point should be, by what the others say, and isn't."""
        wanted: set[Collection] = set()
        for point in self:
            if point is not None:
                wanted |= belongs_to(point.payload)
        return wanted - self.present

    @property
    def agree(self) -> bool:
        """Whether the chunk is whole: each half is there, and says the same."""
        if self.missing:
            return False
        if self.text is None or self.image is None:
            return all(belongs_to(p.payload) == self.present for p in self if p is not None)
        return dict(self.text.payload) == dict(self.image.payload)


def settled(halves: Halves) -> Halves:
    """Two halves that are both there, made to agree.

    The text half is believed, for it is written first. An image half of another picture goes,
    one of the same picture takes over what the text half says.
    """
    text, image = halves
    if text is None or image is None or halves.agree:
        return halves
    digest = image_digest(text.payload)
    if digest is not None and digest == image_digest(image.payload):
        return Halves(text, Point(image.id, text.payload, image.vectors))
    return Halves(without_image(text), None)


def without_image(point: Point) -> Point:
    """A text half that doesn't name a picture any more."""
    own = {key: value for key, value in point.payload[OWN_KEY].items() if key != "image"}
    return Point(point.id, {**point.payload, OWN_KEY: own}, point.vectors)


def image_digest(payload: Payload) -> str | None:
    """SHA-256 of the picture that a payload names."""
    image = payload.get(OWN_KEY, {}).get("image")
    return None if image is None else str(image["sha256"])
