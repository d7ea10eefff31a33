"""Reviewers' comments on slides, of PowerPoint's older and newer kind."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from ragsight.errors import DocumentError
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.words import one_line
from ragsight.loaders.slides.xml import P

_P188 = "{http://schemas.microsoft.com/office/powerpoint/2018/8/main}"
"""Comments with answers (MS-PPTX, 2.6.2)."""


class Comments:
    """The comments of a deck.

    Args:
        package: The open file.
    """

    def __init__(self, package: Package) -> None:
        self._package = package
        self._names: dict[str, str] | None = None

    def of(self, slide: str) -> list[str]:
        """The comments on a slide, with who wrote them.

        Raises:
            DocumentError: If they can't be read.
        """
        found: list[str] = []
        for relationship in self._package.related(slide).values():
            if relationship.kind == "comments" and not relationship.external:
                found += self._read(self._package.xml(relationship.target))
        return found

    def _read(self, root: Element) -> Iterator[str]:
        for comment in root.iter():
            if comment.tag == f"{P}cm":
                words = " ".join((comment.findtext(f"{P}text") or "").split())
            elif comment.tag in (f"{_P188}cm", f"{_P188}reply"):
                body = comment.find(f"{_P188}txBody")
                words = "" if body is None else one_line(body)
            else:
                continue
            author = self._authors().get(comment.get("authorId", ""), "")
            if words:
                yield f"Comment by {author}: {words}" if author else f"Comment: {words}"

    def _authors(self) -> dict[str, str]:
        if self._names is None:
            self._names = dict(self._read_authors())
        return self._names

    def _read_authors(self) -> Iterator[tuple[str, str]]:
        deck = self._package.first("", "officeDocument")
        for kind in ("commentAuthors", "authors"):
            part = None if deck is None else self._package.first(deck, kind)
            try:
                root = None if part is None else self._package.xml(part)
            except DocumentError:
                # The comments are worth having without names.
                continue
            for author in () if root is None else root:
                yield author.get("id", ""), " ".join(author.get("name", "").split())
