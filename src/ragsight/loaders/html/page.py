"""A page of HTML: parsed, and the part of it that isn't the same on every page of its site."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ragsight.errors import DocumentError
from ragsight.loaders.decoding import DecodedText, decode_text

Element = Any
"""An element of lxml."""

_DECLARED = re.compile(
    rb"<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE
)
_HEAD = 4096
"""Bytes in which a page names its encoding; the standard says 1,024, and pages exceed it."""

UNSEEN = frozenset(
    {"script", "style", "template", "noscript", "head", "iframe", "object", "embed", "applet"}
    | {"audio", "video", "canvas", "map", "datalist", "input", "select", "textarea", "button"}
    | {"dialog"}
)
_CHROME = frozenset({"header", "footer", "aside"})
_MENUS = frozenset({"navigation", "search", "menu", "menubar", "toolbar", "dialog", "alert"})
_ROLES = _MENUS | {"banner", "contentinfo", "complementary"}
_MENU_NAMES = frozenset(
    {"nav", "navbar", "navigation", "breadcrumb", "breadcrumbs", "pagination", "pager"}
)
_NAMES = _MENU_NAMES | frozenset(
    {"menu", "topnav", "sidenav", "sidebar", "footer", "header", "masthead", "site-header"}
    | {"site-footer", "cookie-banner", "cookies", "skip-link", "skiplink"}
)
"""Ids and classes that say in one word that an element belongs to the site, not to the page."""

_NAMED = frozenset({"div", "ul", "ol", "section", "td", "table", "p"})
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_LEAST_SHARE = 0.3
"""Share of a page's words in its articles from which the rest counts as the site's."""


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A page.

    Attributes:
        title: What the browser's tab shows.
        roots: The elements with the content, in order.
        dropped: Elements inside them that belong to the site or aren't to be seen.
        remark: What a reader should know of the text's encoding.
        is_cut: Whether the page was nested so deep that its rest is missing.
    """

    title: str
    roots: tuple[Element, ...]
    dropped: frozenset[Element]
    remark: str = ""
    is_cut: bool = False


def read_page(data: bytes, name: str) -> HtmlPage:
    """Parse a page, whatever its faults, and find its content.

    Args:
        data: The file.
        name: How to name it in messages.

    Raises:
        DocumentError: If it is no text.
    """
    from lxml import etree, html

    decoded = _decoded(data)
    if decoded is None:
        raise DocumentError(f"{name}: this is no page of HTML; it holds binary data.")
    parser = html.HTMLParser(
        encoding="utf-8", huge_tree=True, no_network=True, remove_comments=True, remove_pis=True
    )
    text = decoded.text.replace("\0", "").encode("utf-8", "replace")
    try:
        document = etree.fromstring(text, parser)
    except (etree.LxmlError, ValueError, AssertionError) as error:
        raise DocumentError(f"{name}: the page can't be read ({error}).") from error
    is_cut = any("depth" in entry.message.lower() for entry in parser.error_log)
    if document is None:
        return HtmlPage("", (), frozenset(), decoded.remark, is_cut)
    body = document.find("body")
    body = document if body is None else body
    roots = tuple(_content_of(body))
    dropped = frozenset(element for root in roots for element in _dropped(root))
    if not any(_words_of(root, dropped) for root in roots):
        # Everything looked like the site's own: better too much than nothing.
        roots, dropped = (body,), frozenset(e for e in body.iter() if _is_unseen(e))
    return HtmlPage(_title(document), roots, dropped, decoded.remark, is_cut)


def _decoded(data: bytes) -> DecodedText | None:
    """By the mark, by what the page says of itself, or else as any text."""
    found = _DECLARED.search(data[:_HEAD])
    marked = data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if found is not None and not marked:
        try:
            encoding = codecs.lookup(found[1].decode("ascii")).name
            # Browsers take Latin-1 for what Windows makes of it (WHATWG, encodings).
            encoding = {"iso8859-1": "cp1252", "ascii": "cp1252"}.get(encoding, encoding)
            text = data.decode(encoding)
            return DecodedText(text, "utf-8" if encoding == "utf-8" else encoding)
        except (LookupError, UnicodeError, ValueError):
            # It says something else than it is.
            return decode_text(data)
    return decode_text(data)


def _title(document: Element) -> str:
    found = document.find(".//title")
    return "" if found is None else " ".join("".join(found.itertext()).split())


def _content_of(body: Element) -> list[Element]:
    mains = _outermost(body, lambda element: element.tag == "main" or element.get("role") == "main")
    if mains:
        return mains
    articles = _outermost(body, lambda element: element.tag == "article")
    headings = _outermost(body, lambda element: element.tag in {"h1", "article"})
    if not articles or any(element.tag == "h1" for element in headings):
        # The page's own heading stands outside of its articles, and so may other content.
        return [body]
    inside, whole = sum(map(_length, articles)), _length(body)
    return articles if inside >= _LEAST_SHARE * whole else [body]


def _outermost(root: Element, wanted: Callable[[Element], bool]) -> list[Element]:
    """The elements that are wanted, in order, those inside another one left out."""
    found: list[Element] = []
    waiting = [root]
    while waiting:
        element = waiting.pop()
        if isinstance(element.tag, str) and wanted(element):
            found.append(element)
        else:
            waiting += reversed(element)
    return found


def _length(element: Element) -> int:
    unseen = frozenset(e for e in element.iter() if _is_unseen(e))
    return len(_words_of(element, unseen))


def _words_of(root: Element, dropped: frozenset[Element]) -> str:
    """All words below an element, without those of some elements in it."""
    pieces: list[str] = []
    waiting: list[Element | str] = [root]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        if item not in dropped:
            waiting += [part for child in reversed(item) for part in (child.tail or "", child)]
            pieces.append(item.text or "")
    return "".join("".join(pieces).split())


def _dropped(root: Element) -> Iterator[Element]:
    content = _holding_content(root)
    waiting = [(root, root.tag not in {"body", "html"})]
    while waiting:
        element, in_content = waiting.pop()
        is_menu = element is not root and _is_menu(element)
        if (
            _is_unseen(element)
            or is_menu
            or (not in_content and element not in content and _is_chrome(element))
        ):
            yield element
        else:
            inside = in_content or element.tag == "article"
            waiting += [(child, inside) for child in element]


def _holding_content(root: Element) -> set[Element]:
    """Elements with the page's own heading or a captioned picture inside, whatever their name."""
    found = {root}
    for mark in root.iter("h1", "figcaption"):
        element = mark
        while element is not None and element not in found:
            found.add(element)
            element = element.getparent()
    return found


def _is_unseen(element: Element) -> bool:
    if not isinstance(element.tag, str) or element.tag in UNSEEN:
        return True
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    return _HIDDEN.search(element.get("style", "")[:1000]) is not None


def _is_menu(element: Element) -> bool:
    if element.tag in {"nav", "menu"} or element.get("role") in _MENUS:
        return True
    return element.tag in _NAMED and bool(_names(element) & _MENU_NAMES)


def _is_chrome(element: Element) -> bool:
    if element.tag in _CHROME or element.get("role") in _ROLES:
        return True
    return element.tag in _NAMED and bool(_names(element) & _NAMES)


def _names(element: Element) -> set[str]:
    classes = element.get("class", "")[:1000].lower().split()
    return {element.get("id", "").lower(), *classes}
