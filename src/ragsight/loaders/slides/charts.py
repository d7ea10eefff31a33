"""Charts of every kind (ECMA-376, part 1, 21.2): their data as it was last calculated.

Plot types aren't listed anywhere here: what the standard calls `...Chart` is one, and its series
are read alike, so that none is lost for being unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
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
from ragsight.loaders.slides.xml import A, C, is_on, number, text_of

_KINDS = {"ofPie": "pie", "stock": "stock", "surface": "surface"}


@dataclass(frozen=True, slots=True)
class _Series:
    """A series: its name, and its values in the order of their categories."""

    name: str
    categories: tuple[str, ...]
    values: tuple[str, ...]
    sizes: tuple[str, ...]
    is_xy: bool


Looked = Callable[[str], list[str]]
"""Gives the values that a reference into the chart's workbook stands for."""


def read_chart(root: Element, look: Looked = lambda _: []) -> ChartData:
    """What a chart shows.

    Args:
        root: The root of its part, `c:chartSpace`.
        look: Asked where the chart holds no values of its own, only references.
    """
    area = root.find(f"{C}chart/{C}plotArea")
    from_1904 = any(is_on(mark.get("val"), default=True) for mark in root.findall(f"{C}date1904"))
    plots = [] if area is None else [e for e in area if e.tag.endswith("Chart")]
    drawn = [found for plot in plots for found in plot.findall(f"{C}ser")]
    series = [_series(found, from_1904, look) for found in drawn[:MOST_SERIES]]
    kinds = dict.fromkeys(_kind(plot) for plot in plots)
    title = _title(root.find(f"{C}chart"))
    axes = tuple(filter(None, map(_title, () if area is None else area)))
    known = {title, *axes}
    labels = dict.fromkeys(
        text for found in root.iter(f"{A}p") if (text := one_line(_wrapped(found)))
    )
    return ChartData(
        kind="+".join(kinds),
        title=title if title else _implied_title(root, series),
        axes=axes,
        tables=tuple(_tables(series, axes)),
        labels=tuple(label for label in labels if not any(label in words for words in known)),
    )


def _wrapped(paragraph: Element) -> Element:
    body = Element("body")
    body.append(paragraph)
    return body


def _kind(plot: Element) -> str:
    name = plot.tag.rpartition("}")[2].removesuffix("Chart").removesuffix("3D")
    direction = plot.find(f"{C}barDir")
    if name == "bar":
        # What XML calls `bar` is a column chart to everyone unless it lies on its side.
        return "bar" if direction is not None and direction.get("val") == "bar" else "column"
    return _KINDS.get(name, name)


def _title(element: Element | None) -> str:
    title = None if element is None else element.find(f"{C}title")
    if title is None:
        return ""
    return one_line(title) or " ".join(_cached(title.find(f"{C}tx")).split())


def _cached(element: Element | None) -> str:
    return "" if element is None else " ".join(text_of(element, f"{C}v"))


def _implied_title(root: Element, series: list[_Series]) -> str:
    """A chart with one series is headed by its name, unless that was taken away."""
    deleted = root.find(f"{C}chart/{C}autoTitleDeleted")
    is_deleted = deleted is not None and is_on(deleted.get("val"), default=True)
    return series[0].name if len(series) == 1 and not is_deleted else ""


def _series(element: Element, from_1904: bool, look: Looked) -> _Series:
    is_xy = element.find(f"{C}xVal") is not None or element.find(f"{C}yVal") is not None
    x, y = ("xVal", "yVal") if is_xy else ("cat", "val")
    return _Series(
        name=_name(element.find(f"{C}tx"), look),
        categories=_points(element.find(C + x), from_1904, look),
        values=_points(element.find(C + y), from_1904, look),
        sizes=_points(element.find(f"{C}bubbleSize"), from_1904, look),
        is_xy=is_xy,
    )


def _name(element: Element | None, look: Looked) -> str:
    cached = " ".join(_cached(element).split())
    return cached if cached or element is None else " ".join(_referred(element, look))


def _referred(element: Element, look: Looked) -> tuple[str, ...]:
    formula = next((found.text for found in element.iter(f"{C}f") if found.text), "")
    return tuple(look(formula)[:MOST_POINTS]) if formula else ()


def _points(element: Element | None, from_1904: bool, look: Looked) -> tuple[str, ...]:
    if element is None:
        return ()
    if next(element.iter(f"{C}pt"), None) is None:
        return _referred(element, look)
    levels = element.findall(f".//{C}lvl")[:MOST_LEVELS]
    if levels:
        return _joined([_values(level, False) for level in levels])
    return _spread(_values(element, from_1904))


def _values(element: Element, from_1904: bool) -> dict[int, str]:
    code = next((found.text or "" for found in element.iter(f"{C}formatCode")), "")
    values = {}
    for point in element.iter(f"{C}pt"):
        text = point.findtext(f"{C}v")
        place = number(point.get("idx"), -1)
        if text is not None and 0 <= place < MOST_POINTS:
            own = point.get("formatCode", code)
            values[place] = shown(text, own, from_1904=from_1904)
    return values


def _spread(values: dict[int, str]) -> tuple[str, ...]:
    return tuple(values.get(index, "") for index in range(max(values, default=-1) + 1))


def _joined(levels: list[dict[int, str]]) -> tuple[str, ...]:
    """Categories in several levels, as `2024 > Spring`; an outer one is written where it starts."""
    last = max((index for level in levels for index in level), default=-1)
    outer: list[str] = [""] * len(levels)
    joined = []
    for index in range(last + 1):
        for depth, level in enumerate(levels):
            outer[depth] = level.get(index, outer[depth] if depth else "")
        joined.append(" > ".join(filter(None, reversed(outer))))
    return tuple(joined)


def _tables(series: list[_Series], axes: tuple[str, ...]) -> Iterator[Rows]:
    """Series over the same categories share a table."""
    groups: dict[tuple[str, ...], list[_Series]] = {}
    for one in series:
        if one.is_xy:
            yield _xy_table(one, axes)
        else:
            groups.setdefault(one.categories, []).append(one)
    for categories, members in groups.items():
        yield by_category(categories, [(member.name, member.values) for member in members])


def _xy_table(series: _Series, axes: tuple[str, ...]) -> Rows:
    names = (*axes, "X", "Y")[:2] if len(axes) == 2 else ("X", "Y")
    columns = [(names[0], series.categories), (names[1], series.values)]
    columns += [("Size", series.sizes)] if series.sizes else []
    count = max(len(values) for _, values in columns)
    if count == 0:
        return ()
    head = ("Series", *(name for name, _ in columns))
    return (
        head,
        *(
            (series.name, *(v[index] if index < len(v) else "" for _, v in columns))
            for index in range(count)
        ),
    )
