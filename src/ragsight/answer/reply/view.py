"""Show an answer: in a notebook, as a page of its own, in a terminal."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from jinja2 import Template

from ragsight.answer.reply.markdown import text_html
from ragsight.answer.reply.result import Answer, Citation
from ragsight.answer.request.labels import cite_source, place
from ragsight.characters import encodable
from ragsight.errors import InputError
from ragsight.html_pages import environment
from ragsight.images.thumbnails import thumbnail_data_uri

if TYPE_CHECKING:
    from rich.text import Text

IMAGE_SIZE = 480
"""Longest side in pixels of an image beside an answer."""


def answer_html(answer: Answer) -> str:
    """The answer as a piece of HTML for a notebook; all text in it is escaped.

    Example:
        >>> "&lt;script&gt;" in answer_html(Answer(text="<script>"))
        True
    """
    return encodable(_template().render(view=_view(answer), page=False).strip())


def answer_page(answer: Answer, *, title: str = "Answer") -> str:
    """The answer as a page that needs nothing beside it and runs no scripts."""
    return encodable(_template().render(view=_view(answer), page=True, title=title).strip() + "\n")


def answer_lines(answer: Answer) -> Iterator[Text]:
    """The answer in lines for a terminal: text with its markers, warnings, cited sources."""
    from rich.text import Text

    text = Text(answer.text)
    for citation in answer.citations:
        for start, end in citation.spans:
            text.stylize("bold cyan", start, end)
    yield text
    for warning in answer.warnings:
        yield Text(f"  warning: {warning}", style="yellow")
    yield from source_lines(answer)


def source_lines(answer: Answer) -> Iterator[Text]:
    """The sources that an answer cites, in lines for a terminal, and what it took."""
    from rich.text import Text

    for citation in answer.citations:
        label = cite_source(citation.n, citation.chunk).label
        fields = f" for {', '.join(citation.fields)}" if citation.fields else ""
        yield Text(f"  {label}{fields}", style="green")
    if facts := answer_facts(answer):
        yield Text(f"  {facts}", style="dim")


def _view(answer: Answer) -> dict[str, object]:
    # Answers of one notebook share a page: their anchors must differ.
    prefix = f"ragsight-{hashlib.sha256(answer.text.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return {
        "text": text_html(answer, prefix),
        "cards": [_card(citation, answer, prefix) for citation in answer.citations],
        "warnings": answer.warnings,
        "facts": answer_facts(answer),
    }


def _card(citation: Citation, answer: Answer, prefix: str) -> dict[str, object]:
    cited = cite_source(citation.n, citation.chunk)
    return {
        "id": f"{prefix}-{citation.n}",
        "n": citation.n,
        "label": cited.label,
        "place": place(citation.chunk)[1:-1],
        "caption": cited.caption,
        "excerpt": cited.excerpt,
        "fields": ", ".join(citation.fields),
        "image": _image(citation, answer),
    }


def _image(citation: Citation, answer: Answer) -> str | None:
    """What the model saw of the source; otherwise its own image, if it can still be opened."""
    sent = next((sent.image.data for sent in answer.images if sent.n == citation.n), None)
    source = sent if sent is not None else citation.chunk.image
    if source is None:
        return None
    try:
        return thumbnail_data_uri(source, size=IMAGE_SIZE)
    except InputError:
        return None


def answer_facts(answer: Answer) -> str:
    """What made the answer and what it took, on one line; empty if no model was asked."""
    facts = [answer.model] if answer.model else []
    if answer.usage is not None:
        facts.append(f"{answer.usage.total_tokens:,} tokens")
    if answer.cost is not None:
        facts.append(f"cost {answer.cost:.4f}")
    if answer.images:
        facts.append(f"{len(answer.images)} image{'s' if len(answer.images) != 1 else ''} sent")
    return " · ".join(facts)


@cache
def _template() -> Template:
    source = (files("ragsight.answer.reply") / "answer.html.j2").read_text(encoding="utf-8")
    return environment().from_string(source)
