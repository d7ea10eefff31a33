"""Filters as plain dictionaries, turned into Qdrant's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from ragsight.characters import encodable
from ragsight.errors import MetadataError, QueryError
from ragsight.lazy import LazyModule
from ragsight.metadata import WHOLE_LIMIT, json_value
from ragsight.store.numbers import EXACT_WHOLES, nearest
from ragsight.store.paths import quoted_path
from ragsight.store.ranges import range_condition
from ragsight.store.schema import METADATA_KEY, OWN_KEY, RECORD_KIND

if TYPE_CHECKING:
    from qdrant_client import models

    FilterLike: TypeAlias = Mapping[str, Any] | models.Filter | None
else:
    models = LazyModule("qdrant_client.models")
    # Frameworks evaluate it for fields of their classes, which must not import the client.
    FilterLike: TypeAlias = Any
"""A dictionary such as `{"price": {"lt": 50}, "category": ["shoes", "boots"]}`, or Qdrant's own."""

CHUNK_KEYS = {
    "id": f"{OWN_KEY}.id",
    "kind": f"{OWN_KEY}.kind",
    "page": f"{OWN_KEY}.source.page",
    "source": f"{OWN_KEY}.source.uri",
    "section": f"{OWN_KEY}.source.section",
}
"""Names that mean the chunk itself; `metadata.page` reaches a metadata key of the same name."""


@dataclass(frozen=True, slots=True)
class FieldNames:
    """How keys of a filter are found in a payload.

    Attributes:
        prefix: What stands before a metadata key.
        chunk: Keys that mean the chunk itself.
    """

    prefix: str = f"{METADATA_KEY}."
    chunk: Mapping[str, str] = field(default_factory=lambda: CHUNK_KEYS)

    def path(self, key: str) -> str:
        """Where a filter's key is in the payload."""
        key = encodable(key)
        if key in self.chunk:
            return self.chunk[key]
        known = (f"{METADATA_KEY}.", f"{OWN_KEY}.")
        return quoted_path(key if key.startswith(known) else f"{self.prefix}{key}")


OWN_FIELDS = FieldNames()

_ENGINE_WHOLES = 2**64
"""No engine keeps whole numbers from this on; what is as large is a float."""

_RANGE = frozenset({"lt", "lte", "gt", "gte"})


def parse_filter(filter: FilterLike, *, fields: FieldNames = OWN_FIELDS) -> models.Filter | None:
    """Translate a filter.

    Keys are metadata keys (dots reach into nested values), or `id`, `kind`, `page`, `source`,
    `section` of the chunk. A value is what must be equal, a list of which one must be, or a
    dictionary of `lt`, `lte`, `gt`, `gte`, `eq`, `ne`, `in`, `not_in`, `exists`. The keys `and`,
    `or` (lists of filters) and `not` (a filter) combine. All keys of a dictionary must hold.

    Values are compared as they stand in the index: dates as ISO 8601, UUIDs and paths as text,
    numpy's scalars as numbers. Floats that differ in their 16th digit or later count as equal.

    Args:
        filter: The filter, or None for none.
        fields: Where keys are found in payloads that others wrote.

    Returns:
        Qdrant's filter; None if there is nothing to hold.

    Raises:
        QueryError: If an operator or value makes no sense; the message names it.

    Example:
        >>> parse_filter({"price": {"lt": 50}}).must[0].key
        'metadata.price'
    """
    if filter is None or isinstance(filter, models.Filter):
        return filter
    if not isinstance(filter, Mapping):
        raise QueryError(f"A filter is a dictionary or a Qdrant filter, not {filter!r}.")
    try:
        conditions = [_condition(key, value, fields) for key, value in filter.items()]
    except RecursionError:
        raise QueryError("The filter has too many others inside it. Flatten it.") from None
    return models.Filter(must=conditions) if conditions else None


def without_records(filter: models.Filter | None) -> models.Filter:
    """Leave out the points that only record which chunks a source has."""
    is_record = models.FieldCondition(
        key=CHUNK_KEYS["kind"], match=models.MatchValue(value=RECORD_KIND)
    )
    return models.Filter(must=None if filter is None else [filter], must_not=[is_record])


def _condition(key: str, value: Any, fields: FieldNames) -> models.Condition:
    if not isinstance(key, str):
        raise QueryError(f"The keys of a filter are texts, not {key!r}.")
    if "\\" in key:
        raise QueryError(f"The filter key {key!r} has a backslash, by which Qdrant finds nothing.")
    if key in {"and", "or"}:
        return _combination(key, value, fields)
    if key == "not":
        return models.Filter(must_not=[_nested(value, fields)])
    path = fields.path(key)
    if isinstance(value, Mapping):
        return _operators(path, key, value)
    return _one_of(path, key, value) if _is_several(value) else _equal(path, key, value)


def _combination(key: str, value: Any, fields: FieldNames) -> models.Filter:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise QueryError(f"The filter key {key!r} takes a list of filters, not {value!r}.")
    parts: list[models.Condition] = [_nested(part, fields) for part in value]
    return models.Filter(must=parts) if key == "and" else models.Filter(should=parts)


def _nested(value: Any, fields: FieldNames) -> models.Filter:
    parsed = parse_filter(value, fields=fields)
    if parsed is None:
        raise QueryError("A filter inside 'and', 'or' or 'not' is empty.")
    return parsed


def _operators(field: str, key: str, operators: Mapping[str, Any]) -> models.Condition:
    ranges = {name: value for name, value in operators.items() if name in _RANGE}
    conditions = [_range(field, key, ranges)] if ranges else []
    for name, value in operators.items():
        if name in _RANGE:
            continue
        if name not in _OPERATORS:
            known = ", ".join(sorted([*_RANGE, *_OPERATORS]))
            raise QueryError(f"The filter on {key!r} has no operator {name!r}; there are: {known}.")
        conditions.append(_OPERATORS[name](field, key, value))
    if not conditions:
        raise QueryError(f"The filter on {key!r} is empty.")
    return conditions[0] if len(conditions) == 1 else models.Filter(must=conditions)


def _range(field: str, key: str, bounds: Mapping[str, Any]) -> models.Condition:
    values = {name: _stored(key, value) for name, value in bounds.items()}
    for value in values.values():
        _check_whole(key, value)
    if all(_is_number(value) for value in values.values()):
        return range_condition(field, values)
    try:
        if not all(isinstance(value, str) for value in values.values()):
            raise ValueError
        return models.FieldCondition(key=field, range=models.DatetimeRange(**values))
    except ValueError as error:
        raise QueryError(
            f"The filter on {key!r} compares with {list(bounds.values())!r}: give numbers or dates."
        ) from error


def _stored(key: str, value: Any) -> Any:
    """A value as it stands in the index, where it was made what JSON can say."""
    try:
        return json_value(value, name=f"the value for {key!r}")
    except MetadataError as error:
        raise QueryError(f"The filter can't be used: {error}") from error


def _check_whole(key: str, value: Any) -> None:
    if isinstance(value, int) and value >= WHOLE_LIMIT:
        raise QueryError(
            f"The filter on {key!r} compares with {value}: engines compare whole numbers "
            "below 2**63 only. Keep such numbers as text to ask for them."
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_several(value: object) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim > 0
    several = isinstance(value, Sequence | Set)
    return several and not isinstance(value, str | bytes | bytearray | memoryview)


def _equal(field: str, key: str, value: Any) -> models.Condition:
    value = _stored(key, value)
    _check_whole(key, value)
    if value is None:
        return models.IsEmptyCondition(is_empty=models.PayloadField(key=field))
    if _is_number(value) and not EXACT_WHOLES <= abs(value) < _ENGINE_WHOLES:
        # Qdrant matches no floats exactly, and 20 should find 20.0: a range of one point does.
        least, greatest = nearest(value) if isinstance(value, float) else (value, value)
        return models.FieldCondition(key=field, range=models.Range(gte=least, lte=greatest))
    if isinstance(value, bool | int | str):
        return models.FieldCondition(key=field, match=models.MatchValue(value=value))
    raise QueryError(
        f"The filter on {key!r} can't compare with {value!r}: give a text, a whole number, a float "
        "below 2**53 or a boolean."
    )


def _one_of(field: str, key: str, values: Any) -> models.Condition:
    if not _is_several(values):
        raise QueryError(f"The filter on {key!r} takes a list here, not {values!r}.")
    # An empty list is allowed and matches nothing, as in SQL.
    stored = [_stored(key, value) for value in values]
    if all(isinstance(value, str) for value in stored):
        return models.FieldCondition(key=field, match=models.MatchAny(any=stored))
    return models.Filter(should=[_equal(field, key, value) for value in stored])


def _not_equal(field: str, key: str, value: Any) -> models.Condition:
    return models.Filter(must_not=[_equal(field, key, value)])


def _none_of(field: str, key: str, values: Any) -> models.Condition:
    return models.Filter(must_not=[_one_of(field, key, values)])


def _exists(field: str, key: str, value: Any) -> models.Condition:
    if not isinstance(value, bool):
        raise QueryError(f"'exists' in the filter on {key!r} is true or false, not {value!r}.")
    empty = models.IsEmptyCondition(is_empty=models.PayloadField(key=field))
    return models.Filter(must_not=[empty]) if value else empty


_OPERATORS: Mapping[str, Callable[[str, str, Any], models.Condition]] = {
    "eq": _equal,
    "ne": _not_equal,
    "in": _one_of,
    "not_in": _none_of,
    "exists": _exists,
}
