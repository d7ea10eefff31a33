"""Flowables that remember where they were drawn, page furniture, and the two passes of a build."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO

from reportlab.graphics import renderPDF
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Table

from tools.demo.handbook import palette
from tools.demo.handbook.facts import Box
from tools.demo.handbook.pictures import Art
from tools.demo.handbook.styles import STYLES

TITLE = "A Short Handbook of the Solar System"
MARGIN = 64.0
TOP = 78.0
BOTTOM = 74.0
COLUMN_GAP = 20.0
TEXT_WIDTH = A4[0] - 2 * MARGIN
COLUMN_WIDTH = (TEXT_WIDTH - COLUMN_GAP) / 2


@dataclass(frozen=True)
class Mark:
    """Where something was drawn: a 1-based page and its box from the top left corner.

    Example:
        >>> Mark(1, (0, 0, 10, 10)).page
        1
    """

    page: int
    box: Box


@dataclass
class Recorder:
    """Collects the places of figures, tables, captions and headings as pages are drawn.

    Example:
        >>> Recorder().pages
        0
    """

    marks: dict[str, Mark] = field(default_factory=dict)
    prose: dict[int, str] = field(default_factory=dict)
    pages: int = 0

    def note(self, key: str, canvas: Canvas, corners: Box) -> None:
        """Record a box given in the canvas's current coordinates (y upwards)."""
        x0, y0 = canvas.absolutePosition(corners[0], corners[1])
        x1, y1 = canvas.absolutePosition(corners[2], corners[3])
        box = (round(x0, 2), round(A4[1] - y1, 2), round(x1, 2), round(A4[1] - y0, 2))
        self.marks[key] = Mark(canvas.getPageNumber(), box)

    def note_prose(self, canvas: Canvas, text: str) -> None:
        """Add the words of a paragraph, or of its part on this page, to the page's prose."""
        page = canvas.getPageNumber()
        self.prose[page] = " ".join([self.prose.get(page, ""), *text.split()])


class ArtFlowable(Flowable):
    """A figure, centred in the space it gets; notes the bounds of what it draws.

    Example:
        >>> from reportlab.graphics.shapes import Drawing, Rect
        >>> art = Art(Drawing(10, 10, Rect(0, 0, 10, 10)))
        >>> ArtFlowable("tides", art, Recorder()).key
        'tides'
    """

    def __init__(self, key: str, art: Art, recorder: Recorder) -> None:
        super().__init__()
        self.key, self.art, self.recorder = key, art, recorder
        self.bounds = art_bounds(art)

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: ARG002, N803 - reportlab's names
        """Take the whole width offered and the height of the drawn bounds."""
        self.width, self.height = aW, self.bounds[3] - self.bounds[1]
        return self.width, self.height

    def draw(self) -> None:
        """Draw bitmaps, then vectors, moved so that the bounds are centred."""
        x0, y0, x1, _ = self.bounds
        canvas: Canvas = self.canv
        canvas.saveState()
        canvas.translate((self.width - (x1 - x0)) / 2 - x0, -y0)
        for bitmap in self.art.bitmaps:
            reader = ImageReader(BytesIO(bitmap.data))
            canvas.drawImage(reader, *bitmap.corner, *bitmap.size, mask="auto")
        renderPDF.draw(self.art.drawing, canvas, 0, 0)
        self.recorder.note(f"figure:{self.key}", canvas, self.bounds)
        canvas.restoreState()


def art_bounds(art: Art) -> Box:
    """The box around all bitmaps and shapes of a figure, in its own coordinates."""
    boxes = [(*b.corner, b.corner[0] + b.size[0], b.corner[1] + b.size[1]) for b in art.bitmaps]
    if art.drawing.contents:
        boxes.append(art.drawing.getBounds())
    x0, y0, x1, y1 = zip(*boxes, strict=True)
    return (min(x0), min(y0), max(x1), max(y1))


class MarkedParagraph(Paragraph):
    """A paragraph that notes its box and runs `on_draw` with its canvas (for bookmarks).

    Example:
        >>> MarkedParagraph("Text", "body", "section:1", Recorder()).key
        'section:1'
    """

    def __init__(
        self,
        text: str,
        style: str,
        key: str,
        recorder: Recorder,
        on_draw: Callable[[Canvas], None] | None = None,
    ) -> None:
        super().__init__(text, STYLES[style])
        self.key, self.recorder, self.on_draw = key, recorder, on_draw

    def draw(self) -> None:
        """Draw the text and note where."""
        canvas: Canvas = self.canv
        self.recorder.note(self.key, canvas, (0, 0, self.width, self.height))
        if self.on_draw is not None:
            self.on_draw(canvas)
        super().draw()


class Prose(Paragraph):
    """Body text that notes which of its words stand on which page, also when it is split.

    Example:
        >>> Prose.by(Recorder(), "Text", "body").getPlainText()
        'Text'
    """

    recorder: Recorder

    @classmethod
    def by(cls, recorder: Recorder, text: str, style: str) -> Prose:
        """A paragraph that notes its words with `recorder`."""
        made = cls(text, STYLES[style])
        made.recorder = recorder
        return made

    def split(self, aW: float, aH: float) -> list[Flowable]:  # noqa: N803 - reportlab's names
        """The parts, which reportlab makes by calling the class as it would Paragraph."""
        parts: list[Flowable] = super().split(aW, aH)
        for part in parts:
            if isinstance(part, Prose):
                part.recorder = self.recorder
        return parts

    def draw(self) -> None:
        """Draw the text and note its words."""
        self.recorder.note_prose(self.canv, self.getPlainText())
        super().draw()


class MarkedTable(Table):
    """A table that notes the box of its grid.

    Example:
        >>> MarkedTable.mark("planets")
        'table:planets'
    """

    key = ""
    recorder: Recorder

    @staticmethod
    def mark(key: str) -> str:
        """The name under which a table's box is recorded."""
        return f"table:{key}"

    def wrap(self, aW: float, aH: float) -> tuple[float, float]:  # noqa: N803 - reportlab's names
        """The size of the grid, kept for the note."""
        self.size = super().wrap(aW, aH)
        return self.size

    def draw(self) -> None:
        """Draw the grid and note where."""
        self.recorder.note(self.mark(self.key), self.canv, (0, 0, *self.size))
        super().draw()


def furnish(canvas: Canvas, _document: BaseDocTemplate) -> None:
    """The running header (from page 2) and the footer with the page number."""
    page = canvas.getPageNumber()
    canvas.saveState()
    canvas.setStrokeColor(palette.RULE)
    canvas.setLineWidth(0.5)
    canvas.setFillColor(palette.SOFT)
    canvas.setFont(palette.SANS, 8)
    if page > 1:
        _header(canvas)
    canvas.setFillColor(palette.SOFT)
    canvas.line(MARGIN, 52, A4[0] - MARGIN, 52)
    canvas.drawCentredString(A4[0] / 2, 38, f"{page}")
    canvas.restoreState()


def _header(canvas: Canvas) -> None:
    y = A4[1] - 52
    canvas.line(MARGIN, y, A4[0] - MARGIN, y)
    canvas.drawString(MARGIN + 14, y + 6, TITLE)
    canvas.setFillColor(palette.SUN)
    canvas.circle(MARGIN + 4, y + 9, 4, stroke=0, fill=1)


Story = Callable[[Recorder, Mapping[str, int]], list[Flowable]]
"""Makes the flowables, given where to note places and the pages of sections, if known."""


def render(story: Story, pages: Mapping[str, int]) -> tuple[bytes, Recorder]:
    """Lay out the story once and return the PDF with what was recorded."""
    stream, recorder = BytesIO(), Recorder()
    document = BaseDocTemplate(
        stream,
        pagesize=A4,
        title=TITLE,
        author="The ragsight authors",
        subject="Planets, orbits, the Moon, small bodies and spaceflight",
        invariant=1,
        pageCompression=1,
    )
    body = Frame(MARGIN, BOTTOM, TEXT_WIDTH, A4[1] - TOP - BOTTOM, 0, 0, 0, 0, id="body")
    document.addPageTemplates([PageTemplate(id="page", frames=[body], onPage=furnish)])
    document.build(story(recorder, pages))
    recorder.pages = document.page
    return stream.getvalue(), recorder


def render_twice(story: Story) -> tuple[bytes, Recorder]:
    """Lay out once to learn the pages of sections and again to print them in the contents."""
    _, draft = render(story, {})
    pages = {key: mark.page for key, mark in draft.marks.items() if key.startswith("section:")}
    data, final = render(story, pages)
    moved = [key for key, page in pages.items() if final.marks[key].page != page]
    if moved:
        raise RuntimeError(f"sections moved between the two passes: {', '.join(moved)}")
    return data, final
