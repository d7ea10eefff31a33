"""Results as one HTML page that needs nothing beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

from jinja2 import Environment, Template

from ragsight.chunks import STRUCTURAL_KEYS, Chunk
from ragsight.errors import ImageError, RagsightError, SourceNotFoundError
from ragsight.images import ImageSource, thumbnail_data_uri
from ragsight.retrieval import Hit

_SHOWN_METADATA = 6
_EXCERPT_LENGTH = 320
_NAMES = ("label", "name", "title")
_SHOWN_ELSEWHERE = STRUCTURAL_KEYS | {*_NAMES, "caption", "description", "order", "inner_text"}


@dataclass(frozen=True, slots=True)
class GallerySection:
    """One query and what it found.

    Attributes:
        title: The query, as a person would say it.
        hits: What was found.
        note: A line under the title.
        query_image: The image that was searched with, if there was one.
        answer: An answer's text, if there is one.
    """

    title: str
    hits: Sequence[Hit] = field(default_factory=tuple)
    note: str = ""
    query_image: ImageSource | None = None
    answer: str = ""


def render_gallery(sections: Sequence[GallerySection], *, title: str = "ragsight") -> str:
    """Render results as a self-contained HTML page; all text in it is escaped.

    Args:
        sections: What to show, in order.
        title: Heading of the page.

    Returns:
        The HTML. An image that can't be opened any more is left out.
    """
    shown = [
        {
            "title": section.title,
            "note": section.note,
            "answer": section.answer,
            "image": None if section.query_image is None else _thumbnail(section.query_image),
            "cards": [_card(number, hit) for number, hit in enumerate(section.hits, start=1)],
        }
        for section in sections
    ]
    return _template().render(title=title, sections=shown)


def write_gallery(
    path: str | Path, sections: Sequence[GallerySection], *, title: str = "ragsight"
) -> Path:
    """Write results as a self-contained HTML page.

    Args:
        path: The file to write; its folder is made.
        sections: What to show, in order.
        title: Heading of the page.

    Returns:
        The absolute path of the page.

    Raises:
        RagsightError: If the file can't be written.
    """
    target = Path(path).absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(render_gallery(sections, title=title), encoding="utf-8")
    except OSError as error:
        raise RagsightError(f"{target}: the gallery can't be written ({error}).") from error
    return target


def _card(number: int, hit: Hit) -> dict[str, object]:
    chunk = hit.chunk
    return {
        "number": number,
        "title": _heading(chunk),
        "kind": chunk.kind,
        "place": str(chunk.source),
        "section": " > ".join(chunk.source.section),
        "text": _excerpt(chunk.text),
        "image": None if chunk.image is None else _thumbnail(chunk.image),
        "facts": _facts(chunk),
        "score": f"{hit.score:.4f}",
        "why": hit.why,
    }


def _heading(chunk: Chunk) -> str:
    for key in _NAMES:
        if value := chunk.metadata.get(key):
            return str(value)
    return chunk.source.section[-1] if chunk.source.section else chunk.kind.capitalize()


def _facts(chunk: Chunk) -> list[tuple[str, str]]:
    plain = [
        (key, str(value))
        for key, value in chunk.metadata.items()
        if isinstance(value, str | int | float) and key not in _SHOWN_ELSEWHERE
    ]
    return [(key, value) for key, value in plain if len(value) <= 60][:_SHOWN_METADATA]


def _excerpt(text: str) -> str:
    return text if len(text) <= _EXCERPT_LENGTH else f"{text[:_EXCERPT_LENGTH].rstrip()}…"


def _thumbnail(image: ImageSource) -> str | None:
    try:
        return thumbnail_data_uri(image, size=320)
    except (ImageError, SourceNotFoundError):
        return None


@cache
def _template() -> Template:
    source = (files("ragsight") / "gallery.html.j2").read_text(encoding="utf-8")
    return Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(source)
