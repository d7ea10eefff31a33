"""Qdrant's filters (pydantic models) as qdrant-edge's own classes."""

from __future__ import annotations

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
    for kind, convert in _CONVERTERS.items():
        if isinstance(condition, kind):
            return convert(condition)
    raise _unknown(condition)


def _field(condition: models.FieldCondition) -> edge.FieldCondition:
    geo = (condition.geo_bounding_box, condition.geo_radius, condition.geo_polygon)
    if any(part is not None for part in (*geo, condition.values_count)):
        raise _unknown(condition)
    match = condition.match
    if isinstance(match, models.MatchValue) and isinstance(match.value, bool):
        word = flag(condition.key, match.value)
        return edge.FieldCondition(FLAGS_KEY, match=edge.MatchValue(word))
    return edge.FieldCondition(
        condition.key,
        match=None if match is None else _match(match),
        range=None if condition.range is None else _range(condition.range),
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
        case models.MatchText():
            return edge.MatchText(match.text)
        case models.MatchPhrase():
            return edge.MatchPhrase(match.phrase)
    raise _unknown(match)


def _range(range_: models.Range | models.DatetimeRange) -> edge.RangeFloat | edge.RangeDateTime:
    bounds = {name: getattr(range_, name) for name in ("lt", "lte", "gt", "gte")}
    if isinstance(range_, models.Range):
        return edge.RangeFloat(**bounds)
    return edge.RangeDateTime(**{name: _iso(value) for name, value in bounds.items()})


def _iso(value: datetime | date | None) -> str | None:
    return None if value is None else value.isoformat()


def _unknown(part: Any) -> QueryError:
    return QueryError(
        f"The embedded engine has no {type(part).__name__} like {part!r} in filters. "
        "Use match, range, empty, null, id or nested conditions, or a Qdrant server."
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
