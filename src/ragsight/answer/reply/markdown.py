"""An answer's text, which models write in Markdown, as HTML that loads and runs nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markupsafe import Markup

from ragsight.answer.reply.result import Answer

# Links and images would lead out of the page, and HTML anywhere: they stay text.
_REFUSED = ("link", "image", "autolink", "html_inline", "html_block", "reference", "entity")

# Two signs of Unicode's private use, between which a marker's number waits for its link.
_OPEN, _CLOSE = "\ue000", "\ue001"
_WAITING = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")


def text_html(answer: Answer, prefix: str) -> Markup:
    r"""Render an answer's text, with each citation marker a link to its source's card.

    Args:
        answer: The answer.
        prefix: What the ids of its cards begin with.

    Example:
        >>> text_html(Answer(text="**Red** <b>"), "a")
        Markup('<p><strong>Red</strong> &lt;b&gt;</p>\n')
    """
    if answer.data is not None:
        return Markup("<pre>{}</pre>").format(answer.text)
    links: list[Markup] = []
    html = _markdown().render("".join(_pieces(answer, prefix, links)))
    return Markup(_WAITING.sub(lambda found: links[int(found[1])], html))


def _pieces(answer: Answer, prefix: str, links: list[Markup]) -> Iterator[str]:
    """The text with its markers taken out into links; each leads to the first source in it."""
    targets: dict[tuple[int, int], int] = {}
    for citation in answer.citations:
        for span in citation.spans:
            targets.setdefault(span, citation.n)
    position = 0
    for (start, end), n in sorted(targets.items()):
        yield _own(answer.text[position:start])
        marker = answer.text[start:end]
        yield f"{_OPEN}{len(links)}{_CLOSE}"
        links.append(Markup('<a href="#{}-{}">{}</a>').format(prefix, n, marker))
        position = end
    yield _own(answer.text[position:])


def _own(text: str) -> str:
    return text.replace(_OPEN, "").replace(_CLOSE, "")


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table").disable(_REFUSED)
