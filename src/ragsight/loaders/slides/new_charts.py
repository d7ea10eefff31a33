"""Charts of the kinds that came with Office 2016: waterfall, treemap, funnel, histogram, maps.

Their XML is described in [MS-ODRAWXML], 2.24.3. No other reader at hand knows them.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

from ragsight.loaders.slides.chart_data import (
    MOST_LEVELS,
    MOST_POINTS,
    MOST_SERIES,
    ChartData,
    Rows,
    by_category,
    shown,
)
from ragsight.loaders.slides.words import one_line
from ragsight.loaders.slides.xml import CX, number

_MOST_DIMENSIONS = 4
_KINDS = {"clusteredColumn": "histogram", "paretoLine": "pareto", "boxWhisker": "box plot"}


def read_new_chart(root: Element) -> ChartData:
    """What a chart shows.

    Args:
        root: The root of its part, `cx:chartSpace`.
    """
    data = {found.get("id", ""): found for found in root.iter(f"{CX}data")}
    all_series = list(root.iter(f"{CX}series"))[:MOST_SERIES]
    kinds = dict.fromkeys(_kind(series) for series in all_series)
    tables = [rows for series in all_series if (rows := _table(series, data))]
    chart = root.find(f"{CX}chart")
    axes = [title for axis in root.iter(f"{CX}axis") if (title := _title(axis))]
    return ChartData(
        kind="+".join(filter(None, kinds)),
        title="" if chart is None else _title(chart),
        axes=tuple(axes),
        tables=tuple(dict.fromkeys(tables)),
    )


def _kind(series: Element) -> str:
    name = series.get("layoutId", "")
    return _KINDS.get(name, name)


def _title(element: Element) -> str:
    title = element.find(f"{CX}title")
    if title is None:
        return ""
    return one_line(title) or " ".join((title.findtext(f".//{CX}v") or "").split())


def _table(series: Element, data: dict[str, Element]) -> Rows:
    reference = series.find(f"{CX}dataId")
    found = data.get("" if reference is None else reference.get("val", ""))
    if found is None:
        return ()
    name = " ".join((series.findtext(f"{CX}tx/{CX}txData/{CX}v") or "").split())
    categories = [_levels(dim) for dim in found.findall(f"{CX}strDim")]
    numbers = found.findall(f"{CX}numDim")[:_MOST_DIMENSIONS]
    values = [(_dimension(dim, name), _levels(dim)) for dim in numbers]
    return by_category(categories[0] if categories else (), values)


def _dimension(dim: Element, name: str) -> str:
    return name if name else dim.get("type", "")


def _levels(dim: Element) -> tuple[str, ...]:
    """The points of a dimension; those in several levels as `Europe > France`."""
    levels = [_points(level) for level in dim.findall(f"{CX}lvl")[:MOST_LEVELS]]
    last = max((index for level in levels for index in level), default=-1)
    return tuple(
        " > ".join(level[index] for level in reversed(levels) if level.get(index))
        for index in range(last + 1)
    )


def _points(level: Element) -> dict[int, str]:
    code = level.get("formatCode", "")
    return {
        place: shown(point.text or "", code)
        for point in level.findall(f"{CX}pt")
        if 0 <= (place := number(point.get("idx"), -1)) < MOST_POINTS
    }
