"""Markdown as CommonMark reads it: sections, tables, pictures."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ragsight.images.uris import is_data_uri
from ragsight.loaders.written_words import written_words

_FRONT_MATTER = re.compile(r"\A---[ \t]*\r?\n(.*?)^(?:---|\.\.\.)[ \t]*\r?(?:\n|\Z)", re.M | re.S)
_MOST_FRONT_MATTER = 1 << 16
"""Characters; what is longer is no page's front matter."""

_WEB = re.compile(r"^(?:[a-z][a-z0-9+.-]+:|//)", re.IGNORECASE)

_INLINED = re.compile(r"(data:[\w/+.-]{1,50};base64,)[A-Za-z0-9+/=%_-]{40,}")

Headings = tuple[str, ...]
"""Titles, outermost first."""


@dataclass(frozen=True, slots=True)
class MarkdownPicture:
    """A picture in a text.

    Attributes:
        target: The address, as written.
        caption: Its alternative text, and its title where that says something else.
        section: The headings above it.
    """

    target: str
    caption: str
    section: Headings

    @property
    def is_file(self) -> bool:
        """Whether the address is a path, not one of the web or of inlined data."""
        return bool(self.target) and not has_scheme(self.target)

    @property
    def is_inlined(self) -> bool:
        """Whether the address is the picture itself."""
        return is_data_uri(self.target)


@dataclass(slots=True)
class MarkdownTable:
    """A table's lines: the header with its rule, and the rows."""

    header: str
    rows: list[str]


@dataclass(slots=True)
class MarkdownSection:
    """What stands under one heading.

    Attributes:
        path: The headings, outermost first.
        blocks: Paragraphs, lists, code, as written, and tables.
        pictures: The pictures in it.
    """

    path: Headings
    blocks: list[str | MarkdownTable] = field(default_factory=list)
    pictures: list[MarkdownPicture] = field(default_factory=list)


def has_scheme(address: str) -> bool:
    """Whether an address is one of the web or of inlined data, not a path."""
    return _WEB.match(address) is not None


def split_front_matter(text: str) -> tuple[dict[str, Any], str]:
    r"""Part the YAML before a text from the text.

    Returns:
        The values, empty where there are none or they are no mapping, and the rest.

    Example:
        >>> split_front_matter("---\ntitle: Pumps\n---\nOpen it.")
        ({'title': 'Pumps'}, 'Open it.')
    """
    match = _FRONT_MATTER.match(text)
    if match is None or len(match[1]) > _MOST_FRONT_MATTER:
        return {}, text
    import yaml

    try:
        # A few lines of references to references stand for more values than memory holds.
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(match[1])):
            return {}, text
        values = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}, text
    if not isinstance(values, Mapping):
        return {}, text
    return {str(key): value for key, value in values.items()}, text[match.end() :]


def markdown_sections(text: str) -> Iterator[MarkdownSection]:
    """Read a text's sections in order; the first, which may be empty, has no heading.

    Blocks are the text's own lines, so that nothing of them is lost that the parser has no use for,
    such as the addresses that links refer to.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    path: dict[int, str] = {}
    section = MarkdownSection(())
    tokens = _parser().parse(text)
    number = reached = 0
    while number < len(tokens):
        token = tokens[number]
        end = _end_of(tokens, number)
        inside = tokens[number : end + 1]
        number = end + 1
        if token.map is None:
            continue
        if between := "\n".join(lines[reached : token.map[0]]).strip():
            section.blocks.append(between)
        reached = token.map[1]
        if token.type == "heading_open":
            yield section
            level = int(token.tag[1:])
            path = {depth: title for depth, title in path.items() if depth < level}
            path[level] = _plain(inside[1])
            section = MarkdownSection(tuple(path.values()))
        elif token.type == "table_open":
            section.blocks.append(_table(lines, inside))
        elif token.type != "hr":
            section.blocks.append("\n".join(lines[slice(*token.map)]).rstrip())
        section.pictures += _pictures(inside, section.path)
    if rest := "\n".join(lines[reached:]).strip():
        section.blocks.append(rest)
    yield section


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def _end_of(tokens: list[Token], start: int) -> int:
    """Where the block that begins at a token ends."""
    depth = 0
    for number in range(start, len(tokens)):
        depth += tokens[number].nesting
        if depth <= 0:
            return number
    return len(tokens) - 1


def _table(lines: list[str], tokens: list[Token]) -> MarkdownTable:
    start, end = tokens[0].map or [0, 0]
    return MarkdownTable("\n".join(lines[start : start + 2]), lines[start + 2 : end])


def _pictures(tokens: list[Token], section: Headings) -> Iterator[MarkdownPicture]:
    for token in tokens:
        if token.type == "html_block":
            yield from _html_pictures(token.content, section)
        for child in token.children or ():
            if child.type == "image":
                target = str(child.attrGet("src") or "")
                yield _picture(target, _plain(child), str(child.attrGet("title") or ""), section)
            elif child.type == "html_inline":
                yield from _html_pictures(child.content, section)


def _picture(target: str, alternative: str, title: str, section: Headings) -> MarkdownPicture:
    alternative, title = written_words(alternative), written_words(title)
    caption = alternative if title in alternative else f"{alternative}\n\n{title}"
    return MarkdownPicture(target, caption.strip(), section)


def _html_pictures(text: str, section: Headings) -> Iterator[MarkdownPicture]:
    """Pictures in HTML among the Markdown: where their size matters, people write them so."""
    if "<img" not in text.lower():
        return
    from lxml import etree, html

    parser = html.HTMLParser(encoding="utf-8", huge_tree=True, no_network=True)
    try:
        root = etree.fromstring(text.replace("\0", "").encode("utf-8", "replace"), parser)
    except (etree.LxmlError, ValueError):
        return
    for tag in () if root is None else root.iter("img"):
        if target := tag.get("src", "").strip():
            yield _picture(target, tag.get("alt", ""), tag.get("title", ""), section)


def without_data(text: str) -> str:
    """A text without the data of pictures that are inlined in it: no one searches by them."""
    return _INLINED.sub(r"\1…", text) if "base64," in text else text


def _plain(token: Token) -> str:
    """The words of a line, without its marks."""
    if not token.children:
        return " ".join(token.content.split())
    words = (
        _plain(child) if child.children else "\n" if "break" in child.type else child.content
        for child in token.children
        if child.type != "html_inline"
    )
    return " ".join("".join(words).split())
