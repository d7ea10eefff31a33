"""Documents of kinds that no package ships: scans, rotated pages and a magazine, built from others.

Each builder takes the fetched documents by name and writes one PDF. Noise comes from seeded
generators; the geometry, which is what the labels describe, is the same on every machine.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf
from PIL import Image
from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Frame, Paragraph

Documents = Mapping[str, Path]

SCANNED_WITH_TEXT = (("metaplot", 8), ("strucplot", 10), ("smyrna", 14), ("lmer", 8))
SCANNED_AS_IMAGE = (("escript-cookbook", 33), ("space-geometry", 9), ("memoir", 40))
ROTATED = (
    ("strucplot", 4, 90),
    ("escript-cookbook", 76, 270),
    ("space-geometry", 11, 180),
    ("petsc", 52, 90),
    ("fitdistrplus", 5, 270),
)

A4 = (595.0, 842.0)
BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=9, leading=11, alignment=4)
SMALL = ParagraphStyle("small", parent=BODY, fontName="Helvetica-Oblique", fontSize=7, leading=8.5)
QUOTE = ParagraphStyle("quote", parent=BODY, fontName="Helvetica-Bold", fontSize=13, leading=16)


def scans_with_text(documents: Documents, target: Path) -> None:
    """Skewed, noisy page images under an invisible text layer, as OCR programs write them."""
    with pymupdf.open() as scans:
        for name, page in pages_of(documents, SCANNED_WITH_TEXT):
            sheet = scanned(scans, page, seed=len(name))
            for word in page.get_text("words"):
                height = word[3] - word[1]
                sheet.insert_text(
                    (word[0], word[3] - 0.2 * height), word[4], fontsize=height * 0.8, render_mode=3
                )
        save(scans, target)


def scans_as_images(documents: Documents, target: Path) -> None:
    """Skewed, noisy page images and nothing else."""
    with pymupdf.open() as scans:
        for name, page in pages_of(documents, SCANNED_AS_IMAGE):
            scanned(scans, page, seed=len(name))
        save(scans, target)


def rotated(documents: Documents, target: Path) -> None:
    """Pages whose content is drawn sideways and stands upright through /Rotate."""
    with pymupdf.open() as out:
        for name, number, angle in ROTATED:
            with pymupdf.open(documents[name]) as source:
                box = source[number - 1].rect
                width, height = (box.width, box.height) if angle == 180 else (box.height, box.width)
                page = out.new_page(width=width, height=height)
                page.show_pdf_page(page.rect, source, number - 1, rotate=angle)
                page.set_rotation(angle)
        save(out, target)


def pages_of(documents: Documents, wanted: tuple[tuple[str, int], ...]) -> Iterator[Any]:
    """The named pages, each while its document is open."""
    for name, number in wanted:
        with pymupdf.open(documents[name]) as source:
            yield name, source[number - 1]


def scanned(scans: Any, page: Any, seed: int) -> Any:
    """A new page with the picture that a flatbed scanner might have made of another."""
    pixels = page.get_pixmap(dpi=150, colorspace=pymupdf.csGRAY, alpha=False)
    image = Image.frombytes("L", (pixels.width, pixels.height), pixels.samples)
    image = image.rotate(0.4, resample=Image.Resampling.BICUBIC, fillcolor=255)
    noise = np.random.default_rng(seed).normal(-6, 9, (image.height, image.width))
    grey = Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))
    data = io.BytesIO()
    grey.save(data, "JPEG", quality=60)
    sheet = scans.new_page(width=page.rect.width, height=page.rect.height)
    sheet.insert_image(sheet.rect, stream=data.getvalue())
    return sheet


def save(document: Any, target: Path) -> None:
    """Write a PyMuPDF document compactly."""
    document.save(target, garbage=3, deflate=True, no_new_id=True)


def magazine(documents: Documents, target: Path) -> None:
    """Four pages: columns, pictures with unnumbered captions, a quotation, a sidebar, a chart."""
    canvas = Canvas(str(target), pagesize=A4, invariant=True)
    story = running_text(documents["escript-cookbook"])
    cover(canvas, documents)
    spread(canvas, documents, story)
    column_pictures(canvas, documents, story)
    gallery(canvas, documents)
    canvas.save()


def running_text(path: Path) -> list[Paragraph]:
    """The paragraphs of a manual, to fill the columns with."""
    with pymupdf.open(path) as source:
        blocks = [b[4] for n in range(10, 40) for b in source[n].get_text("blocks")]
    texts = (" ".join(text.split()) for text in blocks)
    kept = (text for text in texts if len(text) > 250 and text.isascii())
    return [Paragraph(text.replace("&", "&amp;").replace("<", "&lt;"), BODY) for text in kept]


def picture(path: Path, page: int, box: tuple[float, float, float, float]) -> ImageReader:
    """A region of a page as a photograph would be: a JPEG."""
    with pymupdf.open(path) as source:
        pixels = source[page - 1].get_pixmap(dpi=150, clip=pymupdf.Rect(box), alpha=False)
    data = io.BytesIO()
    Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples).save(data, "JPEG")
    return ImageReader(data)


def place(canvas: Canvas, image: ImageReader, x: float, top: float, width: float) -> float:
    """Draw an image with its top at a distance from the page's top; return its bottom."""
    height = width * image.getSize()[1] / image.getSize()[0]
    canvas.drawImage(image, x, A4[1] - top - height, width, height)
    return top + height


def text_box(
    canvas: Canvas, story: list[Paragraph], box: tuple[float, float, float, float]
) -> None:
    """Fill a box (left, top, right, bottom) with the story; what does not fit stays in it."""
    left, top, right, bottom = box
    frame = Frame(left, A4[1] - bottom, right - left, bottom - top, 0, 0, 0, 0)
    frame.addFromList(story, canvas)
    if story and (parts := frame.split(story[0], canvas)):
        story[:1] = parts
        frame.addFromList(story, canvas)


def cover(canvas: Canvas, documents: Documents) -> None:
    """A picture that fills the page, with the title over it."""
    image = picture(documents["escript-cookbook"], 79, (130, 86, 466, 371))
    canvas.drawImage(image, 0, 0, *A4)
    canvas.setFillColor(HexColor("#ffffff"))
    canvas.setFont("Helvetica-Bold", 54)
    canvas.drawString(40, 740, "GRAVITY")
    canvas.setFont("Helvetica", 14)
    canvas.drawString(42, 715, "Free software for the ground under your feet")
    canvas.showPage()


def head(canvas: Canvas, title: str, number: int) -> None:
    """The coloured band above a page and the number below it."""
    canvas.setFillColor(HexColor("#7a1f2b"))
    canvas.rect(0, A4[1] - 42, A4[0], 42, stroke=0, fill=1)
    canvas.setFillColor(HexColor("#ffffff"))
    canvas.setFont("Helvetica-Bold", 16)
    canvas.drawString(36, A4[1] - 28, title)
    canvas.setFillColor(HexColor("#000000"))
    canvas.setFont("Helvetica", 8)
    canvas.drawRightString(A4[0] - 36, 24, f"GRAVITY  {number}")


def spread(canvas: Canvas, documents: Documents, story: list[Paragraph]) -> None:
    """A picture over two of three columns, and a quotation on a tint."""
    head(canvas, "The well below", 2)
    image = picture(documents["escript-cookbook"], 79, (125, 405, 466, 733))
    bottom = place(canvas, image, 36, 60, 342)
    caption = "Down the well: streamlines of the potential run into a buried sphere. Large model."
    text_box(canvas, [Paragraph(caption, SMALL)], (36, bottom + 4, 378, bottom + 24))
    text_box(canvas, story, (36, bottom + 34, 200, 800))
    text_box(canvas, story, (214, bottom + 34, 378, 800))
    canvas.setFillColor(HexColor("#f3e3c3"))
    canvas.rect(392, A4[1] - 470, 167, 110, stroke=0, fill=1)
    quote = "“Intuition tells us that heat flows from the hot block to the cold one.”"
    text_box(canvas, [Paragraph(quote, QUOTE)], (402, 372, 549, 466))
    text_box(canvas, story, (392, 60, 559, 352))
    text_box(canvas, story, (392, 482, 559, 800))
    canvas.showPage()


def column_pictures(canvas: Canvas, documents: Documents, story: list[Paragraph]) -> None:
    """Pictures inside columns, and a sidebar with a list on a tint."""
    head(canvas, "Seen from above", 3)
    book = documents["escript-cookbook"]
    text_box(canvas, story, (36, 60, 200, 300))
    bottom = place(canvas, picture(book, 43, (155, 315, 416, 512)), 36, 312, 164)
    caption = "Cooler on top: the temperature of the model after an hour."
    text_box(canvas, [Paragraph(caption, SMALL)], (36, bottom + 3, 200, bottom + 22))
    text_box(canvas, story, (36, bottom + 34, 200, 800))
    text_box(canvas, story, (214, 60, 378, 540))
    bottom = place(canvas, picture(book, 88, (80, 252, 513, 567)), 214, 552, 345)
    caption = "Currents under the ground, coloured by their density. Rendering: escript cookbook"
    text_box(canvas, [Paragraph(caption, SMALL)], (214, bottom + 3, 559, bottom + 14))
    canvas.setFillColor(HexColor("#dfe9ee"))
    canvas.rect(392, A4[1] - 540, 167, 480, stroke=0, fill=1)
    text_box(canvas, [Paragraph("In short", QUOTE), *story[:3]], (402, 68, 549, 530))
    canvas.showPage()


def gallery(canvas: Canvas, documents: Documents) -> None:
    """Four pictures in a grid, and a bar chart drawn with lines and fills."""
    head(canvas, "Gallery", 4)
    book, network = documents["escript-cookbook"], documents["debian-edu-ja"]
    pictures = (
        (picture(book, 33, (153, 139, 442, 376)), "1  The window at start, before anything is set"),
        (picture(book, 83, (115, 104, 477, 366)), "2  Two surfaces that share one domain"),
        (picture(network, 46, (56, 80, 567, 394)), "3  Choosing a language in the installer"),
        (picture(book, 83, (115, 438, 477, 700)), "4  The mesh is finest in the middle"),
    )
    for n, (image, caption) in enumerate(pictures):
        left, top = 36 + 267 * (n % 2), 64 + 220 * (n // 2)
        bottom = place(canvas, image, left, top, 250)
        text_box(canvas, [Paragraph(caption, SMALL)], (left, bottom + 3, left + 250, bottom + 14))
    bars(canvas, top=540)
    canvas.showPage()


def bars(canvas: Canvas, top: float) -> None:
    """A chart of running times over the number of cores."""
    base = A4[1] - top - 180
    canvas.setFont("Helvetica-Bold", 10)
    canvas.drawString(100, A4[1] - top - 12, "Seconds to solve, by number of cores")
    canvas.setFont("Helvetica", 8)
    for n, seconds in enumerate((691, 400, 305, 328, 323, 292, 282)):
        canvas.setFillColor(HexColor("#7a1f2b" if n else "#c98b2b"))
        canvas.rect(110 + 55 * n, base, 36, seconds / 5, stroke=0, fill=1)
        canvas.setFillColor(HexColor("#000000"))
        canvas.drawCentredString(128 + 55 * n, base - 11, str(n + 1))
        canvas.drawCentredString(128 + 55 * n, base + seconds / 5 + 4, str(seconds))
    canvas.line(100, base, 490, base)


BUILDERS: Mapping[str, Callable[[Documents, Path], None]] = {
    "magazine": magazine,
    "rotated": rotated,
    "scans-as-images": scans_as_images,
    "scans-with-text": scans_with_text,
}
