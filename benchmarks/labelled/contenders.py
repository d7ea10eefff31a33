"""Ways to find figures and tables in a PDF, each as a function of a file and page numbers."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pymupdf
from labelled.scoring import Box, Region, number_of

from ragsight import PdfLoader
from ragsight.loaders.pdf.backends.registry import BackendName

Found = tuple[list[Region], list[Region]]
Finder = Callable[[Path, Sequence[int]], Found]

CAPTION_REACH = 60
"""Points between a region and the caption box that is given to it, where a peer links none."""


def ragsight_pdf(path: Path, pages: Sequence[int], backend: BackendName = "pymupdf") -> Found:
    """`PdfLoader` as it comes, over the whole document: it learns from all its pages."""
    return loaded(PdfLoader(path, on_error=lambda _: None, backend=backend), pages)


def ragsight_ocr(path: Path, pages: Sequence[int]) -> Found:
    """`PdfLoader` with tesseract, for scans without a text layer; the labelled pages only."""
    return loaded(PdfLoader(path, pages=pages, ocr="auto", on_error=lambda _: None), pages)


def loaded(loader: PdfLoader, pages: Sequence[int]) -> Found:
    """The figures and tables among a loader's chunks."""
    regions: dict[str, list[Region]] = {"figure": [], "table": []}
    for chunk in loader.lazy_load():
        place = chunk.source
        if chunk.kind in regions and place.page in pages and place.bbox is not None:
            label, caption = chunk.metadata.get("label"), chunk.metadata.get("caption")
            regions[chunk.kind].append(Region(place.page, place.bbox, label, caption))
    return regions["figure"], regions["table"]


def opened(path: Path, pages: Sequence[int]) -> Iterator[tuple[int, Any]]:
    """The pages, by number."""
    with pymupdf.open(path) as document:
        for number in pages:
            yield number, document[number - 1]


def upright(page: Any, box: Any) -> Box:
    """A box as the page is shown: PyMuPDF reports boxes before rotation."""
    return tuple(pymupdf.Rect(box) * page.rotation_matrix)


def embedded_bitmaps(path: Path, pages: Sequence[int]) -> Found:
    """Every bitmap where it is placed."""
    figures = []
    for number, page in opened(path, pages):
        boxes = [info["bbox"] for info in page.get_image_info()]
        figures += [Region(number, upright(page, box)) for box in boxes]
    return figures, []


def drawing_clusters(path: Path, pages: Sequence[int]) -> Found:
    """Every bitmap, and drawings joined by PyMuPDF."""
    figures, _ = embedded_bitmaps(path, pages)
    for number, page in opened(path, pages):
        figures += [Region(number, upright(page, box)) for box in page.cluster_drawings()]
    return figures, []


def found_tables(path: Path, pages: Sequence[int]) -> Found:
    """PyMuPDF's `find_tables`, on every page."""
    tables = []
    for number, page in opened(path, pages):
        with contextlib.redirect_stdout(io.StringIO()):
            boxes = [table.bbox for table in page.find_tables().tables]
        tables += [Region(number, upright(page, box)) for box in boxes]
    return [], tables


def layout_model(path: Path, pages: Sequence[int]) -> Found:
    """pymupdf4llm with its layout model (a neural network); captions by the nearest box."""
    import pymupdf4llm

    with pymupdf.open(path) as document:
        chosen = [number - 1 for number in pages]
        with contextlib.redirect_stdout(io.StringIO()):
            text = pymupdf4llm.to_json(document, pages=chosen, use_ocr=False)
    figures: list[Region] = []
    tables: list[Region] = []
    for page in json.loads(text)["pages"]:
        boxes = page["boxes"]
        captions = [box for box in boxes if box["boxclass"] == "caption"]
        for box in boxes:
            kept = {"picture": figures, "table": tables}.get(box["boxclass"])
            if kept is not None:
                kept.append(captioned(page["page_number"], box, captions))
    return figures, tables


def captioned(number: int, box: Mapping[str, Any], captions: Sequence[Mapping[str, Any]]) -> Region:
    """A region with the nearest caption above or below it, if there is one near."""
    place = corners(box)
    near = min(captions, key=lambda other: gap(place, corners(other)), default=None)
    if near is None or gap(place, corners(near)) > CAPTION_REACH:
        return Region(number, place)
    spans = [span["text"] for line in near["textlines"] for span in line["spans"]]
    text = " ".join(" ".join(spans).split())
    label = " ".join(text.split(" ")[:2])
    return Region(number, place, label if number_of(label) else None, text)


def corners(box: Mapping[str, Any]) -> Box:
    """A box of pymupdf4llm as left, top, right, bottom."""
    return box["x0"], box["y0"], box["x1"], box["y1"]


def gap(a: Box, b: Box) -> float:
    """Points between two boxes, up or down and to the side."""
    return max(0.0, a[0] - b[2], b[0] - a[2]) + max(0.0, a[1] - b[3], b[1] - a[3])


FINDERS: Mapping[str, Finder] = {
    "ragsight": ragsight_pdf,
    "ragsight with OCR": ragsight_ocr,
    "embedded bitmaps": embedded_bitmaps,
    "bitmaps + clusters": drawing_clusters,
    "find_tables": found_tables,
    "pymupdf4llm": layout_model,
}


def missing(name: str) -> str | None:
    """Why a contender can't run here; None if it can."""
    if name == "ragsight with OCR" and not shutil.which("tesseract"):
        return "tesseract isn't installed"
    if name == "pymupdf4llm" and importlib.util.find_spec("pymupdf4llm") is None:
        return "pymupdf4llm isn't installed: pip install pymupdf4llm pymupdf-layout"
    return None
