"""Words of a text body: paragraphs with their levels and bullets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element

from ragsight.loaders.counting import in_form
from ragsight.loaders.slides.xml import A14, MC, A, M, alternatives, number

Bulleted = Callable[[int], bool]
"""Whether paragraphs of a level have a bullet, where they don't say so themselves."""

_LEVELS = 9
_MOST_NESTED = 8
"""Alternatives inside alternatives are read no deeper; no program writes any."""


def paragraph_text(paragraph: Element) -> str:
    """The words of a paragraph as they stand, with its line breaks."""
    return "".join(_pieces(paragraph)).strip()


def _pieces(element: Element, depth: int = 0) -> Iterator[str]:
    for child in element:
        if child.tag in (f"{A}r", f"{A}fld"):
            yield "".join(found.text or "" for found in child.iter(f"{A}t"))
        elif child.tag == f"{A}br":
            yield "\n"
        elif child.tag == f"{A14}m":
            yield "".join(found.text or "" for found in child.iter(f"{M}t"))
        elif child.tag == f"{MC}AlternateContent" and depth < _MOST_NESTED:
            offered = ("".join(_pieces(other, depth + 1)) for other in alternatives(child))
            yield next(filter(None, offered), "")


def one_line(body: Element) -> str:
    """A text body on one line: titles, cells, labels."""
    return " ".join(" ".join(map(paragraph_text, body.iter(f"{A}p"))).split())


def body_lines(body: Element, bulleted: Bulleted) -> list[str]:
    """The paragraphs of a text body, those with bullets as items of a Markdown list.

    Args:
        body: An element with `a:p` in it.
        bulleted: Says which levels have bullets by the layout.
    """
    paragraphs = [(p, text) for p in body.findall(f"{A}p") if (text := paragraph_text(p))]
    counts = [0] * (_LEVELS + 1)
    starts = [0] * (_LEVELS + 1)
    lines = []
    for paragraph, text in paragraphs:
        properties = paragraph.find(f"{A}pPr")
        level = 0 if properties is None else min(max(number(properties.get("lvl")), 0), _LEVELS)
        kind = bullet_of(properties)
        kind = kind if kind is not None else ("-" if bulleted(level) else "")
        first = _first_number(properties)
        goes_on = counts[level] > 0 and starts[level] == first
        counts[level] = 0 if kind != "1." else counts[level] + 1 if goes_on else first
        starts[level] = first
        counts[level + 1 :] = [0] * (_LEVELS - level)
        alone = len(paragraphs) == 1 and level == 0 and kind != "1."
        numbered = f"{_numbered(properties, counts[level])} " if kind == "1." else "- "
        mark = "" if not kind or alone else numbered
        indent = "  " * level
        lines.append(indent + mark + text.replace("\n", "\n" + indent + " " * len(mark)))
    return lines


def is_slide_number(body: Element) -> bool:
    """Whether a text body holds nothing but the number of its slide."""
    fields = [f for f in body.iter(f"{A}fld") if f.get("type") == "slidenum"]
    inside = {id(text) for field in fields for text in field.iter(f"{A}t")}
    others = (text.text or "" for text in body.iter(f"{A}t") if id(text) not in inside)
    return bool(fields) and not any(character.isalpha() for character in "".join(others))


def _numbered(properties: Element | None, count: int) -> str:
    """The mark of an item of a numbered list: `5.`, `b)`, `(iv)`."""
    found = None if properties is None else properties.find(f"{A}buAutoNum")
    kind = "arabicPeriod" if found is None else found.get("type", "arabicPeriod")
    shape = "upper" if "Uc" in kind else "lower"
    form = f"{shape}Letter" if kind.startswith("alpha") else ""
    form = f"{shape}Roman" if kind.startswith("roman") else form
    text = in_form(count, form)
    if kind.endswith("ParenBoth"):
        return f"({text})"
    return text + (")" if kind.endswith("ParenR") else "" if kind.endswith("Plain") else ".")


def _first_number(properties: Element | None) -> int:
    found = None if properties is None else properties.find(f"{A}buAutoNum")
    return 1 if found is None else max(number(found.get("startAt"), 1), 1)


def bullet_of(properties: Element | None) -> str | None:
    """What properties of a paragraph say of its bullet: `-`, `1.`, or none; None if nothing."""
    if properties is None:
        return None
    if properties.find(f"{A}buNone") is not None:
        return ""
    if properties.find(f"{A}buAutoNum") is not None:
        return "1."
    has_bullet = any(properties.find(A + name) is not None for name in ("buChar", "buBlip"))
    return "-" if has_bullet else None
