"""Figures that hold bitmaps, plain or with vector axes and pointers drawn over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from io import BytesIO

from PIL import Image
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import white

from tools.demo.handbook import palette
from tools.demo.handbook.axes import Axis, Plot
from tools.demo.handbook.bitmaps import (
    BIG_CRATER,
    HEAT_MAXIMUM,
    YOUNG_CRATER,
    crater_field,
    heat_scale,
    insolation_map,
    mars_globe,
    moon_phases,
)
from tools.demo.handbook.charts import MONTH_STARTS
from tools.demo.handbook.shapes import (
    LEFT,
    Pen,
    Point,
    Type,
    arrow,
    halo,
    label,
    line,
    ring,
)


@dataclass(frozen=True)
class Placed:
    """Encoded image bytes at a place on a figure: lower left corner and size in points.

    Example:
        >>> Placed(b"...", (0, 0), (10, 10)).size
        (10, 10)
    """

    data: bytes
    corner: Point
    size: Point


@dataclass(frozen=True)
class Art:
    """A figure: bitmaps first, then the vector drawing on top of them.

    Example:
        >>> Art(Drawing(10, 10)).bitmaps
        ()
    """

    drawing: Drawing
    bitmaps: tuple[Placed, ...] = field(default=())


def _encoded(image: Image.Image, form: str) -> bytes:
    """JPEG for grainy pictures, where Flate is several times larger; PNG where alpha counts."""
    stream = BytesIO()
    image.save(stream, form, quality=90)
    return stream.getvalue()


def phases_picture() -> Art:
    """The eight phases as one bitmap, with their names inside it."""
    image = moon_phases()
    width = 452.0
    size = (width, width * image.height / image.width)
    return Art(Drawing(*size), (Placed(_encoded(image, "JPEG"), (0, 0), size),))


def mars_picture() -> Art:
    """A globe with a soft mask, so that its corners are transparent."""
    return Art(Drawing(168, 168), (Placed(_encoded(mars_globe(), "PNG"), (0, 0), (168, 168)),))


def crater_picture() -> Art:
    """The crater field with vector pointers on it."""
    image = crater_field()
    width, scale = 222.0, 222.0 / image.width
    size = (width, image.height * scale)
    art = Drawing(*size)
    big = (BIG_CRATER.x * scale, size[1] - BIG_CRATER.y * scale)
    young = (YOUNG_CRATER.x * scale, size[1] - YOUNG_CRATER.y * scale)
    outline = Pen(white, 0.9, (3, 2))
    ring(art, big, (BIG_CRATER.radius * scale,) * 2, outline)
    bright = Type(size=7.5, font=palette.SANS_BOLD)
    halo(art, (big[0], 12), "central peak", bright)
    arrow(art, (big[0], 23), (big[0], big[1] - 4), Pen(white, 1.0), 5)
    halo(art, (young[0], 24), "young crater with rays", bright)
    arrow(art, (young[0], 35), (young[0], young[1] - 17), Pen(white, 1.0), 5)
    return Art(art, (Placed(_encoded(image, "JPEG"), (0, 0), size),))


def insolation_picture() -> Art:
    """The insolation map as a bitmap under vector axes, with solstice lines and a scale."""
    art = Drawing(226, 168)
    months = list(zip([start + 15 for start in MONTH_STARTS], "JFMAMJJASOND", strict=True))
    names = ((-90, "90\N{DEGREE SIGN} S"), (-45, ""), (0, "0\N{DEGREE SIGN}"), (45, ""))
    latitudes = Axis(-90, 90, (*names, (90, "90\N{DEGREE SIGN} N")))
    plot = Plot((28, 16), (156, 132), Axis(1, 366, months), latitudes)
    plot.draw(art)
    _mark_solstices(art, plot)
    _mark_scale(art)
    return Art(
        art,
        (
            Placed(_encoded(insolation_map(), "PNG"), plot.corner, plot.size),
            Placed(_encoded(heat_scale(), "PNG"), (194, 16), (8, 132)),
        ),
    )


def _mark_solstices(art: Drawing, plot: Plot) -> None:
    light = Type(size=7, colour=white, font=palette.SANS_ITALIC)
    for day, foot, name in ((172, -68, "21 June"), (355, -90, "21 Dec")):
        line(art, plot.at(day, foot), plot.at(day, 90), Pen(white, 0.6, (2, 2)))
        label(art, (plot.at(day, 0)[0], 151), name, Type(size=7))
    label(art, plot.at(172, -80), "polar night", light)


def _mark_scale(art: Drawing) -> None:
    for watts in (0, 200, 400):
        label(art, (204, 16 + 132 * watts / HEAT_MAXIMUM - 2), str(watts), LEFT)
    label(art, (206, 151), "W/m\N{SUPERSCRIPT TWO}", Type(size=7))
