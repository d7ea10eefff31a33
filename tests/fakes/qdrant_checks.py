"""What a Qdrant server refuses before it does anything, as 1.18 words it."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

from qdrant_client import models

ANY_KIND = (
    "bool",
    "datetime",
    "float",
    "geo",
    "integer",
    "keyword",
    "text",
    "text (with phrase_matching: true)",
    "uuid",
)
DEEPEST = 127
"""Levels of JSON in a body; a server's parser stops at the next one."""

_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|[{}\[\]]|NaN|Infinity')
_PATH = re.compile(r'(?:[\w-]+|"[^"]*")(?:\[\d*\])*(?:\.(?:[\w-]+|"[^"]*")(?:\[\d*\])*)*')
_FORBIDDEN = '<>:"/\\|?*\0\x1f'


class Refusal(Exception):  # noqa: N818 - a refusal is what it is
    """An answer that says no."""

    def __init__(self, status: int, message: str, *, retry_after: int | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after


def check_json(data: bytes) -> None:
    """Refuse numbers that JSON doesn't have, and too many levels."""
    level = 0
    for token in _TOKENS.finditer(data):
        first = token[0][:1]
        if first in b"{[":
            level += 1
        elif first in b"}]":
            level -= 1
        elif first in b"NI":
            raise Refusal(400, "Format error in JSON body: expected value at line 1")
        if level > DEEPEST:
            raise Refusal(400, "Format error in JSON body: recursion limit exceeded at line 1")


def check_name(name: str) -> None:
    """Refuse names that a server has no file for."""
    where = "Validation error in path parameters: [name: "
    for char in _FORBIDDEN:
        if char in name:
            raise Refusal(422, f'{where}collection name cannot contain "{char}" char]')
    if len(name) > 255:
        raise Refusal(422, f"{where}value is too long, must be 255 characters or less]")


def check_path(key: str) -> None:
    """Refuse what is no path of a payload."""
    if _PATH.fullmatch(key) is None:
        raise Refusal(400, f"Format error in JSON body: Invalid json path: '{key}'")


def check_limit(limit: int | None) -> None:
    """Refuse to look for nothing."""
    if limit is not None and limit < 1:
        raise Refusal(
            422,
            f"Validation error in JSON body: [limit: value {limit} invalid, must be 1 or larger]",
        )


def check_query(search: models.QueryRequest, made: models.CreateCollection) -> None:
    """Refuse a vector that the collection doesn't have."""
    check_limit(search.limit)
    for prefetch in _listed(search.prefetch):
        check_query(prefetch, made)
    vectors = made.vectors if isinstance(made.vectors, dict) else {"": made.vectors}
    name = search.using or ""
    if name not in vectors and name not in (made.sparse_vectors or {}):
        if isinstance(search.query, list) or search.using:
            raise Refusal(400, f"Wrong input: Not existing vector name error: {name}")
        return
    query = search.query
    params = vectors.get(name)
    is_dense = isinstance(query, list) and isinstance(query[0], int | float)
    if is_dense and params is not None and len(query) != params.size:
        raise Refusal(
            400,
            f"Wrong input: Vector dimension error: expected dim: {params.size}, got {len(query)}",
        )


def check_strict(
    name: str, body: Any, mode: models.StrictModeConfig | None, indexes: Mapping[str, Any]
) -> None:
    """Refuse what strict mode forbids."""
    if mode is None or not mode.enabled:
        return
    if name == "upsert":
        points = body.points if isinstance(body, models.PointsList) else body.batch.ids
        _at_most(len(points), mode.upsert_max_batchsize, "upsert limit")
    if name == "query_batch":
        _at_most(len(body.searches), mode.search_max_batchsize, "search batch size")
    if name == "index" and body.field_name not in indexes:
        most = mode.max_payload_index_count
        if most is not None and len(indexes) >= most:
            raise Refusal(
                400,
                "Bad request: Collection already has the maximum number of payload indices "
                f"({most}). Please delete an existing index before creating a new one.",
            )
    if name == "scroll":
        _at_most(body.limit or 10, mode.max_query_limit, "limit")
    allowed = (
        mode.unindexed_filtering_update if name == "delete" else mode.unindexed_filtering_retrieve
    )
    for search in _searches(body):
        _at_most(search.limit or 10, mode.max_query_limit, "limit")
        if search.params is not None:
            _at_most(search.params.hnsw_ef or 0, mode.search_max_hnsw_ef, "hnsw_ef")
            if search.params.exact and mode.search_allow_exact is False:
                raise Refusal(400, "Bad request: Exact search disabled!")
        _check_filter(search.filter, mode, indexes, allowed)
    _check_filter(getattr(body, "filter", None), mode, indexes, allowed)


def _at_most(given: int, most: int | None, what: str) -> None:
    if most is not None and given > most:
        raise Refusal(
            400, f'Bad request: Limit exceeded {given} > {most} for "{what}". Help: reduce it.'
        )


def _searches(body: Any) -> Iterator[Any]:
    given = body.searches if isinstance(body, models.QueryRequestBatch) else [body]
    for search in given:
        if isinstance(search, models.QueryRequest | models.Prefetch):
            yield search
            for prefetch in _listed(search.prefetch):
                yield from _searches(prefetch)


def _check_filter(
    filter_: models.Filter | None,
    mode: models.StrictModeConfig,
    indexes: Mapping[str, Any],
    allowed: bool | None,
) -> None:
    if filter_ is None:
        return
    conditions = list(conditions_of(filter_))
    most = mode.filter_max_conditions
    if most is not None and len(conditions) > most:
        raise Refusal(
            400, f"Bad request: Filter condition limit reached ({len(conditions)} > {most})."
        )
    for key, kinds, size in conditions:
        most = mode.condition_max_size
        if most is not None and size > most:
            raise Refusal(400, f"Bad request: Condition size limit reached ({size} > {most}).")
        if allowed is False and kinds and index_kind(indexes.get(key)) not in kinds:
            raise Refusal(
                400,
                f'Bad request: Index required but not found for "{key}" of one of the following '
                f"types: [{', '.join(kinds)}]. Help: Create an index for this key or use a "
                "different filter.",
            )


def index_kind(schema: Any) -> str | None:
    """The kind of an index, of a schema as it is asked for."""
    return None if schema is None else str(getattr(schema, "type", schema).value)


def conditions_of(
    filter_: models.Filter, prefix: str = ""
) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Each condition: its key, the kinds of index that serve it, and how many values it lists."""
    some = filter_.min_should.conditions if filter_.min_should is not None else []
    for condition in [
        *_listed(filter_.must),
        *_listed(filter_.should),
        *_listed(filter_.must_not),
        *some,
    ]:
        if isinstance(condition, models.Filter):
            yield from conditions_of(condition, prefix)
        elif isinstance(condition, models.NestedCondition):
            yield from conditions_of(condition.nested.filter, f"{condition.nested.key}[].")
        elif isinstance(condition, models.FieldCondition):
            yield prefix + condition.key, _kinds(condition), _size(condition.match)
        elif isinstance(condition, models.IsEmptyCondition):
            yield prefix + condition.is_empty.key, ANY_KIND, 0
        elif isinstance(condition, models.IsNullCondition):
            yield prefix + condition.is_null.key, ANY_KIND, 0
        else:
            yield "", (), 0


def _kinds(condition: models.FieldCondition) -> tuple[str, ...]:
    match = condition.match
    if isinstance(match, models.MatchText | models.MatchTextAny):
        return ("text",)
    if isinstance(match, models.MatchPhrase):
        return ("text (with phrase_matching: true)",)
    if match is not None:
        values = _values(match)
        value = values[0] if values else ""
        return ("bool" if value is True or value is False else _word_or_number(value),)
    if condition.range is not None:
        is_dates = isinstance(condition.range, models.DatetimeRange)
        return ("datetime",) if is_dates else ("float", "integer")
    if condition.is_empty is not None or condition.is_null is not None:
        return ANY_KIND
    return () if condition.values_count is not None else ("geo",)


def _word_or_number(value: Any) -> str:
    return "integer" if isinstance(value, int) else "keyword"


def _values(match: Any) -> list[Any]:
    if isinstance(match, models.MatchAny):
        return list(match.any)
    if isinstance(match, models.MatchExcept):
        return list(match.except_)
    return [match.value] if isinstance(match, models.MatchValue) else []


def _size(match: Any) -> int:
    return len(_values(match)) if isinstance(match, models.MatchAny | models.MatchExcept) else 0


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


class Rates:
    """Tokens of a collection, which refill over a minute."""

    def __init__(self) -> None:
        self.minute = 60.0
        self._left: dict[tuple[str, str], tuple[float, float]] = {}

    def forget(self, collection: str) -> None:
        """Begin anew, for a collection that is made again."""
        for what in ("Write", "Read"):
            self._left.pop((collection, what), None)

    def take(self, collection: str, what: str, cost: int, limit: int | None) -> None:
        """Take tokens, or refuse and say when there will be enough."""
        if not limit:
            return
        now = time.monotonic()
        left, since = self._left.get((collection, what), (float(limit), now))
        left = min(float(limit), left + (now - since) * limit / self.minute)
        self._left[collection, what] = (left, now)
        message = f"Rate limiting exceeded: {what} rate limit exceeded"
        if cost > limit:
            raise Refusal(429, f"{message}, request larger than rate limiter capacity")
        if left < cost:
            wait = math.ceil((cost - left) * self.minute / limit)
            raise Refusal(429, f"{message}. Retry after {wait}s", retry_after=wait)
        self._left[collection, what] = (left - cost, now)
