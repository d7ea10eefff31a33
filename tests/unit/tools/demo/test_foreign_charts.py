"""The model meets charts of another tool, in vectors, as PDF documents hold them."""

from __future__ import annotations

from random import Random

import pymupdf
import pytest
from PIL import Image
from reportlab.graphics import renderPDF
from reportlab.graphics.charts.barcharts import HorizontalBarChart, VerticalBarChart
from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.charts.lineplots import ScatterPlot
from reportlab.graphics.charts.piecharts import Pie
from reportlab.graphics.shapes import Drawing, Line, Rect, String
from reportlab.graphics.widgets.markers import makeMarker
from reportlab.lib import colors
from tools.demo.training.measure import Scorer

from ragsight.demo import demo_model_path

WIDTH, HEIGHT = 500, 300
INKS = (colors.steelblue, colors.orange, colors.seagreen, colors.firebrick, colors.purple)


def bar_chart(drawing: Drawing, rng: Random) -> None:
    chart = rng.choice((VerticalBarChart, HorizontalBarChart))()
    chart.data = [[rng.uniform(5, 100) for _ in range(6)] for _ in range(rng.choice((1, 2)))]
    chart.categoryAxis.categoryNames = [f"Q{i}" for i in range(6)]
    for i in range(len(chart.data)):
        chart.bars[i].fillColor = INKS[i]
    add(drawing, chart)


def line_chart(drawing: Drawing, rng: Random) -> None:
    chart = HorizontalLineChart()
    chart.data = [[20 + i * 5 + rng.uniform(-9, 9) for i in range(11)]]
    chart.categoryAxis.categoryNames = [str(2010 + i) for i in range(11)]
    chart.lines[0].strokeColor = rng.choice(INKS)
    chart.lines[0].strokeWidth = 2
    chart.valueAxis.visibleGrid = rng.random() < 0.5
    add(drawing, chart)


def pie_chart(drawing: Drawing, rng: Random) -> None:
    chart = Pie()
    chart.x, chart.y, chart.width, chart.height = 160, 40, 180, 180
    chart.data = [rng.uniform(5, 50) for _ in range(5)]
    for i in range(5):
        chart.slices[i].fillColor = INKS[i]
    drawing.add(chart)


def scatter_plot(drawing: Drawing, rng: Random) -> None:
    chart = ScatterPlot()
    chart.data = [[(rng.uniform(0, 10), rng.uniform(0, 10)) for _ in range(30)]]
    chart.lineLabelFormat = None
    chart.xLabel = chart.yLabel = ""
    chart.lines[0].symbol = makeMarker("FilledCircle")
    chart.lines[0].symbol.fillColor = rng.choice(INKS)
    add(drawing, chart)


def flow_diagram(drawing: Drawing, rng: Random) -> None:
    for i, word in enumerate(("Load", "Embed", "Store", "Search")):
        x = 20 + i * 120
        tint = rng.choice((colors.lightblue, colors.white, colors.beige))
        drawing.add(Rect(x, 120, 85, 50, fillColor=tint, strokeColor=colors.black))
        drawing.add(String(x + 42, 142, word, textAnchor="middle", fontSize=12))
        if i < 3:
            drawing.add(Line(x + 85, 145, x + 120, 145, strokeWidth=1.5))


KINDS = {
    "bar chart": bar_chart,
    "line chart": line_chart,
    "pie chart": pie_chart,
    "scatter plot": scatter_plot,
    "flow diagram": flow_diagram,
}


def add(drawing: Drawing, chart: object) -> None:
    chart.x, chart.y, chart.width, chart.height = 50, 40, WIDTH - 120, HEIGHT - 90
    drawing.add(chart)


def picture(kind: str, rng: Random) -> Image.Image:
    drawing = Drawing(WIDTH, HEIGHT)
    drawing.add(String(WIDTH / 2, HEIGHT - 16, "Quarterly figures", textAnchor="middle"))
    KINDS[kind](drawing, rng)
    with pymupdf.open("pdf", renderPDF.drawToString(drawing)) as document:
        page = document[0].get_pixmap(dpi=100)
    return Image.frombytes("RGB", (page.width, page.height), page.samples)


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(demo_model_path())


def test_charts_drawn_by_another_tool_are_mostly_told_apart(scorer: Scorer) -> None:
    rng, each = Random(5), 6
    images = scorer.images([picture(kind, rng) for kind in KINDS for _ in range(each)])
    texts = scorer.texts([f"a {kind} of revenue by region" for kind in KINDS])
    guesses = (images @ texts.T).argmax(1).tolist()
    right = sum(guess == i // each for i, guess in enumerate(guesses))
    assert right >= 0.75 * len(guesses)
