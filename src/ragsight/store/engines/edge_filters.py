"""Qdrant's filters (pydantic models) as qdrant-edge's own classes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any

import qdrant_edge as edge
from qdrant_client import models

from ragsight.errors import QueryError
from ragsight.store.payloads import flag
from ragsight.store.schema import FLAGS_KEY


def edge_filter(filter: models.Filter | None) -> edge.Filter | None:
    """Convert a filter.

    Raises:
        QueryError: If it uses a condition that the embedded engine adapter doesn't know.
    """
    if filter is None:
        return None
    minimum = filter.min_should
    return edge.Filter(
        must=_conditions(filter.must),
        should=_conditions(filter.should),
        must_not=_conditions(filter.must_not),
        min_should=None
        if minimum is None
        else edge.MinShould(_conditions(minimum.conditions) or [], minimum.min_count),
    )


def _conditions(conditions: Any) -> list[Any] | None:
    if conditions is None:
        return None
    items = conditions if isinstance(conditions, Sequence) else [conditions]
    return [_condition(item) for item in items]


def _condition(condition: Any) -> Any:
    try:
        for kind, convert in _CONVERTERS.items():
            if isinstance(condition, kind):
                return convert(condition)
    except (TypeError, ValueError, OverflowError) as error:
        raise QueryError(
            f"The embedded engine can't use {condition!r} in filters ({error}). Check its key and "
            "its values: whole numbers have 64 bits, and latitudes lie between -90 and 90."
        ) from error
    raise _unknown(condition)


def _field(condition: models.FieldCondition) -> edge.FieldCondition:
    match = condition.match
    if isinstance(match, models.MatchValue) and isinstance(match.value, bool):
        word = flag(condition.key, match.value)
        return edge.FieldCondition(FLAGS_KEY, match=edge.MatchValue(word))
    return edge.FieldCondition(
        condition.key,
        match=None if match is None else _match(match),
        range=None if condition.range is None else _range(condition.range),
        geo_bounding_box=_box(condition.geo_bounding_box),
        geo_radius=_radius(condition.geo_radius),
        geo_polygon=_polygon(condition.geo_polygon),
        values_count=_count(condition.values_count),
        is_empty=condition.is_empty,
        is_null=condition.is_null,
    )


def _match(match: Any) -> Any:
    match match:
        case models.MatchValue():
            return edge.MatchValue(match.value)
        case models.MatchAny():
            return edge.MatchAny(_values(match.any))
        case models.MatchExcept():
            return edge.MatchExcept(_values(match.except_))
        case models.MatchTextAny():
            return edge.MatchTextAny(match.text_any)
        case models.MatchText():
            return edge.MatchText(match.text)
        case models.MatchPhrase():
            return edge.MatchPhrase(match.phrase)
    raise _unknown(match)


def _range(range_: models.Range | models.DatetimeRange) -> edge.RangeFloat | edge.RangeDateTime:
    bounds = {name: getattr(range_, name) for name in ("lt", "lte", "gt", "gte")}
    if isinstance(range_, models.Range):
        if not all(math.isfinite(value) for value in bounds.values() if value is not None):
            raise ValueError("bounds of a range must be finite")
        return edge.RangeFloat(**bounds)
    return edge.RangeDateTime(**{name: _iso(value) for name, value in bounds.items()})


def _iso(value: datetime | date | None) -> str | None:
    return None if value is None else value.isoformat()


def _box(box: models.GeoBoundingBox | None) -> edge.GeoBoundingBox | None:
    if box is None:
        return None
    return edge.GeoBoundingBox(_place(box.top_left), _place(box.bottom_right))


def _radius(circle: models.GeoRadius | None) -> edge.GeoRadius | None:
    return None if circle is None else edge.GeoRadius(_place(circle.center), circle.radius)


def _polygon(polygon: models.GeoPolygon | None) -> edge.GeoPolygon | None:
    if polygon is None:
        return None
    holes = polygon.interiors if polygon.interiors is not None else []
    return edge.GeoPolygon(_line(polygon.exterior), [_line(hole) for hole in holes])


def _line(line: models.GeoLineString) -> list[edge.GeoPoint]:
    return [_place(point) for point in line.points]


def _place(point: models.GeoPoint) -> edge.GeoPoint:
    return edge.GeoPoint(point.lon, point.lat)


def _count(count: models.ValuesCount | None) -> edge.ValuesCount | None:
    return None if count is None else edge.ValuesCount(**count.model_dump())


def _unknown(part: Any) -> QueryError:
    return QueryError(
        f"The embedded engine has no {type(part).__name__} like {part!r} in filters. "
        "Use match, range, geo, count, empty, null, id or nested conditions, or a Qdrant server."
    )


def _values(values: Any) -> Any:
    return list(values)


_CONVERTERS: dict[type, Callable[[Any], Any]] = {
    models.Filter: edge_filter,
    models.FieldCondition: _field,
    models.IsEmptyCondition: lambda c: edge.IsEmptyCondition(c.is_empty.key),
    models.IsNullCondition: lambda c: edge.IsNullCondition(c.is_null.key),
    models.HasIdCondition: lambda c: edge.HasIdCondition(set(c.has_id)),
    models.HasVectorCondition: lambda c: edge.HasVectorCondition(c.has_vector),
    models.NestedCondition: lambda c: edge.NestedCondition(
        c.nested.key, edge_filter(c.nested.filter) or edge.Filter()
    ),
}
