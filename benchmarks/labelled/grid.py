"""Draw pages with a grid in points over them, to label regions by eye.

    python benchmarks/labelled/grid.py FILE.pdf 3 7 8 --out /tmp/pages
    python benchmarks/labelled/grid.py FILE.pdf 3 7 8 --out /tmp/pages --labels labels/name.json

A thin line stands every 10 points, a strong one with its number every 50. With `--labels`, the
boxes of a label file are drawn instead of the grid, to check what was written. Nothing here finds
anything: the boxes come from whoever looks at the picture.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pymupdf
from PIL import Image, ImageDraw

COLOURS = {"figures": (220, 0, 0), "tables": (0, 90, 220)}
FINE, STRONG = 10, 50
PER_SHEET = 2


def render(page: Any, dpi: int) -> Image.Image:
    """A page as a viewer shows it, its rotation applied."""
    pixels = page.get_pixmap(dpi=dpi, alpha=False)
    return Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples)


def draw_grid(image: Image.Image, dpi: int) -> None:
    """Lines and numbers in points, the origin at the top left."""
    scale = dpi / 72
    layer = Image.new("RGBA", image.size)
    pen = ImageDraw.Draw(layer)
    for vertical, length in ((True, image.width), (False, image.height)):
        for at in range(0, int(length / scale) + 1, FINE):
            where = at * scale
            strong = at % STRONG == 0
            line = (where, 0, where, image.height) if vertical else (0, where, image.width, where)
            pen.line(line, fill=(0, 120, 220, 150 if strong else 45))
            if strong:
                pen.text((where + 1, 1) if vertical else (1, where + 1), str(at), (200, 0, 90, 255))
    image.paste(layer, mask=layer)


def draw_boxes(image: Image.Image, dpi: int, page: int, labels: dict[str, Any]) -> None:
    """The labelled figures in red and tables in blue, each with its label."""
    pen = ImageDraw.Draw(image)
    for kind, colour in COLOURS.items():
        for item in labels[kind]:
            if item["page"] == page:
                box = [value * dpi / 72 for value in item["bbox"]]
                pen.rectangle(box, outline=colour, width=2)
                pen.text((box[0] + 3, box[1] + 2), item.get("label") or kind, colour)


def pictures(args: argparse.Namespace) -> Iterator[Image.Image]:
    """One picture for each page asked for."""
    labels = json.loads(args.labels.read_text("utf-8")) if args.labels else None
    with pymupdf.open(args.file) as document:
        for number in args.pages or range(1, document.page_count + 1):
            image = render(document[number - 1], args.dpi)
            if labels is None and not args.plain:
                draw_grid(image, args.dpi)
            elif labels is not None:
                draw_boxes(image, args.dpi, number, labels)
            ImageDraw.Draw(image).text((image.width - 60, 4), f"p. {number}", (200, 0, 0))
            yield image


def sheets(images: Iterable[Image.Image], per_sheet: int) -> Iterator[Image.Image]:
    """Pages side by side, so that fewer pictures have to be opened."""
    row: list[Image.Image] = []
    for image in images:
        row.append(image)
        if len(row) == per_sheet:
            yield side_by_side(row)
            row = []
    if row:
        yield side_by_side(row)


def side_by_side(row: list[Image.Image]) -> Image.Image:
    """Pictures in one row on white."""
    size = (sum(image.width for image in row), max(image.height for image in row))
    sheet = Image.new("RGB", size, "white")
    left = 0
    for image in row:
        sheet.paste(image, (left, 0))
        left += image.width
    return sheet


def main() -> None:
    """Write the sheets as PNG files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("pages", type=int, nargs="*", help="page numbers from 1; all if none")
    parser.add_argument("--out", type=Path, required=True, help="folder for the PNG files")
    parser.add_argument("--labels", type=Path, help="draw the boxes of this label file")
    parser.add_argument("--dpi", type=int, default=90)
    parser.add_argument("--per-sheet", type=int, default=PER_SHEET)
    parser.add_argument("--plain", action="store_true", help="neither grid nor boxes")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for n, sheet in enumerate(sheets(pictures(args), args.per_sheet), start=1):
        path = args.out / f"{args.file.stem}-{n:02d}.png"
        sheet.save(path)
        print(path)


if __name__ == "__main__":
    main()
