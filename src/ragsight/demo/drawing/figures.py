"""Every figure kind, and the function that draws one."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from PIL import Image

from ragsight.demo.drawing import charts, diagrams, sky
from ragsight.demo.drawing.plot import TOPICS, Paper
from ragsight.demo.drawing.products import require

if TYPE_CHECKING:
    from collections.abc import Callable

_ARTISTS: dict[str, Callable[[Paper], None]] = {
    "bar chart": charts.bar_chart,
    "line chart": charts.line_chart,
    "pie chart": charts.pie_chart,
    "scatter plot": charts.scatter_plot,
    "flow diagram": diagrams.flow_diagram,
    "table": diagrams.table,
    "text page": diagrams.text_page,
    "planet": sky.planet,
    "moon phases": sky.moon_phases,
    "orbits": sky.orbits,
}
_ON_SLIDES = frozenset({"bar chart", "line chart", "pie chart", "scatter plot", "flow diagram"})
_SLIDE_SHARE = 0.15

FIGURE_KINDS: tuple[str, ...] = tuple(_ARTISTS)


def draw_figure(kind: str, *, seed: int, size: tuple[int, int] = (500, 300)) -> Image.Image:
    """Draw a chart, a diagram or a picture from a report; same arguments, same pixels.

    Args:
        kind: One of `FIGURE_KINDS`.
        seed: Varies the data, the style, the colours and the layout.
        size: Width and height in pixels.

    Returns:
        An RGB picture. One chart in seven stands on a slide with a heading.

    Raises:
        ConfigurationError: If the kind isn't one of the known ones.
    """
    require(kind, FIGURE_KINDS, "figure")
    rng = Random(f"figure/{kind}/{seed}")
    if kind in _ON_SLIDES and rng.random() < _SLIDE_SHARE:
        return _slide(kind, rng, size)
    paper = Paper(rng, size)
    _ARTISTS[kind](paper)
    return paper.finish()


def _slide(kind: str, rng: Random, size: tuple[int, int]) -> Image.Image:
    """A figure under a heading, filling most of a page."""
    slide = Paper(rng, size)
    slide.text((slide.width / 2, slide.height * 0.09), rng.choice(TOPICS), scale=1.9)
    width, height = round(size[0] * rng.uniform(0.72, 0.92)), round(size[1] * 0.76)
    inset = Paper(rng, (width, height))
    _ARTISTS[kind](inset)
    page = slide.finish()
    page.paste(inset.finish(), ((size[0] - width) // 2, round(size[1] * 0.2)))
    return page
