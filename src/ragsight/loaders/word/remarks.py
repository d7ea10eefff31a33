"""What stands beside a document's text: notes, comments, headers and footers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from xml.etree.ElementTree import Element

from ragsight.errors import DocumentError
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.xml import W
from ragsight.loaders.word.runs import read_words

_OWN_KINDS = frozenset({"separator", "continuationSeparator", "continuationNotice"})
"""Notes that are lines between notes (ECMA-376, part 1, 17.18.33)."""


class Remarks:
    """Notes, comments and the lines at the edges of pages of one document.

    Args:
        package: The open file.
        part: The document's part.
        report: Told of what can't be read.
    """

    def __init__(self, package: Package, part: str, report: Callable[[str], None]) -> None:
        self._package = package
        self._part = part
        self._report = report
        self._known = {kind: dict(self._read(kind)) for kind in ("footnote", "endnote", "comment")}
        self._told: set[tuple[str, str]] = set()

    def of(self, notes: Iterable[tuple[str, str]], comments: Iterable[str]) -> Iterator[str]:
        """The words of what a paragraph refers to: notes by their number in it, then comments."""
        for count, (kind, name) in enumerate(notes, start=1):
            if text := self._known[kind].get(name):
                yield f"[{count}] {text}"
        for name in comments:
            if (text := self._known["comment"].get(name)) and ("comment", name) not in self._told:
                self._told.add(("comment", name))
                yield text

    def edges(self) -> str:
        """Lines of headers and footers, each once; page numbers alone are none."""
        lines: dict[str, None] = {}
        for relationship in self._package.related(self._part).values():
            if relationship.kind in {"header", "footer"} and not relationship.external:
                root = self._xml(relationship.target, f"a {relationship.kind}")
                for paragraph in () if root is None else root.iter(f"{W}p"):
                    text = read_words(paragraph).text
                    if any(character.isalpha() for character in text):
                        lines[text] = None
        return "\n".join(lines)

    def _read(self, kind: str) -> Iterator[tuple[str, str]]:
        part = self._package.first(self._part, f"{kind}s")
        root = None if part is None else self._xml(part, f"the {kind}s")
        for item in () if root is None else root.iter(W + kind):
            if item.get(f"{W}type") in _OWN_KINDS:
                continue
            words = (read_words(paragraph).text for paragraph in item.iter(f"{W}p"))
            text = " ".join(" ".join(words).split())
            if text and kind == "comment":
                author = " ".join(item.get(f"{W}author", "").split())
                text = f"Comment by {author}: {text}" if author else f"Comment: {text}"
            yield item.get(f"{W}id", ""), text

    def _xml(self, part: str, what: str) -> Element | None:
        try:
            return self._package.xml(part)
        except DocumentError as error:
            self._report(f"{what} can't be read: {error}")
            return None
