"""PDFs drawn at test time, so that each test says what is on its pages."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pymupdf
import pytest
from PIL import Image, ImageDraw

from ragsight.chunks import BBox
from ragsight.loaders.pdf.backends.registry import BackendName
from ragsight.loaders.pdf.page.geometry import area, intersection

mupdf: Any = pymupdf
"""The library without its types, which are missing for half of its calls."""

BACKENDS = get_args(BackendName)
"""The libraries that can read pages."""

BODY = (
    "The pump lifts water from the lower basin to the upper one, and a valve behind it keeps the "
    "water from running back when the motor stops. Bearings are greased once a month, and the "
    "seals are changed once a year or whenever drops are seen below the shaft. "
)
PAGE = (595.0, 842.0)


def for_each_backend(module: dict[str, Any]) -> Any:
    """Run each test of a module with each library that reads pages.

    Args:
        module: Its globals, in which `PdfLoader` is replaced.

    Returns:
        A fixture, which also gives the library's name to tests that ask for `backend`.
    """

    @pytest.fixture(autouse=True, params=BACKENDS)
    def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
        loader = partial(module["PdfLoader"], backend=request.param)
        monkeypatch.setitem(module, "PdfLoader", loader)
        return str(request.param)

    return backend


def save_pdf(path: Path, draw: Callable[[Any], None], *, pages: int = 1, **options: Any) -> Path:
    """Write a PDF whose pages `draw` has drawn, in order."""
    document = mupdf.open()
    for _ in range(pages):
        draw(document.new_page(width=PAGE[0], height=PAGE[1]))
    document.save(path, **options)
    document.close()
    return path


def paragraph(page: Any, box: Sequence[float], text: str = BODY, size: float = 10) -> None:
    """Set running text into a box."""
    left_over = page.insert_textbox(mupdf.Rect(box), text, fontsize=size, fontname="tiro")
    assert left_over >= 0, "the text doesn't fit its box"


def heading(page: Any, at: Sequence[float], text: str, size: float = 16) -> None:
    """Set a bold line."""
    page.insert_text(mupdf.Point(at), text, fontsize=size, fontname="hebo")


def line(page: Any, at: Sequence[float], text: str, size: float = 9) -> None:
    """Set a line of small sans-serif text: a caption, a label, a footer."""
    page.insert_text(mupdf.Point(at), text, fontsize=size, fontname="helv")


def chart(page: Any, box: Sequence[float], labels: Sequence[str] = ("Mon", "Tue", "Wed")) -> None:
    """Draw axes and bars with a label below each; the labels end 12 points below the box."""
    left, top, right, bottom = box
    page.draw_line((left, top), (left, bottom))
    page.draw_line((left, bottom), (right, bottom))
    step = (right - left) / len(labels)
    for number, label in enumerate(labels):
        x = left + step * number + step * 0.2
        high = top + (bottom - top) * (0.1 + 0.2 * number)
        page.draw_rect((x, high, x + step * 0.6, bottom), fill=(0.2, 0.4, 0.8), color=None)
        line(page, (x, bottom + 10), label, size=8)


def photo(size: tuple[int, int] = (160, 120), colour: str = "red") -> Image.Image:
    """A picture with a disc on a grey ground."""
    image = Image.new("RGB", size, "#808080")
    ImageDraw.Draw(image).ellipse((20, 20, size[0] - 20, size[1] - 20), fill=colour)
    return image


def png(image: Image.Image) -> bytes:
    """An image's PNG bytes."""
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def picture(page: Any, box: Sequence[float], image: Image.Image | None = None) -> None:
    """Place a bitmap."""
    stream = png(image if image is not None else photo())
    page.insert_image(mupdf.Rect(box), stream=stream, keep_proportion=False)


def ruled_table(page: Any, box: Sequence[float], rows: Sequence[Sequence[str]]) -> None:
    """Draw a table with all its rules."""
    left, top, right, bottom = box
    high, wide = (bottom - top) / len(rows), (right - left) / len(rows[0])
    for number in range(len(rows) + 1):
        page.draw_line((left, top + high * number), (right, top + high * number), width=0.5)
    for number in range(len(rows[0]) + 1):
        page.draw_line((left + wide * number, top), (left + wide * number, bottom), width=0.5)
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            line(page, (left + wide * x + 4, top + high * (y + 0.7)), cell)


def slow_page(page: Any, paths: int = 3_000_000) -> None:
    """Make a page that takes long to read: a few kilobytes that grow to many millions of paths."""
    xref = page.get_contents()[0] if page.get_contents() else None
    if xref is None:
        page.insert_text((72, 72), " ")
        (xref,) = page.get_contents()
    page.parent.update_stream(xref, page.parent.xref_stream(xref) + b"\n0 0 m 500 500 l S" * paths)


def iou(a: BBox, b: BBox) -> float:
    """Intersection over union, from 0 to 1."""
    shared = area(intersection(a, b))
    whole = area(a) + area(b) - shared
    return shared / whole if whole > 0 else 0.0
