"""Decks of slides made with python-pptx, and the raw XML for what it can't make."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from pptx import Presentation
from pptx.chart.data import BubbleChartData, CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.oxml import parse_xml
from pptx.util import Pt

from drawings import noise
from ragsight import Chunk, RagsightError, SlideLoader

TITLE_AND_CONTENT, SECTION, TWO, COMPARISON, TITLE_ONLY, BLANK = 1, 2, 3, 4, 5, 6
"""Layouts of python-pptx's default template."""

OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PRESENTATION = "http://schemas.openxmlformats.org/presentationml/2006/main"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def box(left: float, top: float, width: float, height: float) -> tuple[Any, Any, Any, Any]:
    """A place in points."""
    return Pt(left), Pt(top), Pt(width), Pt(height)


def new_deck() -> Any:
    """An empty deck of 720 x 540 points."""
    return Presentation()


def add_slide(deck: Any, title: str = "", layout: int = TITLE_ONLY) -> Any:
    """A slide, with a title where one is given."""
    slide = deck.slides.add_slide(deck.slide_layouts[layout])
    if title:
        slide.shapes.title.text = title
    return slide


def add_text(slide: Any, text: str, place: tuple[Any, Any, Any, Any]) -> Any:
    """A text box; new lines start new paragraphs."""
    shape = slide.shapes.add_textbox(*place)
    shape.text_frame.text = text
    return shape


def png(image: Image.Image) -> io.BytesIO:
    """A picture as a file in memory."""
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    buffer.seek(0)
    return buffer


def add_picture(
    slide: Any, seed: int, place: tuple[Any, Any, Any, Any], alt: str = "", side: int = 120
) -> Any:
    """A picture unlike those of other seeds."""
    shape = slide.shapes.add_picture(png(noise(seed, (side, side))), *place)
    shape._element.nvPicPr.cNvPr.set("descr", alt)
    return shape


def add_chart(slide: Any, kind: XL_CHART_TYPE, data: Any, title: str = "") -> Any:
    """A chart that fills most of a slide."""
    chart = slide.shapes.add_chart(kind, *box(60, 120, 600, 380), data).chart
    if title:
        chart.has_title = True
        chart.chart_title.text_frame.text = title
    return chart


def category_data() -> Any:
    """Two series over three categories."""
    data = CategoryChartData()
    data.categories = ["Bolts", "Nuts", "Screws"]
    data.add_series("Leeds", (4.3, 2.5, 3.5))
    data.add_series("York", (2.4, None, 1.8))
    return data


def xy_data() -> Any:
    """A series of three points."""
    data = XyChartData()
    series = data.add_series("Flow")
    for x, y in ((0.7, 2.7), (1.8, 3.2), (2.6, 0.8)):
        series.add_data_point(x, y)
    return data


def bubble_data() -> Any:
    """A series of two bubbles."""
    data = BubbleChartData()
    series = data.add_series("Stock")
    series.add_data_point(0.7, 2.7, 10)
    series.add_data_point(1.8, 3.2, 4)
    return data


def data_for(kind: XL_CHART_TYPE) -> Any:
    """Data that python-pptx can draw as that kind of chart."""
    if kind.name.startswith("XY_"):
        return xy_data()
    return bubble_data() if kind.name.startswith("BUBBLE") else category_data()


def hide(slide: Any) -> None:
    """Leave a slide out when the deck is shown."""
    slide._element.set("show", "0")


def add_sections(deck: Any, sections: Mapping[str, int]) -> None:
    """Divide a deck into sections, given by name and number of slides."""
    ids = iter([slide.get("id") for slide in deck.slides._sldIdLst])
    listed = ""
    for number, (name, count) in enumerate(sections.items()):
        slides = "".join(f'<p14:sldId id="{next(ids)}"/>' for _ in range(count))
        listed += (
            f'<p14:section name="{name}" id="{{0000000{number}-0000-0000-0000-000000000000}}">'
            f"<p14:sldIdLst>{slides}</p14:sldIdLst></p14:section>"
        )
    deck.part._element.append(
        parse_xml(
            '<p:extLst xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main">'
            '<p:ext uri="{521415D9-36F7-43E2-AB2F-B90AF26B5E84}"><p14:sectionLst '
            'xmlns:p14="http://schemas.microsoft.com/office/powerpoint/2010/main">'
            f"{listed}</p14:sectionLst></p:ext></p:extLst>"
        )
    )


def add_frame(slide: Any, uri: str, content: str) -> None:
    """A graphic frame with content of one's own, as PowerPoint writes those it knows."""
    slide.shapes._spTree.append(parse_xml(frame_xml(uri, content)))


def frame_xml(uri: str, content: str) -> str:
    """The XML of a graphic frame."""
    return (
        f'<p:graphicFrame xmlns:p="http://schemas.openxmlformats.org/presentationml/2006/main" '
        f'xmlns:a="{DRAWING}" xmlns:r="{OFFICE}"><p:nvGraphicFramePr>'
        '<p:cNvPr id="90" name="Frame"/><p:cNvGraphicFramePr/><p:nvPr/></p:nvGraphicFramePr>'
        '<p:xfrm><a:off x="1000000" y="2000000"/><a:ext cx="6000000" cy="3000000"/></p:xfrm>'
        f'<a:graphic><a:graphicData uri="{uri}">{content}</a:graphicData></a:graphic>'
        "</p:graphicFrame>"
    )


def add_part(slide: Any, name: str, kind: str, media_type: str, xml: str) -> str:
    """A part that the slide refers to; gives the reference's id."""
    from pptx.opc.package import Part
    from pptx.opc.packuri import PackURI

    part = Part(PackURI(name), media_type, slide.part.package, xml.encode())
    return str(slide.part.relate_to(part, kind))


def saved(deck: Any, path: Path) -> Path:
    """Write a deck to a file."""
    deck.save(str(path))
    return path


Change = Callable[[bytes], bytes]


def rewritten(
    path: Path,
    *,
    changed: Mapping[str, Change] | None = None,
    dropped: str = "",
    added: Mapping[str, bytes] | None = None,
) -> Path:
    """Change parts of a deck in place.

    Args:
        path: The deck.
        changed: What becomes of parts, by name.
        dropped: A pattern; parts whose names match are left out.
        added: New parts.
    """
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for name, change in (changed if changed is not None else {}).items():
        parts[name] = change(parts[name])
    parts |= added if added is not None else {}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            if not (dropped and re.search(dropped, name)):
                archive.writestr(name, data)
    return path


def merged_table(slide: Any) -> Any:
    """A table with a head over two columns and a cell over two rows."""
    table = slide.shapes.add_table(3, 3, *box(60, 140, 500, 150)).table
    for row, texts in enumerate(
        (("Plan", "Price", ""), ("Basic", "9", "a month"), ("", "90", "a year"))
    ):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(1, 0).merge(table.cell(2, 0))
    return table


def picture_background(slide: Any, seed: int) -> None:
    """Put a picture behind a slide."""
    _, reference = slide.part.get_or_add_image_part(png(noise(seed, (200, 150))))
    slide._element.cSld.insert(
        0,
        parse_xml(
            f'<p:bg xmlns:p="{PRESENTATION}" xmlns:a="{DRAWING}" '
            f'xmlns:r="{OFFICE}"><p:bgPr><a:blipFill><a:blip r:embed="{reference}"/>'
            "<a:stretch><a:fillRect/></a:stretch></a:blipFill><a:effectLst/></p:bgPr></p:bg>"
        ),
    )


def three_slides(path: Path) -> Path:
    """Three slides, with a picture on the second and a chart on the third."""
    made = new_deck()
    add_slide(made, "One")
    add_picture(add_slide(made, "Two"), 1, box(60, 150, 300, 300))
    add_chart(add_slide(made, "Three"), XL_CHART_TYPE.PIE, category_data())
    return saved(made, path)


def loaded(path: Path) -> tuple[list[Chunk], list[str]]:
    """Chunks without renders, and messages of problems that cost a part only."""
    problems: list[RagsightError] = []
    chunks = SlideLoader(path, render="off", on_error=problems.append).load()
    return chunks, [str(problem) for problem in problems]


def titles(chunks: list[Chunk]) -> list[str]:
    """The slides' titles, in order."""
    return [chunk.metadata.get("title", "") for chunk in chunks if chunk.kind == "slide"]
