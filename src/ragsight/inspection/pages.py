"""What will be indexed, as one HTML page: each page of a file with its chunks drawn on it."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from itertools import islice
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from jinja2 import Template
from PIL import Image

from ragsight.characters import encodable
from ragsight.chunks import BBox, Chunk
from ragsight.errors import ConfigurationError, InputError, UnsupportedFormatError
from ragsight.html_pages import environment, write_page
from ragsight.loaders import LoadOptions, LoadSettings, formats
from ragsight.loaders.base import absolute
from ragsight.loaders.formats import Inspecting, known_kinds, sniffed_format
from ragsight.loaders.inspected import WHOLE_PAGE, InspectedPage, LeftOut

if TYPE_CHECKING:
    from typing_extensions import Unpack

PAGE_LIMIT = 50
"""Pages on one HTML page, unless told otherwise: they take about 150 KB each."""

_IMAGE_SIDE = 1100
_QUALITY = 80
_LONGEST_TEXT = 6000
_SHOWN_AT_ONCE = 220


@dataclass(frozen=True, slots=True)
class Inspection:
    """What an inspection showed.

    Attributes:
        path: The HTML page.
        shown: How many pages of the file are on it.
        more: How many of the pages asked for aren't, because there were too many; None if there
            are some, and nobody knows how many.
        kinds: How many chunks of each kind.
        problems: What went wrong on the pages.

    Example:
        >>> found = write_inspection("page.html", "manual.pdf", pages=[3])  # doctest: +SKIP
        >>> found.shown, found.kinds  # doctest: +SKIP
        (1, {'text': 4, 'figure': 1})
    """

    path: Path
    shown: int
    more: int | None
    kinds: dict[str, int]
    problems: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """What was shown as JSON-ready values."""
        return {
            "path": str(self.path),
            "shown": self.shown,
            "more": self.more,
            "kinds": self.kinds,
            "problems": list(self.problems),
        }


@dataclass(slots=True)
class _Shown:
    """Pages that are ready for the template, and what was counted meanwhile."""

    pages: list[dict[str, Any]] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)

    def add(self, page: InspectedPage) -> None:
        """Take the next page; its picture is kept as JPEG only."""
        self.pages.append(_page(page))
        self.kinds.update(chunk.kind for chunk in page.chunks)
        self.problems += page.problems


def render_inspection(
    path: str | Path,
    *,
    pages: Iterable[int] | None = None,
    limit: int = PAGE_LIMIT,
    **settings: Unpack[LoadSettings],
) -> str:
    """Show a file's pages with what becomes of them, as a self-contained HTML page.

    Args:
        path: A PDF or a deck of slides.
        pages: Numbers of the pages, from 1; all if None.
        limit: So many pages at most.
        **settings: Fields of `LoadOptions`, as for `load`.

    Returns:
        The HTML; all text in it is escaped.

    Raises:
        UnsupportedFormatError: If the file is of another kind.
        InputError: If it can't be read, or has none of the pages.
        ConfigurationError: If `limit` or a number is below 1.

    Example:
        >>> html = render_inspection("manual.pdf", pages=range(10, 20))  # doctest: +SKIP
    """
    return _rendered(Path(path), pages, limit, settings)[0]


def write_inspection(
    target: str | Path,
    path: str | Path,
    *,
    pages: Iterable[int] | None = None,
    limit: int = PAGE_LIMIT,
    **settings: Unpack[LoadSettings],
) -> Inspection:
    """Write what `render_inspection` gives.

    Args:
        target: The HTML file; its folder is made.
        path: A PDF or a deck of slides.
        pages: Numbers of the pages, from 1; all if None.
        limit: So many pages at most.
        **settings: Fields of `LoadOptions`, as for `load`.

    Returns:
        What is on the HTML page.

    Raises:
        RagsightError: If it can't be written, and as `render_inspection` says.

    Example:
        >>> from ragsight.demo import handbook_path
        >>> write_inspection("page.html", handbook_path(), pages=[3]).kinds["figure"]
        1
    """
    html, shown, more = _rendered(Path(path), pages, limit, settings)
    written = write_page(target, html)
    return Inspection(written, len(shown.pages), more, dict(shown.kinds), tuple(shown.problems))


def _rendered(
    path: Path, pages: Iterable[int] | None, limit: int, settings: LoadSettings
) -> tuple[str, _Shown, int | None]:
    if limit < 1:
        raise ConfigurationError(f"limit={limit}: it must be 1 or more.")
    wanted = None if pages is None else sorted(set(pages))
    shown = _Shown()
    found, more = _inspected(path, wanted, limit, settings, shown.problems)
    for page in islice(found, limit):
        shown.add(page)
    if not shown.pages:
        raise InputError(f"{path}: the file has none of the pages that were asked for.")
    rest = None if more == 0 and next(found, None) is not None else more
    html = _template().render(
        title=path.name, pages=shown.pages, kinds=sorted(shown.kinds.items()), more=rest,
        problems=shown.problems,
    )  # fmt: skip
    return encodable(html), shown, rest


def _inspected(
    path: Path,
    wanted: Sequence[int] | None,
    limit: int,
    settings: LoadSettings,
    problems: list[str],
) -> tuple[Iterator[InspectedPage], int]:
    kind = sniffed_format(absolute(path))
    if kind is None or kind.inspect is None:
        paged = [kind for kind in formats.FORMATS if kind.inspect is not None]
        raise UnsupportedFormatError(
            f"{path}: only {known_kinds(paged)} have pages to show. What becomes of other files is "
            "told by `ragsight.load`."
        )
    asked = Inspecting(wanted, limit, _IMAGE_SIDE, lambda error: problems.append(str(error)))
    return kind.inspect(path, LoadOptions(**settings), asked)


def _page(page: InspectedPage) -> dict[str, Any]:
    wide, high = page.size
    cards = [_card(number, chunk, page) for number, chunk in enumerate(page.chunks, start=1)]
    return {
        "number": page.number,
        "label": page.label,
        "width": wide,
        "height": high,
        "unit": max(wide, high) / 90,
        "image": None if page.image is None else _data_uri(page.image),
        "cards": cards,
        "left_out": [
            {"box": _rectangle(item.bbox), "reason": item.reason, "text": item.text}
            for item in page.left_out
        ],
        "reasons": _reasons(page.left_out),
        "problems": page.problems,
    }


def _reasons(left_out: Iterable[LeftOut]) -> list[tuple[str, str]]:
    """Each reason with how often it holds, and the words."""
    by_reason: dict[str, list[str]] = {}
    for item in left_out:
        by_reason.setdefault(item.reason, []).append(" ".join(item.text.split()))
    return [
        (f"{reason} ({len(texts)})", shorten(" · ".join(filter(None, texts)), _SHOWN_AT_ONCE))
        for reason, texts in by_reason.items()
    ]


def _card(number: int, chunk: Chunk, page: InspectedPage) -> dict[str, Any]:
    metadata = chunk.metadata
    box, caption = chunk.source.bbox, metadata.get("caption_bbox")
    text = chunk.text if len(chunk.text) <= _LONGEST_TEXT else f"{chunk.text[:_LONGEST_TEXT]}…"
    image = chunk.image
    return {
        "id": f"{page.number}-{number}",
        "number": number,
        "kind": "page" if chunk.kind in WHOLE_PAGE else chunk.kind,
        "name": _name(chunk),
        "method": metadata.get("method", ""),
        "section": " > ".join(chunk.source.section),
        "text": text,
        "is_long": len(text) > _SHOWN_AT_ONCE,
        "start": f"{text[:_SHOWN_AT_ONCE].rstrip()}…",
        "image": "" if image is None else f"{image.width} x {image.height} pixels",
        "warnings": metadata.get("warnings", ()),
        "box": None if box is None else _rectangle(box),
        "caption": None if caption is None else _rectangle(tuple(caption)),
    }


def _name(chunk: Chunk) -> str:
    for key in ("label", "title"):
        if value := chunk.metadata.get(key):
            return str(value)
    return chunk.source.section[-1] if chunk.source.section else chunk.kind.capitalize()


def _rectangle(box: BBox) -> dict[str, float]:
    left, top, right, bottom = box
    return {"x": left, "y": top, "width": max(0.5, right - left), "height": max(0.5, bottom - top)}


def _data_uri(image: Image.Image) -> str:
    buffer = io.BytesIO()
    small = image.convert("RGB")
    small.thumbnail((_IMAGE_SIDE, _IMAGE_SIDE))
    small.save(buffer, format="JPEG", quality=_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


@cache
def _template() -> Template:
    source = (files("ragsight.inspection") / "inspection.html.j2").read_text(encoding="utf-8")
    return environment().from_string(source)
