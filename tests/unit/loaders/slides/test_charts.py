from __future__ import annotations

import re
import zipfile
from datetime import date
from pathlib import Path
from xml.etree import ElementTree

import pytest
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE

from decks import (
    BLANK,
    OFFICE,
    add_chart,
    add_frame,
    add_part,
    add_slide,
    category_data,
    data_for,
    new_deck,
    rewritten,
    saved,
)
from ragsight import Chunk, SlideLoader
from ragsight.loaders.slides.chart_data import by_category, shown
from ragsight.loaders.slides.charts import read_chart

KINDS = [
    kind
    for kind in XL_CHART_TYPE
    if kind.name not in {"COMBO", "STOCK_HLC", "STOCK_OHLC", "STOCK_VHLC", "STOCK_VOHLC"}
    and not re.match(r"SURFACE|CONE|CYLINDER|PYRAMID|THREE_D|BAR_OF|PIE_OF|.*_3D|REGION", kind.name)
]
"""Those that python-pptx can write."""

CHART = "http://schemas.openxmlformats.org/drawingml/2006/chart"


def loaded(deck: object, tmp_path: Path, **settings: object) -> list[Chunk]:
    path = saved(deck, tmp_path / "deck.pptx")
    return SlideLoader(path, render="off", **settings).load()  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_data_of_every_kind_of_chart_are_in_the_text(kind: XL_CHART_TYPE, tmp_path: Path) -> None:
    deck = new_deck()
    try:
        add_chart(add_slide(deck, "Sales"), kind, data_for(kind), title="Parts sold")
    except NotImplementedError:
        pytest.skip("python-pptx doesn't write this kind")

    slide, figure = loaded(deck, tmp_path)

    assert (slide.kind, figure.kind) == ("slide", "figure")
    for text in (slide.text, figure.text):
        assert "Parts sold" in text
        if kind.name.startswith("XY_"):
            assert "| Flow | 1.8 | 3.2 |" in text
        elif kind.name.startswith("BUBBLE"):
            assert "| Stock | 0.7 | 2.7 | 10 |" in text
        elif kind.name.startswith("PIE"):
            assert "| Bolts | 4.3 |" in text
        else:
            assert "| Bolts | 4.3 | 2.4 |" in text
            assert "| Nuts | 2.5 |  |" in text
    assert figure.metadata["title"] == "Parts sold"
    assert figure.metadata["chart_type"]
    assert figure.metadata["page_id"] == slide.id


def test_most_kinds_are_tried() -> None:
    assert len(KINDS) > 25


@pytest.mark.parametrize("plot", ["surface3DChart", "stockChart", "ofPieChart", "futureChart"])
def test_plots_that_no_library_knows_are_read_by_their_series(plot: str, tmp_path: Path) -> None:
    deck = new_deck()
    add_chart(add_slide(deck), XL_CHART_TYPE.COLUMN_CLUSTERED, category_data())
    path = saved(deck, tmp_path / "deck.pptx")
    chart = next(name for name in _names(path) if name.startswith("ppt/charts/chart"))
    renamed = f"c:{plot}>".encode()
    rewritten(path, changed={chart: lambda data: data.replace(b"c:barChart>", renamed)})

    slide, figure = SlideLoader(path, render="off").load()

    assert "| Screws | 3.5 | 1.8 |" in slide.text
    assert figure.metadata["chart_type"].lower() in plot.lower()


def _names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        return archive.namelist()


def test_without_chart_data_titles_are_still_there(tmp_path: Path) -> None:
    deck = new_deck()
    add_chart(add_slide(deck), XL_CHART_TYPE.PIE, category_data(), title="Parts sold")

    slide, _ = loaded(deck, tmp_path, chart_data=False)

    assert "Parts sold" in slide.text
    assert "Bolts" not in slide.text


def test_axes_are_named_and_dates_and_percentages_written_as_people_do(tmp_path: Path) -> None:
    deck = new_deck()
    data = CategoryChartData(number_format="0%")
    data.categories = [date(2024, 1, 1), date(2024, 2, 1)]
    data.add_series("Share", (0.25, 0.305))
    chart = add_chart(add_slide(deck), XL_CHART_TYPE.LINE, data)
    chart.value_axis.has_title = True
    chart.value_axis.axis_title.text_frame.text = "Share of the market"

    slide, _ = loaded(deck, tmp_path)

    assert "Axes: Share of the market" in slide.text
    assert "| 2024-01-01 | 25% |" in slide.text
    assert "| 2024-02-01 | 30.5% |" in slide.text


def test_categories_in_levels_are_joined(tmp_path: Path) -> None:
    deck = new_deck()
    data = CategoryChartData()
    for year in ("2023", "2024"):
        category = data.add_category(year)
        for season in ("spring", "autumn"):
            category.add_sub_category(season)
    data.add_series("Visits", (1, 2, 3, 4))
    add_chart(add_slide(deck), XL_CHART_TYPE.COLUMN_CLUSTERED, data)

    slide, _ = loaded(deck, tmp_path)

    assert "| 2023 > autumn | 2 |" in slide.text
    assert "| 2024 > spring | 3 |" in slide.text


def test_words_set_by_hand_at_points_of_a_chart_are_kept(tmp_path: Path) -> None:
    deck = new_deck()
    chart = add_chart(add_slide(deck), XL_CHART_TYPE.PIE, category_data())
    label = chart.plots[0].series[0].points[0].data_label
    label.text_frame.text = "mostly in May"

    slide, _ = loaded(deck, tmp_path)

    assert "mostly in May" in slide.text


def test_long_data_are_cut_and_the_rest_is_counted(tmp_path: Path) -> None:
    deck = new_deck()
    data = CategoryChartData()
    data.categories = [f"day {number}" for number in range(500)]
    data.add_series("Visits", range(500))
    add_chart(add_slide(deck), XL_CHART_TYPE.LINE, data)

    slide, _ = loaded(deck, tmp_path)

    assert "day 199 |" in slide.text
    assert "day 200 |" not in slide.text
    assert "(300 more rows)" in slide.text


NEW_CHART = """
<cx:chartSpace xmlns:cx="http://schemas.microsoft.com/office/drawing/2014/chartex"
  xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><cx:chartData><cx:data id="0">
  <cx:strDim type="cat"><cx:lvl ptCount="3"><cx:pt idx="0">Start</cx:pt>
  <cx:pt idx="1">Refunds</cx:pt>
  <cx:pt idx="2">End</cx:pt></cx:lvl><cx:lvl ptCount="3"><cx:pt idx="0">Q1</cx:pt>
  <cx:pt idx="1">Q1</cx:pt><cx:pt idx="2">Q2</cx:pt></cx:lvl></cx:strDim>
  <cx:numDim type="val"><cx:lvl ptCount="3" formatCode="General"><cx:pt idx="0">100</cx:pt>
  <cx:pt idx="1">-20.5</cx:pt><cx:pt idx="2">79.5</cx:pt></cx:lvl></cx:numDim></cx:data>
  </cx:chartData><cx:chart><cx:title><cx:tx><cx:rich><a:p><a:r><a:t>Cash bridge</a:t></a:r></a:p>
  </cx:rich></cx:tx></cx:title><cx:plotArea><cx:plotAreaRegion>
  <cx:series layoutId="waterfall"><cx:tx><cx:txData><cx:v>Cash</cx:v></cx:txData></cx:tx>
  <cx:dataId val="0"/></cx:series></cx:plotAreaRegion></cx:plotArea></cx:chart></cx:chartSpace>
"""


def test_charts_of_newer_kinds_are_read_instead_of_their_stand_in(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "Cash", BLANK - 1)
    reference = add_part(
        slide,
        "/ppt/charts/chartEx1.xml",
        "http://schemas.microsoft.com/office/2014/relationships/chartEx",
        "application/vnd.ms-office.chartex+xml",
        NEW_CHART,
    )
    uri = "http://schemas.microsoft.com/office/drawing/2014/chartex"
    add_frame(slide, uri, f'<cx:chart xmlns:cx="{uri}" xmlns:r="{OFFICE}" r:id="{reference}"/>')

    chunk, figure = loaded(deck, tmp_path)

    assert "Chart (waterfall): Cash bridge" in chunk.text
    assert "| Q1 > Refunds | -20.5 |" in chunk.text
    assert figure.metadata["chart_type"] == "waterfall"


def test_a_chart_without_data_is_no_error() -> None:
    chart = read_chart(ElementTree.fromstring(f'<c:chartSpace xmlns:c="{CHART}"/>'))

    assert chart.to_text() == "Chart"
    assert by_category([], []) == ()


@pytest.mark.parametrize(
    ("value", "code", "expected"),
    [
        ("4.2999999999999998", "General", "4.3"),
        ("12", "0.00", "12"),
        ("-3", "0", "-3"),
        ("1e20", "0", "1e+20"),
        ("45292.5", "m/d/yyyy h:mm", "2024-01-01 12:00:00"),
        ("99999999", "yyyy", "99999999"),
        ("3", '0 "days"', "3"),
        ("n/a", "0", "n/a"),
        ("nan", "yyyy", "nan"),
        ("0.5", "0.0%", "50%"),
    ],
)
def test_numbers_are_written_as_people_write_them(value: str, code: str, expected: str) -> None:
    assert shown(value, code) == expected


def test_dates_of_old_macs_count_from_1904() -> None:
    assert shown("0", "yyyy-mm-dd", from_1904=True) == "1904-01-01"
